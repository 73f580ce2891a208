"""coverage@k, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from palate.errors import BadInput
from palate.evaluate.metrics.coverage import Coverage
from palate.tables import Rankings
from palate.testing.logs import made_lists, made_log


def lists(*items: list[int]) -> Rankings:
    array = np.array(items, np.int32)
    return Rankings(
        np.arange(len(array), dtype=np.int32),
        array,
        np.where(array < 0, -np.inf, 0).astype(np.float32),
    )


def test_by_hand() -> None:
    train = made_log(n_items=10, repeats=True)
    # items 0, 1, 2 and 3 of ten; item 0 is shared by all three lists, 1 by two
    found = Coverage(Coverage.Settings(2)).per_case(lists([0, 1], [0, 2], [1, 3]), train)
    assert found.mean() == pytest.approx(0.4)
    np.testing.assert_allclose(found, np.array([0.5 + 0.5, 0.5 + 1, 0.5 + 1]) * 3 / 10)
    assert Coverage(Coverage.Settings(1)).per_case(
        lists([0, 1], [0, 2], [1, 3]), train
    ).mean() == pytest.approx(0.2)


def test_the_mean_is_the_share_of_distinct_items_with_empty_lists_left_out() -> None:
    made, train = made_lists(), made_log()
    found = Coverage().per_case(made, train)
    distinct = np.unique(made.items[:, :10])
    assert np.nanmean(found) == pytest.approx((len(distinct) - 1) / 80)
    assert np.isnan(found[0])


def test_lists_that_were_kept_too_short_are_refused() -> None:
    with pytest.raises(BadInput, match="coverage@10 needs lists of 10 items, and 2 were kept"):
        Coverage().per_case(lists([0, 1]), made_log())
