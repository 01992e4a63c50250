"""What cannot be stored is refused as what it is, on every way to it, and what is stored is read on."""

import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from fake_backend import ANSWER, FakeBackend
from litestar.testing import TestClient
from small_site import ask, ingest

from index.database import open_database
from index.errors import BusyError, StorageError
from index.reading import read_files
from rag.api.app import build_app
from rag.conversations import Conversations
from rag.errors import ConfigurationError
from rag.pseudonyms import Pseudonyms
from rag.runtime import Runtime
from rag.tables import MIGRATIONS, VERSION_TABLE

# Pragmas bring about that its file is full, read-only or another's.
pytestmark = pytest.mark.sqlite_alone

FULL = "the disk is full. Free some room, then try again"


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    opened = open_database(url, MIGRATIONS, VERSION_TABLE)
    yield opened
    opened.dispose()


def limited(engine: sa.Engine, *pragmas: str) -> Conversations:
    """Each connection from now on works under these."""

    def limit(connection: Any, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    engine.dispose()
    sa.event.listen(engine, "connect", limit)
    return Conversations(engine)


def test_a_full_disk_is_told_and_what_is_stored_is_read(engine: sa.Engine) -> None:
    Conversations(engine).append(ANSWER)
    stored = limited(engine, "max_page_count=1")
    long = "x" * 100_000
    with pytest.raises(StorageError, match=FULL):
        stored.append(msgspec.structs.replace(ANSWER, message_id="m2", text=long))
    assert stored.turns(ANSWER.conversation_id) == (ANSWER,)


def test_a_folder_that_has_become_read_only_is_told_and_what_is_stored_is_read(engine: sa.Engine) -> None:
    Conversations(engine).append(ANSWER)
    stored = limited(engine, "query_only=ON")
    with pytest.raises(StorageError, match="it is read-only"):
        stored.delete(ANSWER.conversation_id)
    assert stored.turns(ANSWER.conversation_id) == (ANSWER,)


def test_a_database_that_another_process_writes_to_for_long_is_busy(engine: sa.Engine, url: str) -> None:
    stored = limited(engine, "busy_timeout=10")
    with sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match="by another process") as told:
            stored.append(ANSWER)
        assert not isinstance(told.value, StorageError)
    other.close()


def test_a_database_that_cannot_be_opened_at_the_start_is_a_matter_of_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="KILDE_DATABASE_URL"):
        open_database(f"sqlite:///{tmp_path / 'missing' / 'x.db'}", MIGRATIONS, VERSION_TABLE)


def test_an_ingest_without_room_in_the_vector_store_is_told(
    runtime: Runtime, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("chromadb.api.models.Collection.Collection.upsert", full)
    with pytest.raises(StorageError, match=r"OperationalError: database or disk is full.*KILDE_DATA_DIR"):
        ingest(runtime, site)


def test_a_reading_process_that_cannot_be_started_ends_the_run_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    (tmp_path / "a.md").write_text("Text.")
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(StorageError, match=r"Too many open files.*ulimit -n"):
        list(read_files(tmp_path, ["a.md"], today=date(2025, 1, 15)))


def test_a_key_that_finds_no_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag.pseudonyms.os.fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        Pseudonyms.open(tmp_path)


def test_a_reader_is_told_to_come_back_and_a_stream_ends_with_one_error() -> None:
    told = StorageError("The database cannot be used: the disk is full.")
    with TestClient(build_app(FakeBackend((told,)))) as client:
        whole = client.post("/v1/chat", json={"question": "Wie viele?"})
        stream = client.post("/v1/chat", json={"question": "Wie viele?", "stream": True})
    for response in (whole, stream):
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert response.json()["error"]["code"] == "storage"


def test_a_turn_that_cannot_be_stored_is_refused_not_answered(runtime: Runtime, site: Path) -> None:
    ingest(runtime, site)
    ask(runtime, "Where is the battery charged?")
    limited(runtime._ready_conversations()._engine, "query_only=ON")
    with pytest.raises(StorageError):
        ask(runtime, "Where is the battery charged?")
