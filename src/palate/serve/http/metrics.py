"""What Prometheus reads."""

from __future__ import annotations

from typing import Final, final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as text_of
from prometheus_client.registry import Collector

from palate.serve.engine.engine import Engine
from palate.serve.served.keeper import ServedKeeper

BUCKETS: Final = (0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.125, 0.25, 0.5, 1.0, 5.0)

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST


@final
class Metrics:
    """Counters of one service; none is global.

    Args:
        engine: Whose state is shown.
        served: Keeps lists; None: no one does.
    """

    def __init__(self, engine: Engine, served: ServedKeeper | None = None) -> None:
        registry = self._registry = CollectorRegistry()
        self.requests = Counter(
            "palate_requests", "Requests answered", ["operation", "status"], registry=registry
        )
        self.seconds = Histogram(
            "palate_request_seconds",
            "Time to an answer",
            ["operation"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.events = Counter("palate_events", "Events", ["result"], registry=registry)
        self.degraded = Counter(
            "palate_degraded_answers", "Lists that the model could not make", registry=registry
        )
        self._gauge("palate_items", "Items of the catalogue", lambda: _items(engine))
        self._gauge(
            "palate_hidden_items",
            "Items that are never recommended",
            lambda: len(engine.view.items.unavailable),
        )
        self._gauge("palate_live_users", "Users with an event", lambda: engine.state.n_users)
        self._gauge("palate_log_offset", "The last event", lambda: engine.state.offset)
        self._gauge(
            "palate_learnt_offset",
            "The last event that the model has learnt from",
            lambda: engine.learnt_offset,
        )
        self._gauge("palate_waiting_appends", "Appends that wait", engine.waiting)
        self._gauge(
            "palate_servers_away",
            "Servers that do not answer",
            lambda: len(engine.servers.away()),
        )
        self._gauge(
            "palate_spooled_events",
            "Events that wait on this disk for the log",
            engine.servers.spooled,
        )
        self._content(engine)
        if served is not None:
            self._gauge(
                "palate_lists_not_kept",
                "Lists that came faster than they could be kept for palate feedback",
                lambda: served.left_out,
            )

    def text(self) -> bytes:
        """All of them, in the text format of Prometheus."""
        return text_of(self._registry)

    def add(self, collector: Collector) -> None:
        """Show what it collects, too."""
        self._registry.register(collector)

    def _content(self, engine: Engine) -> None:
        self._gauge(
            "palate_items_encoded",
            "Whether all new items' content is encoded",
            lambda: float(engine.encoded),
        )
        self._gauge(
            "palate_vector_recall",
            "Share of the nearest rows that the index of vectors found, of searches compared",
            lambda: engine.answering.recall.mean,
        )
        self._gauge(
            "palate_vector_recall_alarm",
            "Whether that is less than it should be",
            lambda: float(engine.answering.recall.alarm),
        )

    def _gauge(self, name: str, described: str, value: object) -> None:
        Gauge(name, described, registry=self._registry).set_function(value)  # type: ignore[arg-type]


def _items(engine: Engine) -> int:
    return len(engine.view.items.catalogue) - len(engine.view.items.deleted)
