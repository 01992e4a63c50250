"""What is quoted, offered and refused where question and sentence are read together."""

import anyio
import numpy as np
import pytest
from numpy.typing import NDArray
from small_answering import ASKED, FACT, FixedSearch, found

from index.records import ReadPairs
from rag.answer import Answering
from rag.candidates import candidates
from rag.composing import Aids
from rag.conversations import Conversations
from rag.followups import Answered, at_once
from rag.records import Answer, Question
from rag.runtime import Runtime

BOATS = "In 2021 the factory was to build 12 boats."
NEXT_YEAR, PLANT = "In 2022 the factory built 47,215 cars.", "The plant seats 310 and builds boats."
OPEN = 0.7
"""Late interaction with which evidence alone leaves open whether a sentence answers."""


def holding(right: str, answers: float) -> ReadPairs:
    """Holds one sentence for the best, and says of all how surely they answer."""

    def read(_question: str, texts: list[str]) -> NDArray[np.float32]:
        return np.array([[9.0 * (right in text), answers] for text in texts], np.float32)

    return read


def ask(conversations: Conversations, read_pairs: ReadPairs, score: float = OPEN) -> Answer:
    search = FixedSearch(found(FACT, BOATS, score=score))
    answering = Answering(search, conversations, aids=Aids(read_pairs=read_pairs))
    return anyio.run(answering.answer, Question(question=ASKED))


@pytest.mark.sqlite_alone
@pytest.mark.usefixtures("by_late_interaction_alone")
@pytest.mark.parametrize("first", [FACT, BOATS])
def test_what_reads_them_says_which_sentence_is_quoted_first(conversations: Conversations, first: str) -> None:
    answer = ask(conversations, holding(first, 5.0))
    assert answer.status == "answered"
    assert answer.citations[0].quote == first


@pytest.mark.sqlite_alone
@pytest.mark.usefixtures("by_late_interaction_alone")
def test_what_reads_them_can_refuse_but_not_what_evidence_settles(conversations: Conversations) -> None:
    assert ask(conversations, holding(FACT, -20.0)).status == "not_found"
    assert ask(conversations, holding(FACT, -20.0), score=0.95).status == "answered"


@pytest.mark.usefixtures("by_late_interaction_alone")
@pytest.mark.parametrize(
    ("right", "answers", "expected"),
    [(NEXT_YEAR, 5.0, 1), (NEXT_YEAR, -20.0, 0), (PLANT, 5.0, 0)],
)
def test_a_question_is_offered_only_if_it_would_be_answered_with_what_was_looked_at(
    right: str, answers: float, expected: int
) -> None:
    hits = (found(FACT, NEXT_YEAR, PLANT, score=OPEN),)
    quoted = (candidates(hits, ASKED, "en")[0],)
    turn = Answered(
        question=ASKED, lang="en", hits=hits, quoted=quoted, reader="en", read_pairs=holding(right, answers)
    )
    assert len(at_once(turn)) == expected


def test_the_service_answers_with_what_its_encoder_reads(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime._searching, "read_pairs", lambda question, texts: (question, texts))
    assert runtime._ready_answering()._aids.read_pairs("Where?", ["There."]) == ("Where?", ["There."])
