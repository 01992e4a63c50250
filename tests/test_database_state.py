"""What doctor and an audit say of a database in PostgreSQL."""

import re
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from fake_backend import ANSWER
from postgres_server import PostgresServer

from index.catalog import Catalog
from rag.audit import audit
from rag.conversations import Conversations
from rag.doctor import database
from rag.settings import Settings
from rag.tables import open_tables


def test_doctor_says_what_the_database_is_and_changes_nothing_in_it(
    postgres: PostgresServer, empty_postgres_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=str(tmp_path), database_url=empty_postgres_url)
    state, message = database(settings, False)
    assert state == "ok"
    assert re.fullmatch(r"PostgreSQL \d+\.\d+ keeps UTF-8; the first start makes its tables", message)
    assert (
        postgres.run(
            "SELECT 1 FROM pg_tables WHERE schemaname = 'public'", sa.make_url(empty_postgres_url).database or ""
        )
        == []
    )
    Catalog.open(empty_postgres_url).close()
    open_tables(empty_postgres_url).dispose()
    assert database(settings, False)[1].endswith("; its tables are of this version")


@pytest.mark.parametrize(
    ("revision", "verdict"),
    [("0001", ("ok", "the next start updates its tables")), ("9999", ("fail", "of a newer version of Kilde"))],
)
def test_doctor_tells_tables_of_another_version(
    postgres: PostgresServer, empty_postgres_url: str, tmp_path: Path, revision: str, verdict: tuple[str, str]
) -> None:
    Catalog.open(empty_postgres_url).close()
    open_tables(empty_postgres_url).dispose()
    postgres.run(
        f"UPDATE conversations_version SET version_num = '{revision}'", sa.make_url(empty_postgres_url).database or ""
    )
    state, message = database(Settings(data_dir=str(tmp_path), database_url=empty_postgres_url), False)
    assert state == verdict[0]
    assert verdict[1] in message


def test_doctor_asks_no_database_when_it_is_to_open_no_connection_and_tells_no_password(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path), database_url="postgresql://kilde:secret@127.0.0.1:1/kilde")
    assert database(settings, True) == ("ok", "not asked: postgresql://kilde:***@127.0.0.1:1/kilde")


def test_an_audit_looks_at_articles_and_turns(postgres_url: str, tmp_path: Path) -> None:
    with closing(Conversations.open(postgres_url)) as stored:
        stored.append(msgspec.structs.replace(ANSWER, conversation_id="c1"))
    settings = Settings(data_dir=str(tmp_path), database_url=postgres_url)
    assert {one.name: (one.problems, one.figures) for one in audit(settings)} == {
        "articles": ((), "0 articles, 0 chunks: texts have their hashes, chunks their vectors"),
        "turns": ((), "1 turns, none is half"),
    }
