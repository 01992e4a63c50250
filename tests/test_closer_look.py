"""Two close hits in other languages: what reads them together with the question says which comes first."""

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from small_index import make_hit

from index.closer_look import CLOSE, READ, SHARE, looked_closer
from index.records import Hit
from rag.records import SearchRequest
from rag.runtime import Runtime

QUESTION = "Where does the heron fish?"


class Reads:
    """Adds to each text what it was told to, and remembers what it was given."""

    def __init__(self, **added: float) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self._added = added

    def __call__(self, question: str, texts: list[str]) -> NDArray[np.float32] | None:
        self.asked.append((question, texts))
        said = [[self._added.get(text[-2], 0.0), 0.0] for text in texts]
        return np.array(said, np.float32) if self._added else None


def odds(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def hit(name: str, log_odds: float, **others: object) -> Hit:
    values = {"lang": "de", "score": odds(log_odds), "unit_scores": (0.1, 0.9)} | others
    return make_hit("Nichts.", f"Satz {name}.", article_id=name, title=f"Titel {name}", **values)


def order(hits: tuple[Hit, ...]) -> list[str]:
    return [one.article_id for one in hits]


A, B, C = hit("a", 1.0), hit("b", 0.5), hit("c", 0.4)


def test_those_whose_best_sentences_answer_come_first_and_scores_stay_in_their_places() -> None:
    reads = Reads(b=0.7 / SHARE, c=0.75 / SHARE)
    seen = looked_closer(QUESTION, "en", [A, B, C], reads)
    assert order(seen) == ["b", "c", "a"]
    assert [one.score for one in seen] == [A.score, B.score, C.score]
    assert reads.asked == [(QUESTION, ["Titel a\nSatz a.", "Titel b\nSatz b.", "Titel c\nSatz c."])]


def test_what_leads_by_more_than_is_added_stays_first() -> None:
    assert looked_closer(QUESTION, "en", [A, B, C], Reads(b=0.4 / SHARE)) == (A, B, C)


def test_no_more_are_read_than_take_their_time() -> None:
    hits = [hit(name, 1.0 - 0.1 * place) for place, name in enumerate("abcdef")]
    reads = Reads(f=99.0)
    assert looked_closer(QUESTION, "en", hits, reads) == tuple(hits)
    assert [len(texts) for _question, texts in reads.asked] == [READ]


@pytest.mark.parametrize(
    "other",
    [
        {"lang": "en-GB"},
        {"lang": "en"},
        {"work_id": A.work_id},
        {"score": odds(0.9 - CLOSE)},
        {"unit_scores": ()},
    ],
)
def test_from_a_hit_on_that_may_not_change_places_nothing_is_read(other: dict[str, object]) -> None:
    reads = Reads(b=99.0, c=98.0)
    stays = msgspec.structs.replace(B, **other)
    assert looked_closer(QUESTION, "en", [A, stays, C], reads) == (A, stays, C)
    assert reads.asked == []
    assert order(looked_closer(QUESTION, "en", [A, C, stays], reads)) == ["c", "a", "b"]


@pytest.mark.parametrize("hits", [[], [A], [hit("a", 1.0, lang="en-GB"), B]])
def test_nothing_is_read_where_it_is_plain_which_comes_first(hits: list[Hit]) -> None:
    reads = Reads(b=99.0)
    assert looked_closer(QUESTION, "en", hits, reads) == tuple(hits)
    assert reads.asked == []


def test_without_what_reads_the_order_stays() -> None:
    assert looked_closer(QUESTION, "en", [A, B], Reads()) == (A, B)


@pytest.mark.parametrize(("top_k", "expected"), [(1, ["b"]), (2, ["b", "a"]), (3, ["b", "a", "c"])])
def test_a_readers_search_looks_closer(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, top_k: int, expected: list[str]
) -> None:
    assert _searched(runtime, monkeypatch, top_k) == expected


def test_a_reranker_has_the_last_word(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = msgspec.structs.replace(runtime._searching._settings, reranker_model="some-cross-encoder")
    monkeypatch.setattr(runtime._searching, "_settings", settings)
    assert _searched(runtime, monkeypatch, 2) == ["a", "b"]


def _searched(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, top_k: int) -> list[str]:
    monkeypatch.setattr(runtime, "find", lambda query: (A, B, C)[: query.top_k])
    monkeypatch.setattr(runtime._searching, "read_across", Reads(b=0.6 / SHARE))
    hits = runtime._search_request(SearchRequest(query=QUESTION, top_k=top_k)).hits
    return [one.article_id for one in hits]
