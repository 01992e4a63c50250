"""Traces of turns, for whatever speaks OpenTelemetry: where the time of one answer went (docs/monitoring.md).

In: OpenTelemetry's own environment variables. Out: spans, sent where ``OTEL_EXPORTER_OTLP_ENDPOINT`` says; without it
none are made. No span holds what a reader or an article says.
"""

import os

from opentelemetry import trace

tracer = trace.get_tracer("kilde")
"""Makes spans that go nowhere until ``begin_tracing``."""
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def begin_tracing() -> None:
    """Once a process. What is not sent when the process ends is sent then."""
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "kilde")})
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
