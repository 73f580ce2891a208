"""What Prometheus reads of drift."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from palate.serve.drift.drift import Drift


@final
class DriftCollector(Collector):
    """The figures of a minute ago; the first time that somebody reads there are none yet.

    Args:
        drift: Looks.
    """

    def __init__(self, drift: Drift) -> None:
        self._drift = drift

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked at for the sake of being registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The last figures."""
        found = self._drift.lately()
        if found is None:
            return
        psi = GaugeMetricFamily("palate_drift_psi", "Population stability index", labels=["of"])
        for name, one in found.blocks.items():
            psi.add_metric([f"block {name}"], one.psi)
        if found.scores is not None:
            psi.add_metric(["scores"], found.scores.psi)
        yield psi
        unknown = GaugeMetricFamily("palate_unknown_share", "Of live events", labels=["of"])
        unknown.add_metric(["items"], found.unknown_items)
        unknown.add_metric(["users"], found.unknown_users)
        yield unknown
        alarms = GaugeMetricFamily("palate_drift_alarm", "1 where it is far", labels=["of"])
        for name in found.alarms:
            alarms.add_metric([name], 1)
        yield alarms
