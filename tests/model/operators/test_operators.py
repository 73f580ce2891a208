"""Operators over fields and behaviour, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from palate.arrays import Ragged
from palate.encode.tabular.fields import Fields
from palate.errors import BadRecipe
from palate.model.operators.computed import ComputedOperators
from palate.model.operators.operator import OF_LABELS, OF_NUMBERS, Operator, OperatorKind, menu
from palate.tables import (
    Block,
    Catalogue,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Vocabulary,
)

ITEMS = Vocabulary(("a", "b", "c", "d"))
COLUMNS = ("price", "price is missing", "kind=x", "kind=y", "title: words")
MATRIX = np.array([[0, 0, 1, 0, 3], [2, 0, 1, 0, 4], [4, 0, 0, 1, 5], [6, 1, 0, 0, 6]], np.float32)
BLOCK = Block("s", MATRIX, np.ones(4, np.bool_), Origin("p", ("price", "kind", "title")), COLUMNS)
FEATURES = FeatureTable(ITEMS, {"s": BLOCK})
# the newest tenth of the events is the last one, of b
LOG = Interactions(
    Vocabulary(("u", "v")),
    ITEMS,
    np.zeros(10, np.int32),
    np.array([0, 0, 2, 2, 2, 2, 2, 2, 2, 1], np.int32),
    np.ones(10, np.float32),
    np.arange(10, dtype=np.int64),
)
HISTORIES = Histories.of_items(Ragged.of([[0, 2], [2], []]))
ALL = np.tile(np.arange(4, dtype=np.int32), (3, 1))


def of(kind: OperatorKind, field: str) -> np.ndarray:
    computed = ComputedOperators.learn([Operator(kind, "s", field)], FEATURES, LOG, fade=1.0)
    (column,) = computed.of(HISTORIES, ALL)
    assert (column.shape, column.dtype) == ((3, 4), np.float32)
    return column


def test_the_menu_has_what_goes_with_each_field() -> None:
    found = menu(FEATURES)
    assert {one.kind for one in found if one.field == "kind"} == set(OF_LABELS)
    assert {one.kind for one in found if one.field == "price"} == set(OF_NUMBERS)
    assert {one.field for one in found} == {"kind", "price"}  # not the look of the title, nor gaps
    assert menu(FEATURES, most_columns=1) == tuple(one for one in found if one.field == "price")


def test_words_of_texts_and_vectors_are_no_fields() -> None:
    words = replace(BLOCK, origin=Origin("text.tfidf.v1", ("title",)))
    plain = replace(BLOCK, columns=())
    assert menu(FeatureTable(ITEMS, {"w": words, "v": plain})) == ()


def test_popularity_and_share_of_items_like_it() -> None:
    # of kind x: a (2 events), b (1); of y: c (7); d has none
    assert of("popularity", "kind")[0] == pytest.approx(np.log1p([1.5, 1.5, 7, 0]))
    assert of("share", "kind")[0] == pytest.approx([2 / 3, 1 / 3, 1, 0])


def test_a_trend_is_up_for_what_came_last() -> None:
    trend = of("trend", "kind")[0]
    assert trend[:2] == pytest.approx(np.log([(1 + 1) / (0.1 * 3 + 1)] * 2))
    assert trend[2] == pytest.approx(np.log(1 / (0.1 * 7 + 1)))
    assert trend[3] == 0


def test_matches_with_the_history() -> None:
    assert of("match", "kind").tolist() == [[0.5, 0.5, 0.5, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert of("latest", "kind").tolist() == [[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    newer = 1 / (1 + np.exp(-1))
    assert of("recent", "kind")[0] == pytest.approx([1 - newer, 1 - newer, newer, 0])


def test_lift_is_against_what_all_do() -> None:
    assert of("lift", "kind")[0] == pytest.approx(
        np.log([0.51 / 0.31, 0.51 / 0.31, 0.51 / 0.71, 1])
    )


def test_numbers_against_the_history() -> None:
    assert of("distance", "price")[0] == pytest.approx([2, 0, 2, 4])
    assert of("distance", "price")[2].tolist() == [0, 0, 0, 0]
    assert of("mean", "price")[:, 0] == pytest.approx([2, 4, 0])


def test_variety_is_entropy() -> None:
    assert of("variety", "kind")[:, 0] == pytest.approx([np.log(2), 0, 0])


def test_a_twin_has_the_same_values_of_other_items() -> None:
    order = np.array([2, 0, 1, 3], np.int32)
    twin = ComputedOperators.learn(
        [Operator("latest", "s", "kind")], FEATURES, LOG, fade=1.0, order=order
    )
    # c, the newest, has the values of b here, which is of kind x; so has b, which has those of a
    assert twin.of(HISTORIES, ALL)[0][0].tolist() == [0, 1, 1, 0]


def test_a_state_comes_back_and_grows() -> None:
    learnt = ComputedOperators.learn(menu(FEATURES), FEATURES, LOG, fade=1.0)
    arrays, tables = learnt.state()
    again = ComputedOperators.load(arrays, tables, learnt.counts, 1.0)
    assert again.names() == learnt.names()
    for one, other in zip(learnt.of(HISTORIES, ALL), again.of(HISTORIES, ALL), strict=True):
        assert np.array_equal(one, other)
    more = Block("s", np.vstack([MATRIX, MATRIX[[2]]]), np.ones(5, np.bool_), BLOCK.origin, COLUMNS)
    grown = again.grown(FeatureTable(Vocabulary((*ITEMS.ids, "e")), {"s": more}))
    new = dict(zip(grown.names(), grown.of(HISTORIES, np.full((3, 1), 4, np.int32)), strict=True))
    assert new["latest(s, kind)"][:, 0].tolist() == [1, 1, 0]
    assert new["share(s, kind)"][:, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("operator", "where"),
    [
        (Operator("match", "nothing", "kind"), "block"),
        (Operator("match", "s", "kin"), "operators.field"),
        (Operator("match", "s", "title"), "operators.field"),
        (Operator("match", "s", "price"), "operators.kind"),
        (Operator("distance", "s", "kind"), "operators.kind"),
    ],
)
def test_what_cannot_be_computed_is_refused(operator: Operator, where: str) -> None:
    with pytest.raises(BadRecipe) as refused:
        ComputedOperators.learn([operator], FEATURES, LOG, fade=1.0)
    assert where in str(refused.value.where)


def test_fields_of_the_encoder_are_found() -> None:
    fields = pl.DataFrame({"price": [1.0, 3.0, None, 2.0], "kind": ["x", "x", "y", "y"]})
    catalogue = Catalogue(ITEMS, fields)
    block = Fields().fit(catalogue, np.arange(4, dtype=np.int32)).encode(catalogue)
    found = menu(FeatureTable(ITEMS, {"fields": block}))
    assert {(one.field, one.kind) for one in found} == {
        *(("kind", kind) for kind in OF_LABELS),
        *(("price", kind) for kind in OF_NUMBERS),
    }
