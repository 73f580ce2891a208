"""Ranking in chunks equals ranking at once, and bad scorers are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import pytest

from palate.arrays import Ragged, within
from palate.capabilities import ScoresInto
from palate.data.splits.ratio import Ratio
from palate.errors import BadInput
from palate.evaluate.ranking import rank, rank_scores
from palate.ranks import masked, positions, top
from palate.shared_scores import score_of, shared_scores
from palate.store import Artefact
from palate.tables import Cases, Histories, Training
from palate.testing.logs import made_log


@pytest.fixture(scope="module")
def cases() -> Cases:
    return Ratio().split(made_log(), 0).test.open("inspect")


def noise(histories: Histories) -> np.ndarray:
    """Scores that depend on the user alone, whatever chunk it is in, with ties."""
    return np.stack(
        [np.random.default_rng(int(u)).integers(0, 12, 80) for u in histories.users]
    ).astype(np.float32)


@pytest.mark.parametrize("chunk", [1, 7, 60, 512])
def test_chunks_make_no_difference(cases: Cases, chunk: int) -> None:
    done: list[int] = []
    ranks, lists = rank_scores(noise, cases, 5, chunk, progress=done.append)
    scores = noise(cases.histories)
    expected = positions(scores, cases.seen, cases.targets)
    assert ranks.position.tolist() == expected.position.tolist()
    assert ranks.case.tolist() == expected.case.tolist()
    assert ranks.item.tolist() == expected.item.tolist()
    assert ranks.n_candidates.tolist() == expected.n_candidates.tolist()
    items, best = top(masked(scores, cases.seen), 5)
    assert lists.items.tolist() == items.tolist()
    assert lists.scores.tolist() == best.tolist()
    assert lists.users.tolist() == cases.histories.users.tolist()
    assert done[-1] == len(cases)
    assert len(done) == -(-len(cases) // chunk)


def test_seen_items_are_never_in_a_list(cases: Cases) -> None:
    _, lists = rank_scores(noise, cases, 80, 9)
    for case in range(len(cases)):
        shown = lists.items[case][lists.items[case] >= 0]
        assert not set(shown) & set(cases.seen[case])
        assert len(shown) == 80 - len(cases.seen[case])


class Writing(ScoresInto):
    """`noise`, written into memory that is there."""

    uses_validation = False

    def __init__(self, width: int = 80) -> None:
        self.width = width

    def score_into(self, histories: Histories, room: np.ndarray | None) -> np.ndarray:
        out = within(room, len(histories), self.width)
        out[:] = noise(histories)[:, : self.width]
        return out

    def score(self, histories: Histories) -> np.ndarray:
        return self.score_into(histories, None)


@pytest.mark.parametrize("chunk", [1, 7, 512])
def test_scores_that_are_written_over_are_ranked_before(cases: Cases, chunk: int) -> None:
    done: list[int] = []
    written, plain = (
        rank(Writing(), cases, 5, chunk, progress=done.append),
        rank_scores(noise, cases, 5),
    )
    assert written[0].position.tolist() == plain[0].position.tolist()
    assert written[0].case.tolist() == plain[0].case.tolist()
    assert written[1].items.tolist() == plain[1].items.tolist()
    assert done == sorted(set(done))
    assert done[-1] == len(cases)


def test_shared_scores_are_written_over_by_those_of_other_histories_alone(cases: Cases) -> None:
    model, first, second = Writing(), cases.take(np.arange(5)), cases.take(np.arange(5, 9))
    with shared_scores():
        one = score_of(model, first.histories)
        assert score_of(model, first.histories) is one
        assert np.array_equal(one, noise(first.histories))
        assert np.array_equal(score_of(model, second.histories), noise(second.histories))
        assert np.shares_memory(score_of(model, second.histories), one)


def test_a_writer_of_bad_scores_is_named(cases: Cases) -> None:
    with pytest.raises(BadInput, match="scores for 4 items") as caught:
        rank(Writing(4), cases, 5, name="mine")
    assert caught.value.where == "model mine"


def test_no_cases(cases: Cases) -> None:
    ranks, lists = rank_scores(noise, cases.take(np.arange(0)), 5)
    assert (ranks.n_cases, lists.items.shape) == (0, (0, 5))


class Broken:
    uses_validation = False

    def __init__(self, scores: np.ndarray) -> None:
        self.scores = scores

    def fit(self, training: Training) -> Self:
        return self

    def score(self, histories: Histories) -> np.ndarray:
        return self.scores

    def state(self) -> Artefact:
        return Artefact({}, {})

    def load(self, state: Artefact, members: Mapping[str, object]) -> Self:
        return self


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (np.full((2, 80), np.nan, np.float32), "is nan"),
        (np.full((2, 80), -np.inf, np.float32), "is -inf"),
        (np.zeros((3, 80), np.float32), r"shape \(3, 80\)"),
        (np.zeros((80,), np.float32), r"shape \(80,\)"),
        (np.zeros((2, 4), np.float32), "scores for 4 items"),
    ],
)
def test_a_bad_scorer_is_named(cases: Cases, scores: np.ndarray, said: str) -> None:
    two = cases.take(np.arange(2))
    with pytest.raises(BadInput, match=said) as caught:
        rank(Broken(scores), two, 5)
    assert caught.value.where == "model Broken"
    with pytest.raises(BadInput) as caught:
        rank(Broken(scores), two, 5, name="my ease")
    assert caught.value.where == "model my ease"


def test_the_number_of_items_may_not_change_between_chunks(cases: Cases) -> None:
    widths = iter([80, 81])
    with pytest.raises(BadInput, match="shape"):
        rank_scores(lambda h: np.zeros((len(h), next(widths)), np.float32), cases, 5, 20)


@pytest.mark.parametrize(("k", "chunk"), [(0, 5), (5, 0)])
def test_sizes_below_one_are_refused(cases: Cases, k: int, chunk: int) -> None:
    with pytest.raises(BadInput):
        rank_scores(noise, cases, k, chunk)


def test_a_constant_score_wins_nothing_by_the_order_of_items(cases: Cases) -> None:
    open_cases = Cases(cases.histories, Ragged.of([[]] * len(cases)), cases.targets)
    ranks, _ = rank_scores(lambda h: np.ones((len(h), 80), np.float32), open_cases, 5)
    assert set(ranks.position) == {40.5}
