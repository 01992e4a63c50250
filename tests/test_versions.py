"""Data of earlier versions is brought up to date; data of later ones is refused and left as it is."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from fake_backend import ANSWER

from index.catalog import MIGRATIONS as CATALOG_MIGRATIONS
from index.catalog import Catalog
from index.catalog_audit import audit_catalog, audit_database
from index.database import open_database
from rag.conversations import Conversations
from rag.errors import ConfigurationError
from rag.tables import MIGRATIONS, VERSION_TABLE, metadata, open_tables


def at_version(url: str, migrations: Path, table: str, revision: str) -> None:
    """Makes the database as that version made it."""
    from alembic import command
    from alembic.config import Config

    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes.update(engine=engine, version_table=table)
    command.upgrade(config, revision)
    engine.dispose()


def revisions(migrations: Path) -> list[str]:
    return sorted(file.stem.partition("_")[0] for file in (migrations / "versions").glob("[0-9]*.py"))


@pytest.mark.parametrize("revision", revisions(CATALOG_MIGRATIONS))
def test_a_catalog_of_every_earlier_version_opens_with_what_was_in_it(tmp_path: Path, revision: str) -> None:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    at_version(url, CATALOG_MIGRATIONS, "catalog_version", revision)
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as database, database:
        database.execute("INSERT INTO source VALUES ('s', '/articles')")
    with closing(Catalog.open(url)) as catalog:
        assert catalog.sources() == {"s": "/articles"}
        assert audit_catalog(catalog) == []
    assert audit_database(url) == []


@pytest.mark.parametrize("revision", revisions(MIGRATIONS))
def test_conversations_of_every_earlier_version_open_and_go_on(tmp_path: Path, revision: str) -> None:
    url = f"sqlite:///{tmp_path / 'conversations.db'}"
    at_version(url, MIGRATIONS, VERSION_TABLE, revision)
    with closing(sqlite3.connect(tmp_path / "conversations.db")) as database, database:
        database.execute(
            "INSERT INTO conversations (conversation_id, created_at) VALUES ('c0', '2024-01-01T00:00:00+00:00')"
        )
    with closing(Conversations.open(url)) as conversations:
        conversations.append(ANSWER)
        assert conversations.turns("c1") == (ANSWER,)
        assert conversations.get("c0") is not None
    engine = sa.create_engine(url)
    found = sa.inspect(engine)
    for table in metadata.sorted_tables:
        assert {column["name"] for column in found.get_columns(table.name)} == set(table.c.keys())
    engine.dispose()
    assert audit_database(url) == []


@pytest.mark.parametrize(
    ("opening", "table"),
    [(Catalog.open, "catalog_version"), (open_tables, VERSION_TABLE)],
)
def test_a_database_of_a_later_version_is_refused_by_name_and_left_as_it_is(
    tmp_path: Path, opening: Callable[[str], object], table: str
) -> None:
    url, file = f"sqlite:///{tmp_path / 'kilde.db'}", tmp_path / "kilde.db"
    opened = opening(url)
    opened.dispose() if isinstance(opened, sa.Engine) else opened.close()  # type: ignore[attr-defined]
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(f"UPDATE {table} SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="another version of Kilde"):
        opening(url)
    with closing(sqlite3.connect(file)) as database:
        assert database.execute(f"SELECT version_num FROM {table}").fetchone() == ("9999",)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path / 'catalog.db'}", CATALOG_MIGRATIONS, "catalog_version")
