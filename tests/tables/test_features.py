from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Matrix
from palate.errors import BadInput, BadRecipe
from palate.tables import Block, FeatureTable, Origin, Vocabulary

ITEMS = Vocabulary(("a", "b", "c"))


def block(name: str, n_rows: int = 3, matrix: Matrix | None = None, **more: Any) -> Block:
    numbers = np.ones((n_rows, 2), np.float32) if matrix is None else matrix
    return Block(name, numbers, np.ones(n_rows, np.bool_), Origin("text.plain.v1"), **more)


def test_width_and_bytes_dense_and_sparse() -> None:
    dense = block("dense")
    assert (dense.width, dense.n_bytes) == (2, 3 * 2 * 4)
    matrix = sparse.csr_matrix(np.eye(3, 4, dtype=np.float32))
    thin = block("sparse", matrix=matrix)
    assert thin.width == 4
    assert thin.n_bytes == 3 * 4 + 3 * 4 + 4 * 4


def test_a_block_is_found_by_name_and_the_nearest_is_named() -> None:
    table = FeatureTable(ITEMS, {"text.title": block("text.title")})
    assert table.block("text.title").name == "text.title"
    with pytest.raises(BadRecipe, match=r'there is no block "text\.titel"') as info:
        table.block("text.titel", "models.mine.block")
    assert info.value.next_step == 'did you mean "text.title"?'
    assert info.value.where == "models.mine.block"
    with pytest.raises(BadRecipe) as info:
        FeatureTable(ITEMS).block("x")
    assert info.value.allowed.startswith("none")


def test_replaced_gives_a_new_table() -> None:
    table = FeatureTable(ITEMS, {"x": block("x")})
    wide = block("x", matrix=np.zeros((3, 5), np.float32))
    both = table.replaced(wide).replaced(block("y"))
    assert (both.block("x").width, list(both.blocks)) == (5, ["x", "y"])
    assert table.block("x").width == 2
    assert "y" not in table.blocks


def test_a_block_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(BadInput, match='block "x" has 2 rows and the catalogue 3 items'):
        FeatureTable(ITEMS, {"x": block("x", 2)})
    with pytest.raises(BadInput, match="3 rows and 2 marks of presence"):
        Block("x", np.ones((3, 1), np.float32), np.ones(2, np.bool_), Origin("p"))
    with pytest.raises(BadInput, match="2 columns and 3 names of them"):
        block("x", columns=("a", "b", "c"))


ORIGIN = Origin(
    "text.a.v1",
    ("title",),
    {"width": 3, "words": ("a", "b")},
    "w1",
    "d1",
    ({"part": "geometry.x.v1"},),
)


@pytest.mark.parametrize(
    "change",
    [
        {"part": "text.a.v2"},
        {"fields": ("title", "plot")},
        {"fields": ("plot",)},
        {"settings": {"width": 4, "words": ("a", "b")}},
        {"settings": {"width": 3, "words": ("b", "a")}},
        {"settings": {"width": 3}},
        {"weights": "w2"},
        {"data": "d2"},
        {"steps": ()},
        {"steps": ({"part": "geometry.x.v1", "centre": True},)},
    ],
)
def test_the_key_of_an_origin_holds_all_of_it(change: dict[str, Any]) -> None:
    assert dataclasses.replace(ORIGIN, **change).key() != ORIGIN.key()


def test_every_field_of_an_origin_is_in_its_facts() -> None:
    assert set(ORIGIN.facts()) == {f.name for f in dataclasses.fields(Origin)}
    again = dataclasses.replace(ORIGIN, settings={"words": ["a", "b"], "width": 3})
    assert again.key() == ORIGIN.key()
