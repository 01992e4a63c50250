"""What else the quoted article speaks of, as its tables, headings and own questions name it.

In: hits, what was quoted of them, the reader's language. Out: questions for it, each with the label it is made of, what
stood nearest to the question before first. Labels are taken only from versions in the reader's language. Whether a
question is answered is for ``followups.py`` to say. Pure; refuses nothing.
"""

from collections.abc import Iterator, Sequence

import msgspec
import regex

from index.languages import base
from index.records import Hit
from rag.addressing import speaks_to_machine
from rag.candidates import Candidate
from rag.framing import about_text

LONGEST = 60
"""Characters of a label, and of a title that stands before it."""
_CELLS = " | "
_LETTERS = regex.compile(r"\p{L}\p{M}*\p{L}")
_TITLE_END = regex.compile(r"[:–—|?!]|\s-\s")
_QUESTION = regex.compile(r"[?？؟]\s*$")


class Topic(msgspec.Struct, frozen=True):
    """``label`` is a heading, or the first cell of a table's row with what stands above it."""

    question: str
    label: str


def topics(hits: Sequence[Hit], quoted: Sequence[Candidate], lang: str) -> Iterator[Topic]:
    """Of the first quote's work, without what was quoted."""
    work_id = quoted[0].hit.work_id
    own = [hit for hit in hits if hit.work_id == work_id and base(hit.lang) == base(lang)]
    shown = {one.text for one in quoted}
    headings = {one.hit.headings[-1] for one in quoted if one.hit.headings}
    found = [
        (score, hit.title, label)
        for hit in own
        for score, label in (*_row_labels(hit, shown), *_headings(hit))
        if label not in headings and len(label) <= LONGEST and not speaks_to_machine(label)
    ]
    labels = {label: title for _, title, label in sorted(found, key=lambda one: -one[0])}
    return (Topic(_question(label, title, lang), label) for label, title in labels.items())


def _row_labels(hit: Hit, shown: set[str]) -> Iterator[tuple[float, str]]:
    """The first cell names what the others hold: "Range: WLTP | Figure: 582 km"."""
    scores = hit.unit_scores or (hit.score,) * len(hit.sentences)
    for span, score in zip(hit.sentences, scores, strict=True):
        row = hit.text[span.start - hit.start : span.end - hit.start]
        label, _, rest = row.partition(_CELLS)
        if rest and row not in shown and _LETTERS.search(label.rpartition(": ")[2]):
            yield score, label


def _headings(hit: Hit) -> Iterator[tuple[float, str]]:
    if hit.headings and _LETTERS.search(hit.headings[-1]):
        yield hit.late or hit.score, hit.headings[-1]


def _question(label: str, title: str, lang: str) -> str:
    """A heading that asks stays as it is; another is named with its article, where that has a short name. Of a row
    the name of its column is left out."""
    if _QUESTION.search(label):
        return label
    name, topic = _TITLE_END.split(title, maxsplit=1)[0].strip(), label.rpartition(": ")[2]
    is_named = not name or len(name) + len(topic) > LONGEST or name.casefold() in topic.casefold()
    return about_text(topic if is_named else f"{name}: {topic}", lang)
