import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import Refused
from palate.model.ease import Ease, EaseSettings
from palate.model.history_weights import HistoryWeights
from palate.model.similarity import Whole
from palate.tables import Histories
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
