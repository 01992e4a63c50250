"""What the running service sends → records and errors; pure.

In: bytes and lines of HTTP responses. Out: events, and the KildeError that an error response stands for. A reply that
cannot be read raises msgspec.DecodeError.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from index.records import IngestEvent
from rag.errors import (
    BusyError,
    ConfigurationError,
    InputError,
    KildeError,
    NotFoundError,
    UnreachableError,
    UnreadableFileError,
)
from rag.records import (
    Answer,
    Citation,
    CitationReady,
    ErrorBody,
    ErrorResponse,
    Event,
    Followups,
    MessageEnd,
    MessageStart,
    Notice,
    PhaseStatus,
    Source,
    SourcesFound,
    StreamError,
    TextDelta,
)

T = TypeVar("T")

_ERRORS: dict[str, type[KildeError]] = {
    kind.code: kind
    for kind in (InputError, UnreadableFileError, NotFoundError, BusyError, ConfigurationError, UnreachableError)
}


def error_of(status: int, content: bytes) -> KildeError:
    """The error that a response with a 4xx or 5xx status stands for."""
    try:
        body = msgspec.json.decode(content, type=ErrorResponse).error
    except msgspec.DecodeError:
        body = ErrorBody(code="", message=f"The service answered with status {status}.")
    return error_named(body, status=status)


def error_named(body: ErrorBody, *, status: int) -> KildeError:
    """The error of that code, or where no error has it, what the status says."""
    kind = _ERRORS.get(body.code) or _kind_by_status(status)
    return kind(body.message, body.param) if issubclass(kind, InputError) else kind(body.message)


def _kind_by_status(status: int) -> type[KildeError]:
    match status:
        case 401 | 403:
            return ConfigurationError
        case 404:
            return NotFoundError
        case 429 | 503:
            return BusyError
        case _:
            return InputError if 400 <= status < 500 else KildeError


def split_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines without their ends. Only a line feed ends one: JSON may carry U+2028 and its kin unescaped."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.removesuffix(b"\r").decode() for line in lines)
    if rest:
        yield rest.decode()


def parse_sse(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Event names with their data, as the WHATWG standard reads them; comments and ids are left out."""
    name, data = "message", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and data:
            yield name, "\n".join(data)
        if not line:
            name, data = "message", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)


def decode_event(name: str, data: str) -> Event | None:
    """The event of that name; None for a name that a later version added."""
    match name:
        case SourcesFound.event:
            return SourcesFound(sources=_json(data, tuple[Source, ...]))
        case CitationReady.event:
            return CitationReady(citation=_json(data, Citation))
        case Followups.event:
            return Followups(followups=_json(data, _Questions).questions)
        case MessageEnd.event:
            return MessageEnd(answer=_json(data, Answer))
        case _ if kind := _PLAIN_EVENTS.get(name):
            return _json(data, kind)
        case _:
            return None


class _Questions(msgspec.Struct, frozen=True):
    questions: tuple[str, ...]


class _Failure(msgspec.Struct, frozen=True):
    error: ErrorBody | None = None


_INGEST_EVENTS: msgspec.json.Decoder[IngestEvent] = msgspec.json.Decoder(IngestEvent)


_PLAIN_EVENTS: dict[str, type[MessageStart | PhaseStatus | TextDelta | Notice | StreamError]] = {
    kind.event: kind for kind in (MessageStart, PhaseStatus, TextDelta, Notice, StreamError)
}


def decode_ingest_event(line: str) -> IngestEvent:
    """One event of a run. Raises the error that ends a run which broke off."""
    if failure := _json(line, _Failure).error:
        raise error_named(failure, status=500)
    return _INGEST_EVENTS.decode(line)


def _json(data: str, kind: type[T]) -> T:
    return msgspec.json.decode(data, type=kind)
