"""An OpenAI-compatible endpoint that says what it is told to, over real HTTP.

In: a function from a request to the steps of its reply: bytes to send, seconds to wait, ``Reset`` or ``Hang``. Out: a
base URL, the requests that came, and when clients left before the end. ``python -m evals.benchmarks.scripted_llm`` runs
one in a process of its own, which copies what is most like the question, at 20 tokens a second. Knows no model.
"""

import argparse
import asyncio
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Self

import msgspec

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
DONE = b"data: [DONE]\n\n"
_SOURCE = re.compile(r"\[(\d+)\]\n<<<\nTitle: [^\n]*\n(.*?)\n>>>", re.DOTALL)
_SENTENCE_END, _SHORT = re.compile(r"(?<=[.!?。।؟])\s+|(?<=。)|\n+"), 12
_TOKEN = re.compile(r"\s*\S+")


class Reset(msgspec.Struct, frozen=True):
    """The connection is torn."""


class Hang(msgspec.Struct, frozen=True):
    """Nothing more is sent; the connection stays."""


Step = bytes | float | Reset | Hang
Request = dict[str, Any]
Script = Callable[[Request], Iterable[Step]]


def piece(text: str) -> bytes:
    """One piece of text as an event."""
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})


def finish(reason: str = "stop") -> bytes:
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def usage(prompt_tokens: int, completion_tokens: int) -> bytes:
    counted = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    return event({"choices": [], "usage": counted})


def event(data: object) -> bytes:
    body = data if isinstance(data, dict) and "object" in data else {"object": "chat.completion.chunk", **data}  # type: ignore[dict-item]
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def says(text: str, *, pause_s: float = 0.0) -> list[Step]:
    """A whole reply, word by word."""
    pieces: list[Step] = []
    for token in tokens(text):
        pieces += [piece(token), *([pause_s] if pause_s else [])]
    return [HEAD, *pieces, finish(), usage(100, len(pieces)), DONE]


def tokens(text: str) -> list[str]:
    """Words with the white space before them."""
    found = _TOKEN.findall(text)
    return [*found, text[sum(map(len, found)) :]] if sum(map(len, found)) < len(text) else found


def prompt_of(request: Request) -> str:
    """All that the endpoint was given to read."""
    return "\n\n".join(str(message["content"]) for message in request["messages"])


def sources_of(request: Request) -> list[tuple[int, str]]:
    """Number and text of each source that it was given."""
    return [(int(number), text) for number, text in _SOURCE.findall(prompt_of(request))]


class ScriptedLlm:
    """A context manager; the server runs on a thread of its own and is gone afterwards."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.headers: list[str] = []
        self.left: list[float] = []
        """When clients closed their connection before the end, on the monotonic clock."""
        self.sent: list[tuple[float, bytes]] = []
        self._open: set[asyncio.StreamWriter] = set()
        self._tls = tls
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    @property
    def base_url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, ssl=self._tls, backlog=512)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await asyncio.sleep(0.02)  # For connections that are being accepted, so that they can be closed too.
        for writer in [*self._open]:
            writer.transport.abort()
        while self._open:
            await asyncio.sleep(0.001)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._exchange(reader, writer)
        finally:
            self._open.discard(writer)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task that ends as cancelled is an error to asyncio's own streams.
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            request = await self._read(reader)
            await self._reply(request, reader, writer)
        with suppress(OSError, asyncio.CancelledError):
            writer.close()
            await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?i)content-length:\s*(\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b"{}"
        request: Request = json.loads(body)
        self.headers.append(head)
        self.requests.append(request)
        return request

    async def _reply(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.ensure_future(reader.read())
        try:
            for step in self.script(request):
                if await self._has_left(step, gone, writer):
                    return
                if isinstance(step, bytes):
                    writer.write(step)
                    self.sent.append((time.monotonic(), step))
                    await writer.drain()
        except ConnectionError:
            self.left.append(time.monotonic())
        finally:
            gone.cancel()

    async def _has_left(self, step: Step, gone: "asyncio.Future[bytes]", writer: asyncio.StreamWriter) -> bool:
        """Waits, where the step says so, and ends the reply where it or the client does."""
        if isinstance(step, Reset):
            at_once = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            writer.transport.abort()
            return True
        wait_s = None if isinstance(step, Hang) else step if isinstance(step, float) else 0.0
        if wait_s != 0.0:
            await asyncio.wait({gone}, timeout=wait_s)
        if gone.done() and not gone.cancelled():
            self.left.append(time.monotonic())
            return True
        return False


def citing(pause_s: float, sentences: int = 3) -> Script:
    """What an LLM that copies would write: the sentences with most of the question's words, with their numbers."""

    def script(request: Request) -> Iterator[Step]:
        wanted = _words(prompt_of(request).rpartition("Question")[2])
        told = [(n, one) for n, text in sources_of(request) for one in _SENTENCE_END.split(text) if _is_sentence(one)]
        best = sorted(told, key=lambda one: -len(wanted & _words(one[1])))[:sentences]
        yield from says(" ".join(f"{sentence} [{n}]" for n, sentence in best), pause_s=pause_s)

    return script


def _is_sentence(text: str) -> bool:
    return len(text) > _SHORT and text[-1] in ".!?。।؟"


def _words(text: str) -> set[str]:
    """As far as letters tell: beginnings of words."""
    return {word[:6] for word in re.findall(r"\w{2,}", text.casefold())}


def main(args: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens-per-second", type=float, default=20.0)
    given = parser.parse_args(args)
    with ScriptedLlm(citing(1 / given.tokens_per_second), port=given.port) as server:
        print(server.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
