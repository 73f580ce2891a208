"""Which blocks say much the same, where one of them says nothing."""

import numpy as np

from palate.explain.importance.caution import similarities
from palate.seeding import generator


def test_a_block_that_is_the_same_for_all_rows_is_like_no_other() -> None:
    X = generator(0, "similarities").normal(size=(200, 3))
    blocks = {"a": X, "b": X @ np.array([[1.0], [2.0], [0.5]]), "constant": np.ones((200, 2))}
    found = {(a, b): value for a, b, value in similarities(blocks, 0)}
    assert found["a", "b"] > 0.99
    assert found["a", "constant"] == found["b", "constant"] == 0
