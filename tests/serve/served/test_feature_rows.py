from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from palate.errors import DamagedArtefact
from palate.serve.served.feature_rows import FeatureRow, numbers_of, row_of
from palate.tables import Block, Origin

ORIGIN = Origin("text.static.v1")


def block(X: object, present: object, name: str = "words") -> Block:
    return Block(name, X, np.asarray(present, np.bool_), ORIGIN)  # type: ignore[arg-type]


@given(
    X=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(-1024, 1024, width=16) | st.just(0.0),
    ),
    is_sparse=st.booleans(),
)
def test_a_row_comes_back_bit_for_bit(X: np.ndarray, is_sparse: bool) -> None:
    made = block(sparse.csr_matrix(X) if is_sparse else X, np.ones(len(X)))
    for number, row in enumerate(X):
        found = numbers_of(row_of(made, number))
        assert found.dtype == np.float32
        assert np.array_equal(found, row)


def test_the_digest_is_of_block_width_and_numbers() -> None:
    X = np.array([[1, 2], [1, 2], [1, 3]], np.float32)
    first, same, other = (row_of(block(X, [1, 1, 1]), n) for n in range(3))
    assert first == same
    assert first.digest != other.digest
    assert first.digest != row_of(block(X, [1, 1, 1], "titles"), 0).digest
    wider = block(sparse.csr_matrix(([1.0], ([0], [1])), (1, 3)), [1])
    narrow = block(sparse.csr_matrix(([1.0], ([0], [1])), (1, 2)), [1])
    assert row_of(wider, 0).digest != row_of(narrow, 0).digest


def test_an_item_without_content_is_told_from_zeros() -> None:
    X = np.zeros((2, 2), np.float32)
    absent, zeros = row_of(block(X, [0, 1]), 0), row_of(block(X, [0, 1]), 1)
    assert absent.digest != zeros.digest
    assert np.array_equal(numbers_of(absent), numbers_of(zeros))


@pytest.mark.parametrize(
    "content", [b"", b"D", b"D123", b"S12", b"X", b"S\xff\xff\xff\x7f\0\0\0\0"]
)
def test_damaged_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(DamagedArtefact):
        numbers_of(FeatureRow(b"d", "words", 2, content))
