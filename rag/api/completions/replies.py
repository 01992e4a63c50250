"""An answer, or the events of a turn → completions and their chunks; pure.

In: records of a turn, the tokens it took, and the address of this service. Out: the records of ``records.py``. Refuses
nothing. An article without a public address is annotated with where this service shows its text, since an annotation
needs an address.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from rag.api.completions.asking import MODEL
from rag.api.completions.records import (
    Annotation,
    AssistantMessage,
    Choice,
    Chunk,
    ChunkChoice,
    Completion,
    Delta,
    UrlCitation,
    Usage,
)
from rag.article_address import shown_at
from rag.framing import shown_title
from rag.records import Answer, Citation, Event, MessageEnd, MessageStart, TextDelta

DONE = b"data: [DONE]\n\n"


def completion(answer: Answer, usage: Usage, *, created: int, base_url: str) -> Completion:
    """The whole answer at once. ``created``: seconds since 1970."""
    message = AssistantMessage(content=answer.text, annotations=_annotations(answer, base_url), kilde=answer)
    return Completion(
        id=_id(answer.message_id), created=created, model=MODEL, choices=(Choice(message=message),), usage=usage
    )


class Chunks:
    """The chunks of one stream."""

    def __init__(self, *, created: int, base_url: str, has_usage: bool = False) -> None:
        self._no_usage = None if has_usage else msgspec.UNSET
        self._created = created
        self._base_url = base_url
        self._id = ""

    def of(self, event: Event) -> Iterator[Chunk]:
        """What the event adds to the message. Annotations come all at once: clients put deltas together by their own
        rules, and those for lists differ."""
        match event:
            case MessageStart():
                self._id = _id(event.message_id)
                yield self._chunk(Delta(role="assistant", content=""))
            case TextDelta():
                yield self._chunk(Delta(content=event.text))
            case MessageEnd(answer=answer):
                yield self._chunk(Delta(annotations=_annotations(answer, self._base_url), kilde=answer))
                yield self._chunk(Delta(), finish_reason="stop")
            case _:
                pass

    def of_usage(self, usage: Usage) -> Chunk:
        return Chunk(id=self._id, created=self._created, model=MODEL, choices=(), usage=usage)

    def _chunk(self, delta: Delta, *, finish_reason: Literal["stop"] | None = None) -> Chunk:
        choice = ChunkChoice(delta=delta, finish_reason=finish_reason)
        return Chunk(id=self._id, created=self._created, model=MODEL, choices=(choice,), usage=self._no_usage)


def frame(record: msgspec.Struct) -> bytes:
    return b"data: " + msgspec.json.encode(record) + b"\n\n"


def _id(message_id: str) -> str:
    return f"chatcmpl-{message_id}"


def _annotations(answer: Answer, base_url: str) -> tuple[Annotation, ...]:
    return tuple(Annotation(url_citation=_url_citation(citation, base_url)) for citation in answer.citations)


def _url_citation(citation: Citation, base_url: str) -> UrlCitation:
    source = citation.source
    return UrlCitation(
        url=source.url or shown_at(base_url, source.article_id),
        title=shown_title(source.title) or source.path,
        start_index=citation.answer.start,
        end_index=citation.answer.end,
    )
