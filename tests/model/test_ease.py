from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.errors import Refused
from palate.model.ease import Ease, EaseSettings, EaseV2, EaseV2Settings
from palate.model.history_weights import HistoryWeights
from palate.model.similarity import Whole
from palate.tables import Event, FeatureTable, Histories, Interactions, Vocabulary
from palate.testing.scorer import made_training


def learnt(model: Ease) -> np.ndarray:
    B = model.fit(made_training()).similarity_
    assert isinstance(B, Whole)
    return B.B


@given(st.floats(1, 500))
def test_it_minimises_the_loss_column_by_column(l2: float) -> None:
    X = made_training().log.matrix().toarray().astype(np.float64)
    B = learnt(Ease(EaseSettings(l2=l2)))
    j, others = 3, np.arange(X.shape[1]) != 3
    A = X[:, others]
    wanted = np.linalg.solve(A.T @ A + l2 * np.eye(A.shape[1]), A.T @ X[:, j])
    np.testing.assert_allclose(B[others, j], wanted, atol=1e-4)
    assert not np.diagonal(B).any()


def test_too_many_items_are_refused() -> None:
    with pytest.raises(Refused, match="80 items"):
        Ease(EaseSettings(memory_gib=1e-6)).fit(made_training())


def test_the_query_may_fade() -> None:
    training = made_training()
    model = Ease(EaseSettings(query=HistoryWeights(fade=1.0))).fit(training)
    history = Histories.of(training.log, np.array([2], np.int32))
    items = history.items[0]
    weights = np.exp(-np.arange(len(items))[::-1])
    np.testing.assert_allclose(model.score(history)[0], weights @ learnt(model)[items], atol=1e-5)


def test_dropout_raises_the_ridge_of_popular_items() -> None:
    X = made_training().log.matrix().toarray().astype(np.float64)
    G = X.T @ X
    P = np.linalg.inv(G + np.diag(20 + 0.25 / 0.75 * np.diagonal(G)))
    wanted = -P / np.diagonal(P)
    np.fill_diagonal(wanted, 0)
    np.testing.assert_allclose(learnt(Ease(EaseSettings(l2=20.0, dropout=0.25))), wanted, atol=1e-5)


def test_long_histories_may_count_less() -> None:
    X = made_training().log.matrix().toarray().astype(np.float64)
    sums = X.sum(axis=1)
    weight = np.divide(sums[sums > 0].mean(), sums, out=np.zeros_like(sums), where=sums > 0) ** 0.6
    P = np.linalg.inv(X.T @ (weight[:, None] * X) + 20 * np.eye(80))
    wanted = -P / np.diagonal(P)
    np.fill_diagonal(wanted, 0)
    np.testing.assert_allclose(
        learnt(Ease(EaseSettings(l2=20.0, user_power=0.6))), wanted, atol=1e-5
    )


def test_a_bounded_model_is_the_whole_one_among_its_items_and_pairs_the_others() -> None:
    training = made_training()
    n, most = training.log.n_items, 50
    each = Histories.of_items(Ragged.of([[item] for item in range(n)]))
    B = EaseV2(EaseV2Settings(l2=20.0, most=most, neighbours=n)).fit(training).score(each)
    counts = training.log.item_counts()
    often = np.sort(np.argsort(-counts, kind="stable")[:most])
    X = training.log.matrix().toarray().astype(np.float64)
    among = X[:, often]
    P = np.linalg.inv(among.T @ among + 20.0 * np.eye(most))
    together = -P / np.diagonal(P)
    np.fill_diagonal(together, 0)
    np.testing.assert_allclose(B[np.ix_(often, often)], together, atol=1e-4)
    rest = np.setdiff1d(np.arange(n), often)
    G = X.T @ X
    pairs = G / (np.diagonal(G)[:, None] + 20.0)
    np.fill_diagonal(pairs, 0)
    np.testing.assert_allclose(B[rest], pairs[rest], atol=1e-5)
    np.testing.assert_allclose(B[:, rest], pairs[:, rest], atol=1e-5)


def test_two_items_alone_are_paired_as_ease_solves_them() -> None:
    events = [Event(u, i) for u, items in (("u", "ab"), ("v", "ab"), ("w", "a")) for i in items]
    log = Interactions.of_events(events)
    training = replace(made_training(), log=log, features=FeatureTable(log.items, {}))
    each = Histories.of_items(Ragged.of([[0], [1]]))
    whole, paired = (
        EaseV2(EaseV2Settings(l2=2.0, most=most)).fit(training).score(each) for most in (2, 1)
    )
    np.testing.assert_allclose(whole, paired, rtol=1e-5)


def test_a_bounded_model_is_kept_explained_and_grows() -> None:
    training = made_training()
    settings = EaseV2Settings(most=30)
    model = EaseV2(settings).fit(training)
    histories = Histories.of(training.log, np.arange(10, dtype=np.int32))
    again = EaseV2(settings).load(model.state(), {})
    scores = model.score(histories)
    np.testing.assert_allclose(again.score(histories), scores)
    item = np.full(10, 3, np.int32)
    added = np.bincount(
        histories.items.row_of_value(), model.contributions(histories, item), minlength=10
    )
    np.testing.assert_allclose(added, scores[:, 3], atol=1e-5)
    n = training.log.n_items
    ids = [*training.log.items.names(np.arange(n, dtype=np.int32)), "new"]
    grown = model.grow(FeatureTable(Vocabulary.of(ids), {}))
    np.testing.assert_allclose(grown.score(histories)[:, :n], scores)


def test_with_room_for_all_items_version_2_is_version_1() -> None:
    training = made_training()
    histories = Histories.of(training.log, np.arange(10, dtype=np.int32))
    np.testing.assert_allclose(
        EaseV2(EaseV2Settings(l2=250.0)).fit(training).score(histories),
        Ease().fit(training).score(histories),
    )
