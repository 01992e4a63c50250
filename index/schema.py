"""The catalog's tables, as queries name them. ``index/migrations`` makes them; a test holds the two together."""

import sqlalchemy as sa

METADATA = sa.MetaData()

SOURCE = sa.Table(
    "source",
    METADATA,
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("root", sa.Text),
)
FILE = sa.Table(
    "file",
    METADATA,
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger),
    sa.Column("mtime_ns", sa.BigInteger),
    sa.Column("sha256", sa.Text),
    sa.Column("site_url", sa.Text),
    sa.Column("article_id", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("checked_on", sa.Text),
    sa.Column("expires", sa.Text),
)
ARTICLE = sa.Table(
    "article",
    METADATA,
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text),
    sa.Column("path", sa.Text),
    sa.Column("own_work_id", sa.Text),
    sa.Column("work_id", sa.Text),
    sa.Column("lang", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("url", sa.Text),
    sa.Column("published", sa.Text),
    sa.Column("modified", sa.Text),
    sa.Column("content_sha256", sa.Text),
    sa.Column("figures", sa.Text),
    sa.Column("record", sa.LargeBinary),
)
GENERATION = sa.Table(
    "generation",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("fingerprint", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("current", sa.Boolean),
)
CHUNK = sa.Table(
    "chunk",
    METADATA,
    sa.Column("generation", sa.Integer, primary_key=True),
    sa.Column("chunk_id", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text),
    sa.Column("ordinal", sa.Integer),
    sa.Column("record", sa.LargeBinary),
    sa.Column("terms", sa.LargeBinary),
    sa.Column("vector_key", sa.Text),
)
VECTOR = sa.Table(
    "vector",
    METADATA,
    sa.Column("vector_key", sa.Text, primary_key=True),
    sa.Column("data", sa.LargeBinary),
)
TOKENS = sa.Table(
    "vector_tokens",
    METADATA,
    sa.Column("vector_key", sa.Text, primary_key=True),
    sa.Column("data", sa.LargeBinary),
)
"""Beside the vectors, which are all read at every start, while of these a search reads thirty."""
META = sa.Table(
    "meta",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text),
)
