import numpy as np
import pytest

from palate.arrays import dense, l2_normalised
from palate.errors import BadRecipe
from palate.model.similarity import Whole
from palate.model.slist import Slist, SlistSettings
from palate.tables import Histories
from palate.testing.scorer import made_training

TRAINING = made_training()


def rows(fade: float, window: int) -> tuple[np.ndarray, np.ndarray]:
    log = TRAINING.log
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    S, T = [], []
    for user in range(log.n_users):
        items = histories.items[user]
        for j in range(1, len(items)):
            source, target = np.zeros(log.n_items), np.zeros(log.n_items)
            for i in range(max(j - window, 0), j):
                source[items[i]] += np.exp(-(j - i - 1) / fade)
            target[items[j]] = 1
            S.append(source)
            T.append(target)
    return np.array(S), np.array(T)


def learnt(settings: SlistSettings) -> np.ndarray:
    B = Slist(settings).fit(TRAINING).similarity_
    assert isinstance(B, Whole)
    return B.B


@pytest.mark.parametrize("unordered", [0.0, 0.3, 1.0])
def test_it_solves_its_normal_equations(unordered: float) -> None:
    X = TRAINING.log.matrix().toarray().astype(np.float64)
    S, T = rows(fade=2.5, window=4)
    G = unordered * X.T @ X + (1 - unordered) * S.T @ S + 20 * np.eye(len(X.T))
    wanted = np.linalg.solve(G, unordered * X.T @ X + (1 - unordered) * S.T @ T)
    got = learnt(SlistSettings(l2=20.0, fade=2.5, window=4, unordered=unordered))
    np.testing.assert_allclose(got, wanted, atol=1e-5)


@pytest.mark.parametrize("block", ["text.words", "text.vectors"])
def test_the_teacher_is_added_to_both_sides(block: str) -> None:
    E = dense(l2_normalised(TRAINING.features.blocks[block].matrix)).astype(np.float64)
    P = np.linalg.inv(E @ E.T + 10 * np.eye(len(E)))
    C = -P / np.diagonal(P)
    np.fill_diagonal(C, 0)
    S, T = rows(fade=2.0, window=30)
    wanted = np.linalg.solve(S.T @ S + (20 + 60) * np.eye(len(C)), S.T @ T + 60 * C)
    got = learnt(
        SlistSettings(l2=20.0, fade=2.0, unordered=0.0, teacher=block, pull=60.0, l2_content=10.0)
    )
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_order_matters_unless_it_is_told_not_to() -> None:
    forth, back = learnt(SlistSettings(unordered=0.0)), learnt(SlistSettings(unordered=1.0))
    assert np.abs(forth - forth.T).max() > 0.01
    np.testing.assert_allclose(back, back.T, atol=1e-5)


def test_an_unknown_teacher_is_named() -> None:
    with pytest.raises(BadRecipe, match=r"text\.words"):
        Slist(SlistSettings(teacher="text.wrods")).fit(TRAINING)
