"""Golden questions, and whether an answer is right.

In: JSON lines of cases (``evals/questions/*.jsonl``); a case and the answer a system gave to it. Out: a verdict with
every reason why the answer is wrong. Refuses an unknown field, an id used twice, and a case that would check nothing.

Works are compared by path: ``expect.works`` names articles without their language (``models/q4/_index.md``), and a
citation's ``source.path`` is compared after ``index.languages.split_path`` has taken the language off it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from index.languages import split_path
from rag.errors import InputError
from rag.records import Answer, Status

QUESTIONS = Path(__file__).parent / "questions"
_FOUND: tuple[Status, ...] = ("answered", "partial")
_SAME = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("‘’ʼ", "'") | {"٬": ",", "٫": "."})
_GROUPED = re.compile(r"(?<![\d.,a-z])\d{1,3}([.,' ])\d{3}(?:\1\d{3})*(?!\d)")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_NAMED = re.compile(r"(?<![^\W\d_])([^\W\d_][^\W\d_]* \d) (?=\d{3}(?!\d))")
"""A word, one digit and three more: ``Model 3 300 km`` is a name and a figure, ``kostet 3 300 Euro`` one figure."""
_APART = "\0"
_LONG = re.compile(r"\d{4,}")
_LETTER = r"[a-z\u00df-\u024f\u0370-\u058f\u10d0-\u10ff\u1e00-\u1fff]"
"""Latin, Greek, Cyrillic, Armenian, Georgian: they part words by spaces, and hang no article on the front of one."""
_NO_NUMBER_BEFORE = r"(?<!\d)(?<!\d\.)"
_NO_MINUS_BEFORE = r"(?<!^-)(?<![^\d] -)(?<![(\[/:;,]-)"
"""A minus stands at the beginning, behind a bracket, or behind a space that no figure precedes; else it is a dash."""


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a right answer shows; an empty field is not checked."""

    status: Status
    works: tuple[str, ...] = ()
    """Articles, without language, one of which the first citation has to come from."""
    quotes: tuple[str, ...] = ()
    """Fragments, one of which has to stand in a quote."""
    facts: tuple[tuple[str, ...], ...] = ()
    """Each inner tuple holds the accepted forms of one fact, which the answer or its quotes have to show."""
    forbidden: tuple[str, ...] = ()
    """What must stand in no quote, nor in the text of an LLM."""
    answer_lang: str | None = None
    as_of: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One golden question."""

    id: str
    question: str
    lang: str
    expect: Expect
    turns: tuple[str, ...] = ()
    """Questions asked before in the same conversation, oldest first."""
    standalone: str | None = None
    """A follow-up as it would be asked without the turns before it; search must find as much with the follow-up."""
    tags: tuple[str, ...] = ()

    def asks_as(self, other: "Case") -> bool:
        """Whether both ask and expect the same. Tags sort questions into slices, and change nothing of that."""
        return msgspec.structs.replace(self, tags=()) == msgspec.structs.replace(other, tags=())

    @property
    def answerable(self) -> bool:
        return self.expect.status in _FOUND


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    case_id: str
    reasons: tuple[str, ...]
    """Why the answer is wrong; empty for a right one."""

    @property
    def right(self) -> bool:
        return not self.reasons


def load_cases(path: Path) -> tuple[Case, ...]:
    """The cases in file order. Raises InputError naming file and line."""
    cases: dict[str, Case] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        case = _decode(line, f"{path.name}, line {number}")
        if case.id in cases:
            raise InputError(f"{path.name}, line {number}: the id {case.id!r} is used twice.")
        cases[case.id] = case
    if not cases:
        raise InputError(f"{path.name} holds no question.")
    return tuple(cases.values())


def judge(case: Case, answer: Answer) -> Verdict:
    """Right if everything holds that the case expects, and nothing is cited under "not found"."""
    expect = case.expect
    quotes = [normalise(citation.quote) for citation in answer.citations]
    reasons = [*_check_status(expect, answer), *_check_metadata(expect, answer), *_check_forbidden(expect, answer)]
    if case.answerable and answer.status in _FOUND:
        reasons += [
            *_check_facts(expect, [normalise(answer.text), *quotes]),
            *_check_quotes(expect, quotes),
            *_check_work(expect, answer),
        ]
    return Verdict(case_id=case.id, reasons=tuple(reasons))


def own_words(answer: Answer) -> tuple[str, ...]:
    """The text of an answer that an LLM wrote, normalised; empty for a refusal, which may name what it was asked for.

    Empty for an extractive answer too: its quotes are framed by titles, which may name a neighbour.
    """
    written = answer.composer == "llm" and answer.status in _FOUND
    return (normalise(answer.text),) if written else ()


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """``43,866``, ``43.866`` and ``43 866`` are ``43866``; ``16,4`` and ``١٦٫٤`` are ``16.4``; NFKC, case folded.

    ``Model 3 300`` stays as it is: a capital letter and a plain space leave open whether it is one figure.
    """
    parted = _NAMED.sub(lambda named: f"{named[1]}{_APART}" if named[1][0].isupper() else named[0], text)
    folded = unicodedata.normalize("NFKC", parted).translate(_SAME).casefold()
    folded = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in folded)
    folded = " ".join(folded.split())
    ungrouped = _GROUPED.sub(lambda number: number[0].replace(number[1], ""), folded)
    return _DECIMAL_COMMA.sub(".", ungrouped).replace(_APART, " ")


def holds(text: str, form: str) -> bool:
    """Whether normalised ``text`` shows ``form``.

    A number only as a whole and with its sign (neither ``48.5`` nor ``-8`` shows ``8``), a word only from its beginning
    (``internal`` does not show ``tern``; ``terns`` does, because endings are inflected). Where words are not parted by
    spaces, or begin with an article as in Arabic, a form may stand anywhere.
    """
    wanted = normalise(form)
    after = r"(?!\.?\d)" if wanted[-1].isdecimal() else ""
    return re.search(_before(wanted) + _LONG.sub(_grouped, re.escape(wanted)) + after, text) is not None


def _before(wanted: str) -> str:
    if wanted[0].isdecimal():
        return _NO_NUMBER_BEFORE + _NO_MINUS_BEFORE
    if wanted[0] == "-":
        return r"(?<!\w)"
    return f"(?<!{_LETTER})" if re.match(_LETTER, wanted) else ""


def _grouped(number: re.Match[str]) -> str:
    """Also in groups of three, which ``normalise`` leaves only where it is open whether they are one figure."""
    return f"(?:{number[0]}|{f'{int(number[0]):,}'.replace(',', ' ')})" if number[0][0] != "0" else number[0]


def _check_status(expect: Expect, answer: Answer) -> Iterator[str]:
    if answer.status != expect.status and not (answer.status == "partial" and expect.status == "answered"):
        yield f"status is {answer.status}, expected {expect.status}"
    if answer.status == "not_found" and answer.citations:
        yield f"not found, yet {len(answer.citations)} cited"


def _check_metadata(expect: Expect, answer: Answer) -> Iterator[str]:
    if expect.answer_lang and answer.lang != expect.answer_lang:
        yield f"answered in {answer.lang}, expected {expect.answer_lang}"
    if expect.as_of and answer.status in _FOUND and answer.as_of != expect.as_of:
        yield f"as of {answer.as_of}, expected {expect.as_of}"


def _check_forbidden(expect: Expect, answer: Answer) -> Iterator[str]:
    quotes, said = [normalise(citation.quote) for citation in answer.citations], own_words(answer)
    for form in expect.forbidden:
        if _any_holds(quotes, [form]):
            yield f"quotes what it must not: {form!r}"
        elif _any_holds(said, [form]):
            yield f"says what it must not: {form!r}"


def _check_facts(expect: Expect, texts: list[str]) -> Iterator[str]:
    for forms in expect.facts:
        if not _any_holds(texts, forms):
            yield f"does not say {' or '.join(map(repr, forms))}"


def _check_quotes(expect: Expect, quotes: list[str]) -> Iterator[str]:
    if expect.quotes and not _any_holds(quotes, expect.quotes):
        yield f"quotes none of {', '.join(map(repr, expect.quotes))}"


def _check_work(expect: Expect, answer: Answer) -> Iterator[str]:
    if not expect.works:
        return
    if not answer.citations:
        yield "cites nothing"
    elif (work := split_path(answer.citations[0].source.path)[1]) not in expect.works:
        yield f"cites {work} first, expected {' or '.join(expect.works)}"


def _any_holds(texts: Iterable[str], forms: Iterable[str]) -> bool:
    forms = tuple(forms)
    return any(holds(text, form) for text in texts for form in forms)


def _decode(line: bytes, where: str) -> Case:
    try:
        case = msgspec.json.decode(line, type=Case)
    except msgspec.DecodeError as exc:
        raise InputError(f"{where}: {exc}") from exc
    for complaint in _complaints(case):
        raise InputError(f"{where}: {case.id!r} {complaint}.")
    return case


def _complaints(case: Case) -> Iterator[str]:
    expect = case.expect
    evidence = (*expect.works, *expect.quotes, *expect.facts)
    if case.answerable and not evidence:
        yield "has nothing to check: give works, quotes or facts"
    if not case.answerable and evidence:
        yield f"expects {expect.status} together with works, quotes or facts"
    texts = (
        case.id,
        case.question,
        *expect.quotes,
        *expect.forbidden,
        *(form for forms in expect.facts for form in forms),
    )
    if () in expect.facts or not all(map(normalise, texts)):
        yield "has an empty text or an empty list of forms"
    for work in expect.works:
        if split_path(work)[1] != work:
            yield f"names the work {work!r} with its language"
