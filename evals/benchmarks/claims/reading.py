"""Cases read by a model: the texts of many claims encoded at once.

In: cases, an encoder. Out: a ``Meaning`` that knows their texts, without encoding any of them twice.
"""

from collections.abc import Collection, Iterable

from evals.benchmarks.claims.cases import Case
from index.language_means import bundled_prior, token_means
from index.records import Encoder, QuestionVectors
from rag.claim_meaning import EncoderMeaning

BATCH = 256


def read(cases: Iterable[Case], encoder: Encoder) -> EncoderMeaning:
    """Only claims across languages ask for vectors."""
    return read_texts(
        {text for case in cases for text in (case.claim.sentence.strip(), case.claim.cited[0].quote)}, encoder
    )


def read_texts(texts: Collection[str], encoder: Encoder) -> EncoderMeaning:
    ordered = sorted(texts, key=lambda text: (len(text), text))
    known: dict[str, QuestionVectors] = {}
    for start in range(0, len(ordered), BATCH):
        some = ordered[start : start + BATCH]
        known |= dict(zip(some, encoder.encode_questions(some), strict=True))
    return EncoderMeaning(_Known(encoder, known).encode_question, token_means({}, bundled_prior()))


class _Known:
    """An encoder that remembers."""

    def __init__(self, encoder: Encoder, known: dict[str, QuestionVectors]) -> None:
        self._encoder = encoder
        self._known = known

    def encode_question(self, text: str) -> QuestionVectors:
        return self._known.get(text) or self._encoder.encode_question(text)
