"""Asking in bulk gives what asking one by one gives."""

from pathlib import Path

import anyio
import msgspec
import pytest
from processor import HAS_AMX
from small_index import small_index
from word_encoder import WordEncoder

from evals.ask import ask
from evals.bulk import BulkRuntime, ask_in_bulk
from evals.fresh import built
from evals.golden import Case, Expect
from index.encoder import BUNDLED, SentenceEncoder
from index.search import Query
from rag.settings import Settings

QUESTIONS = (
    "How many cyclists use the harbour bridge?",
    "Wie viele Radfahrer fahren über die Brücke?",
    "Wann begann die Reparatur?",
    "Who paints the lighthouse?",
    "橋はいつ開通しましたか。",
    "How many cyclists use the harbour bridge?",
)
BRIDGE = "The harbour bridge opened in May 1931. It carries 4,200 cyclists a day.\n\nRepairs began in 2019.\n"
MUSEUM = "Das Museum am Hafen zeigt alte Schiffe. Der Eintritt kostet sechs Euro.\n"


def cases() -> tuple[Case, ...]:
    plain = [
        Case(id=f"q{n}", question=text, lang="en", expect=Expect(status="answered", facts=(("4,200",),)))
        for n, text in enumerate(QUESTIONS)
    ]
    follow_up = msgspec.structs.replace(
        plain[2], id="follow-up", turns=("What is the harbour bridge?",), standalone="When did the repairs begin?"
    )
    return (*plain, follow_up)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "bridge.md").write_text(BRIDGE, encoding="utf-8")
    (folder / "museum.md").write_text(MUSEUM, encoding="utf-8")
    return folder


@pytest.mark.model
@pytest.mark.slow
def test_two_processes_give_the_outcomes_of_one_in_order(content: Path, model_dir: Path) -> None:
    progress: list[int] = []
    with built([content], Settings(model_dir=str(model_dir))) as runtime:
        alone = anyio.run(ask, runtime, cases())
        together = ask_in_bulk(runtime.settings, cases(), 2, progress.append)
    assert [one.outcome.error for one in alone] == [None] * 7
    assert [one.outcome for one in together] == [one.outcome for one in alone]
    assert [one.latencies_ms for one in together] == [()] * 7
    assert sum(progress) == 7


@pytest.mark.model
def test_questions_in_a_batch_have_the_vectors_of_each_by_itself(model_dir: Path) -> None:
    encoder = SentenceEncoder(BUNDLED, model_dir)
    texts = [*QUESTIONS, "", "x " * 2000]
    together = encoder.encode_questions(texts)
    assert encoder.encode_questions([]) == []
    for text, found in zip(texts, together, strict=True):
        alone = encoder.encode_question(text)
        assert found.vector @ alone.vector > 0.9999
        assert found.tokens is not None
        assert alone.tokens is not None
        assert (found.tokens.weights == alone.tokens.weights).all()
        if not HAS_AMX:
            assert (found.vector == alone.vector).all()
            assert (found.tokens.vectors == alone.tokens.vectors).all()


def test_a_search_with_known_vectors_finds_what_one_without_them_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = small_index(tmp_path, monkeypatch)
    index.write("a.md", "The battery and its charging.")
    index.write("b.md", "The price of cars in winter.")
    index.ingest()
    query, words = Query(text="winter price", lang="en"), WordEncoder()
    searcher = index.searcher()
    assert searcher.search(query, words.encode_question(query.text)) == searcher.search(query)
    assert searcher.search(query, words.encode_question("battery")) != searcher.search(query)


class Counting:
    """Stands in for the search below a runtime; ``encoded`` are the questions whose vectors it was given."""

    def __init__(self) -> None:
        self.searched: list[tuple[str, int]] = []
        self.given: list[bool] = []

    def serving_encoder(self) -> WordEncoder:
        return WordEncoder()

    def search(self, query: Query, question: object = None) -> tuple[int, ...]:
        self.searched.append((query.text, query.top_k))
        self.given.append(question is not None)
        return tuple(range(query.top_k))


@pytest.fixture
def bulk(tmp_path: Path) -> BulkRuntime:
    runtime = BulkRuntime(Settings(data_dir=str(tmp_path)))
    runtime._searching = Counting()  # type: ignore[assignment]
    return runtime


def test_a_search_for_fewer_hits_is_the_beginning_of_the_one_for_more(bulk: BulkRuntime) -> None:
    more = bulk.find(Query(text="Wo?", lang="de", top_k=24, group_works=False))
    assert bulk.find(Query(text="Wo?", lang="de", top_k=10, group_works=False)) == more[:10]
    assert bulk._searching.searched == [("Wo?", 100)]  # type: ignore[attr-defined]


def test_another_question_language_or_grouping_is_another_search(bulk: BulkRuntime) -> None:
    for query in (
        Query(text="Wo?", lang="de", top_k=24),
        Query(text="Wo?", lang="nl", top_k=10),
        Query(text="Wo?", lang="de", top_k=10, group_works=False),
        Query(text="Wann?", lang="de", top_k=10),
        Query(text="Wann?", lang="de", top_k=24),
    ):
        bulk.find(query)
    assert len(bulk._searching.searched) == 5  # type: ignore[attr-defined]


def test_only_foreseen_questions_have_vectors_before_they_are_asked(bulk: BulkRuntime) -> None:
    bulk.foresee(["Wo?"])
    bulk.find(Query(text="Wo?", lang="de"))
    bulk.find(Query(text="Wann?", lang="de"))
    bulk.foresee(["Wann?"])
    bulk.find(Query(text="Wo?", lang="de"))
    assert bulk._searching.given == [True, False, False]  # type: ignore[attr-defined]
