import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.encode.tabular.learnt import Indicators, Scale, Scaled, labels_of
from palate.encode.tabular.quantities import Number


def scale(values, robust=False, clip=5.0):
    return Scale.of(np.asarray(values, np.float64), robust, clip)


def test_a_quantity_is_centred_scaled_and_clipped():
    learnt = scale([1, 3])
    assert learnt.apply(np.array([1.0, 3.0, 1000.0])).tolist() == [[-1], [1], [5]]


def test_a_gap_becomes_the_median_and_a_flag():
    learnt = scale([0, 0, 6, np.nan])
    (filled,) = learnt.apply(np.array([np.nan])).tolist()
    assert filled == [pytest.approx((0 - 2) / np.sqrt(8)), 1]
    assert learnt.names("price") == ("price", "price is missing")


def test_a_gap_that_training_never_had_has_no_column():
    assert scale([1, 2, 3]).apply(np.array([np.nan])).tolist() == [[0]]


def test_outliers_do_not_move_a_robust_scale():
    assert scale([1, 2, 3, 4, 1e9], robust=True).centre == 3
    assert scale([1, 2, 3, 4, 1e9], robust=True).spread == pytest.approx(2 / 1.349)


@pytest.mark.parametrize("robust", [True, False])
def test_values_that_are_all_equal_or_all_missing(robust):
    assert scale([7, 7, 7], robust).apply(np.array([7.0, 8.0])).tolist() == [[0], [1]]
    assert scale([np.nan, np.nan], robust).apply(np.array([np.nan, 2.0])).tolist() == [
        [0, 1],
        [2, 0],
    ]
    assert scale([], robust).apply(np.array([1.0])).tolist() == [[1]]


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=30, unique=True))
def test_training_values_have_mean_zero_and_spread_one(values):
    known = np.asarray(values)
    if known.std() < 1e-6:
        return
    out = scale(values, clip=1e9).apply(known)
    assert abs(out.mean()) < 1e-6
    assert out.std() == pytest.approx(1)


def test_infinite_numbers_are_gaps():
    column = pl.Series("price", [1.0, float("inf"), 3.0, None])
    learnt = Scaled.learn(column, Number("price"), robust=False, clip=5)
    assert learnt.encode(column).tolist() == [[-1, 0], [0, 1], [1, 0], [0, 1]]


def test_rare_and_new_values_share_a_column():
    learnt = Indicators.learn(
        pl.Series("brand", ["a", "a", "b", "b", "c", None]), "", min_items=2, max_values=9
    )
    assert learnt.columns == ("brand=a", "brand=b", "brand=(other)")
    out = learnt.encode(pl.Series("brand", ["a", "c", "new", None, " b "])).toarray()
    assert out.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 1, 0]]


def test_new_values_have_no_column_where_training_had_no_rare_ones():
    learnt = Indicators.learn(pl.Series("brand", ["a", "a"]), "", min_items=1, max_values=9)
    assert learnt.columns == ("brand=a",)
    assert learnt.encode(pl.Series("brand", ["new"])).nnz == 0


def test_only_the_most_frequent_values_are_kept():
    learnt = Indicators.learn(
        pl.Series("f", ["a"] * 3 + ["b"] * 2 + ["c"] * 2), "", min_items=1, max_values=2
    )
    assert learnt.known == ("a", "b")


def test_labels_of_lists_and_texts():
    assert labels_of(pl.Series([["a", None, "b "], None, []]), "") == [["a", "b"], [], []]
    assert labels_of(pl.Series(["a| b||", None, ""]), "|") == [["a", "b"], [], []]
    learnt = Indicators.learn(pl.Series("g", ["a|b", "b|b"]), "|", min_items=1, max_values=9)
    assert learnt.encode(pl.Series("g", ["b|b", "a|b"])).toarray().tolist() == [[0, 1], [1, 1]]
