"""Questions from use that might become golden ones: those that were not answered, and those with a thumbs-down.

In: what ``rag.feedback`` gives, with nothing personal in it; the questions that a suite has already. Out: one JSON line
for each, with an empty ``expect`` for a human to fill in; until then it is refused as a golden question. Each wording
counts once, the newest first. Refuses to begin at what is no date.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from evals.golden import Case
from rag.errors import InputError
from rag.feedback_records import UnansweredQuestion


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A ``Case`` whose ``expect`` nobody has written yet."""

    id: str
    question: str
    lang: str
    turns: tuple[str, ...]
    standalone: str | None
    expect: dict[str, str]
    tags: tuple[str, ...]


def utc_since(text: str) -> str:
    """A date, or a time (in UTC unless it says otherwise), as questions are dated. Raises InputError for neither."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise InputError(f"{text!r} is no date. Write it as 2024-05-31 or 2024-05-31T14:30:00.", "since") from exc
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")


def candidates(questions: Iterable[UnansweredQuestion], known: Iterable[Case]) -> Iterator[Candidate]:
    """``questions``: oldest first."""
    asked = {_wording(case.turns, case.question) for case in known}
    for one in reversed(list(questions)):
        wording = _wording(one.turns, one.question)
        if wording in asked:
            continue
        asked.add(wording)
        yield Candidate(
            id=f"use-{one.question_id[:12]}-{one.lang}",
            question=one.question,
            lang=one.lang,
            turns=one.turns,
            standalone=one.standalone_question if one.turns else None,
            expect={},
            tags=tuple(_tags(one)),
        )


def _tags(one: UnansweredQuestion) -> Iterator[str]:
    yield "from-use"
    if one.rating == "down":
        yield "thumbs-down"
        if one.reason is not None:
            yield one.reason.replace("_", "-")
    if one.status == "not_found":
        yield "not-found"


def _wording(turns: Iterable[str], question: str) -> tuple[str, ...]:
    return tuple(" ".join(text.casefold().split()) for text in (*turns, question))
