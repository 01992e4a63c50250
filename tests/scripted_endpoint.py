"""An endpoint that embeds and reranks over real HTTP, on a free port of this machine, as a script says.

In: replies to come first, each a status with a body and headers, or None for a connection that breaks. Out: what was
asked. After the script it embeds: the vector of a text counts its letters a, b and c; its score is the number of words
that it shares with the question.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

DIM = 3


class Reply(NamedTuple):
    status: int
    body: object
    headers: tuple[tuple[str, str], ...] = ()


class Asked(NamedTuple):
    path: str
    key: str | None
    body: dict[str, Any]


class ScriptedEndpoint(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Reply | None] = []
        self.asked: list[Asked] = []
        self.counting = threading.Lock()
        self.open = 0
        self.most_open = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def scripted_endpoint() -> Iterator[ScriptedEndpoint]:
    server = ScriptedEndpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def counts(text: str) -> list[float]:
    return [float(text.count(letter)) for letter in "abc"]


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedEndpoint
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.counting:
            self.server.open += 1
            self.server.most_open = max(self.server.most_open, self.server.open)
            self.server.asked.append(Asked(self.path, self.headers.get("Authorization"), body))
            reply = self.server.script.pop(0) if self.server.script else Reply(200, _reply(self.path, body))
        try:
            self._send(reply)
        finally:
            with self.server.counting:
                self.server.open -= 1

    def log_message(self, *_: object) -> None: ...

    def _send(self, reply: Reply | None) -> None:
        self.close_connection = True
        if reply is None:
            return
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in (*reply.headers, ("Content-Length", str(len(data))), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _reply(path: str, body: dict[str, Any]) -> object:
    match path:
        case "/embed":
            return [counts(text) for text in body["inputs"]]
        case "/v1/embeddings":
            rows = [{"index": at, "embedding": counts(text)} for at, text in enumerate(body["input"])]
            return {"object": "list", "data": rows[::-1], "model": body["model"], "usage": {"total_tokens": 1}}
        case "/rerank":
            return [{"index": at, "score": score} for at, score in _ranked(body["query"], body["texts"])]
        case _:
            ranked = _ranked(body["query"], body["documents"])
            return {"results": [{"index": at, "relevance_score": score} for at, score in ranked]}


def _ranked(question: str, texts: list[str]) -> list[tuple[int, float]]:
    """Best first, as endpoints give them."""
    words = set(question.split())
    scores = [(at, float(len(words & set(text.split())))) for at, text in enumerate(texts)]
    return sorted(scores, key=lambda pair: -pair[1])
