"""What the case expects to be cited, and which citations show it. Pure.

Evidence is a citation from an expected work (from any, where the case names none) that holds a form of one of the
case's facts or covers at least half of one of its fragments. The fragments of a case are alternatives, such as one
sentence in several languages; its facts all have to be shown.
"""

from evals.golden import Case, holds, normalise
from evals.measures.overlap import covered_share
from index.languages import split_path
from rag.records import Answer, Citation

_HALF = 0.5


def is_evidence(case: Case, citation: Citation) -> bool:
    expect = case.expect
    if not is_from_expected_work(case, citation):
        return False
    if not expect.facts and not expect.quotes:
        return True
    quote = normalise(citation.quote)
    return any(holds(quote, form) for forms in expect.facts for form in forms) or any(
        covered_share(fragment, [citation.quote]) >= _HALF for fragment in expect.quotes
    )


def shown(case: Case, answer: Answer | None) -> list[float]:
    """For every fact, and once for the best covered fragment, how much of it is cited from an expected work.

    A case with neither has one thing to show: that an expected work is cited at all.
    """
    expect = case.expect
    citations = [one for one in answer.citations if is_from_expected_work(case, one)] if answer else []
    if not expect.facts and not expect.quotes:
        return [float(bool(citations))]
    quotes = [normalise(citation.quote) for citation in citations]
    facts = [float(any(holds(quote, form) for quote in quotes for form in forms)) for forms in expect.facts]
    fragments = [covered_share(fragment, quotes) for fragment in expect.quotes]
    return [*facts, max(fragments)] if fragments else facts


def is_from_expected_work(case: Case, citation: Citation) -> bool:
    return not case.expect.works or split_path(citation.source.path)[1] in case.expect.works
