from dataclasses import replace

import numpy as np

from palate.arrays import Ragged
from palate.model.random_scores import RandomScores
from palate.stages import FitContext
from palate.tables import Histories
from palate.testing.scorer import made_training

CASES = Histories.of_items(Ragged.of([[1, 2], [2, 1], [3], []]))


def test_case_item_and_seed_each_change_the_score() -> None:
    scores = RandomScores().fit(made_training()).score(CASES)
    assert len(np.unique(scores)) == scores.size
    other = RandomScores().fit(made_training(), FitContext(seed=1)).score(CASES)
    assert not np.any(scores == other)


def test_users_with_one_history_get_scores_of_their_own() -> None:
    model = RandomScores().fit(made_training())
    named = replace(CASES, users=np.arange(4, dtype=np.int32))
    assert not np.any(model.score(CASES) == model.score(named))


def test_scores_are_uniform_and_items_independent() -> None:
    many = Histories.of_items(Ragged.of([[i, j] for i in range(80) for j in range(50)]))
    scores = RandomScores().fit(made_training()).score(many).astype(np.float64)
    assert scores.min() >= 0
    assert scores.max() < 1
    # 4,000 x 80 numbers: the mean's standard error is .0005, that of a correlation of two columns
    # .016.
    assert abs(scores.mean() - 0.5) < 0.003
    assert abs(scores.var() - 1 / 12) < 0.003
    correlations = np.corrcoef(scores.T)[np.triu_indices(80, 1)]
    assert np.abs(correlations).max() < 0.08
