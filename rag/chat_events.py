"""The bytes of a streamed chat completion → its text and token counts. Pure.

In: bytes as they come, cut anywhere. Out: pieces of text, without what was thought before them, and the usage where the
endpoint gives it. Refuses, with ValueError that says what is wrong, everything that is no such stream: a line without
end, what is no JSON, and errors in both shapes in which endpoints send them under status 200. (The client's own reader
puts no bound on a line, and takes the second shape for an empty piece.) What follows the end of the text may be
anything: a complete answer is not thrown away for it.
"""

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from rag.thinking import Thoughts

LONGEST_LINE = 256 * 1024
LONGEST_REPLY = 32 * 1024 * 1024
_DATA, _DONE = b"data:", b"[DONE]"
_BOM = b"\xef\xbb\xbf"
_WHOLE = frozenset({"stop", "end_turn", "eos", "eos_token", "stop_sequence", "tool_calls", "function_call"})
_TOO_LONG = frozenset({"length", "max_tokens"})
_BROKEN_OFF = {"content_filter": "the endpoint's filter ended it", "error": "the endpoint ended it with an error"}


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, as the endpoint counted them; None where it did not."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The text has come to its end."""

    is_cut_off: bool = False
    """Whether it was longer than the LLM may write."""
    usage: Usage | None = None


class _Part(msgspec.Struct, frozen=True):
    """Of a content in parts; what is no text, such as a thought, has none."""

    text: str | None = None
    type: str = "text"


class _Delta(msgspec.Struct, frozen=True):
    content: str | tuple[_Part, ...] | None = None


class _Choice(msgspec.Struct, frozen=True):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] | None = None
    usage: object = None
    error: object = None
    object: str | None = None


class ChatEvents:
    """One response."""

    def __init__(self) -> None:
        self._line = b""
        self._read_bytes = 0
        self._thoughts = Thoughts()
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        """The last that came: some endpoints count anew with every piece."""
        self.is_done = False
        """Whether nothing follows."""

    def feed(self, data: bytes) -> Iterator[str]:
        """The text that these bytes complete, in order; never empty."""
        try:
            for line in self._lines(data):
                yield from self._told(line)
        except ValueError:
            if self.finish_reason is None:
                raise
            self.is_done = True

    def end(self) -> Ended:
        """Raises ValueError where the stream ended before the answer did."""
        if self.finish_reason is None:
            raise ValueError("it ended before its finish_reason")
        if self.finish_reason not in _WHOLE | _TOO_LONG:
            raise ValueError(
                _BROKEN_OFF.get(self.finish_reason, "the endpoint ended it for a reason that is not known")
            )
        return Ended(is_cut_off=self.finish_reason in _TOO_LONG, usage=self.usage)

    def _lines(self, data: bytes) -> Iterator[bytes]:
        data = data if self._read_bytes else data.removeprefix(_BOM)
        self._read_bytes += len(data)
        *lines, self._line = (self._line + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        yield from lines
        if len(self._line) > LONGEST_LINE:
            raise ValueError(f"a line of more than {LONGEST_LINE:,} bytes")
        if self._read_bytes > LONGEST_REPLY:
            raise ValueError(f"a reply of more than {LONGEST_REPLY:,} bytes")

    def _told(self, line: bytes) -> Iterator[str]:
        """A comment, an empty line and every field but ``data`` says nothing."""
        payload = line[len(_DATA) :].strip() if line.startswith(_DATA) else b""
        if payload == _DONE:
            self.is_done = True
        if not payload or self.is_done:
            return
        chunk = _decoded(payload)
        self._count(chunk.usage)
        for choice in chunk.choices or ():
            if choice.index == 0:
                yield from self._read(choice)

    def _read(self, choice: _Choice) -> Iterator[str]:
        if self.finish_reason is not None:
            return
        if text := self._thoughts.without(_content(choice.delta)):
            yield text
        # Some endpoints give an empty one with every piece.
        self.finish_reason = choice.finish_reason or None
        if self.finish_reason and (text := self._thoughts.end()):
            yield text

    def _count(self, usage: object) -> None:
        with suppress(msgspec.ValidationError):
            self.usage = msgspec.convert(usage, Usage | None) or self.usage


def _content(delta: _Delta | None) -> str:
    content = delta.content if delta else None
    if isinstance(content, str):
        return content
    return "".join(part.text or "" for part in content or () if part.type == "text")


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
