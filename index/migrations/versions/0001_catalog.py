"""The catalog: sources, articles, chunks, vectors, generations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "source",
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("root", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "file",
        sa.Column("source_id", sa.Text, sa.ForeignKey("source.source_id"), primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("site_url", sa.Text),
        sa.Column("article_id", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("checked_on", sa.Text, nullable=False),
        sa.Column("expires", sa.Text),
    )
    op.create_table(
        "article",
        sa.Column("article_id", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, sa.ForeignKey("source.source_id"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("own_work_id", sa.Text, nullable=False),
        sa.Column("work_id", sa.Text, nullable=False, index=True),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("published", sa.Text),
        sa.Column("modified", sa.Text),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("source_id", "path"),
    )
    op.create_table(
        "generation",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
    )
    op.create_table(
        "chunk",
        sa.Column("generation", sa.Integer, sa.ForeignKey("generation.number"), primary_key=True),
        sa.Column("chunk_id", sa.Text, primary_key=True),
        sa.Column("article_id", sa.Text, sa.ForeignKey("article.article_id"), nullable=False, index=True),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("terms", sa.LargeBinary, nullable=False),
        sa.Column("vector_key", sa.Text, nullable=False, index=True),
    )
    op.create_table(
        "vector",
        sa.Column("vector_key", sa.Text, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("tokens", sa.LargeBinary, nullable=False),
    )
    op.create_table("meta", sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))


def downgrade() -> None:
    for table in ("meta", "vector", "chunk", "generation", "article", "file", "source"):
        op.drop_table(table)
