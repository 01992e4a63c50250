"""A real Ray with two workers on this machine: the catalog of a single process, bit by bit."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from small_index import DictStore

from evals.torture.hashed_words import HashedWords
from index.build import Indexer
from index.catalog import Catalog
from index.cluster import connected, hired
from index.encoder import SentenceEncoder
from index.errors import ConfigurationError
from index.records import Encoder, FileOutcome, IngestRequest, IngestSummary
from index.schema import ARTICLE, CHUNK, FILE, GENERATION, SOURCE, TOKENS, VECTOR
from index.spread import Workers

TABLES = (SOURCE, FILE, ARTICLE, GENERATION, CHUNK, VECTOR, TOKENS)
ARTICLES = 90

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def _ray() -> Iterator[None]:
    with connected("local"):
        yield


@pytest.fixture
def workers(_ray: None) -> Iterator[Workers]:
    with hired(HashedWords, HashedWords.fingerprint) as opened:
        yield opened


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    for number in range(ARTICLES):
        lines = "\n\n".join(f"Line {line} of battery {number} is here." for line in range(number % 7 + 1))
        (folder / f"{number:03}.md").write_text(f"---\ntitle: Battery {number}\n---\n{lines}\n", encoding="utf-8")
    return folder


class Built:
    """A catalog with a store beside it, filled run by run."""

    def __init__(self, folder: Path) -> None:
        self.catalog = Catalog.open(f"sqlite:///{folder}.db")
        self.store = DictStore()

    def ingest(self, site: Path, workers: Workers | None = None) -> Iterator[object]:
        indexer = Indexer(
            self.catalog,
            encoder=HashedWords,
            store=lambda _generation: self.store,
            model="hashed",
            model_fingerprint=HashedWords.fingerprint,
            workers=workers,
        )
        return indexer.ingest(IngestRequest(paths=(str(site),)))

    def rows(self) -> dict[str, list[str]]:
        """Of every table, sorted; when a run ended is not compared."""
        with self.catalog._engine.connect() as connection:
            return {
                table.name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table))) for table in TABLES
            }

    def stored(self) -> dict[str, bytes]:
        return {chunk_id: vector.tobytes() for chunk_id, vector in self.store.vectors.items()}


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Built]:
    built = Built(tmp_path / "one")
    yield built
    built.catalog.close()


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Built]:
    built = Built(tmp_path / "many")
    yield built
    built.catalog.close()


def test_the_catalog_and_all_vectors_are_those_of_one_process(
    workers: Workers, site: Path, one: Built, many: Built
) -> None:
    alone = [event for event in one.ingest(site) if isinstance(event, FileOutcome)]
    together = [event for event in many.ingest(site, workers) if isinstance(event, FileOutcome)]
    assert together == alone
    assert len(many.rows()["article"]) == ARTICLES
    assert many.rows() == one.rows()
    assert many.stored() == one.stored()


def test_a_run_that_was_stopped_goes_on_and_ends_with_the_same(
    workers: Workers, site: Path, one: Built, many: Built
) -> None:
    stopped = many.ingest(site, workers)
    while not isinstance(next(stopped), FileOutcome):
        pass
    stopped.close()  # type: ignore[attr-defined]
    kept = len(many.rows()["vector"])
    *_, summary = many.ingest(site, workers)
    assert isinstance(summary, IngestSummary)
    list(one.ingest(site))
    assert many.rows() == one.rows()
    assert kept > 0
    assert summary.embedded == len(one.rows()["vector"]) - kept


def test_a_file_that_stalls_or_breaks_its_parser_fails_alone(
    workers: Workers, site: Path, one: Built, many: Built
) -> None:
    (site / "broken.html").write_bytes(b"<p>" * 200_000)
    (site / "link.md").symlink_to("/etc/hostname")
    alone = {event.path: event for event in one.ingest(site) if isinstance(event, FileOutcome)}
    together = {event.path: event for event in many.ingest(site, workers) if isinstance(event, FileOutcome)}
    assert together == alone
    assert together["broken.html"].outcome != "new"
    assert together["link.md"].outcome == "failed"
    assert sum(event.outcome == "new" for event in together.values()) == ARTICLES


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_missing(
    workers: Workers, site: Path, one: Built, many: Built
) -> None:
    list(one.ingest(site))
    actor = workers._actors[0]  # type: ignore[attr-defined]
    running = many.ingest(site, workers)
    next(running)
    os.kill(_process_of(actor), 9)
    list(running)
    assert many.rows() == one.rows()


@pytest.mark.usefixtures("_ray")
def test_what_a_worker_raises_on_purpose_arrives_as_it_was(tmp_path: Path) -> None:
    without_model = partial(SentenceEncoder, str(tmp_path), tmp_path, threads=1)
    with pytest.raises(ConfigurationError, match="KILDE_EMBEDDING_MODEL"), hired(without_model, "nothing"):
        pass


@pytest.mark.usefixtures("_ray")
def test_a_worker_that_cannot_start_says_why() -> None:
    with pytest.raises(ConfigurationError, match="No module named 'test_cluster'"), hired(elsewhere, "nothing"):
        pass


@pytest.mark.usefixtures("_ray")
def test_workers_that_hold_another_model_are_refused() -> None:
    differs = "model_fingerprint 'hashed-words' there and 'another' here"
    with pytest.raises(ConfigurationError, match=differs), hired(HashedWords, "another"):
        pass


def elsewhere() -> Encoder:
    """Where the workers are, nobody knows this module."""
    return HashedWords()


def _process_of(actor: object) -> int:
    import ray

    return int(ray.get(actor.__ray_call__.remote(lambda _worker: os.getpid())))  # type: ignore[attr-defined]
