"""Several processes on one database in PostgreSQL: they start together, see what another writes, do nothing twice."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
import sqlalchemy as sa
from postgres_server import PostgresServer
from small_site import TEXTS, LoadedModels, ask, ingest, search, write_articles

from index.catalog import Catalog
from index.catalog_audit import audit_catalog
from rag.errors import BusyError, StorageError
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.tables import open_tables

TESTS = Path(__file__).parent
OPENING = """
import sys
from index.catalog import Catalog
from rag.tables import open_tables
sys.stdin.readline()
Catalog.open(sys.argv[1]).close()
open_tables(sys.argv[1]).dispose()
"""
INGESTING = """
import sys
from small_index import read_here
from word_encoder import WordEncoder
import index.build, index.encoder
from index.records import FileOutcome, IngestRequest
from rag.errors import BusyError
from rag.runtime import open_runtime
from rag.settings import Settings

class Counting(WordEncoder):
    count = 0
    def encode_passages(self, texts):
        Counting.count += len(texts)
        return super().encode_passages(texts)

encoder = Counting()
index.encoder.SentenceEncoder = lambda model, folder: encoder
index.build.read_folders = read_here
runtime = open_runtime(Settings(data_dir=sys.argv[1], database_url=sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
outcomes, refused = [], False
while True:
    try:
        events = runtime.ingest(IngestRequest(paths=(sys.argv[3],)))
        outcomes += [event.outcome for event in events if isinstance(event, FileOutcome)]
        break
    except BusyError:
        refused = True
runtime.close()
print(Counting.count, int(refused), *(outcomes.count(name) for name in ("new", "unchanged")), flush=True)
"""


def begin(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ends_of(processes: list[subprocess.Popen[str]]) -> list[str]:
    """What each has said, begun by the same line."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return said


@pytest.fixture
def two(tmp_path: Path, postgres_url: str, loaded: LoadedModels) -> Iterator[tuple[Runtime, Runtime]]:
    """As two processes open them: each its own data folder, one database."""
    opened = [
        open_runtime(Settings(data_dir=str(tmp_path / name), database_url=postgres_url)) for name in ("one", "other")
    ]
    yield opened[0], opened[1]
    for runtime in opened:
        runtime.close()


def test_processes_that_start_together_on_an_empty_database_all_come_up(empty_postgres_url: str) -> None:
    ends_of([begin(OPENING, empty_postgres_url) for _ in range(3)])
    engine = open_tables(empty_postgres_url)
    with engine.connect() as connection:
        for table in ("catalog_version", "conversations_version"):
            assert connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 1
    engine.dispose()


def test_two_ingests_of_one_folder_embed_every_text_once(tmp_path: Path, postgres_url: str) -> None:
    texts = {f"{number}.md": f"Article {number} tells of a heron and of number {number}.\n" for number in range(60)}
    site = write_articles(tmp_path / "site", texts)
    processes = [begin(INGESTING, str(tmp_path / name), postgres_url, str(site)) for name in ("one", "other")]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    figures = [list(map(int, said.split())) for said in ends_of(processes)]
    embedded, _refused, new, unchanged = map(sum, zip(*figures, strict=True))
    assert (embedded, new, unchanged) == (60, 60, 60)
    with closing(Catalog.open(postgres_url)) as catalog:
        assert audit_catalog(catalog) == []
        assert (catalog.stats().articles, catalog.stats().chunks) == (60, 60)


def test_a_second_ingest_is_told_of_the_first_and_succeeds_after_it(two: tuple[Runtime, Runtime], site: Path) -> None:
    from index.records import IngestRequest

    one, other = two
    first = one.ingest(IngestRequest(paths=(str(site),)))
    next(first)
    with pytest.raises(BusyError, match="taken for an ingest by kilde, process"):
        ingest(other, site)
    first.close()  # type: ignore[attr-defined]
    assert set(ingest(other, site)) == {"a.md", "b.md"}


def test_an_ingest_whose_hold_on_the_database_was_lost_writes_no_more(
    postgres: PostgresServer, two: tuple[Runtime, Runtime], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one may have begun, and would drop vectors that are not used yet."""
    from index.records import IngestRequest

    monkeypatch.setattr("index.build.WINDOW_CHUNKS", 1)
    one, other = two
    run = one.ingest(IngestRequest(paths=(str(site),)))
    next(run)
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'kilde%'")
    with pytest.raises(StorageError, match=r"was lost\. Begin again|does not answer|cannot be used"):
        list(run)
    assert len(ingest(other, site)) == 2
    with closing(Catalog.open(two[0].settings.catalog_url)) as catalog:
        assert audit_catalog(catalog) == []


def test_what_another_process_ingests_is_searched_without_a_restart(two: tuple[Runtime, Runtime], site: Path) -> None:
    one, other = two
    assert search(other, "heron").hits == ()
    ingest(one, site)
    other._following.round()
    assert search(other, "heron").hits[0].path == "b.md"
    (site / "b.md").unlink()
    ingest(one, site)
    other._following.round()
    assert [hit.path for hit in search(other, "heron").hits] == ["a.md"]


def test_a_process_that_is_served_notices_by_itself(
    two: tuple[Runtime, Runtime], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.following.CHECK_S", 0.05)
    one, other = two
    other.warm()
    ingest(one, site)
    deadline = time.monotonic() + 20
    while not search(other, "heron").hits and time.monotonic() < deadline:
        time.sleep(0.05)
    assert search(other, "heron").hits[0].path == "b.md"


def test_the_derived_store_of_a_process_is_in_step_with_what_another_has_written(
    two: tuple[Runtime, Runtime], site: Path
) -> None:
    one, other = two
    ingest(other, site)
    search(other, "heron")
    store = other._searching.stores.opened[1]
    assert store is not None
    write_articles(site, {"c.md": "A third one.\n"})
    (site / "a.md").unlink()
    ingest(one, site)
    other._following.round()
    assert store.ids() == other._catalog.chunk_ids(1)


def test_nothing_is_read_anew_where_nothing_has_changed(
    two: tuple[Runtime, Runtime], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    ingest(one, site)
    search(other, "heron")
    before = other._searching._searcher
    ingest(one, site)
    other._following.round()
    assert other._searching._searcher is before


def test_an_index_that_another_process_has_rebuilt_is_searched_with_its_model(
    tmp_path: Path, postgres_url: str, loaded: LoadedModels, two: tuple[Runtime, Runtime], site: Path
) -> None:
    one, other = two
    ingest(one, site)
    search(other, "heron")
    changed = Settings(data_dir=str(tmp_path / "third"), database_url=postgres_url, embedding_model="publisher/other")
    third = open_runtime(changed)
    third._ready_upkeep().round()
    third.close()
    loaded.names.clear()
    other._following.round()
    assert search(other, "heron").hits[0].path == "b.md"
    assert loaded.names == ["publisher/other"]


def test_processes_with_other_settings_do_not_make_the_index_anew_in_turn(
    tmp_path: Path, postgres_url: str, two: tuple[Runtime, Runtime], site: Path
) -> None:
    """As while an update is rolled out: whoever came last has its way, the others answer and write nothing."""
    one, _ = two
    ingest(one, site)
    changed = Settings(data_dir=str(tmp_path / "third"), database_url=postgres_url, embedding_model="publisher/other")
    with closing(open_runtime(changed)) as third:
        third._ready_upkeep().round()
        one._ready_upkeep().round()
        assert anyio.run(one.stats).model.startswith("publisher/other/")
        assert (anyio.run(one.readiness).index, anyio.run(third.readiness).index) == ("ok", "ok")
        one._following.round()
        assert search(one, "heron").hits[0].path == "b.md"
        with pytest.raises(BusyError, match="same KILDE_EMBEDDING_MODEL and version"):
            ingest(one, site)
        assert ingest(third, site) == {"a.md": "unchanged", "b.md": "unchanged"}


def test_a_conversation_goes_on_in_another_process_and_is_erased_for_both(
    two: tuple[Runtime, Runtime], site: Path
) -> None:
    one, other = two
    ingest(one, site)
    first = ask(one, "Where is the battery charged?")
    ask(other, "And the heron?", conversation_id=first.conversation_id)
    assert len(anyio.run(one.conversation, first.conversation_id).messages) == 2
    anyio.run(other.delete_conversation, first.conversation_id)
    one._ready_conversations().append(first)
    assert one._ready_conversations().get(first.conversation_id) is None


def test_searches_go_on_while_another_process_ingests(
    two: tuple[Runtime, Runtime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every view is one state of the catalog: an article is there with its chunk, or not at all."""
    monkeypatch.setattr("index.build.WINDOW_CHUNKS", 2)
    one, other = two
    texts = TEXTS | {f"{number}.md": f"A heron, number {number}.\n" for number in range(30)}
    site = write_articles(tmp_path / "many", texts)
    search(other, "heron")
    writing = threading.Thread(target=ingest, args=(one, site))
    writing.start()
    while writing.is_alive():
        other._following.round()
        assert {hit.path for hit in search(other, "heron").hits} <= texts.keys()
    writing.join()
    other._following.round()
    assert len(other._searching._ready_searcher().snapshot) == len(texts)
