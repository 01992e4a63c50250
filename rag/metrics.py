"""What is counted of turns and of LLM requests, for Prometheus; ``GET /metrics`` shows it (docs/monitoring.md).

In: finished turns, notices, the state of queue and index. Out: the metrics of this process. Holds nothing that a reader
or an article says, and no label whose values a reader chooses.
"""

from datetime import UTC, datetime
from typing import get_args

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from rag.records import Answer, Event, IndexState, Notice, Readiness

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
disable_created_metrics()  # type: ignore[no-untyped-call]  # Prometheus sees by itself when a count begins

_STATES: tuple[IndexState, ...] = get_args(IndexState)

TURNS = Counter("kilde_turns", "Finished turns; not_found and out_of_scope are refusals.", ["status", "composer"])
PHASE = Histogram("kilde_phase_seconds", "Time of a turn by phase.", ["phase"], buckets=_SECONDS)
CITATIONS = Counter("kilde_citations", "Quotes shown, by what verification said.", ["verdict"])
NOTICES = Counter("kilde_notices", "What readers were told of an LLM's answer; sentence_left_out is a drop.", ["code"])
LLM_TOKENS = Counter("kilde_llm_tokens", "As the endpoint counted them.", ["model", "kind"])
CACHE = Counter("kilde_answer_cache", "First questions, where answers are kept: hit or miss.", ["result"])
REQUESTS = Counter("kilde_http_requests", "Responses.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "kilde_http_request_seconds", "Until the last byte was sent.", ["method", "route"], buckets=_SECONDS
)
RUNNING = Gauge("kilde_turns_running", "Answers and searches that are being made.")
WAITING = Gauge("kilde_turns_waiting", "Those that wait for one of these to end.")
ARTICLES = Gauge("kilde_articles", "Indexed articles.")
CHUNKS = Gauge("kilde_chunks", "Indexed chunks.")
INDEX_STATE = Gauge("kilde_index_state", "1 for the state in force.", ["state"])
LAST_INGEST = Gauge("kilde_last_ingest_timestamp_seconds", "End of the last ingest, Unix time; 0 before the first.")


def count_turn(answer: Answer) -> None:
    """A finished or stopped turn."""
    TURNS.labels(answer.status, answer.composer).inc()
    for phase, milliseconds in answer.timings_ms.items():
        PHASE.labels(phase).observe(milliseconds / 1000)
    for citation in answer.citations:
        CITATIONS.labels(citation.verification.verdict).inc()
    if answer.written is not None:
        for kind, tokens in (("prompt", answer.written.prompt_tokens), ("answer", answer.written.answer_tokens)):
            LLM_TOKENS.labels(answer.written.model, kind).inc(tokens or 0)


def count_notices(event: Event) -> None:
    """If it is one."""
    if isinstance(event, Notice):
        NOTICES.labels(event.code).inc()


def show_index(readiness: Readiness, last_ingest: str | None) -> None:
    """``last_ingest``: ISO 8601, UTC."""
    ARTICLES.set(readiness.articles)
    CHUNKS.set(readiness.chunks)
    for state in _STATES:
        INDEX_STATE.labels(state).set(state == readiness.index)
    LAST_INGEST.set(datetime.fromisoformat(last_ingest).replace(tzinfo=UTC).timestamp() if last_ingest else 0)
