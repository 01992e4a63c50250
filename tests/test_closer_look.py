"""Two close hits in other languages: what reads them together with the question says which comes first."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from small_index import SmallIndex, make_hit
from word_encoder import TokenWordEncoder

from index.closer_look import CLOSE, SHARE, looked_closer
from index.records import Hit
from index.search import Query

QUESTION = "Where does the heron fish?"


class Reads:
    """Adds what it was told to, and remembers what it was given."""

    def __init__(self, *added: float) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self._added = added

    def __call__(self, question: str, texts: list[str]) -> NDArray[np.float32] | None:
        self.asked.append((question, texts))
        return np.array([[one, 0.0] for one in self._added], np.float32) if self._added else None


def odds(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def hit(name: str, log_odds: float, **others: object) -> Hit:
    values = {"lang": "de", "score": odds(log_odds), "unit_scores": (0.1, 0.9)} | others
    return make_hit("Nichts.", f"Satz {name}.", article_id=name, title=f"Titel {name}", **values)


def order(hits: tuple[Hit, ...]) -> list[str]:
    return [one.article_id for one in hits]


A, B, C = hit("a", 1.0), hit("b", 0.5), hit("c", 0.4)


def test_the_one_whose_best_sentence_answers_comes_first_and_scores_stay_in_their_places() -> None:
    reads = Reads(0.0, 0.6 / SHARE)
    seen = looked_closer(QUESTION, "en", [A, B, C], reads)
    assert order(seen) == ["b", "a", "c"]
    assert [one.score for one in seen] == [A.score, B.score, C.score]
    assert reads.asked == [(QUESTION, ["Titel a\nSatz a.", "Titel b\nSatz b."])]


def test_what_leads_by_more_than_is_added_stays_first() -> None:
    assert looked_closer(QUESTION, "en", [A, B, C], Reads(0.0, 0.4 / SHARE)) == (A, B, C)


@pytest.mark.parametrize(
    "hits",
    [
        [],
        [A],
        [hit("a", 1.0, lang="en-GB"), B],
        [A, hit("b", 0.5, lang="en")],
        [A, hit("b", 0.5, work_id=A.work_id)],
        [A, hit("b", 0.9 - CLOSE)],
        [A, hit("b", 0.5, unit_scores=())],
    ],
)
def test_nothing_is_read_where_it_is_plain_which_comes_first(hits: list[Hit]) -> None:
    reads = Reads(0.0, 99.0)
    assert looked_closer(QUESTION, "en", hits, reads) == tuple(hits)
    assert reads.asked == []


def test_without_what_reads_the_order_stays() -> None:
    assert looked_closer(QUESTION, "en", [A, B], Reads()) == (A, B)


class Reading(TokenWordEncoder):
    """Holds the later text for the answer."""

    def read_pairs(self, question: str, texts: list[str]) -> NDArray[np.float32]:  # type: ignore[override]
        return np.array([[99.0 * place, 0.0] for place, _ in enumerate(texts)], np.float32)


@pytest.fixture
def herons(tmp_path: Path) -> SmallIndex:
    index = SmallIndex(tmp_path, Reading())
    index.write("kanal.de.md", "Heron im Kanal.", title="Kanal")
    index.write("meer.de.md", "Heron im Meer.", title="Meer")
    index.ingest()
    return index


@pytest.mark.parametrize("top_k", [1, 2])
def test_a_search_looks_closer_where_it_is_asked_to(herons: SmallIndex, top_k: int) -> None:
    query = Query(text="heron", lang="en", top_k=top_k)
    searcher = herons.searcher()
    both = searcher.search(msgspec.structs.replace(query, top_k=2))
    closer = searcher.search(msgspec.structs.replace(query, look_closer=True))
    assert order(closer) == order(both)[::-1][:top_k]
