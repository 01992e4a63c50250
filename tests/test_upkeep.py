"""What a runtime does beside answering: it mends its store, audits after an unclean stop, and forgets what is old."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import msgspec
import pytest
import sqlalchemy as sa
from small_site import LoadedModels, ask, ingest, search
from word_encoder import WordEncoder

from index.database import writer
from index.seal import break_seal, is_sealed
from rag.owner import AUDIT_DUE, Owner
from rag.records import Readiness
from rag.runtime import Runtime, open_runtime


@pytest.fixture
def data(tmp_path: Path, runtime: Runtime, site: Path) -> Path:
    """The folder of an index of two articles that was closed."""
    ingest(runtime, site)
    search(runtime, "heron")
    runtime.close()
    return tmp_path / "data"


@pytest.fixture
def reopened(data: Path, runtime: Runtime, loaded: LoadedModels) -> Iterator[Runtime]:
    opened = open_runtime(msgspec.structs.replace(runtime.settings, retention_days=30))
    yield opened
    opened.close()


def change(engine: sa.Engine, statement: str) -> None:
    with writer(engine).begin() as connection:
        connection.execute(sa.text(statement))


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
    change(reopened._catalog._engine, "UPDATE article SET content_sha256 = 'another'")
    (data / AUDIT_DUE).touch()
    reopened._ready_upkeep().round()
    assert (data / AUDIT_DUE).exists()
    assert readiness(reopened).index == "damaged"
    assert "kilde doctor --audit" in readiness(reopened).message


def test_conversations_older_than_the_retention_are_forgotten(data: Path, reopened: Runtime) -> None:
    old, new = (ask(reopened, "Hello!").conversation_id for _ in range(2))
    kept = reopened._ready_conversations()
    change(kept._engine, f"UPDATE messages SET asked_at = '2024-01-01T00:00:00+00:00' WHERE conversation_id = '{old}'")
    reopened._ready_upkeep().round()
    assert (kept.get(old), len(kept.turns(new))) == (None, 1)


def test_without_a_retention_nothing_is_forgotten(data: Path, runtime: Runtime, loaded: LoadedModels) -> None:
    with closing(open_runtime(runtime.settings)) as opened:
        conversation = ask(opened, "Hello!").conversation_id
        change(opened._ready_conversations()._engine, "UPDATE messages SET asked_at = '2001-01-01T00:00:00+00:00'")
        opened._ready_upkeep().round()
        assert len(opened._ready_conversations().turns(conversation)) == 1
