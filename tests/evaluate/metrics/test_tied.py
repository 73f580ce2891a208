"""Metrics of tied items: the exact average over all orders, by going through all of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate import ranks as ranking
from palate.arrays import Ragged
from palate.evaluate.metrics.graded_ndcg import GradedNdcg, GradedNdcgSettings
from palate.evaluate.metrics.hit import Hit, HitV2
from palate.evaluate.metrics.map import Map, MapV2
from palate.evaluate.metrics.mrr import Mrr, MrrV2
from palate.evaluate.metrics.ndcg import Ndcg, NdcgV2
from palate.evaluate.metrics.precision import Precision, PrecisionV2
from palate.evaluate.metrics.recall import Recall, RecallV2
from palate.ranks import positions
from palate.tables import TargetRanks

VERSIONS = {
    "hit": (HitV2, Hit),
    "map": (MapV2, Map),
    "mrr": (MrrV2, Mrr),
    "ndcg": (NdcgV2, Ndcg),
    "precision": (PrecisionV2, Precision),
    "recall": (RecallV2, Recall),
}


def over_all_orders(scores: list[int], metric: Callable[[np.ndarray], float]) -> float:
    """The mean of `metric` of the items, best first, over all orders of items of equal score."""
    falling = sorted(range(len(scores)), key=lambda i: -scores[i])
    ties = [list(tie) for _, tie in groupby(falling, key=lambda i: scores[i])]
    orders = product(*(permutations(tie) for tie in ties))
    return float(np.mean([metric(np.array([i for tie in order for i in tie])) for order in orders]))


def strict(order: np.ndarray, targets: list[int], seen: list[int]) -> TargetRanks:
    """Ranks without ties, of the items of `order` that may be recommended."""
    scores = np.empty(len(order), np.float32)
    scores[order] = -np.arange(len(order))
    return positions(scores[None], Ragged.of([seen]), Ragged.of([targets]))


@st.composite
def tied_cases(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Scores of six items on three levels, targets, and what was seen."""
    n = draw(st.integers(1, 6))
    scores = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    items = st.integers(0, n - 1)
    targets = draw(st.lists(items, min_size=1, max_size=n, unique=True))
    return scores, targets, draw(st.lists(items, max_size=1))


@pytest.mark.parametrize("name", VERSIONS)
@settings(max_examples=60)
@given(tied_cases(), st.sampled_from([1, 2, 3, 4, 10, None]))
def test_every_metric_is_the_mean_over_all_orders(name, case, k) -> None:
    scores, targets, seen = case
    new, old = VERSIONS[name]
    if k is None and name in ("hit", "precision", "recall"):
        k = 5
    found = new(new.Settings(k)).per_case(
        positions(np.array([scores], np.float32), Ragged.of([seen]), Ragged.of([targets]))
    )
    one = old(old.Settings(k))
    expected = over_all_orders(
        scores, lambda order: float(one.per_case(strict(order, targets, seen))[0])
    )
    assert found[0] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60)
@given(tied_cases(), st.integers(1, 7))
def test_ranks_up_to_k_are_enough(case, k) -> None:
    """Also where a tie goes on beyond the k-th rank."""
    scores, targets, seen = case
    allowed = ranking.masked(np.array([scores], np.float32), Ragged.of([seen]))
    whole = ranking.positions_masked(allowed, Ragged.of([targets]))
    near = ranking.positions_within(allowed, Ragged.of([targets]), k)
    for new, _ in VERSIONS.values():
        metric = new(new.Settings(k))
        np.testing.assert_allclose(metric.per_case(near), metric.per_case(whole), atol=1e-12)


@settings(max_examples=60)
@given(tied_cases(), st.sampled_from(["linear", "exponential"]), st.sampled_from([1, 3, None]))
def test_graded_ndcg_is_the_mean_over_all_orders(case, gain, k) -> None:
    scores, targets, seen = case
    value = np.arange(1.0, len(targets) + 1)
    gains = value if gain == "linear" else 2**value - 1
    cut = 10 if k is None else k
    best = sum(g / np.log2(2 + i) for i, g in enumerate(sorted(gains, reverse=True)[:cut]))

    def one(order: np.ndarray) -> float:
        places = strict(order, targets, seen).position
        return float(np.sum(np.where(places <= cut, gains / np.log2(1 + places), 0.0)) / best)

    found = positions(np.array([scores], np.float32), Ragged.of([seen]), Ragged.of([targets]))
    graded = TargetRanks(found.case, found.item, found.position, np.array([10]), found.ties, value)
    metric = GradedNdcg(GradedNdcgSettings(k, gain))
    assert metric.per_case(graded)[0] == pytest.approx(over_all_orders(scores, one))


def tie(n: int, targets: int, above: int = 0) -> TargetRanks:
    """`targets` of a tie of n, below `above` others."""
    scores = np.concatenate([np.ones(above), np.zeros(n)])[None].astype(np.float32)
    return positions(scores, Ragged.of([[]]), Ragged.of([list(range(above, above + targets))]))


def test_worked_by_hand() -> None:
    # one target among 100 tied: each rank has the same chance
    assert HitV2().per_case(tie(100, 1))[0] == pytest.approx(0.1)
    assert RecallV2().per_case(tie(100, 1))[0] == pytest.approx(0.1)
    discounts = 1 / np.log2(np.arange(2, 12))
    assert NdcgV2().per_case(tie(100, 1))[0] == pytest.approx(discounts.sum() / 100)
    # the mean rank, 50.5, gives nothing at all
    assert Hit().per_case(tie(100, 1))[0] == 0
    # two of four tied, k = 1: one of two first
    one = HitV2(HitV2.Settings(1))
    assert one.per_case(tie(4, 2))[0] == pytest.approx(1 / 2)
    # two of four tied, k = 2: 1 - (2 / 4) (1 / 3)
    assert HitV2(HitV2.Settings(2)).per_case(tie(4, 2))[0] == pytest.approx(5 / 6)
    # the first of two among three: first with 2 / 3, second with 1 / 3
    assert MrrV2().per_case(tie(3, 2))[0] == pytest.approx(2 / 3 + 1 / 3 / 2)
    # two of three: orders TTx, TxT, xTT have 1, (1 + 2/3) / 2, (1/2 + 2/3) / 2
    assert MapV2().per_case(tie(3, 2))[0] == pytest.approx((1 + 5 / 6 + 7 / 12) / 3)
    assert PrecisionV2(PrecisionV2.Settings(2)).per_case(tie(3, 2))[0] == pytest.approx(2 / 3)


def test_ties_of_many_thousand_items_stay_exact() -> None:
    """A tie of 20,000, as of items that nobody took, with 40 targets in it."""
    many = tie(20_000, 40, above=3)
    assert HitV2().per_case(many)[0] == pytest.approx(
        1 - np.prod(1 - 40 / (20_000 - np.arange(7))), rel=1e-9
    )
    whole = MrrV2(MrrV2.Settings(None)).per_case(many)[0]
    assert 0 < whole < 1 / 4
    drawn = [
        1 / (3 + 1 + np.random.default_rng(i).choice(20_000, 40, replace=False).min())
        for i in range(2000)
    ]
    assert whole == pytest.approx(np.mean(drawn), rel=0.1)


def test_several_unreachable_targets_are_misses() -> None:
    scores = np.array([[3.0, 2.0, 1.0]], np.float32)
    found = positions(scores, Ragged.of([[0, 1]]), Ragged.of([[0, 1, 2]]))
    for new, _ in VERSIONS.values():
        assert np.isfinite(new().per_case(found)).all()
    assert RecallV2().per_case(found)[0] == pytest.approx(1 / 3)
    assert MapV2().per_case(found)[0] == pytest.approx(1 / 3)


def test_popularity_is_not_punished_for_being_coarse() -> None:
    """A coarse score has on average what its refinements have; the mean rank gives it another."""
    random = np.random.default_rng(0)
    fine = random.random((300, 60)).astype(np.float32)
    coarse = np.floor(fine * 2).astype(np.float32)
    targets, seen = (
        Ragged.of([[int(t)] for t in random.integers(0, 60, 300)]),
        Ragged.of([[]] * 300),
    )
    orders = [
        NdcgV2().per_case(
            positions(coarse + random.random(coarse.shape).astype(np.float32) / 2, seen, targets)
        )
        for _ in range(200)
    ]
    truth = np.mean(orders)
    found = positions(coarse, seen, targets)
    assert NdcgV2().per_case(found).mean() == pytest.approx(truth, rel=0.02)
    assert abs(Ndcg().per_case(found).mean() - truth) > 0.1 * truth
