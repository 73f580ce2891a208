from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.arrays import Ragged, dense, l2_normalised
from palate.errors import BadInput, BadRecipe, Refused
from palate.model.two_sided import TwoSidedModel, TwoSidedSettings, predict_popularity
from palate.stages import FitContext
from palate.tables import (
    Block,
    Cases,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Training,
    Vocabulary,
)
from palate.testing.scorer import made_training

N_THEMES, N_USERS, LENGTH = 4, 80, 8


class Shown:
    """A user encoder that gives a row of its own making; `piece` repeats it."""

    def __init__(self, block, row, kinds=("",)):
        self._block, self._row, self._kinds = block, row, kinds

    def fit(self, space, training):
        return self

    def encode(self, histories):
        return np.tile(
            np.stack([self._row(histories.items[i]) for i in range(len(histories))]),
            len(self._kinds),
        )

    def space(self):
        return type("Space", (), {"block": self._block})()

    def pieces(self):
        return self._kinds

    def state(self):
        raise NotImplementedError

    def load(self, state, space):
        raise NotImplementedError


@pytest.fixture
def world():
    """Each user stays with one theme; items are one-hot by theme, and noise."""
    rng = np.random.default_rng(0)
    n_items = 40
    theme = np.arange(n_items) % N_THEMES
    rows = [
        np.flatnonzero(theme == u % N_THEMES)[rng.permutation(10)[:LENGTH]] for u in range(N_USERS)
    ]
    log = Interactions(
        Vocabulary.of(map(str, range(N_USERS))),
        Vocabulary.of(map(str, range(n_items))),
        np.repeat(np.arange(N_USERS), LENGTH).astype(np.int32),
        np.concatenate(rows).astype(np.int32),
        np.ones(N_USERS * LENGTH, np.float32),
        np.arange(N_USERS * LENGTH, dtype=np.int64),
    )
    themes = Block(
        "themes", np.eye(N_THEMES, dtype=np.float32)[theme], np.ones(n_items, np.bool_), Origin("x")
    )
    noise = rng.normal(size=(n_items, 6)).astype(np.float32)
    features = FeatureTable(
        log.items, {"themes": themes, "noise": Block("noise", noise, themes.present, Origin("x"))}
    )
    empty = Ragged.of([])
    none = Cases(Histories.of(log, np.empty(0, np.int32)), empty, empty)

    def knows(items):
        return themes.matrix[items[-1]] if len(items) else np.zeros(N_THEMES, np.float32)

    rand = np.random.default_rng(1).normal(size=(n_items, N_THEMES)).astype(np.float32)
    users = {
        "knows": Shown(themes, knows),
        "kinds": Shown(themes, knows, ("good", "bad")),
        "guesses": Shown(themes, lambda items: rand[items[-1] if len(items) else 0]),
        "wide": Shown(themes, lambda items: np.zeros(7, np.float32)),
    }
    return Training(log, features, none), FitContext(users=users)


def test_a_user_encoder_that_knows_gets_the_weight_and_one_that_guesses_none(world):
    model = TwoSidedModel(
        TwoSidedSettings(users=("knows", "guesses"), blocks=("themes", "noise"))
    ).fit(*world)
    a = model.coefficients_
    assert set(a) == {
        "knows",
        "guesses",
        "noise",
        "item themes",
        "item noise",
        "popularity",
        "constant",
    }
    assert a["knows"] > 1
    assert abs(a["guesses"]) < a["knows"] / 4
    strangers = Histories.of_items(Ragged.of([[0], [1], []]))
    scores = model.score(strangers)
    assert np.argmax(scores[0]) % N_THEMES == 0
    assert np.argmax(scores[1]) % N_THEMES == 1


def test_the_score_is_what_it_says(world):
    model = TwoSidedModel(TwoSidedSettings(users=("knows",), blocks=("themes",))).fit(*world)
    a = model.coefficients_
    histories = Histories.of_items(Ragged.of([[5], [2, 3]]))
    U = world[1].users["knows"].encode(histories)
    Z = dense(l2_normalised(world[0].features.block("themes").matrix))
    expected = a["knows"] * U @ Z.T + a["item themes"] * model.predicted_["themes"]
    expected = expected + a["popularity"] * model.popularity_ + a["constant"]
    assert np.allclose(model.score(histories), expected, atol=1e-5)


def test_kinds_of_events_have_coefficients_of_their_own(world):
    model = TwoSidedModel(TwoSidedSettings(users=("kinds",), blocks=("themes",))).fit(*world)
    assert {"kinds:good", "kinds:bad"} <= set(model.coefficients_)
    assert np.isclose(model.coefficients_["kinds:good"], model.coefficients_["kinds:bad"])


def test_a_new_item_is_foretold_from_its_row():
    E = np.eye(2, dtype=np.float32)[[0, 0, 1, 1, 0]]
    p = predict_popularity(
        E, np.array([1, 0.9, 0.1, 0, 0], np.float32), np.array([True] * 4 + [False]), 0.01
    )
    assert p[4] > 0.8
    assert p[2] < 0.2


def test_loaded_it_needs_its_user_encoders(world):
    part = TwoSidedModel(TwoSidedSettings(users=("knows",), blocks=("themes", "noise")))
    state = part.fit(*world).state()
    histories = Histories.of_items(Ragged.of([[5], []]))
    again = TwoSidedModel(part.settings).load(state, {})
    with pytest.raises(BadRecipe, match='no user encoder "knows"'):
        again.score(histories)
    assert (
        again.with_users(world[1].users).score(histories).tobytes()
        == part.score(histories).tobytes()
    )


def test_what_does_not_fit_is_refused(world):
    with pytest.raises(BadRecipe, match='no user encoder "nobody"'):
        TwoSidedModel(TwoSidedSettings(users=("nobody",))).fit(*world)
    with pytest.raises(BadInput, match="gives 7 numbers"):
        TwoSidedModel(TwoSidedSettings(users=("wide",))).fit(*world)
    with pytest.raises(BadRecipe, match="needs a block"):
        TwoSidedModel().fit(replace(world[0], features=FeatureTable(world[0].log.items)), world[1])
    alone = made_training()
    single = alone.log.take(np.unique(alone.log.user, return_index=True)[1])
    with pytest.raises(Refused, match="two events"):
        TwoSidedModel().fit(replace(alone, log=single))
