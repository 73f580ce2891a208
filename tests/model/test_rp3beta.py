from dataclasses import replace

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.model.rp3beta import Rp3beta, Rp3betaSettings
from palate.tables import Event, FeatureTable, Histories, Interactions, Training
from palate.testing.scorer import made_training


def training_of(*histories: str) -> Training:
    """One user for each word, one item for each letter."""
    events = [Event(str(user), item) for user, items in enumerate(histories) for item in items]
    log = Interactions.of_events(events)
    return replace(made_training(), log=log, features=FeatureTable(log.items, {}))


def matrix(training: Training, **settings: object) -> np.ndarray:
    """B, by asking for the scores of one item after the other."""
    n = training.log.n_items
    model = Rp3beta(Rp3betaSettings(**settings)).fit(training)  # type: ignore[arg-type]
    return model.score(Histories.of_items(Ragged.of([[item] for item in range(n)])))


def test_a_walk_by_hand() -> None:
    """a and b share two users (of 2 and 3 items), a and c one of them, b and c two."""
    B = matrix(training_of("ab", "abc", "bc"), alpha=1.0, beta=0.0)
    np.testing.assert_allclose(B[0], [0, (1 / 2 + 1 / 3) / 2, (1 / 3) / 2], rtol=1e-6)
    np.testing.assert_allclose(B[1], [(1 / 2 + 1 / 3) / 3, 0, (1 / 3 + 1 / 2) / 3], rtol=1e-6)


def test_beta_divides_by_the_candidate_and_alpha_is_a_power_of_each_step() -> None:
    training = training_of("ab", "abc", "bc")
    plain, held = (matrix(training, alpha=1.0, beta=beta) for beta in (0.0, 0.5))
    np.testing.assert_allclose(held, plain / np.sqrt([2, 3, 2]), rtol=1e-6)
    root = matrix(training, alpha=0.5, beta=0.0)
    np.testing.assert_allclose(root[0, 2], np.sqrt(1 / 3) * np.sqrt(1 / 2), rtol=1e-6)


def test_only_the_nearest_items_speak_and_rows_can_add_up_to_one() -> None:
    training = made_training()
    near = matrix(training, neighbours=2)
    assert ((near != 0).sum(axis=0) <= 2).all()
    sums = matrix(training, normalised=True).sum(axis=1)
    assert sums[sums > 0] == pytest.approx(1, rel=1e-5)
