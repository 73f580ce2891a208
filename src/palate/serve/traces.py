"""OpenTelemetry traces of requests, where the extra `otel` is installed and an exporter is named in
the environment; nothing at all otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

import palate
from palate.optional import need

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Traced: TypeAlias = Callable[[str, str, Endpoint], Endpoint]
"""From an operation's name, its path and its endpoint to the endpoint that is served."""

_WISHED: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Variables of OpenTelemetry, one of which says where traces go."""


def untraced(name: str, path: str, endpoint: Endpoint) -> Endpoint:
    """The endpoint as it is."""
    return endpoint


def traces_of_environment() -> Traced:
    """What the environment wishes: traces sent by OTLP over HTTP, or none.

    Raises:
        MissingExtra: Traces are wished for, and the extra is not there.
    """
    if not any(os.environ.get(name) for name in _WISHED):
        return untraced
    purpose = "send traces, as OTEL_EXPORTER_OTLP_ENDPOINT says"
    exporter = need(
        "opentelemetry.exporter.otlp.proto.http.trace_exporter", extra="otel", purpose=purpose
    )
    export = need("opentelemetry.sdk.trace.export", extra="otel", purpose=purpose)
    sdk = need("opentelemetry.sdk.trace", extra="otel", purpose=purpose)
    resources = need("opentelemetry.sdk.resources", extra="otel", purpose=purpose)
    named = {"service.name": "palate", "service.version": palate.__version__}
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count before what is named here
    resource = resources.Resource(named).merge(resources.OTELResourceDetector().detect())
    provider = sdk.TracerProvider(resource=resource)
    provider.add_span_processor(export.BatchSpanProcessor(exporter.OTLPSpanExporter()))
    return traces_of(provider)


def traces_of(provider: Any) -> Traced:
    """A span for each request, below that of the client where it sends one.

    Args:
        provider: OpenTelemetry's, with what receives the spans.
    """
    trace: Any = need("opentelemetry.trace", extra="otel", purpose="trace requests")
    propagate: Any = need("opentelemetry.propagate", extra="otel", purpose="trace requests")
    tracer = provider.get_tracer("palate.serve", palate.__version__)

    def traced(name: str, path: str, endpoint: Endpoint) -> Endpoint:
        async def spanned(request: Request) -> Response:
            fixed = {"http.request.method": request.method, "http.route": path}
            with tracer.start_as_current_span(
                f"{request.method} {path}",
                context=propagate.extract(request.headers),
                kind=trace.SpanKind.SERVER,
                attributes={**fixed, "palate.operation": name},
            ) as span:
                response = await endpoint(request)
                span.set_attribute("http.response.status_code", response.status_code)
                span.set_attribute("palate.request", response.headers.get("X-Request-Id", ""))
                if response.status_code >= 500:
                    span.set_status(trace.StatusCode.ERROR)
                return response

        return spanned

    return traced
