"""The progress of an ingest is seen in every process that shares its memory."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from redis_server import RedisServer
from small_site import LoadedModels, ask, ingest

from index.records import IngestEvent, IngestProgress, IngestRequest
from rag.ingest_board import IngestBoard
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.shared_memory import SharedMemory

HALF = IngestProgress(phase="embedding", done=1, total=2)


def run() -> Iterator[IngestEvent]:
    yield HALF
    yield IngestProgress(phase="finishing", done=2, total=2)


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_run_is_seen_while_it_lasts(is_shared: bool, shared: SharedMemory) -> None:
    board, elsewhere = IngestBoard(shared if is_shared else None), IngestBoard(shared)
    events = board.followed(run())
    assert next(events) == HALF
    assert board.latest() == HALF
    assert elsewhere.latest() == (HALF if is_shared else None)
    assert len(list(events)) == 1
    assert (board.latest(), elsewhere.latest()) == (None, None)


def test_a_run_that_was_ended_before_its_time_is_seen_no_longer(shared: SharedMemory) -> None:
    events = IngestBoard(shared).followed(run())
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert IngestBoard(shared).latest() is None


def test_the_notice_of_a_process_that_died_fades(shared: SharedMemory) -> None:
    events = IngestBoard(shared).followed(run())
    next(events)
    assert shared.ask_here("PTTL", "kilde:ingest") in range(50_000, 60_001)


def test_a_run_goes_on_without_the_server(redis_server: RedisServer, shared: SharedMemory) -> None:
    board = IngestBoard(shared)
    redis_server.kill()
    assert len(list(board.followed(run()))) == 2
    assert board.latest() is None


@pytest.fixture
def sharing(tmp_path: Path, loaded: LoadedModels, redis_server: RedisServer) -> Iterator[Runtime]:
    with closing(open_runtime(Settings(data_dir=str(tmp_path / "data"), cache_url=redis_server.url))) as opened:
        yield opened


def test_a_service_shows_a_run_of_another_one(sharing: Runtime, site: Path, tmp_path: Path) -> None:
    other = open_runtime(Settings(data_dir=str(tmp_path / "other"), cache_url=sharing.settings.cache_url))
    run = other.ingest(IngestRequest(paths=(str(site),)))
    while not isinstance(next(run), IngestProgress):
        pass
    overview = anyio.run(sharing.overview)
    assert (overview.ingesting, overview.progress is not None) == (True, True)
    for _ in run:
        pass
    assert anyio.run(sharing.overview).ingesting is False
    other.close()


def test_a_service_without_its_server_is_ready_and_says_so(
    sharing: Runtime, site: Path, redis_server: RedisServer
) -> None:
    ingest(sharing, site)
    before = anyio.run(sharing.readiness)
    assert (before.ready, before.shared) == (True, "ok")
    redis_server.kill()
    after = anyio.run(sharing.readiness)
    assert (after.ready, after.index, after.shared, "KILDE_CACHE_URL" in after.message) == (
        True,
        "ok",
        "degraded",
        True,
    )
    assert ask(sharing, "Where does the heron walk?").conversation_id


def test_what_is_ingested_makes_answers_anew(sharing: Runtime, site: Path, redis_server: RedisServer) -> None:
    ingest(sharing, site)
    revisions = [sharing._searching.contents_sha256()]
    ask(sharing, "Where does the heron walk?")
    ask(sharing, "Where does the heron walk?")
    (site / "c.md").write_text("The price of charging in winter.\n")
    ingest(sharing, site)
    revisions.append(sharing._searching.contents_sha256())
    ask(sharing, "Where does the heron walk?")
    assert sharing._shared is not None
    assert len(sharing._shared.ask_here("KEYS", "kilde:answer:*")) == 2  # type: ignore[arg-type]
    (site / "c.md").unlink()
    ingest(sharing, site)
    assert (sharing._searching.contents_sha256(), len(set(revisions))) == (revisions[0], 2)
