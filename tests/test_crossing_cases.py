"""What a search across languages is fitted on: which passages of a question are seen, and which of them are right."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from small_index import make_hit

from evals.benchmarks.crossing_cases import SEEN, _crossing, _over_passages, _says_it
from evals.benchmarks.fit_closer_look import Compared
from evals.benchmarks.xquad import XquadQuestion
from evals.golden import Case, Expect
from index.records import Hit

ASKED = XquadQuestion(lang="en", article=12, paragraph=1, place=0, text="Where?", answers=("canal",))


def hit(path: str, text: str = "Nichts.", **others: object) -> Hit:
    return make_hit(text, path=path, **({"unit_scores": (0.5,)} | others))


def paths(hits: Sequence[Hit]) -> list[str]:
    return [one.path for one in hits]


def test_of_each_passage_the_best_hit_is_seen_and_in_training_none_of_the_odd_articles() -> None:
    hits = [hit("de/12-02.txt"), hit("de/13-01.txt"), hit("de/12-01.txt", "Erst."), hit("de/12-01.txt", "Dann.")]
    seen = _over_passages(ASKED, False, hits)
    assert [one.text for one in seen.hits] == ["Nichts.", "Erst."]
    assert seen.right == (False, True)
    kept = _over_passages(ASKED, True, hits)
    assert paths(kept.hits) == ["de/12-02.txt", "de/13-01.txt", "de/12-01.txt"]
    assert kept.right == (False, False, True)


def test_only_the_first_that_were_scored_by_sentence_are_seen() -> None:
    hits = [hit("a", unit_scores=()), *(hit(str(number)) for number in range(SEEN + 2))]
    seen = _crossing("Where?", "publishers", False, hits, lambda one: one.path == "1")
    assert paths(seen.hits) == [str(number) for number in range(SEEN)]
    assert seen.right == tuple(number == 1 for number in range(SEEN))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Der Reiher fischt im Kanal, neun Kronen.", True),
        ("Der Reiher fischt im Kanal.", False),
        ("Neun Kronen.", False),
    ],
)
def test_a_passage_is_right_with_the_quote_and_all_that_is_to_be_said(text: str, expected: bool) -> None:
    wanted = Expect(status="answered", quotes=("Der Reiher fischt",), facts=(("neun Kronen", "nine crowns"),))
    case = Case(id="heron-1-en", question="Where?", lang="en", expect=wanted)
    assert _says_it(case)(hit("a", text)) is expected


def test_what_is_added_counts_for_those_that_were_read() -> None:
    seen = Compared("xquad", np.array([1.0, 0.5, 0.2]), (False, True, False), np.array([0.0, 1.0]))
    assert [seen.is_right(2, share) for share in (0.0, 0.4, 0.6)] == [False, False, True]
    assert msgspec.structs.replace(seen, right=(False, False, True)).is_right(4, 1.0) is False
    assert msgspec.structs.replace(seen, right=(True, False, False), added=np.zeros(0)).is_right(4, 1.0) is True
