"""Feedback on answers; when a question was asked and what became of it, so that unanswered ones can be listed.

Turns that were stored before get the time at which their conversation began: no more exact one was kept.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("messages", sa.Column("asked_at", sa.Text, nullable=False, server_default=""))
    op.add_column("messages", sa.Column("status", sa.Text, nullable=False, server_default=""))
    _fill()
    op.create_index("messages_by_time", "messages", ["asked_at"])
    op.create_table(
        "feedback",
        sa.Column("message_id", sa.Text, sa.ForeignKey("messages.message_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("rating", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("given_at", sa.Text, nullable=False),
    )
    op.create_index("feedback_by_conversation", "feedback", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("feedback")
    op.drop_index("messages_by_time", "messages")
    op.drop_column("messages", "status")
    op.drop_column("messages", "asked_at")


def _fill() -> None:
    conversations = sa.table("conversations", sa.column("conversation_id"), sa.column("created_at"))
    messages = sa.table("messages", *map(sa.column, ("place", "conversation_id", "answer", "asked_at", "status")))
    began = (
        sa.select(conversations.c.created_at)
        .where(conversations.c.conversation_id == messages.c.conversation_id)
        .scalar_subquery()
    )
    connection = op.get_bind()
    connection.execute(sa.update(messages).values(asked_at=sa.func.coalesce(began, "")))
    for place, answer in connection.execute(sa.select(messages.c.place, messages.c.answer)).all():
        status = json.loads(answer).get("status", "")
        connection.execute(sa.update(messages).where(messages.c.place == place).values(status=status))
