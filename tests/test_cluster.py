"""A real Ray with two workers on this machine: the catalog of a single process, bit by bit."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_index import DictStore

from evals.torture.hashed_words import HashedWords
from evals.torture.ray_ingest import Built
from index.cluster import JOIN_TRIES, connected, hired
from index.encoder import SentenceEncoder
from index.errors import ConfigurationError
from index.records import Encoder, FileOutcome, IngestSummary
from index.spread import Workers

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


class InMemory(Built):
    """An index whose store can be looked into."""

    def __init__(self, folder: Path) -> None:
        self._vectors = DictStore()
        super().__init__(folder, HashedWords(), HashedWords.fingerprint, lambda: nullcontext(self._vectors))

    def stored(self) -> dict[str, bytes]:
        return {chunk_id: vector.tobytes() for chunk_id, vector in self._vectors.vectors.items()}


@pytest.fixture
def one(tmp_path: Path) -> InMemory:
    return InMemory(tmp_path / "one")


@pytest.fixture
def many(tmp_path: Path) -> InMemory:
    return InMemory(tmp_path / "many")


def test_the_catalog_and_all_vectors_are_those_of_one_process(
    workers: Workers, site: Path, one: InMemory, many: InMemory
) -> None:
    alone = [event for event in one.ingest(site) if isinstance(event, FileOutcome)]
    together = [event for event in many.ingest(site, workers) if isinstance(event, FileOutcome)]
    assert together == alone
    assert len(many.rows()["article"]) == ARTICLES
    assert many.rows() == one.rows()
    assert many.stored() == one.stored()


def test_a_run_that_was_stopped_goes_on_and_ends_with_the_same(
    workers: Workers, site: Path, one: InMemory, many: InMemory
) -> None:
    stopped = many.ingest(site, workers)
    while not isinstance(next(stopped), FileOutcome):
        pass
    stopped.close()
    kept = len(many.rows()["vector"])
    *_, summary = many.ingest(site, workers)
    assert isinstance(summary, IngestSummary)
    list(one.ingest(site))
    assert many.rows() == one.rows()
    assert kept > 0
    assert summary.embedded == len(one.rows()["vector"]) - kept


def test_a_file_that_stalls_or_breaks_its_parser_fails_alone(
    workers: Workers, site: Path, one: InMemory, many: InMemory
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
    workers: Workers, site: Path, one: InMemory, many: InMemory
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


class FlakyRay:
    """A cluster that lets nobody in from elsewhere for some tries."""

    exceptions = SimpleNamespace(RayError=RuntimeError)

    def __init__(self, *refusals: Exception) -> None:
        self.refusals = list(refusals)
        self.joined = 0

    def init(self, **_options: object) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.joined += 1

    def shutdown(self) -> None: ...


def test_a_cluster_whose_program_dies_as_it_starts_is_joined_at_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = FlakyRay(*[ConnectionAbortedError("Initialization failure")] * (JOIN_TRIES - 1))
    monkeypatch.setattr("index.cluster._imported", lambda: ray)
    with connected("ray://127.0.0.1:10001"):
        assert ray.joined == 1


@pytest.mark.parametrize(
    ("refusal", "tries"),
    [(ConnectionAbortedError("Initialization failure"), JOIN_TRIES), (ConnectionError("token"), 1)],
)
def test_a_cluster_that_refuses_is_not_tried_for_ever(
    refusal: Exception, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = FlakyRay(*[refusal] * (JOIN_TRIES + 1))
    monkeypatch.setattr("index.cluster._imported", lambda: ray)
    with pytest.raises(ConfigurationError, match="No Ray cluster can be joined"), connected("ray://127.0.0.1:10001"):
        pass
    assert JOIN_TRIES + 1 - len(ray.refusals) == tries
