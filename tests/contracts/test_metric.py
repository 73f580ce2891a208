"""Every registered metric keeps the contract; broken ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from palate import registry
from palate.evaluate.metrics.recall import Recall
from palate.stages import ListMetric, Metric
from palate.tables import TargetRanks
from palate.testing.logs import made_ranks
from palate.testing.metric import ListMetricContract, MetricContract


@pytest.mark.parametrize("name", registry.names("metric"))
class TestMetrics(MetricContract):
    @pytest.fixture
    def part(self, name: str) -> Metric:
        kind = registry.part_class(name)
        return kind(kind.Settings())


@pytest.mark.parametrize("name", registry.names("listmetric"))
class TestListMetrics(ListMetricContract):
    @pytest.fixture
    def part(self, name: str) -> ListMetric:
        kind = registry.part_class(name)
        return kind(kind.Settings())


class ZeroForNothing(Recall):
    """The classical fault: a case without targets counts as a bad one."""

    def per_case(self, ranks: TargetRanks) -> np.ndarray:
        return np.nan_to_num(super().per_case(ranks))


class BestAtTheBottom(Recall):
    """Places counted from the wrong end."""

    def per_case(self, ranks: TargetRanks) -> np.ndarray:
        turned = TargetRanks(ranks.case, ranks.item, 31 - ranks.position, ranks.n_candidates)
        return super().per_case(turned)


def test_the_contract_finds_faults() -> None:
    suite, ranks = MetricContract(), made_ranks()
    with pytest.raises(AssertionError):
        suite.test_one_number_a_case(ZeroForNothing(), ranks)
    with pytest.raises(AssertionError):
        suite.test_moving_a_target_up_never_hurts(BestAtTheBottom(), ranks)
