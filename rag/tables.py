"""The SQL tables of conversations, feedback, Slack and keys, as queries name them; ``rag/migrations`` makes them.

In: the address of a database. Out: an engine on it, with the newest schema; deleting a message there deletes its
feedback. Refuses a database that cannot be used with ConfigurationError.
"""

from pathlib import Path

import sqlalchemy as sa

from index.database import open_database

VERSION_TABLE = "conversations_version"
MIGRATIONS = Path(__file__).parent / "migrations"

metadata = sa.MetaData()

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=True),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("asked_at", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("rating", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=True),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("given_at", sa.Text, nullable=False),
)

slack_events = sa.Table(
    "slack_events",
    metadata,
    sa.Column("event", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=True),
    sa.Column("addressed", sa.Boolean, nullable=False),
    sa.Column("said_at", sa.Float, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("held_until", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("excused", sa.Integer, nullable=False),
    sa.Column("forgotten", sa.Boolean, nullable=False),
    sa.Column("asked", sa.Text, nullable=True),
    sa.Column("conversation_id", sa.Text, nullable=True),
    sa.Column("message_id", sa.Text, nullable=True),
    sa.Column("stream_ts", sa.Text, nullable=True),
    sa.Column("seen_at", sa.Float, nullable=False),
)

slack_threads = sa.Table(
    "slack_threads",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("thread", sa.Text, nullable=False),
    sa.Column("last_at", sa.Float, nullable=False),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("secret_sha256", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("rate", sa.Text, nullable=True),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=True),
    sa.Column("revoked_at", sa.Text, nullable=True),
)

erased = sa.Table(
    "erased",
    metadata,
    sa.Column("conversation_sha256", sa.Text, primary_key=True),
    sa.Column("erased_at", sa.Float, nullable=False),
)


def open_tables(url: str) -> sa.Engine:
    return open_database(url, MIGRATIONS, VERSION_TABLE, erases=True)
