"""A turn that its reader stopped: the answer as far as it was shown.

In: the events that were sent, one by one; the whole answer, where it was made already. Out: an Answer whose text and
citations are those that were shown. A marker whose citation had not come yet is left out. Pure; refuses nothing.
"""

import re

import msgspec

from rag.records import (
    Answer,
    Citation,
    CitationReady,
    Composer,
    Event,
    Followups,
    MessageStart,
    Question,
    Source,
    SourcesFound,
    TextDelta,
)


class Shown:
    """What one reader has seen of one turn."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._start: MessageStart | None = None
        self._sources: tuple[Source, ...] = ()
        self._text = ""
        self._citations: list[Citation] = []
        self._followups: tuple[str, ...] = ()

    def add(self, event: Event) -> None:
        match event:
            case MessageStart():
                self._start = event
            case SourcesFound():
                self._sources = event.sources
            case TextDelta():
                self._text += event.text
            case CitationReady():
                self._citations.append(event.citation)
            case Followups():
                self._followups = event.followups
            case _:
                pass

    def answer(self, composer: Composer, total_ms: int) -> Answer:
        """Called partial, since some of what the articles say may not have come. Raises ValueError before the start."""
        if self._start is None:
            raise ValueError("nothing was shown yet")
        return Answer(
            message_id=self._start.message_id,
            conversation_id=self._start.conversation_id,
            status="partial",
            composer=composer,
            question=self._question.question,
            standalone_question=self._start.standalone_question,
            lang=self._start.lang,
            text=_without_loose_markers(self._text, self._citations),
            citations=tuple(self._citations),
            sources=self._sources,
            nearest=(),
            followups=self._followups,
            as_of=max((cited.source.published for cited in self._citations if cited.source.published), default=None),
            timings_ms={"total": total_ms},
            stopped=True,
        )


def as_shown(shown: Answer, whole: Answer) -> Answer:
    """``whole``, cut to what was shown of it."""
    if shown.text == whole.text and shown.citations == whole.citations:
        return msgspec.structs.replace(whole, followups=shown.followups)
    return msgspec.structs.replace(
        whole,
        status="partial",
        text=shown.text,
        citations=shown.citations,
        sources=shown.sources,
        nearest=(),
        followups=shown.followups,
        as_of=shown.as_of,
        stopped=True,
    )


def _without_loose_markers(text: str, citations: list[Citation]) -> str:
    """Only what follows the last citation can hold a marker without its own."""
    end = max((cited.answer.end for cited in citations), default=0)
    if citations:
        marker = f"[{citations[-1].n}]"
        at = text.find(marker, end)
        end = at + len(marker) if at >= 0 else end
    return text[:end] + re.sub(r"\s*\[\d+\]", "", text[end:])
