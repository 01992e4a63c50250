"""Metrics, log lines and traces: what they count, what ties them together, and what they never hold."""

import json
import logging
import re
from pathlib import Path

import anyio
import msgspec
import pytest
import yaml
from fake_backend import ANSWER, FakeBackend
from litestar.testing import TestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from small_site import ask, ingest

from rag import metrics, tracing
from rag.api import observing
from rag.api.app import build_app
from rag.logs import FIELDS, REQUEST_ID, JsonLines
from rag.records import Notice, Question, Written
from rag.runtime import Runtime

pytestmark = pytest.mark.sqlite_alone

FILES = Path(__file__).parent.parent / "docs" / "monitoring"
SECRET = "Wo steht der Kanarienvogel?"


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for module in ("rag.api.observing", "rag.answer"):
        monkeypatch.setattr(f"{module}.tracer", provider.get_tracer("test"))
    return exporter


def test_a_finished_turn_is_counted_with_its_phases(runtime: Runtime, site: Path) -> None:
    ingest(runtime, site)
    labels = {"status": "answered", "composer": "extractive"}
    before, timed = value("kilde_turns_total", **labels), value("kilde_phase_seconds_count", phase="search")
    assert ask(runtime, "Where does the heron walk in winter?").status == "answered"
    assert value("kilde_turns_total", **labels) - before == 1
    assert value("kilde_phase_seconds_count", phase="search") - timed == 1


def test_rehearsals_are_no_turns(runtime: Runtime, site: Path) -> None:
    ingest(runtime, site)
    before = sum(sample.value for sample in metrics.TURNS.collect()[0].samples)
    runtime.warm()
    assert sum(sample.value for sample in metrics.TURNS.collect()[0].samples) == before


def test_tokens_and_notices_of_an_llm_are_counted() -> None:
    written = Written(model="m-1", prompt_sha256="0", prompt_tokens=70, answer_tokens=None)
    before = value("kilde_notices_total", code="sentence_left_out")
    metrics.count_turn(msgspec.structs.replace(ANSWER, written=written))
    metrics.count_notices(Notice(code="sentence_left_out", message=""))
    assert value("kilde_llm_tokens_total", model="m-1", kind="prompt") == 70
    assert value("kilde_notices_total", code="sentence_left_out") - before == 1


def test_requests_are_counted_by_route_and_told_in_prometheus_format() -> None:
    labels = {"method": "GET", "route": "/v1/articles/{article_id}", "status": "404"}
    before = value("kilde_http_requests_total", **labels)
    with TestClient(build_app(FakeBackend())) as client:
        assert client.get("/v1/articles/kanarienvogel").status_code == 404
        told = client.get("/metrics")
    assert value("kilde_http_requests_total", **labels) - before == 1
    assert told.headers["content-type"].startswith("text/plain; version=")
    assert "\nkilde_articles 1.0\n" in told.text
    assert "\nkilde_last_ingest_timestamp_seconds 1.704164645e+09\n" in told.text  # 2024-01-02T03:04:05Z
    assert "kanarienvogel" not in told.text


def test_a_plain_request_id_is_kept_and_another_replaced() -> None:
    with TestClient(build_app(FakeBackend())) as client:
        kept = client.get("/health/live", headers={"X-Request-Id": "edge-17.b"})
        made = client.get("/health/live", headers={"X-Request-Id": 'x" onload="y'})
    assert kept.headers["x-request-id"] == "edge-17.b"
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])


def test_a_request_is_one_line_with_its_id_and_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=observing.__name__)
    with TestClient(build_app(FakeBackend())) as client:
        client.post("/v1/chat", json={"question": SECRET})
        client.get("/health/live")
    (record,) = [record for record in caplog.records if record.name == observing.__name__]
    fields = getattr(record, FIELDS)
    assert (fields["method"], fields["route"], fields["status"]) == ("POST", "/v1/chat", 200)
    assert "Kanarienvogel" not in JsonLines().format(record)


def test_a_log_line_is_json_with_the_id_of_its_request() -> None:
    record = logging.LogRecord("rag.x", logging.WARNING, "x.py", 1, 'line\n"two" %s', ("ü",), None)
    token = REQUEST_ID.set("edge-17")
    line = JsonLines().format(record)
    REQUEST_ID.reset(token)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["message"], told["request_id"]) == ("WARNING", 'line\n"two" ü', "edge-17")


def test_a_trace_goes_on_from_whoever_asked(spans: InMemorySpanExporter) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with TestClient(build_app(FakeBackend())) as client:
        client.post("/v1/chat", json={"question": SECRET}, headers={"traceparent": parent})
    (span,) = spans.get_finished_spans()
    assert span.name == "POST /v1/chat"
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert "Kanarienvogel" not in span.to_json()


def test_searching_and_composing_are_parts_of_the_turn_that_asks(
    spans: InMemorySpanExporter, runtime: Runtime, site: Path
) -> None:
    ingest(runtime, site)

    async def turn() -> None:
        with TracerProvider().get_tracer("test").start_as_current_span("turn") as outer:
            await runtime.answer(Question(question="Where does the heron walk in winter?"))
            parents.append(outer.get_span_context().span_id)

    parents: list[int] = []
    anyio.run(turn)
    made = [(span.name, span.parent.span_id if span.parent else None) for span in spans.get_finished_spans()]
    assert made == [("search", parents[0]), ("compose", parents[0])]


def test_no_trace_is_sent_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing._ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    before = trace.get_tracer_provider()
    tracing.begin_tracing()
    assert trace.get_tracer_provider() is before


@pytest.mark.parametrize("name", ["dashboard.json", "alerts.yaml"])
def test_dashboard_and_alerts_name_only_what_there_is(name: str) -> None:
    content = (FILES / name).read_text("utf-8")
    assert json.loads(content) if name.endswith("json") else yaml.safe_load(content)
    there = {
        f"{metric.name}{ending}"
        for metric in REGISTRY.collect()
        for ending in {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
    }
    named = set(re.findall(r"\bkilde_\w+", content))
    assert named
    assert named <= there
