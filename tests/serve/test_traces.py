"""Traces of requests, where OpenTelemetry is there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from palate.errors import MissingExtra
from palate.serve.data_folder import Opened
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.settings import ServiceSettings
from palate.serve.traces import traces_of, traces_of_environment, untraced


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def client(opened: Opened, tmp_path: Path, spans: InMemorySpanExporter) -> Iterator[TestClient]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    keyring = Keyring(tmp_path / "keys.json")
    service = Service(opened.engine, keyring, ServiceSettings(), traced=traces_of(provider))
    with TestClient(application(service)) as client:
        yield client
    service.close()


def test_each_request_is_a_span(client: TestClient, spans: InMemorySpanExporter) -> None:
    ok = client.post("/v1/recommendations", json={"user": "u1", "k": 2})
    missing = client.get("/v1/items/nothing")
    first, second = spans.get_finished_spans()
    assert first.name == "POST /v1/recommendations"
    assert first.attributes is not None
    assert first.attributes["palate.operation"] == "recommend"
    assert first.attributes["palate.request"] == ok.headers["X-Request-Id"]
    assert first.attributes["http.response.status_code"] == 200
    assert second.name == "GET /v1/items/{id}"  # the route, not the item
    assert second.attributes is not None
    assert second.attributes["http.response.status_code"] == missing.status_code == 404
    assert "nothing" not in str(second.attributes)


def test_a_span_is_below_that_of_the_client(
    client: TestClient, spans: InMemorySpanExporter
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    client.get("/health/live", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    (span,) = spans.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == trace


def test_without_a_wish_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert traces_of_environment() is untraced


def test_a_wish_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    for name in [name for name in sys.modules if name.startswith("opentelemetry.exporter")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter", None)
    with pytest.raises(MissingExtra, match=r"palate\[otel\]"):
        traces_of_environment()
