from dataclasses import replace

import numpy as np
import pytest

from palate.errors import BadRecipe, Refused
from palate.model.linear import Linear, LinearSettings
from palate.tables import Block, FeatureTable, Origin, Training
from palate.testing.scorer import made_training

TRAINING = made_training()


def related(seed: int) -> Training:
    """Each user stays with one kind of item, so that the words say what comes next."""
    random = np.random.default_rng(seed)
    log = TRAINING.log
    item = np.concatenate([4 * (u % 19) + random.permutation(4) for u in range(60)]).astype(
        np.int32
    )
    user = np.repeat(np.arange(60, dtype=np.int32), 4)
    own = replace(log, user=user, item=item, value=np.ones(len(user), np.float32), time=None)
    noise = np.random.default_rng(9).normal(size=(80, 6)).astype(np.float32)
    table = FeatureTable(log.items, {"words": TRAINING.features.blocks["text.words"]})
    return replace(
        TRAINING,
        log=own,
        features=table.replaced(Block("noise", noise, np.ones(80, bool), Origin("n"))),
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
    rest = (
        model.coefficients_["popularity"] * model.popularity_[item]
        + model.coefficients_["constant"]
    )
    np.testing.assert_allclose(
        sums + rest, model.score(histories)[cases, item], rtol=1e-4, atol=1e-4
    )


def test_what_it_cannot_learn_from_is_refused() -> None:
    log = TRAINING.log
    with pytest.raises(BadRecipe, match="block"):
        Linear().fit(replace(TRAINING, features=FeatureTable(log.items)))
    once = log.take(np.unique(log.user, return_index=True)[1])
    with pytest.raises(Refused, match="two events"):
        Linear().fit(replace(TRAINING, log=once))
