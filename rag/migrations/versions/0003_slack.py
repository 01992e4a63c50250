"""What Slack has delivered, so that each event is answered once, and the conversations that its threads are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
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
    op.create_table(
        "slack_threads",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("thread", sa.Text, nullable=False),
        sa.Column("last_at", sa.Float, nullable=False),
    )
    op.create_index("slack_threads_by_thread", "slack_threads", ["thread", "last_at"])


def downgrade() -> None:
    op.drop_table("slack_threads")
    op.drop_table("slack_events")
