"""Events of a turn → server-sent events; pure.

In: events in order. Out: bytes, one block per event, with real ``event:``, ``id:`` and ``data:`` lines. Refuses
nothing.
"""

import msgspec

from rag.records import CitationReady, Event, Followups, MessageEnd, MessageStart, SourcesFound, StreamError

KEEP_ALIVE = b": keep-alive\n\n"
TERMINAL = (MessageEnd, StreamError)


class Frames:
    """Numbers the events of one stream: ``<message_id>:1``, ``<message_id>:2``, …; without the id until it is known."""

    def __init__(self) -> None:
        self._count = 0
        self._prefix = ""

    def frame(self, event: Event) -> bytes:
        if isinstance(event, MessageStart):
            self._prefix = f"{event.message_id}:"
        self._count += 1
        data = msgspec.json.encode(payload(event))
        return f"event: {event.event}\nid: {self._prefix}{self._count}\ndata: ".encode() + data + b"\n\n"


def payload(event: Event) -> object:
    """What stands in the data line: the thing itself where an event carries one thing."""
    match event:
        case SourcesFound():
            return event.sources
        case CitationReady():
            return event.citation
        case Followups():
            return {"questions": event.followups}
        case MessageEnd():
            return event.answer
        case _:
            return event
