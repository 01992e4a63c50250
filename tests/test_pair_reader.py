"""A model that reads question and sentence together: what it learns, and what training sees of a question."""

from pathlib import Path

import numpy as np
import pytest
import torch
from small_candidates import make_candidate

from evals.benchmarks.fit_pair_reader import AMONG, TITLE, Read, as_read, row, teaches
from evals.benchmarks.pair_reader import LAYERS, TEMPTING, WRONG, Example, PairReader, Seen, _some_of, train
from evals.benchmarks.publishers import REPORTED
from evals.benchmarks.reading_cases import KEPT_PUBLISHERS, SOURCES, Asked, Posed, tuned_on
from index.bundled_model import ensure_unpacked

QUESTION = "Where does the heron fish?"
TEXTS = ("The tern fishes at sea.", "The heron fishes in the canal.", "Nine crowns.")
EXAMPLE = Example(QUESTION, tuple(Seen(text, 1.0 - n, n == 1) for n, text in enumerate(TEXTS)))


@pytest.fixture
def untrained(model_dir: Path) -> PairReader:
    from sentence_transformers import SentenceTransformer

    torch.manual_seed(0)
    folder = str(ensure_unpacked(model_dir))
    return PairReader(SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32}))


def said(reader: PairReader) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    with torch.inference_mode():
        found: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = reader([(QUESTION, TEXTS)]).numpy()
    return found


@pytest.mark.model
def test_trained_it_prefers_what_answers_and_does_with_its_changes_in_the_weights(untrained: PairReader) -> None:
    assert len(untrained.transformer.encoder.layer) == LAYERS
    assert (said(untrained) == 0).all()
    train(untrained, iter([[EXAMPLE]] * 40), 40, np.random.default_rng(0))
    added, answers = said(untrained).T
    assert int(np.argmax(added + np.array([one.score for one in EXAMPLE.seen]))) == 1
    assert answers[1] > 0 > max(answers[0], answers[2])
    before = said(untrained)
    untrained.merge()
    assert [name for name, _ in untrained.named_parameters() if name.endswith((".up", ".down"))] == []
    np.testing.assert_allclose(said(untrained), before, atol=0.15)


def test_training_sees_one_right_sentence_and_a_draw_of_the_most_tempting_wrong_ones() -> None:
    seen = [Seen(f"wrong {n}", -float(n), False) for n in range(TEMPTING + 3)]
    example = Example(QUESTION, (*seen[:2], Seen("right", -1.5, True), *seen[2:]))
    for seed in range(5):
        drawn = _some_of(example, np.random.default_rng(seed)).seen
        assert [one.is_right for one in drawn] == [True] + [False] * (WRONG + 1)
        assert {one.text for one in drawn[1:-1]} <= {f"wrong {n}" for n in range(TEMPTING)}
        assert drawn[-1].text in {f"wrong {n}" for n in range(TEMPTING, TEMPTING + 3)}
    alone = Example(QUESTION, (Seen("wrong", 0.0, False),))
    assert _some_of(alone, np.random.default_rng(0)) == alone


@pytest.mark.parametrize(
    ("answerable", "right", "source", "expected"),
    [
        (True, (False, True), "xquad", True),
        (True, (False, False), "xquad", False),
        (True, (False,) * AMONG + (True,), "xquad", False),
        (False, (False, False), "publishers", True),
        (False, (False, False), "xquad", False),
    ],
)
def test_a_question_teaches_where_its_answer_is_among_the_first_or_there_is_none(
    answerable: bool, right: tuple[bool, ...], source: str, expected: bool
) -> None:
    assert source in SOURCES
    found = tuple(make_candidate(TEXTS[0], 1.0) for _ in right)
    one = Asked(
        posed=Posed(QUESTION, "en", source, False),
        answerable=answerable,
        evidence=0.0,
        found=found,
        right=right,
    )
    assert teaches(one) is expected


def test_a_sentence_is_read_under_its_articles_title() -> None:
    one = make_candidate(TEXTS[0], 1.0)
    assert as_read(one) == f"{one.hit.title[:TITLE]}\n{TEXTS[0]}"
    assert as_read(make_candidate(one.hit.title, 1.0)) == one.hit.title


def test_the_report_counts_first_candidates_and_tells_evidence_from_what_is_read() -> None:
    def seen(answerable: bool, answers: float) -> Read:
        return Read(
            answerable=answerable,
            evidence=0.0,
            scores=np.array([1.0, 0.0]),
            added=np.array([-1.5, 1.5]),
            answers=answers,
            right=np.array([False, answerable]),
            ms=10.0,
        )

    told = row("xquad", [seen(True, 2.0), seen(True, 1.0), seen(False, -1.0)])
    assert told == ["xquad", "2 + 1", "0.000", "0.000", "1.000", "1.000", "0.500", "1.000", "1.000", "10", "10"]


def test_publishers_that_are_for_reports_teach_nothing_and_some_of_the_others_are_kept() -> None:
    assert set(tuned_on()).isdisjoint(REPORTED)
    assert len(tuned_on()) == 12
    assert set(KEPT_PUBLISHERS) < set(tuned_on())
