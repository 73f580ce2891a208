"""What Prometheus reads of the deployed models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from palate.serve.deploy.deployments import DeployedNow
from palate.serve.deploy.shadow import Shadows
from palate.serve.experiments.experiments import Experiments


@final
class DeployedCollector(Collector):
    """Which models there are, and how those do that are asked besides.

    Args:
        listed: The models.
        shadows: What is known of shadows.
        experiments: What is known of experiments.
    """

    def __init__(
        self,
        listed: Callable[[], Sequence[DeployedNow]],
        shadows: Shadows,
        experiments: Experiments,
    ) -> None:
        self._listed, self._shadows, self._experiments = listed, shadows, experiments

    def collect(self) -> Iterable[Metric]:
        """The figures of now."""
        models = GaugeMetricFamily(
            "palate_model", "1 for each deployed model", labels=["model", "use"]
        )
        for one in self._listed():
            models.add_metric([one.deployment.name, one.use], 1)
        yield models
        yield from self._of_shadows()
        yield from self._of_experiments()

    def _of_experiments(self) -> Iterable[Metric]:
        labels = ["experiment", "variant"]
        lists = CounterMetricFamily("palate_experiment_lists", "Lists shown", labels=labels)
        good = CounterMetricFamily(
            "palate_experiment_successes", "Lists that led to an action", labels=labels
        )
        for found in self._experiments.figures():
            for one in found.variants:
                lists.add_metric([found.experiment.name, one.variant], one.lists)
                good.add_metric([found.experiment.name, one.variant], one.successes)
        yield from (lists, good)

    def _of_shadows(self) -> Iterable[Metric]:
        lists = CounterMetricFamily("palate_shadow_lists", "Lists of shadows", labels=["model"])
        failed = CounterMetricFamily("palate_shadow_failures", "No list", labels=["model"])
        overlap = CounterMetricFamily(
            "palate_shadow_overlap", "Sum of shares of shown items", labels=["model"]
        )
        seconds = CounterMetricFamily("palate_shadow_seconds", "Time of lists", labels=["model"])
        for name, figures in list(self._shadows.figures.items()):
            lists.add_metric([name], figures.lists)
            failed.add_metric([name], figures.failed)
            overlap.add_metric([name], figures.overlap)
            seconds.add_metric([name], figures.seconds)
        yield from (lists, failed, overlap, seconds)
        yield CounterMetricFamily(
            "palate_shadow_passed_over",
            "Shown lists for which no shadow was asked: too many waited",
            value=self._shadows.passed_over,
        )
