"""What a runtime does beside answering: it mends its store, audits after an unclean stop, and forgets what is old."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from small_site import LoadedModels, ask, ingest, search
from word_encoder import WordEncoder

from index.seal import break_seal, is_sealed
from rag.owner import AUDIT_DUE, Owner
from rag.records import Readiness
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings


@pytest.fixture
def data(tmp_path: Path, runtime: Runtime, site: Path) -> Path:
    """The folder of an index of two articles that was closed."""
    ingest(runtime, site)
    search(runtime, "heron")
    runtime.close()
    return tmp_path / "data"


@pytest.fixture
def reopened(data: Path, loaded: LoadedModels) -> Iterator[Runtime]:
    opened = open_runtime(Settings(data_dir=str(data), retention_days=30))
    yield opened
    opened.close()


def readiness(runtime: Runtime) -> Readiness:
    return anyio.run(runtime.readiness)


def test_a_store_that_was_closed_is_used_again(data: Path, reopened: Runtime) -> None:
    assert is_sealed(data / "chroma")
    assert search(reopened, "heron").hits[0].path == "b.md"
    assert readiness(reopened).index == "ok"
    assert not is_sealed(data / "chroma")


@pytest.mark.parametrize("harm", [break_seal, shutil.rmtree])
def test_a_store_that_cannot_be_trusted_is_done_without_and_mended_without_embedding(
    data: Path, reopened: Runtime, harm: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(harm)
    monkeypatch.setattr(WordEncoder, "encode_passages", None)
    harm(data / "chroma")
    assert search(reopened, "heron").hits[0].path == "b.md"
    assert (readiness(reopened).ready, readiness(reopened).index) == (True, "degraded")
    reopened._ready_upkeep().round()
    assert readiness(reopened).index == "ok"
    assert search(reopened, "heron").hits[0].path == "b.md"


def test_what_is_ingested_while_the_store_is_mended_is_in_it_afterwards(
    data: Path, reopened: Runtime, site: Path
) -> None:
    break_seal(data / "chroma")
    search(reopened, "heron")
    wanted = reopened._searching.to_mend()
    assert wanted is not None
    assert reopened._searching.mend(*wanted)
    (site / "c.md").write_text("The price of charging in winter.\n")
    assert ingest(reopened, site)["c.md"] == "new"
    store = reopened._searching.take_mended(*wanted)
    assert store is not None
    assert store.ids() == reopened._catalog.chunk_ids(1)
    assert len(store.ids()) == 3


def test_a_store_that_cannot_be_mended_is_not_tried_again_at_once(data: Path, reopened: Runtime) -> None:
    shutil.rmtree(data / "chroma")
    (data / "chroma.seal.new").mkdir()
    search(reopened, "heron")
    upkeep = reopened._ready_upkeep()
    upkeep.round()
    assert readiness(reopened).index == "degraded"
    (data / "chroma.seal.new").rmdir()
    upkeep.round()
    assert readiness(reopened).index == "degraded"
    upkeep._mend_after = 0
    upkeep.round()
    assert readiness(reopened).index == "ok"


def test_what_another_process_ingests_is_found_and_put_into_this_ones_folder(
    tmp_path: Path, loaded: LoadedModels, site: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'shared.db'}"
    first, second = (
        open_runtime(Settings(data_dir=str(tmp_path / name), database_url=database)) for name in ("first", "second")
    )
    with closing(first), closing(second):
        ingest(first, site)
        first._catalog.finish_ingest("2000-01-01T00:00:00+00:00")
        assert search(second, "price").hits[0].path != "c.md"
        (site / "c.md").write_text("The price of charging in winter.\n")
        ingest(first, site)
        second._ready_upkeep().round()
        assert search(second, "price").hits[0].path == "c.md"
        store = second._searching.stores.store(1, WordEncoder.dim)
        assert store is not None
        assert len(store.ids()) == 3
        assert readiness(second).index == "ok"


def test_an_owner_that_did_not_give_the_folder_back_makes_an_audit_due(data: Path) -> None:
    with Owner.acquire(data):
        assert not (data / AUDIT_DUE).exists()
        left = (data / "owner.json").read_bytes()
    (data / "owner.json").write_bytes(left)
    with Owner.acquire(data):
        assert (data / AUDIT_DUE).exists()
    assert (data / AUDIT_DUE).exists()


def test_an_audit_that_is_due_is_made_and_settled_where_all_is_well(data: Path, reopened: Runtime) -> None:
    (data / AUDIT_DUE).touch()
    reopened._ready_upkeep().round()
    assert not (data / AUDIT_DUE).exists()
    assert readiness(reopened).index == "ok"


def test_what_an_audit_finds_is_said_and_stays_due(data: Path, reopened: Runtime) -> None:
    with closing(sqlite3.connect(data / "catalog.db")) as database, database:
        database.execute("UPDATE article SET content_sha256 = 'another'")
    (data / AUDIT_DUE).touch()
    reopened._ready_upkeep().round()
    assert (data / AUDIT_DUE).exists()
    assert readiness(reopened).index == "damaged"
    assert "kilde doctor --audit" in readiness(reopened).message


def test_conversations_older_than_the_retention_are_forgotten(data: Path, reopened: Runtime) -> None:
    old, new = (ask(reopened, "Hello!").conversation_id for _ in range(2))
    with closing(sqlite3.connect(data / "conversations.db")) as database, database:
        database.execute("UPDATE messages SET asked_at = '2024-01-01T00:00:00+00:00' WHERE conversation_id = ?", (old,))
    reopened._ready_upkeep().round()
    kept = reopened._ready_conversations()
    assert (kept.get(old), len(kept.turns(new))) == (None, 1)


def test_without_a_retention_nothing_is_forgotten(data: Path, loaded: LoadedModels) -> None:
    with closing(open_runtime(Settings(data_dir=str(data)))) as opened:
        conversation = ask(opened, "Hello!").conversation_id
        with closing(sqlite3.connect(data / "conversations.db")) as database, database:
            database.execute("UPDATE messages SET asked_at = '2001-01-01T00:00:00+00:00'")
        opened._ready_upkeep().round()
        assert len(opened._ready_conversations().turns(conversation)) == 1
