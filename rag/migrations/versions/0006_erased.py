"""Which conversations were erased lately, as hashes of their ids: no process brings one back with a late turn."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "erased",
        sa.Column("conversation_sha256", sa.Text, primary_key=True),
        sa.Column("erased_at", sa.Float, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("erased")
