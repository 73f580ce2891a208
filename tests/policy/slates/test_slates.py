"""Ways to put a list together, by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate import registry
from palate.arrays import l2_normalised
from palate.errors import BadInput, BadRecipe
from palate.evaluate.beyond_accuracy import intra_list_diversity
from palate.policy.slates.calibrated import Calibrated, CalibratedSettings
from palate.policy.slates.dpp import Dpp, DppSettings
from palate.policy.slates.greedy import GreedySlate
from palate.policy.slates.max_sum import MaxSum, MaxSumSettings
from palate.policy.slates.mmr import Mmr, MmrSettings
from palate.policy.slates.relevance import relevance
from palate.seeding import generator
from palate.tables.slate import SlateCandidates
from palate.testing.slate import made_candidates

square = st.integers(1, 8).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-5, 5, width=32), min_size=n, max_size=n),
        st.lists(
            st.lists(st.floats(0, 1, width=32), min_size=n + 2, max_size=n + 2),
            min_size=n,
            max_size=n,
        ),
    )
)


@given(square, st.integers(1, 10), st.floats(0, 1))
def test_any_similarity_gives_each_item_once_and_the_best_first(
    drawn: tuple[list[float], list[list[float]]], k: int, diversity: float
) -> None:
    scores = np.sort(np.array(drawn[0], np.float32))[::-1]
    alike = np.array(drawn[1], np.float32)
    n = len(scores)
    given_ = SlateCandidates(scores, similarity=alike[:, :n])
    for part in (
        Mmr(MmrSettings(diversity)),
        Dpp(DppSettings(diversity)),
        MaxSum(MaxSumSettings(diversity)),
    ):
        order = part.order(given_, k).tolist()
        assert len(order) == len(set(order)) == min(k, n)
        assert scores[order[0]] == scores[0] or diversity == 1
    shown = replace(given_, before=alike[:, n:].max(axis=1))
    best = GreedySlate().order(given_, k).tolist()
    assert Mmr(MmrSettings(0)).order(shown, k).tolist() == best
    assert Dpp(DppSettings(0)).order(shown, k).tolist() == best
    assert MaxSum(MaxSumSettings(0)).order(shown, k).tolist() == best


def test_what_was_shown_before_counts_too() -> None:
    two = SlateCandidates(
        np.array([2, 1], np.float32),
        similarity=np.eye(2, dtype=np.float32),
        before=np.array([1, 0], np.float32),
    )
    assert Mmr(MmrSettings(0.9)).order(two, 2).tolist() == [1, 0]
    assert Dpp(DppSettings(0.9)).order(two, 2).tolist() == [1, 0]
    assert MaxSum(MaxSumSettings(0.9)).order(two, 1).tolist() == [1]
    assert MaxSum(MaxSumSettings(0.9)).order(two, 2).tolist() == [0, 1]  # both, best first


def _objective(candidates: SlateCandidates, some: list[int], weight: float) -> float:
    """What `slate.max_sum.v1` seeks, of a list from its best to its last, written out."""
    assert candidates.content is not None
    rank = np.argsort(np.argsort(-candidates.scores)) + 1
    discount = 1 / np.log2(np.arange(len(some)) + 2)
    ideal = (1 / np.sqrt(np.arange(len(some)) + 1) * discount).sum()
    alike = candidates.content[some] @ candidates.content[some].T
    pairs = np.triu_indices(len(some), 1)
    relevant = (1 / np.sqrt(rank[some]) * discount).sum() / ideal
    return float((1 - weight) * relevant + weight * np.mean(1 - alike[pairs]))


def test_max_sum_comes_near_the_best_of_all_lists() -> None:
    """The objective beside that of every list of four out of 12; the order of scores is further."""
    short, control = list[float](), list[float]()
    for seed in range(20):
        candidates, weight = made_candidates(12, 6, seed=seed), 0.4
        by_rank = np.argsort(-candidates.scores)
        every = [
            _objective(candidates, by_rank[list(some)].tolist(), weight)
            for some in combinations(range(12), 4)
        ]
        found = MaxSum(MaxSumSettings(weight)).order(candidates, 4).tolist()
        short.append(1 - _objective(candidates, found, weight) / max(every))
        control.append(1 - _objective(candidates, by_rank[:4].tolist(), weight) / max(every))
    assert np.mean(short) < 0.03 < np.mean(control)


def test_power_0_takes_all_candidates_alike_and_a_high_one_the_best() -> None:
    candidates = made_candidates(30)
    others = replace(candidates, scores=generator(2, "other scores").permutation(candidates.scores))
    flat = MaxSum(MaxSumSettings(0.2, power=0))
    assert set(flat.order(candidates, 6).tolist()) == set(flat.order(others, 6).tolist())
    steep = MaxSum(MaxSumSettings(0.2, power=3))
    assert steep.order(others, 6)[0] == np.argmax(others.scores)


def test_max_sum_shows_the_best_first_and_buys_more_with_more_weight() -> None:
    bought = np.zeros((10, 5))
    for seed in range(10):
        candidates = made_candidates(60, 8, seed=seed)
        assert candidates.content is not None
        for column, weight in enumerate((0, 0.1, 0.3, 0.6, 0.9)):
            order = MaxSum(MaxSumSettings(weight)).order(candidates, 10)
            assert (np.diff(candidates.scores[order]) <= 0).all()
            bought[seed, column] = intra_list_diversity(order[None], candidates.content)[0]
    assert (np.diff(bought.mean(axis=0)) > 0).all()


def test_dpp_takes_what_adds_most_to_the_determinant() -> None:
    """Each step beside determinants that are computed in full."""
    candidates, weight = made_candidates(25, 12), 0.7
    assert candidates.content is not None
    alike = (candidates.content @ candidates.content.T).astype(np.float64)
    np.fill_diagonal(alike, 1)
    gain = (1 - weight) * relevance(candidates)
    chosen: list[int] = []
    for _ in range(8):
        values = np.full(25, -np.inf)
        for j in set(range(25)) - set(chosen):
            some = [*chosen, j]
            values[j] = gain[some].sum() + weight * np.linalg.slogdet(alike[np.ix_(some, some)])[1]
        chosen.append(int(np.argmax(values)))
    assert Dpp(DppSettings(weight)).order(candidates, 8).tolist() == chosen


def test_dpp_sees_what_lies_between_two_items_and_mmr_does_not() -> None:
    content = l2_normalised(np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1.2, 0, 1]], np.float32))
    four = SlateCandidates(np.array([3, 2.9, 2.8, 2.7], np.float32), content)
    assert Dpp(DppSettings(0.9)).order(four, 3).tolist() == [0, 1, 3]
    assert Mmr(MmrSettings(0.9)).order(four, 3).tolist() == [0, 1, 2]


def test_a_block_of_fewer_columns_than_the_list_has_places_leaves_the_rest_to_the_score() -> None:
    content = np.repeat(np.eye(2, dtype=np.float32), 5, axis=0)
    scores = np.arange(10, 0, -1).astype(np.float32)
    order = Dpp(DppSettings(0.8)).order(SlateCandidates(scores, content), 6).tolist()
    assert order == [0, 5, 1, 2, 3, 4]


@given(st.integers(0, 1000))
def test_calibrated_takes_the_best_of_each_step(seed: int) -> None:
    candidates = made_candidates(12, seed=seed)
    assert candidates.shares is not None
    assert candidates.taste is not None
    order = Calibrated(CalibratedSettings(0.6)).order(candidates, 4)
    gain, shares = relevance(candidates), candidates.shares.astype(np.float64)

    def value(some: list[int]) -> float:
        p, own = candidates.taste, shares[some].sum(axis=0)
        q = own / own.sum() if own.sum() else own
        mixed = 0.99 * q + 0.01 * p
        return float(0.4 * gain[some].sum() - 0.6 * (p * np.log(p / mixed)).sum())

    for step in range(4):
        before = order[:step].tolist()
        values = [value([*before, j]) for j in range(12) if j not in before]
        assert value(order[: step + 1].tolist()) == pytest.approx(max(values))


def test_calibration_alone_brings_the_shares_of_the_history() -> None:
    shares = np.repeat(np.eye(2, dtype=np.float32), 10, axis=0)
    many = SlateCandidates(
        np.arange(20, 0, -1).astype(np.float32),
        shares=shares,
        values=("drama", "comedy"),
        taste=np.array([0.7, 0.3]),
    )
    order = Calibrated(CalibratedSettings(1)).order(many, 10)
    assert shares[order].sum(axis=0).tolist() == [7, 3]
    assert order[:1].tolist() == [0]
    unknown = replace(many, taste=np.zeros(2))
    assert Calibrated().order(unknown, 5).tolist() == [0, 1, 2, 3, 4]


def test_what_is_missing_is_named() -> None:
    bare = SlateCandidates(np.array([2, 1], np.float32))
    for part in (Mmr(), Dpp(), MaxSum()):
        with pytest.raises(BadInput, match="resemble each other"):
            part.order(bare, 2)
    with pytest.raises(BadInput, match="belong together"):
        Calibrated().order(bare, 2)
    shares = np.eye(2, dtype=np.float32)
    with pytest.raises(BadInput, match="history"):
        Calibrated().order(replace(bare, shares=shares, values=("a", "b")), 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scores": np.array([1, np.nan], np.float32)}, "finite"),
        ({"scores": np.ones((2, 1), np.float32)}, "shape"),
        ({"content": np.ones((3, 4), np.float32)}, "2 entries"),
        ({"similarity": np.ones((1, 2), np.float32)}, "2 entries"),
        ({"shares": np.ones((2, 2), np.float32)}, "each of the 0 values"),
        ({"taste": np.ones(2)}, "0 entries"),
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        SlateCandidates(**{"scores": np.array([2, 1], np.float32), **wrong})  # type: ignore[arg-type]


def test_settings_are_checked() -> None:
    for table in (
        {"part": "slate.mmr.v1", "diversity": 1.5},
        {"part": "slate.dpp.v1", "theta": 0.5},
        {"part": "slate.unheard.v1"},
        {"part": "policy.softmax.v1"},
    ):
        with pytest.raises(BadRecipe):
            registry.spec(table, "slate")


def test_greedy_is_the_order_of_scores() -> None:
    candidates = made_candidates(9)
    for order in permutations(range(3)):
        some = SlateCandidates(candidates.scores[list(order)])
        assert GreedySlate().order(some, 2).tolist() == np.argsort(-some.scores)[:2].tolist()
