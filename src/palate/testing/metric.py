"""What every metric must keep."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from palate.arrays import Doubles
from palate.recipe.metrics import metric as metric_named
from palate.stages import ListMetric, Metric
from palate.tables import Interactions, Rankings, TargetRanks
from palate.testing.logs import made_lists, made_log, made_ranks


class MetricContract:
    """For metrics of the targets' places. Give the metric by overriding the fixture `part`."""

    @pytest.fixture
    def part(self) -> Metric:
        """The metric that is tried."""
        raise NotImplementedError("give the metric: override the fixture `part`")

    @pytest.fixture
    def ranks(self) -> TargetRanks:
        """Places with ties, unreachable targets and cases without any."""
        return made_ranks()

    def test_one_number_a_case(self, part: Metric, ranks: TargetRanks) -> None:
        """float64 from 0 to 1, NaN just where a case has no target."""
        values = part.per_case(ranks)
        assert values.shape == (ranks.n_cases,)
        assert values.dtype == np.float64
        assert np.array_equal(np.isnan(values), ranks.n_targets() == 0)
        assert np.nanmin(values) >= 0
        assert np.nanmax(values) <= 1

    def test_the_best_ranking_is_best(self, part: Metric, ranks: TargetRanks) -> None:
        """Nothing beats all targets at the top, and all unreachable is 0."""
        best = part.per_case(replace(ranks, position=_at_the_top(ranks), ties=None))
        assert np.nanmin(best - part.per_case(ranks)) >= -1e-12
        away = np.full(len(ranks.position), np.inf)
        worst = part.per_case(replace(ranks, position=away, ties=None))
        assert np.nanmax(worst) == 0

    def test_moving_a_target_up_never_hurts(self, part: Metric, ranks: TargetRanks) -> None:
        """Each target by itself, taken to a free better place."""
        before = part.per_case(ranks)
        for target in range(len(ranks.position)):
            own = ranks.case == ranks.case[target]
            taken, room = ranks.position[own], (ranks.tied[own] + 1) / 2
            free = [
                p
                for p in range(1, 31)
                if p < ranks.position[target] and np.all(np.abs(taken - p) >= room)
            ]
            if free:
                position, ties = ranks.position.copy(), ranks.tied.copy()
                position[target], ties[target] = free[0], 1.0
                after = part.per_case(replace(ranks, position=position, ties=ties))
                assert after[ranks.case[target]] >= before[ranks.case[target]] - 1e-12

    def test_order_of_the_targets_does_not_matter(self, part: Metric, ranks: TargetRanks) -> None:
        """Nor do the items' numbers."""
        order = np.random.default_rng(0).permutation(len(ranks.case))
        shuffled = replace(
            ranks,
            case=ranks.case[order],
            item=ranks.item[order] + 5,
            position=ranks.position[order],
            ties=None if ranks.ties is None else ranks.ties[order],
            value=None if ranks.value is None else ranks.value[order],
        )
        _same(part.per_case(shuffled), part.per_case(ranks))

    def test_no_targets_and_no_cases(self, part: Metric, ranks: TargetRanks) -> None:
        """All NaN, or nothing at all."""
        none = ranks.only(np.zeros(len(ranks.case), np.bool_))
        assert np.isnan(part.per_case(none)).all()
        assert part.per_case(replace(none, n_candidates=none.n_candidates[:0])).shape == (0,)

    def test_it_knows_its_name(self, part: Metric) -> None:
        """The label leads back to the same metric."""
        _knows_its_name(part)


class ListMetricContract:
    """For metrics of whole lists. Give the metric by overriding the fixture `part`."""

    @pytest.fixture
    def part(self) -> ListMetric:
        """The metric that is tried."""
        raise NotImplementedError("give the metric: override the fixture `part`")

    @pytest.fixture
    def train(self) -> Interactions:
        """A training part of 80 items."""
        return made_log()

    @pytest.fixture
    def lists(self) -> Rankings:
        """Lists of 20 items; the first is empty, the second has three."""
        return made_lists()

    def test_one_number_a_case(
        self, part: ListMetric, lists: Rankings, train: Interactions
    ) -> None:
        """float64, not negative, NaN just for an empty list."""
        values = part.per_case(lists, train)
        assert values.shape == (len(lists.users),)
        assert values.dtype == np.float64
        assert np.array_equal(np.isnan(values), (lists.items < 0).all(axis=1))
        assert np.nanmin(values) >= 0

    def test_order_of_the_cases_does_not_matter(
        self, part: ListMetric, lists: Rankings, train: Interactions
    ) -> None:
        """Each case keeps its figure."""
        order = np.random.default_rng(0).permutation(len(lists.users))
        shuffled = Rankings(lists.users[order], lists.items[order], lists.scores[order])
        _same(part.per_case(shuffled, train), part.per_case(lists, train)[order])

    def test_no_cases(self, part: ListMetric, lists: Rankings, train: Interactions) -> None:
        """Nothing at all."""
        nothing = Rankings(lists.users[:0], lists.items[:0], lists.scores[:0])
        assert part.per_case(nothing, train).shape == (0,)

    def test_it_knows_its_name(self, part: ListMetric) -> None:
        """The label leads back to the same metric."""
        _knows_its_name(part)


def _knows_its_name(part: Any) -> None:
    found: Any = metric_named(part.label)
    # a name means the newest version, which may differ in type alone
    assert found.label == part.label
    assert asdict(found.settings) == asdict(part.settings)


def _at_the_top(ranks: TargetRanks) -> Doubles:
    """The places 1, 2, 3 ... for the targets of each case, by falling value."""
    position = np.empty(len(ranks.case))
    for case in range(ranks.n_cases):
        own = ranks.case == case
        value = np.zeros(own.sum()) if ranks.value is None else ranks.value[own]
        position[own] = np.argsort(np.argsort(-value, kind="stable"), kind="stable") + 1
    return position


def _same(one: Doubles, other: Doubles) -> None:
    np.testing.assert_allclose(one, other, rtol=1e-12)
