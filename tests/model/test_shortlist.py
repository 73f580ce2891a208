from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from palate import ranks
from palate.arrays import Floats
from palate.model.cooccurrence import Cooccurrence
from palate.model.popularity import Popularity
from palate.model.shortlist import sample, shortlist
from palate.model.text_kernel import TextKernel
from palate.stages import Scorer
from palate.tables import Histories
from palate.testing.scorer import made_training

TRAINING = made_training()
MEMBERS: list[Scorer] = [
    model.fit(TRAINING) for model in (Cooccurrence(), TextKernel(), Popularity())
]
CASES = TRAINING.validation


@dataclass
class Fixed:
    """Scores that are given beforehand."""

    scores: Floats
    uses_validation: ClassVar[bool] = False

    def score(self, histories: Histories) -> Floats:
        return self.scores


def test_with_room_for_all_items_it_ranks_as_the_whole_catalogue_does() -> None:
    listed = shortlist(MEMBERS, CASES, 80)
    for place, member in enumerate(MEMBERS):
        whole = ranks.positions(member.score(CASES.histories), CASES.seen, CASES.targets)
        np.testing.assert_allclose(
            listed.ndcg(listed.scores[place], 10), ranks.ndcg_of_mean_ranks(whole, 10), rtol=1e-6
        )


def test_a_narrow_list_keeps_the_top_of_a_sum() -> None:
    listed = shortlist(MEMBERS[:2], CASES, 30)
    total = listed.scores[0] / listed.scale[0] + listed.scores[1] / listed.scale[1]
    whole = sum(
        m.score(CASES.histories) / s for m, s in zip(MEMBERS[:2], listed.scale, strict=True)
    )
    exact = ranks.ndcg_of_mean_ranks(
        ranks.positions(np.asarray(whole, np.float32), CASES.seen, CASES.targets), 5
    )
    assert listed.items.shape[1] < 70
    assert abs(np.mean(listed.ndcg(total, 5)) - exact.mean()) < 0.005


def test_seen_items_and_empty_places_never_rank() -> None:
    listed = shortlist(MEMBERS, CASES, 15)
    seen = CASES.seen.mask(80)
    case, column = np.nonzero(listed.items >= 0)
    assert not seen[case, listed.items[case, column]].any()
    assert (listed.items == -1).any()


def test_a_target_that_was_seen_before_is_a_miss() -> None:
    one = CASES.take(np.array([0]))
    unreachable = replace(one, targets=one.seen.take(np.array([0])))
    listed = shortlist(MEMBERS, unreachable, 10)
    assert listed.ndcg(listed.scores[0], 10).tolist() == [0.0]


def test_a_target_that_nobody_scores_is_not_alone_in_the_list() -> None:
    one = CASES.take(np.array([0]))
    listed = shortlist([Fixed(np.zeros((1, 80), np.float32))], one, 40)
    assert (listed.items >= 0).sum() >= 40
    assert listed.ndcg(listed.scores[0], 10).tolist() == [0.0]


def test_the_scale_is_the_rise_of_the_best_score_above_the_mean() -> None:
    listed = shortlist(MEMBERS, CASES, 10)
    scores = MEMBERS[1].score(CASES.histories)
    np.testing.assert_allclose(
        listed.scale[1], (scores.max(axis=1) - scores.mean(axis=1)).mean(), rtol=1e-6
    )
    flat = shortlist([Fixed(np.full((1, 80), 7, np.float32))], CASES.take(np.array([0])), 10)
    assert flat.scale.tolist() == [1.0]


def test_the_sample_depends_on_the_seed_alone() -> None:
    assert sample(CASES, 1_000, 0) is CASES
    some = sample(CASES, 20, 3)
    assert len(some) == 20
    assert np.array_equal(some.histories.users, sample(CASES, 20, 3).histories.users)
    assert not np.array_equal(some.histories.users, sample(CASES, 20, 4).histories.users)
