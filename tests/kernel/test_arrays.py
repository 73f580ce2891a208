from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from palate.arrays import (
    Ragged,
    dense,
    flat_index,
    indices,
    inverse,
    l2_normalised,
    offsets_of,
    order_of,
    within,
)

lists = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=8)


def as_lists(ragged: Ragged) -> list[list[int]]:
    return [ragged[row].tolist() for row in range(len(ragged))]


@st.composite
def lists_and_rows(draw: st.DrawFn) -> tuple[list[list[int]], list[int]]:
    rows = draw(lists.filter(len))
    return rows, draw(st.lists(st.integers(-len(rows), len(rows) - 1), max_size=10))


@given(lists)
def test_ragged_is_a_list_of_lists(rows: list[list[int]]) -> None:
    ragged = Ragged.of(rows)
    assert as_lists(ragged) == rows
    assert [row.tolist() for row in ragged] == rows
    assert ragged.lengths().tolist() == [len(r) for r in rows]
    assert ragged.row_of_value().tolist() == [i for i, r in enumerate(rows) for _ in r]
    assert ragged.values.dtype == np.int32
    assert ragged.offsets.dtype == np.int64
    assert ragged.row_of_value().dtype == np.int32


@given(lists_and_rows())
def test_take_by_index_picks_as_lists_do(drawn: tuple[list[list[int]], list[int]]) -> None:
    rows, picked = drawn
    assert as_lists(Ragged.of(rows).take(np.array(picked, np.int32))) == [rows[i] for i in picked]


@given(lists, st.randoms())
def test_take_by_mask(rows: list[list[int]], random: object) -> None:
    keep = [bool(random.getrandbits(1)) for _ in rows]  # type: ignore[attr-defined]
    taken = Ragged.of(rows).take(np.array(keep, np.bool_))
    assert as_lists(taken) == [r for r, k in zip(rows, keep, strict=True) if k]


@given(lists_and_rows())
def test_flat_index_points_at_the_values_of_the_rows(
    drawn: tuple[list[list[int]], list[int]],
) -> None:
    rows, picked = drawn
    ragged = Ragged.of(rows)
    index = flat_index(ragged.offsets, np.array(picked, np.int64))
    assert index.dtype == np.int64
    assert ragged.values[index].tolist() == [v for i in picked for v in rows[i]]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99)), max_size=30))
def test_grouped_keeps_the_order_inside_a_row(events: list[tuple[int, int]]) -> None:
    group = np.array([g for g, _ in events], np.int32)
    values = np.array([v for _, v in events], np.int32)
    expected = [[v for g, v in events if g == row] for row in range(6)]
    assert as_lists(Ragged.grouped(group, values, 6)) == expected


@given(lists)
def test_mask_is_true_where_a_row_holds_a_value(rows: list[list[int]]) -> None:
    expected = [[column in row for column in range(10)] for row in rows]
    assert Ragged.of(rows).mask(10).tolist() == expected


def test_empty_takes_are_empty() -> None:
    ragged = Ragged.of([[1], [2, 3]])
    assert len(ragged.take(np.array([]))) == 0  # numpy makes it float64
    assert len(ragged.take(np.array([False, False]))) == 0
    assert as_lists(Ragged.of([])) == []


@pytest.mark.parametrize("row", [2, -3])
def test_a_row_too_far_is_an_index_error(row: int) -> None:
    ragged = Ragged.of([[1], [2]])
    with pytest.raises(IndexError):
        ragged[row]
    with pytest.raises(IndexError):
        ragged.take(np.array([row]))


@pytest.mark.parametrize("group", [[0, 2], [-1, 0]])
def test_groups_outside_the_rows_are_refused(group: list[int]) -> None:
    with pytest.raises(ValueError, match=r"groups must lie in 0 \.\. 1"):
        Ragged.grouped(np.array(group, np.int32), np.zeros(2, np.int32), 2)


@pytest.mark.parametrize("offsets", [[], [0, 1], [1, 2], [0, 3]])
def test_offsets_that_do_not_cover_the_values_are_refused(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="offsets must run from 0 to the 2 values"):
        Ragged(np.array([7, 8], np.int32), np.array(offsets, np.int64))


def test_offsets_of_lengths() -> None:
    assert offsets_of(np.array([2, 0, 3])).tolist() == [0, 2, 2, 5]
    assert offsets_of(np.array([])).tolist() == [0]


def test_indices_of_a_mask_and_of_indices() -> None:
    assert indices(np.array([True, False, True])).tolist() == [0, 2]
    assert indices(np.array([2, 0], np.int32)).tolist() == [2, 0]


matrices = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
    elements=st.floats(-(2.0**100), 2.0**100, width=32).filter(
        lambda x: x == 0 or abs(x) > 2.0**-100
    ),
)


@given(matrices)
def test_l2_normalised_rows_have_length_one_or_zero_dense_and_sparse_alike(X: np.ndarray) -> None:
    before = X.copy()
    Y = l2_normalised(X)
    Z = l2_normalised(sparse.csr_matrix(X))
    assert Y.dtype == np.float32
    assert Z.dtype == np.float32
    assert sparse.issparse(Z)
    np.testing.assert_allclose(Z.toarray(), Y, atol=1e-6)
    lengths = np.sqrt((Y.astype(np.float64) ** 2).sum(axis=1))
    np.testing.assert_allclose(lengths, np.any(X, axis=1).astype(float), atol=1e-5)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_allclose(l2_normalised(Y), Y, atol=1e-6)


def test_l2_normalised_of_nothing() -> None:
    assert l2_normalised(np.empty((0, 3), np.float32)).shape == (0, 3)
    assert l2_normalised(sparse.csr_matrix((2, 3), dtype=np.float32)).nnz == 0


def test_inverse_of_zero_is_zero() -> None:
    assert inverse(np.array([0.0, 4.0, -2.0])).tolist() == [0.0, 0.25, -0.5]
    assert inverse(np.array([0, 2])).tolist() == [0.0, 0.5]


def test_dense_takes_both() -> None:
    X = np.array([[1.0, 0.0]])
    for given_matrix in (X, sparse.csr_matrix(X)):
        out = dense(given_matrix)
        assert out.dtype == np.float32
        assert out.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(("n", "groups"), [(0, 0), (0, 3), (1, 1), (500, 7), (500, 2_000)])
def test_groups_are_counted_as_they_are_sorted(n: int, groups: int) -> None:
    group = np.random.default_rng(n).integers(0, max(groups, 1), n).astype(np.int32)
    assert order_of(group, groups).tolist() == np.argsort(group, kind="stable").tolist()


def test_room_is_taken_where_it_is_large_enough() -> None:
    room = np.zeros((4, 3), np.float32)
    assert np.shares_memory(within(room, 2, 3), room)
    assert within(room, 2, 3).shape == (2, 3)
    for n_rows, n_columns in ((5, 3), (2, 2)):
        assert not np.shares_memory(within(room, n_rows, n_columns), room)
    assert within(None, 2, 5).shape == (2, 5)
