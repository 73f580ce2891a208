"""Rows to learn from."""

from __future__ import annotations

import numpy as np
import pytest

from palate.errors import BadInput, BadRecipe
from palate.tables.labelled_rows import LabelledRows


def _rows(**more: object) -> LabelledRows:
    blocks = {"a": np.arange(8.0).reshape(4, 2), "b": np.ones((4, 1))}
    entity = {"a": np.array([0, 0, 1, 1], np.int32)}
    given = {"columns": {"a": ("x", "y")}, "entity": entity} | more
    return LabelledRows(blocks, np.array([0.0, 1, 0, 1]), np.array([0, 0, 1, 1], np.int32), **given)  # type: ignore[arg-type]


def test_taking_rows_keeps_everything_aligned() -> None:
    part = _rows(request=np.array([5, 5, 6, 6], np.int32)).take(np.array([3, 0]))
    assert part.blocks["a"].tolist() == [[6, 7], [0, 1]]
    assert part.label.tolist() == [1, 0]
    assert part.request is not None
    assert part.request.tolist() == [6, 5]
    assert part.entity["a"].tolist() == [1, 0]


def test_blocks_and_columns() -> None:
    rows = _rows()
    assert rows.only(["b"]).names == ("b",)
    assert rows.by_column().names == ("x", "y", "b")
    assert rows.by_column().entity["x"].tolist() == [0, 0, 1, 1]
    assert rows.matrix(["b", "a"]).tolist()[1] == [1, 2, 3]
    assert rows.matrix([]).shape == (4, 0)
    mixed = rows.grouped({"all": ["a", ("b", 0)]})
    assert mixed.column_names("all") == ("x", "y", "b")
    assert not mixed.entity


def test_refusals() -> None:
    with pytest.raises(BadRecipe, match='no block "c"'):
        _rows().only(["c"])
    with pytest.raises(BadInput, match="4 labels and 3 rows of request"):
        _rows(request=np.zeros(3, np.int32))
    with pytest.raises(BadInput, match="which rows compete"):
        _rows(task="ranking")
