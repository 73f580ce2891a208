from dataclasses import replace

import numpy as np
import pytest

from palate.errors import BadRecipe, Refused
from palate.model.linear import Linear, LinearSettings, last_events, logistic
from palate.tables import Block, FeatureTable, Histories, Origin, Training
from palate.testing.scorer import made_training

TRAINING = made_training()


def test_logistic_regression_is_at_its_minimum() -> None:
    random = np.random.default_rng(0)
    X = np.column_stack([random.normal(size=(500, 2)), np.ones(500)])
    y = (random.random(500) < 1 / (1 + np.exp(-(X @ [1.5, -2.0, 0.5])))).astype(np.float64)
    w = logistic(X, y, l2=1.0)
    gradient = X.T @ (1 / (1 + np.exp(-X @ w)) - y) + np.array([1.0, 1.0, 1e-6]) * w
    assert np.abs(gradient).max() < 1e-6
    np.testing.assert_allclose(w, [1.5, -2.0, 0.5], atol=0.5)


def test_the_last_event_is_split_off() -> None:
    log = TRAINING.interactions
    before, targets = last_events(log, 1_000, seed=0)
    whole = Histories.of(log, before.users)
    for case in range(len(before)):
        assert [*before.items[case], targets[case]] == whole.items[case].tolist()
    assert len(last_events(log, 7, seed=0)[1]) == 7


def related(seed: int) -> Training:
    """Each user stays with one kind of item, so that the words say what comes next."""
    random = np.random.default_rng(seed)
    log = TRAINING.interactions
    item = np.concatenate([4 * (u % 19) + random.permutation(4) for u in range(60)]).astype(np.int32)
    user = np.repeat(np.arange(60, dtype=np.int32), 4)
    own = replace(log, user=user, item=item, value=np.ones(len(user), np.float32), time=None)
    noise = np.random.default_rng(9).normal(size=(80, 6)).astype(np.float32)
    table = FeatureTable(log.items, {"words": TRAINING.features.blocks["text.words"]})
    return replace(
        TRAINING, interactions=own, features=table.replaced(Block("noise", noise, np.ones(80, bool), Origin("n")))
    )


def test_useful_content_has_a_large_coefficient_and_noise_a_small_one() -> None:
    form = Linear().fit(related(0)).coefficients_
    assert set(form) == {"words", "noise", "popularity", "constant"}
    assert form["words"] > 3
    assert abs(form["noise"]) < form["words"] / 3


def test_blocks_may_be_chosen() -> None:
    assert set(Linear(LinearSettings(blocks=("words",))).fit(related(0)).coefficients_) == {
        "words",
        "popularity",
        "constant",
    }


def test_contributions_popularity_and_constant_sum_to_the_score() -> None:
    model = Linear().fit(TRAINING)
    histories = TRAINING.validation.histories
    cases = np.arange(len(histories))
    item = (cases * 7 % 80).astype(np.int32)
    each = model.contributions(histories, item)
    sums = np.bincount(histories.items.row_of_value(), weights=each, minlength=len(histories))
    rest = model.coefficients_["popularity"] * model.popularity_[item] + model.coefficients_["constant"]
    np.testing.assert_allclose(sums + rest, model.score(histories)[cases, item], rtol=1e-4, atol=1e-4)


def test_what_it_cannot_learn_from_is_refused() -> None:
    log = TRAINING.interactions
    with pytest.raises(BadRecipe, match="block"):
        Linear().fit(replace(TRAINING, features=FeatureTable(log.items)))
    once = log.take(np.unique(log.user, return_index=True)[1])
    with pytest.raises(Refused, match="two events"):
        Linear().fit(replace(TRAINING, interactions=once))
