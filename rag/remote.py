"""The running service, as the command line uses it.

In: the address that ``rag/owner.py`` found, or any other. Out: the same records that a runtime in this process gives.
Raises UnreachableError where the service does not answer or breaks off, and otherwise the error that it reported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from index.records import ArticleDetail, ArticleSummary, IngestEvent, IngestRequest, IngestSummary, Stats
from rag.drift_records import DriftReport
from rag.errors import UnreachableError
from rag.feedback_records import Feedback, FeedbackRequest
from rag.owner import ServiceAddress
from rag.records import (
    Answer,
    Conversation,
    Event,
    MessageEnd,
    Question,
    Readiness,
    SearchRequest,
    SearchResponse,
    StreamError,
)
from rag.replies import decode_event, decode_ingest_event, error_of, parse_sse, split_lines

T = TypeVar("T")

CONNECT_S = 3.0
ANSWER_S = 120.0
"""Longest wait for an answer, or for the next event of a stream (which has a keep-alive every 15 s)."""
DRIFT_S = 3600.0
"""Longest wait for the comparison of all translations."""
INGEST_GAP_S = 600.0
"""Longest silence within an ingest run."""

_JSON = {"Content-Type": "application/json"}


class Remote:
    """Synchronous calls to one service; a context manager that closes its connections."""

    def __init__(self, address: ServiceAddress) -> None:
        self._address = address
        self._client = httpx.Client(
            base_url=address.url,
            headers={"Authorization": f"Bearer {address.token}"} if address.token else {},
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            trust_env=False,  # the service is on this machine or in its network: no proxy lies between
        )

    def answer(self, question: Question) -> Answer:
        return self._post("/v1/chat", msgspec.structs.replace(question, stream=False), Answer)

    def events(self, question: Question) -> Iterator[Event]:
        """The turn step by step. Raises UnreachableError if the stream ends without its terminal event."""
        body = msgspec.structs.replace(question, stream=True)
        with self._reached():
            for name, data in parse_sse(self._stream("/v1/chat", body, timeout_s=ANSWER_S)):
                event = decode_event(name, data)
                if event is None:
                    continue
                yield event
                if isinstance(event, MessageEnd | StreamError):
                    return
        raise self._broken("broke off in the middle of an answer")

    def search(self, request: SearchRequest) -> SearchResponse:
        return self._post("/v1/search", request, SearchResponse)

    def articles(self) -> tuple[ArticleSummary, ...]:
        return self._get("/v1/articles", tuple[ArticleSummary, ...])

    def article(self, article_id: str) -> ArticleDetail:
        return self._get(f"/v1/articles/{quote(article_id, safe='')}", ArticleDetail)

    def conversation(self, conversation_id: str) -> Conversation:
        return self._get(f"/v1/conversations/{quote(conversation_id, safe='')}", Conversation)

    def give_feedback(self, message_id: str, request: FeedbackRequest) -> Feedback:
        return self._post(f"/v1/messages/{quote(message_id, safe='')}/feedback", request, Feedback)

    def delete_conversation(self, conversation_id: str) -> None:
        path = f"/v1/conversations/{quote(conversation_id, safe='')}"
        with self._reached():
            response = self._client.delete(path)
            if response.is_error:
                raise error_of(response.status_code, response.content)

    def stats(self) -> Stats:
        return self._get("/v1/admin/stats", Stats)

    def drift(self) -> DriftReport:
        return self._get("/v1/admin/drift", DriftReport, timeout_s=DRIFT_S)

    def readiness(self) -> Readiness:
        with self._reached():
            response = self._client.get("/health/ready")
            if response.status_code not in (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE):
                raise error_of(response.status_code, response.content)
            return msgspec.json.decode(response.content, type=Readiness)

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        """The run as it goes on. Raises UnreachableError if it is cut short; what was done until then is kept."""
        with self._reached():
            for line in filter(None, self._stream("/v1/admin/ingest", request, timeout_s=INGEST_GAP_S)):
                event = decode_ingest_event(line)
                yield event
                if isinstance(event, IngestSummary):
                    return
        raise self._broken("broke off during the run, which keeps what it has done; run the command again to go on")

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, path: str, kind: type[T], *, timeout_s: float = ANSWER_S) -> T:
        with self._reached():
            return _decode(self._client.get(path, timeout=httpx.Timeout(timeout_s, connect=CONNECT_S)), kind)

    def _post(self, path: str, body: msgspec.Struct, kind: type[T]) -> T:
        with self._reached():
            return _decode(self._client.post(path, content=msgspec.json.encode(body), headers=_JSON), kind)

    def _stream(self, path: str, body: msgspec.Struct, *, timeout_s: float) -> Iterator[str]:
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        content = msgspec.json.encode(body)
        with self._client.stream("POST", path, content=content, headers=_JSON, timeout=timeout) as response:
            if response.is_error:
                raise error_of(response.status_code, response.read())
            yield from split_lines(response.iter_bytes())

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as exc:
            raise self._broken(f"does not answer ({type(exc).__name__})") from exc
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise self._broken(f"speaks another version of Kilde ({exc})") from exc

    def _broken(self, what: str) -> UnreachableError:
        process = "" if self._address.pid is None else f" (process {self._address.pid})"
        return UnreachableError(
            f"The service at {self._address.url}{process} {what}. "
            "If that stays so, stop it and start `kilde serve` again."
        )


def _decode(response: httpx.Response, kind: type[T]) -> T:
    if response.is_error:
        raise error_of(response.status_code, response.content)
    return msgspec.json.decode(response.content, type=kind)
