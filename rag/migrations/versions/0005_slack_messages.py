"""Slack's messages under keyed hashes, in the order of their conversations, with what is needed to forget them.

Rows from before are under the ids of Slack's events, in clear, and say nothing of messages: they go. What was being
answered during the update has to be asked again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_table("slack_events")
    op.create_table(
        "slack_events",
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
    op.create_index("slack_events_by_state", "slack_events", ["state", "held_until"])
    op.create_index("slack_events_by_owner", "slack_events", ["owner"])


def downgrade() -> None:
    op.drop_table("slack_events")
    op.create_table(
        "slack_events",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("held_until", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("asked", sa.Text, nullable=True),
        sa.Column("conversation_id", sa.Text, nullable=True),
        sa.Column("message_id", sa.Text, nullable=True),
        sa.Column("stream_ts", sa.Text, nullable=True),
        sa.Column("seen_at", sa.Float, nullable=False),
    )
    op.create_index("slack_events_by_state", "slack_events", ["state", "held_until"])
