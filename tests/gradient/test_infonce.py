"""InfoNCE inside a batch."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from palate.gradient.engine import tensor
from palate.gradient.infonce import infonce, negatives_of, text_groups

E = np.eye(4, dtype=np.float32)
E[1] = [0.8, 0.6, 0, 0]


def loss(negatives: np.ndarray, tau: float = 0.5) -> float:
    return float(infonce(tensor(E), np.array([0]), np.array([1]), negatives, tau))


def test_by_hand() -> None:
    apart = ~np.eye(4, dtype=bool)
    scores = E @ E.T / 0.5
    one = np.log(np.exp(scores[0, [1, 2, 3]]).sum()) - scores[0, 1]
    other = np.log(np.exp(scores[1, [0, 2, 3]]).sum()) - scores[1, 0]
    assert loss(apart) == pytest.approx((one + other) / 2, rel=1e-5)


def test_without_strangers_there_is_nothing_to_lose() -> None:
    assert loss(np.zeros((4, 4), bool)) == pytest.approx(0.0, abs=1e-6)


def test_equal_texts_and_known_pairs_are_no_strangers() -> None:
    group = text_groups(["a", "A ", "b", "c"])
    known = sparse.csr_matrix((np.ones(2, bool), ([2, 3], [3, 2])), shape=(4, 4))
    apart = negatives_of(np.arange(4, dtype=np.int32), group, known)
    assert not apart[0, 1]
    assert not apart[2, 3]
    assert not apart.diagonal().any()
    assert apart[0, 2]
    assert np.array_equal(apart, apart.T)
    assert negatives_of(np.arange(4, dtype=np.int32), group)[2, 3]
