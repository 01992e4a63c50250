"""What an evaluation run keeps: the outcome of every question, and the run around them.

An outcome holds the answer and the search hits as the service gave them; measures are taken of it later, so that a new
measure can be taken of an old run. Whatever changes from run to run without a change of behaviour (times, random ids)
stands in ``Timing`` alone: two runs of the same system over the same articles are equal in every other byte.
"""

from typing import Final

import msgspec

from evals.golden import Case
from rag.records import Answer

RANKED: Final = {"ranked": "10 works"}
"""Said of the system of a run. Runs of before 2026-11-29 ranked the works of ten passages, which are fewer than ten."""


class Found(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One search hit for the question, in the order of the search."""

    work: str
    """The article's path without its language, as in ``Expect.works``."""
    path: str
    lang: str
    chunk_id: str
    text: str
    score: float


class Prices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a million tokens cost, in the currency of whoever asks."""

    prompt: float
    answer: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question and what came of it: an answer, or the error that stood in its way."""

    case: Case
    answer: Answer | None
    """Message and conversation ids empty, timings empty: see ``Timing``."""
    found: tuple[Found, ...]
    """The best passage of each of the first ten works; searched with the standalone question of the answer."""
    standalone_found: tuple[Found, ...] = ()
    """The same for ``Case.standalone``, where the case has one."""
    false_quotes: tuple[str, ...] = ()
    """Quotes that are not the slice of the article, or of the answer, that they claim to be."""
    error: str | None = None
    prices: Prices | None = None
    """Of the LLM that was asked; None where nobody said."""


class Timing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs between equal runs."""

    started: str
    """ISO 8601, UTC."""
    seconds: float
    latencies_ms: tuple[tuple[float, ...], ...]
    """Per outcome, one figure per repetition."""
    machine: str
    versions: dict[str, str]


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A suite asked of one system."""

    suite: str
    questions_sha256: str
    corpus_sha256: str
    """Fingerprint of the articles as the system reads them; runs over different ones are not compared."""
    system: dict[str, str]
    """What was asked: version of Kilde, embedding model, composer, and what else changes the answers."""
    outcomes: tuple[Outcome, ...]
    """In the order of the questions."""
    timing: Timing
