"""One question of the report: what was expected and what came, side by side, and why it is wrong.

In: an outcome with the reasons against it. Out: an article element, which carries what the filters go by. Quotes are
marked in the answer by their offsets, expected and forbidden forms are marked in the quotes.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from evals.golden import Case, holds, normalise
from evals.measures.ranking import works_found
from evals.records import Outcome
from evals.report.kinds import KINDS, kinds
from evals.report.languages import language_name
from evals.report.markup import Child, anchor, element, said
from evals.report.spans import Span, find_form, marked
from rag.records import Answer, Citation, CitationSource

SEPARATOR = "\n"
"""Between several values of one attribute."""


def question(outcome: Outcome, reasons: Sequence[str]) -> ET.Element:
    case, found = outcome.case, kinds(outcome, reasons)
    return element(
        "article",
        _head(case, found, is_right=not reasons),
        _asked(outcome),
        element("ul", *(element("li", reason, dir="auto") for reason in reasons), class_="reasons")
        if reasons
        else None,
        element("div", _expected(outcome), _given(outcome), class_="sides"),
        _search(outcome),
        id=anchor(case.id),
        class_="case wrong" if reasons else "case right",
        data_lang=case.lang,
        data_tags=SEPARATOR.join(case.tags),
        data_kinds=SEPARATOR.join(found),
    )


def _head(case: Case, found: Iterable[str], *, is_right: bool) -> ET.Element:
    return element(
        "header",
        element("span", "✓ right" if is_right else "✗ wrong", class_="verdict"),
        *(element("span", KINDS[kind], class_="kind") for kind in found),
        element("a", case.id, href=f"#{anchor(case.id)}", class_="id"),
        element("span", f"{language_name(case.lang)} ({case.lang})", class_="tag"),
        *(element("span", tag, class_="tag") for tag in case.tags),
    )


def _asked(outcome: Outcome) -> ET.Element:
    case, answer = outcome.case, outcome.answer
    searched = answer.standalone_question if answer is not None else ""
    return element(
        "div",
        *(said("p", case.lang, turn, class_="turn") for turn in case.turns),
        said("h3", case.lang, case.question),
        element("p", "Understood as ", said("q", None, searched), class_="small")
        if searched and searched != case.question
        else None,
        class_="asked",
    )


def _expected(outcome: Outcome) -> ET.Element:
    expect = outcome.case.expect
    told = _told(outcome.answer)
    rows: list[Child] = [*_row("Status", [element("span", _status(expect.status))])]
    rows += _row("Facts" if len(expect.facts) > 1 else "Fact", [_fact(forms, told) for forms in expect.facts])
    rows += _row(
        "One passage of" if len(expect.quotes) > 1 else "Passage",
        [said("q", None, text, class_="passage") for text in expect.quotes],
    )
    rows += _row("From", [element("code", work) for work in expect.works])
    rows += _row("Must not quote", [element("span", *_forms_in_a_row(expect.forbidden))] if expect.forbidden else [])
    rows += _row("In", [element("span", language_name(expect.answer_lang))] if expect.answer_lang else [])
    rows += _row("As of", [element("span", expect.as_of)] if expect.as_of else [])
    return element("div", element("h4", "Expected"), element("dl", *rows), class_="side")


def _row(title: str, values: Sequence[ET.Element]) -> list[Child]:
    """Nothing without a value."""
    return [element("dt", title), *(element("dd", value) for value in values)] if values else []


def _fact(forms: Sequence[str], told: Sequence[str]) -> ET.Element:
    is_told = any(holds(text, form) for text in told for form in forms)
    sign = element("span", "✓ " if is_told else "✗ ", class_="sign", title="said" if is_told else "not said")
    return element("span", sign, *_forms_in_a_row(forms), class_="fact said" if is_told else "fact missing")


def _forms_in_a_row(forms: Iterable[str]) -> Iterator[ET.Element]:
    for number, form in enumerate(forms):
        if number:
            yield element("span", " or ", class_="or")
        yield said("bdi", None, form)


def _told(answer: Answer | None) -> list[str]:
    return [normalise(text) for text in (answer.text, *(one.quote for one in answer.citations))] if answer else []


def _given(outcome: Outcome) -> ET.Element:
    answer = outcome.answer
    if answer is None:
        error = said("p", None, outcome.error or "There is no answer.", class_="text")
        return element("div", element("h4", "Answer"), error, class_="side given")
    facts = [_status(answer.status), language_name(answer.lang)]
    facts += [] if answer.confidence is None else [f"sure to {100 * answer.confidence:.0f} %"]
    facts += [] if answer.as_of is None else [f"as of {answer.as_of}"]
    quoted = [Span(one.answer.start, one.answer.end, "quoted", one.source.lang) for one in answer.citations]
    return element(
        "div",
        element("h4", "Answer ", element("small", ", ".join(facts))),
        marked(said("p", answer.lang, class_="text"), answer.text, quoted),
        element("ol", *_citations(outcome.case, answer.citations), class_="citations") if answer.citations else None,
        class_="side given",
    )


def _citations(case: Case, citations: Sequence[Citation]) -> Iterator[ET.Element]:
    """Quotes that follow each other from one article stand together under it."""
    for (n, _), group in groupby(citations, key=lambda one: (one.n, one.source.path)):
        together = list(group)
        marker = element("span", f"[{n}]", class_="marker")
        yield element("li", marker, _source(together[0].source), *(_quote(case, one) for one in together))


def _source(source: CitationSource) -> ET.Element:
    about = ", ".join(filter(None, [language_name(source.lang), source.published]))
    title = said("cite", source.lang, source.title) if source.title else None
    told = f"{', ' if source.title else ''}{about}, "
    return element("p", title, told, element("code", source.path), _link(source.url), class_="small")


def _quote(case: Case, citation: Citation) -> ET.Element:
    quote = marked(said("blockquote", citation.source.lang), citation.quote, _forms(case, citation.quote))
    if citation.verification.numbers != "mismatch":
        return quote
    return element("div", quote, element("p", "The numbers of the answer are not in this quote.", class_="mismatch"))


def _forms(case: Case, quote: str) -> Iterator[Span]:
    expect = case.expect
    wanted = [form for forms in expect.facts for form in forms]
    for kind, forms in (("forbidden", expect.forbidden), ("expected", (*wanted, *expect.quotes))):
        for form in forms:
            if place := find_form(quote, form):
                yield Span(*place, kind)


def _link(url: str | None) -> ET.Element | None:
    """Only to a page: what else a system may give for an address is not to be followed."""
    if url is None or not url.startswith(("https://", "http://")):
        return None
    return element("a", "open", href=url, rel="noopener noreferrer", class_="source")


def _search(outcome: Outcome) -> ET.Element | None:
    """Which articles search found, and at which place one that was expected."""
    works, wanted = works_found(outcome.found), outcome.case.expect.works
    if not works:
        return None
    place = next((place for place, work in enumerate(works, start=1) if work in wanted), None)
    if not wanted:
        said_so = f"Search found {len(works)} articles"
    elif place:
        said_so = f"Search found the expected article at place {place} of {len(works)}"
    else:
        said_so = f"Search did not find the expected article among {len(works)}"
    listed = [element("li", element("code", work), " (expected)" if work in wanted else None) for work in works]
    return element("details", element("summary", said_so), element("ol", *listed), class_="search")


def _status(status: str) -> str:
    return status.replace("_", " ")
