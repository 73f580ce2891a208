from dataclasses import replace

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.errors import BadRecipe
from palate.model import ials
from palate.model.ials import Ials, IalsSettings, IalsV2, IalsV2Settings
from palate.model.popularity import Popularity
from palate.ranks import ndcg, positions
from palate.tables import FeatureTable, Histories, Interactions, Training, Vocabulary
from palate.testing.scorer import made_training

TRAINING = made_training()
HISTORIES = Histories.of(TRAINING.log, np.arange(60, dtype=np.int32))


def loss(model: Ials, training: Training) -> float:
    """What plain iALS minimises, at the factors of the users that the items call for."""
    s = model.settings
    X = training.log.matrix().toarray().astype(np.float64)
    used = X.sum(axis=1) > 0
    X, V = X[used], model.items_.astype(np.float64)
    eye = np.eye(s.factors)
    ridge_u = s.l2 * (X.sum(axis=1) + s.unobserved * X.shape[1]) ** s.frequency_power
    ridge_i = s.l2 * (X.sum(axis=0) + s.unobserved * len(X)) ** s.frequency_power
    grams = (
        s.unobserved * V.T @ V + (V.T * x) @ V + r * eye for x, r in zip(X, ridge_u, strict=True)
    )
    U = np.array([np.linalg.solve(A, V.T @ x) for A, x in zip(grams, X, strict=True)])
    R = U @ V.T
    fit = (X * (1 - R) ** 2).sum() + s.unobserved * (R**2).sum()
    return float(fit + (ridge_u[:, None] * U**2).sum() + (ridge_i[:, None] * V**2).sum())


def test_each_epoch_lowers_the_loss() -> None:
    losses = [
        loss(Ials(IalsSettings(factors=8, epochs=n, l2=0.05)).fit(TRAINING), TRAINING)
        for n in (1, 2, 4, 8)
    ]
    assert (np.diff(losses) < 1e-3).all()
    assert losses[0] - losses[-1] > 0.1


def test_the_user_is_solved_from_the_history() -> None:
    s = IalsSettings(factors=6, epochs=3)
    model = Ials(s).fit(TRAINING)
    V, items = model.items_.astype(np.float64), [4, 9, 30]
    ridge = s.l2 * (3 + s.unobserved * len(V)) ** s.frequency_power
    A = s.unobserved * V.T @ V + V[items].T @ V[items] + ridge * np.eye(6)
    wanted = V @ np.linalg.solve(A, V[items].sum(axis=0))
    np.testing.assert_allclose(
        model.score(Histories.of_items(Ragged.of([items])))[0], wanted, atol=1e-4
    )


def test_it_learns_what_goes_together() -> None:
    """Two kinds of people, each with items of their own."""
    random = np.random.default_rng(0)
    log = TRAINING.log
    user = np.repeat(np.arange(60, dtype=np.int32), 12)
    item = np.concatenate(
        [random.choice(40, 12, replace=False) + 40 * (u % 2) for u in range(60)]
    ).astype(np.int32)
    own = replace(log, user=user, item=item, value=np.ones(len(user), np.float32), time=None)
    scores = (
        Ials(IalsSettings(factors=4))
        .fit(replace(TRAINING, log=own))
        .score(Histories.of(own, user[::12]))
    )
    even = scores[::2]
    assert even[:, :40].mean() > 3 * abs(even[:, 40:].mean())


def test_content_gives_items_without_events_a_score() -> None:
    """One item of each kind loses its events; with content it comes near the others of its kind."""
    log = TRAINING.log
    rows = np.isin(log.item, np.arange(0, 79, 4))
    training = replace(TRAINING, log=log.take(~rows))
    settings = IalsSettings(factors=16, l2_content=0.1)
    plain = Ials(settings).fit(training).score(HISTORIES)
    with_words = Ials(replace(settings, block="text.words")).fit(training).score(HISTORIES)
    cold = np.arange(0, 79, 4)
    assert np.abs(plain[:, cold]).max() < 1e-3
    kind = np.stack(
        [with_words[:, cold + 1], with_words[:, cold + 2], with_words[:, cold + 3]]
    ).mean(axis=0)
    assert np.corrcoef(with_words[:, cold].ravel(), kind.ravel())[0, 1] > 0.7


def test_dense_and_sparse_content_are_both_taken() -> None:
    for block in ("text.words", "text.vectors"):
        scores = Ials(IalsSettings(factors=8, block=block)).fit(TRAINING).score(HISTORIES)
        assert np.isfinite(scores).all()


def test_it_beats_popularity_on_the_log_it_was_fitted_on() -> None:
    targets, nothing = HISTORIES.items, Ragged.of([[]] * len(HISTORIES))
    fitted = (model.fit(TRAINING) for model in (Ials(), Popularity()))
    ours, theirs = (
        ndcg(positions(model.score(HISTORIES), nothing, targets), 10).mean() for model in fitted
    )
    assert ours > theirs + 0.1


def test_blocks_that_are_too_wide_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ials, "WIDEST", 5)
    with pytest.raises(BadRecipe, match="6 columns"):
        Ials(IalsSettings(block="text.vectors")).fit(TRAINING)


def test_an_unknown_block_is_named() -> None:
    with pytest.raises(BadRecipe, match=r"text\.vectors"):
        Ials(IalsSettings(block="text.vector")).fit(TRAINING)


def repeated(training: Training, times: int) -> Training:
    """The same log `times` over, side by side: new users and new items, nothing shared."""
    log = training.log
    users = Vocabulary.of([f"{t} {u}" for t in range(times) for u in range(log.n_users)])
    items = Vocabulary.of([f"{t} {i}" for t in range(times) for i in range(log.n_items)])
    at = np.repeat(np.arange(times), len(log)).astype(np.int32)
    user, item = (np.tile(side, times).astype(np.int32) for side in (log.user, log.item))
    more = Interactions(
        users, items, user + at * log.n_users, item + at * log.n_items, np.tile(log.value, times)
    )
    return replace(training, log=more, features=FeatureTable(items, {}))


def test_version_2_holds_on_a_sparse_log_where_version_1_collapses() -> None:
    """In version 1 pairs that did not happen, and the ridge with them, outweigh all that did."""
    sparse_log = repeated(TRAINING, 100)
    collapsed, held = (
        float(np.abs(model.fit(sparse_log).items_).max())
        for model in (Ials(IalsSettings(factors=8)), IalsV2(IalsV2Settings(factors=8)))
    )
    assert collapsed < 1e-3
    assert held > 0.1


def test_version_2_is_version_1_with_numbers_of_the_log() -> None:
    X = TRAINING.log.matrix()
    users, items = np.count_nonzero(X.sum(axis=1)), np.count_nonzero(X.sum(axis=0))
    s = IalsV2Settings(factors=6, epochs=3, unobserved=4.0, l2=0.1)
    weight = 4.0 * X.nnz / (users * items)
    same = IalsSettings(factors=6, epochs=3, unobserved=weight, l2=0.1 / 5)
    loss = s.loss(X)
    assert loss.unobserved == pytest.approx(weight)
    np.testing.assert_allclose(
        loss.of_users(np.array([1, 7])),
        0.1 / 5 * (np.array([1, 7]) + 4.0 * X.nnz / users),
        rtol=1e-5,
    )
    if items == X.shape[1]:
        np.testing.assert_allclose(
            IalsV2(s).fit(TRAINING).score(HISTORIES),
            Ials(same).fit(TRAINING).score(HISTORIES),
            atol=1e-4,
        )


def test_the_mean_ridge_does_not_depend_on_the_power() -> None:
    X = TRAINING.log.matrix()
    mean = X.nnz / len(np.unique(X.nonzero()[1]))
    ridges = [
        replace(IalsV2Settings(), frequency_power=p).loss(X).of_items(np.array([mean]))[0]
        for p in (0.0, 0.5, 1.0)
    ]
    np.testing.assert_allclose(ridges, ridges[0], rtol=1e-5)


def test_a_model_of_before_is_opened_with_its_own_numbers() -> None:
    model = Ials(IalsSettings(factors=6, epochs=2)).fit(TRAINING)
    state = model.state()
    before = replace(state, facts={"fitted": model.n_fitted_})
    again = Ials(IalsSettings(factors=6, epochs=2)).load(before, {})
    np.testing.assert_allclose(again.score(HISTORIES), model.score(HISTORIES), rtol=1e-5)
