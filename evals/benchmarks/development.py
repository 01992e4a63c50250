"""The questions for tuning, never for reports: over pages as publishers have them, and over the sample articles.

In: the folder of shared data. Out: each question with its language and hits, and which candidates are right. What
nothing is fitted on lies in ``golden-*.jsonl``, ``own.jsonl``, ``pages.jsonl`` and ``seeds_fresh.jsonl`` of
``evals/questions``, and in ``evals/publishers``, of which most may be tuned on (its page): what reads question and
sentence together is.
"""

from collections.abc import Iterator
from pathlib import Path

from evals.fresh import open_fresh
from evals.golden import QUESTIONS, Case, holds, load_cases, normalise
from index.languages import detect_question
from index.records import Hit
from index.search import Query
from rag.answer import SEARCHED_HITS
from rag.candidates import Candidate
from rag.runtime import Runtime

SET_BY_HAND = {"other_name": -3.0, "unknown": 2.0, "other_setting": -2.0}
"""Weights of signals that too few questions show to be fitted (decisions 14 and 24)."""
SAMPLE = Path(__file__).parent.parent / "corpus" / "content"


def development_hits(data: Path) -> Iterator[tuple[Case, str, tuple[Hit, ...]]]:
    """Every case with its question's language and its hits: over the electric-vehicle pages, then over the samples."""
    for folder, names in ((data / "evkx" / "content", ("development", "tempting")), (SAMPLE, ("sample",))):
        with open_fresh([folder]) as runtime:
            for name in names:
                for case in load_cases(QUESTIONS / f"{name}.jsonl"):
                    yield case, *found_for(runtime, case)


def found_for(runtime: Runtime, case: Case) -> tuple[str, tuple[Hit, ...]]:
    """The language that the question is taken to be in, and what extraction gets for it."""
    lang = detect_question(case.question)
    return lang, runtime.find(Query(text=case.question, lang=lang, top_k=SEARCHED_HITS, group_works=False))


def is_right(case: Case, candidate: Candidate) -> bool:
    """Whether the candidate alone says all that the case expects, and nothing that it forbids."""
    expected, text = case.expect, normalise(candidate.text)
    says = all(any(holds(text, form) for form in forms) for forms in expected.facts)
    quoted = not expected.quotes or any(holds(text, quote) for quote in expected.quotes)
    return case.answerable and says and quoted and not any(holds(text, other) for other in expected.forbidden)
