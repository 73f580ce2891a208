"""How the service is: for load balancers and for Prometheus."""

from __future__ import annotations

from palate.serve.http.metrics import MEDIA_TYPE
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import Health, Ready
from palate.serve.http.service import Service
from palate.serve.refusals import Unavailable


async def live(service: Service, call: Call) -> Health:
    """The process is there."""
    return Health("live")


async def ready(service: Service, call: Call) -> Ready:
    """It answers for people."""
    if service.draining:
        raise Unavailable("the service is shutting down", next_step="ask another one")
    engine = service.engine
    view = engine.view
    return Ready(
        "ready",
        engine.model,
        len(view.items.catalogue) - len(view.items.deleted),
        engine.state.n_users,
        engine.state.offset,
        engine.encoded,
        list(engine.servers.away()),
        engine.servers.spooled(),
    )


async def metrics(service: Service, call: Call) -> bytes:
    """All counters."""
    return service.metrics.text()


OPERATIONS = (
    Operation(
        "live", "GET", "/health/live", "Whether the process is there.", Health, None, handler=live
    ),
    Operation(
        "ready",
        "GET",
        "/health/ready",
        "Whether it answers: 503 while it shuts down.",
        Ready,
        None,
        handler=ready,
        refusals=(503,),
    ),
    Operation(
        "metrics",
        "GET",
        "/metrics",
        f"Counters for Prometheus, as {MEDIA_TYPE.partition(';')[0]}.",
        bytes,
        "read",
        handler=metrics,
    ),
)
