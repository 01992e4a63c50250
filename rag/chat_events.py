"""The bytes of a streamed chat completion → its text and token counts. Pure.

In: bytes as they come, cut anywhere. Out: pieces of text, and the usage where the endpoint gives it. Refuses, with
ValueError that says what is wrong, everything that is no such stream: a line without end, what is no JSON, and errors
in both shapes in which endpoints send them under status 200. (The client's own reader puts no bound on a line, and
takes the second shape for an empty piece.)
"""

from collections.abc import Iterator

import msgspec

LONGEST_LINE = 256 * 1024
_DATA, _DONE = b"data:", b"[DONE]"
_BROKEN_OFF = {"content_filter": "the endpoint's filter ended it", "error": "the endpoint ended it with an error"}


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, as the endpoint counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] | None = None
    usage: Usage | None = None
    error: object = None
    object: str = ""


class ChatEvents:
    """One response."""

    def __init__(self) -> None:
        self._line = b""
        self.finish_reason: str | None = None
        self.is_done = False
        """Whether the endpoint has said that nothing follows."""

    def feed(self, data: bytes) -> Iterator[str | Usage]:
        """What these bytes complete, in order; text is never empty."""
        *lines, self._line = (self._line + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if len(self._line) > LONGEST_LINE:
            raise ValueError(f"a line of more than {LONGEST_LINE:,} bytes")
        for line in lines:
            yield from self._read(line)

    def end(self) -> None:
        """Raises ValueError where the stream ended before the answer did."""
        if self.finish_reason is None:
            raise ValueError("it ended before its finish_reason")
        if reason := _BROKEN_OFF.get(self.finish_reason):
            raise ValueError(reason)

    def _read(self, line: bytes) -> Iterator[str | Usage]:
        """A comment, an empty line and every field but ``data`` says nothing."""
        if self.is_done or not line.startswith(_DATA):
            return
        payload = line[len(_DATA) :].strip()
        if payload == _DONE:
            self.is_done = True
        elif payload:
            yield from self._told(_decoded(payload))

    def _told(self, chunk: _Chunk) -> Iterator[str | Usage]:
        for choice in chunk.choices or ():
            if choice.delta and choice.delta.content:
                yield choice.delta.content
            self.finish_reason = choice.finish_reason or self.finish_reason
        if chunk.usage:
            yield chunk.usage


def _decoded(payload: bytes) -> _Chunk:
    try:
        chunk = msgspec.json.decode(payload, type=_Chunk)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ValueError(f"a piece is not what it should be: {exc}") from exc
    if chunk.error or chunk.object == "error":
        raise ValueError("it reported an error in the middle of its answer")
    if chunk.choices is None and chunk.usage is None:
        raise ValueError("a piece has no choices")
    return chunk
