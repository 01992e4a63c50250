"""What PostgreSQL does otherwise than SQLite: its address, who waits for whom, what is told of a server that fails."""

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from fake_backend import ANSWER
from postgres_server import PostgresServer, missing, postgres_server

from index.catalog import Catalog
from index.database import alone, in_turn, writer
from index.errors import BusyError, ConfigurationError, StorageError
from rag.audit import audit
from rag.conversations import Conversations
from rag.doctor import database
from rag.feedback import FeedbackStore
from rag.feedback_records import FeedbackRequest
from rag.pseudonyms import Pseudonyms
from rag.settings import Settings
from rag.tables import open_tables


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """Of a database with all tables and nothing in them."""
    return postgres.url(postgres.emptied())


@pytest.fixture
def engine(postgres_url: str) -> Iterator[sa.Engine]:
    opened = open_tables(postgres_url)
    yield opened
    opened.dispose()


# How it is named


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_may_begin_as_other_programs_write_it(postgres: PostgresServer, scheme: str) -> None:
    with closing(Conversations.open(postgres.url(postgres.emptied(), scheme))) as conversations:
        conversations.append(ANSWER)
        assert conversations.turns(ANSWER.conversation_id) == (ANSWER,)


@pytest.mark.parametrize("scheme", ["mysql", "postgresql+asyncpg", "oracle"])
def test_other_databases_and_drivers_are_refused(scheme: str) -> None:
    with pytest.raises(ConfigurationError, match=r"KILDE_DATABASE_URL takes postgresql://"):
        Conversations.open(f"{scheme}://user:secret@127.0.0.1:1/kilde")


def test_a_missing_driver_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_driver(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'psycopg'")

    monkeypatch.setattr(sa, "create_engine", without_driver)
    with pytest.raises(ConfigurationError, match=r"pip install 'kilde\[postgres\]'"):
        Conversations.open("postgresql://user@127.0.0.1:1/kilde")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"database": "absent"}, 'database "absent" does not exist'),
        ({"port": 1}, "onnection refused"),
    ],
)
def test_a_wrong_address_is_a_matter_of_settings_and_its_password_is_not_told(
    postgres: PostgresServer, change: dict[str, object], reason: str
) -> None:
    url = sa.make_url(postgres.url("postgres")).set(**change)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=reason) as told:
        Catalog.open(url.render_as_string(hide_password=False))
    assert str(url.password) not in str(told.value)
    assert "KILDE_DATABASE_URL" in str(told.value)


def test_a_database_that_cannot_keep_every_script_is_refused(postgres: PostgresServer) -> None:
    name = postgres.create("TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(ConfigurationError, match=r"keeps LATIN1.*createdb --template template0 --encoding UTF8"):
        Catalog.open(postgres.url(name))
    postgres.drop(name)


# Its tables


def test_catalog_and_conversations_share_one_database(postgres: PostgresServer, empty_postgres_url: str) -> None:
    Catalog.open(empty_postgres_url).close()
    open_tables(empty_postgres_url).dispose()
    found = postgres.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", _name_in(empty_postgres_url))
    assert {"article", "catalog_version", "conversations", "conversations_version"} <= {row[0] for row in found}


def test_a_comment_with_a_character_that_it_does_not_keep_is_stored_without(engine: sa.Engine) -> None:
    Conversations(engine).append(ANSWER)
    store = FeedbackStore(engine, Pseudonyms(bytes(32)))
    given = store.give(ANSWER.message_id, FeedbackRequest(rating="down", comment="Al\0t."))
    assert given.comment == "Alt."
    assert [one.comment for one in store.given(1).feedback] == ["Alt."]


# Who waits for whom


def test_what_a_transaction_reads_is_one_state_however_much_is_written_meanwhile(engine: sa.Engine) -> None:
    stored = Conversations(engine)
    stored.append(ANSWER)
    count = sa.text("SELECT count(*) FROM messages")
    with engine.connect() as reader:
        before = reader.scalar(count)
        stored.append(msgspec.structs.replace(ANSWER, message_id="m2"))
        assert (before, reader.scalar(count)) == (1, 1)
    assert len(stored.turns(ANSWER.conversation_id)) == 2


def test_a_writer_sees_what_was_written_while_it_waited(engine: sa.Engine) -> None:
    """A view that began with the waiting would not, and the transaction would fail when it writes."""
    seen = list[object]()
    count = sa.text("SELECT count(*) FROM conversations")

    def second() -> None:
        with writer(engine).begin() as connection:
            in_turn(connection, "a test")
            seen.append(connection.scalar(count))

    with writer(engine).begin() as first:
        in_turn(first, "a test")
        waiting = threading.Thread(target=second)
        waiting.start()
        _until_waiting(engine, 1)
        first.execute(sa.text("INSERT INTO conversations (conversation_id, created_at) VALUES ('c', '2024')"))
    waiting.join(10)
    assert seen == [1]


def test_who_waits_too_long_for_a_writer_is_told_to_come_again(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.postgresql.LOCK_TIMEOUT", "50ms")
    engine.dispose()
    with writer(engine).begin() as first, writer(engine).connect() as second:
        in_turn(first, "a test")
        with pytest.raises(BusyError, match="another process is writing to it") as told:
            in_turn(second, "a test")
        assert not isinstance(told.value, StorageError)


def test_more_than_the_pool_holds_wait_and_are_told_to_come_again(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    held = [engine.connect() for _ in range(8)]
    with pytest.raises(BusyError, match="Too many wait"):
        engine.connect()
    for connection in held:
        connection.close()


def test_of_two_ingests_the_second_is_told_who_is_at_it_and_the_next_is_not(engine: sa.Engine) -> None:
    with (
        alone(engine, "an ingest"),
        pytest.raises(BusyError, match=r"taken for an ingest by kilde, process \d+ on "),
        alone(engine, "an ingest"),
    ):
        pytest.fail("both are alone")
    with alone(engine, "an ingest"):
        pass


def test_a_turn_that_waits_for_an_erasure_does_not_bring_its_conversation_back(engine: sa.Engine) -> None:
    """As two processes do it: one erases while the other is about to store a turn."""
    one, other = Conversations(engine), Conversations(engine)
    one.append(ANSWER)
    late = msgspec.structs.replace(ANSWER, message_id="late")
    with writer(engine).begin() as held:
        held.execute(sa.text("SELECT 1 FROM conversations FOR UPDATE"))
        erasing = threading.Thread(target=one.delete, args=(ANSWER.conversation_id,))
        erasing.start()
        _until_waiting(engine, 1)
        storing = threading.Thread(target=other.append, args=(late,))
        storing.start()
        _until_waiting(engine, 2)
    erasing.join(10)
    storing.join(10)
    assert one.get(ANSWER.conversation_id) is None


def test_an_erasure_and_a_turn_that_replaces_a_stopped_one_do_not_block_each_other(engine: sa.Engine) -> None:
    """Both take the conversation first, then its messages."""
    stored = Conversations(engine)
    stored.append(ANSWER)
    erased = list[bool]()
    with writer(engine).begin() as turn:
        turn.execute(sa.text("SELECT 1 FROM conversations FOR UPDATE"))
        erasing = threading.Thread(target=lambda: erased.append(stored.delete(ANSWER.conversation_id)))
        erasing.start()
        _until_waiting(engine, 1)
        turn.execute(sa.text("DELETE FROM messages"))
    erasing.join(10)
    assert erased == [True]


def _until_waiting(engine: sa.Engine, count: int) -> None:
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    for _ in range(500):
        with engine.connect() as connection:
            if connection.scalar(waiting) == count:
                return
        threading.Event().wait(0.02)
    pytest.fail("nobody waits")


# A server that fails


def test_a_connection_that_was_lost_is_made_anew_at_its_next_use(engine: sa.Engine, postgres: PostgresServer) -> None:
    stored = Conversations(engine)
    stored.append(ANSWER)
    ended = postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'kilde%'")
    assert (True,) in ended
    assert stored.turns(ANSWER.conversation_id) == (ANSWER,)


def test_a_server_that_is_gone_is_told_and_used_again_once_it_is_back() -> None:
    if reason := missing():
        pytest.skip(reason)
    with postgres_server() as server, closing(Conversations.open(server.url("postgres"))) as stored:
        stored.append(ANSWER)
        server.stop()
        for _ in range(2):
            with pytest.raises(StorageError, match=r"does not answer\. See that it runs"):
                stored.turns(ANSWER.conversation_id)
        server.start()
        assert stored.turns(ANSWER.conversation_id) == (ANSWER,)


def test_a_server_that_takes_no_writes_is_told_and_what_is_stored_is_read(
    engine: sa.Engine, postgres: PostgresServer
) -> None:
    stored = Conversations(engine)
    stored.append(ANSWER)
    engine.dispose()

    def limit(connection: object, _record: object) -> None:
        connection.autocommit = True  # type: ignore[attr-defined]
        connection.execute("SET default_transaction_read_only = on")  # type: ignore[attr-defined]
        connection.autocommit = False  # type: ignore[attr-defined]

    sa.event.listen(engine, "connect", limit)
    with pytest.raises(StorageError, match=r"it is read-only\. Name the server that takes writes"):
        stored.delete(ANSWER.conversation_id)
    assert stored.turns(ANSWER.conversation_id) == (ANSWER,)


# What is said of it


def test_doctor_says_what_the_database_is_and_changes_nothing_in_it(
    postgres: PostgresServer, empty_postgres_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=str(tmp_path), database_url=empty_postgres_url)
    state, message = database(settings, False)
    assert state == "ok"
    assert re.fullmatch(r"PostgreSQL \d+\.\d+ keeps UTF-8; the first start makes its tables", message)
    assert postgres.run("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", _name_in(empty_postgres_url)) == []
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
    postgres.run(f"UPDATE conversations_version SET version_num = '{revision}'", _name_in(empty_postgres_url))
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


def _name_in(url: str) -> str:
    name = sa.make_url(url).database
    assert name is not None
    return name
