"""Whether the answer is in the language that the case expects, else in the question's own. Unscored without an answer.

The language an answer gives itself is compared; prose of an LLM is also looked at, without what it quotes, because
there the label could be wrong. A region that is not asked for is no difference: ``pt-BR`` answers ``pt``.
"""

from evals.measures.measure import Measure
from evals.records import Outcome
from index.languages import UNDETERMINED, base, detect
from rag.records import Answer

_LEAST_LETTERS, _SURE = 60, 0.9
"""Below these a detected language is no objection to the label."""


def _score(outcome: Outcome, _: float | None) -> float | None:
    if outcome.answer is None:
        return None
    wanted = outcome.case.expect.answer_lang or outcome.case.lang
    given = outcome.answer.lang
    is_labelled = given == wanted or base(given) == wanted
    return float(is_labelled and not (outcome.answer.composer == "llm" and _is_foreign(outcome.answer, base(wanted))))


def _is_foreign(answer: Answer, wanted: str) -> bool:
    prose = answer.text
    for citation in answer.citations:
        prose = prose.replace(citation.quote, " ")
    detected, share = detect(prose)
    letters = sum(char.isalpha() for char in prose)
    return letters >= _LEAST_LETTERS and share >= _SURE and base(detected) not in {wanted, UNDETERMINED}


LANGUAGE = Measure(name="answer_language", title="Answers in the reader's language", score=_score)
