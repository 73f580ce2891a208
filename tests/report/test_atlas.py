"""The map."""

from __future__ import annotations

import re

import numpy as np
import pytest

from palate.report import atlas as module
from palate.report.atlas import HEIGHT, REST, WIDTH, Atlas, atlas
from palate.runs.documents import Map, Point


def drawn(*points: Point) -> Atlas:
    made = atlas(Map("text", "SVD", "genre", points))
    assert made
    return made


def test_dots_keep_their_places_to_each_other() -> None:
    made = drawn(
        Point("a", "A", 0, 0, 3, "x"), Point("b", "B", 1, 0, 0, "y"), Point("c", "C", 0, 1, 9, "x")
    )
    x, y = made.data.x, made.data.y
    assert x[0] == x[2] < x[1]
    assert y[0] == y[1] > y[2]  # up is up
    assert x[1] - x[0] == pytest.approx(y[0] - y[2], abs=1)
    assert all(0 <= v <= WIDTH for v in x)
    assert all(0 <= v <= HEIGHT for v in y)


def test_each_item_is_drawn_once_in_each_layer() -> None:
    rng = np.random.default_rng(1)
    points = [
        Point(str(i), "", *rng.normal(size=2), int(rng.integers(50)), f"g{i % 12}")
        for i in range(300)
    ]
    made = drawn(*points)
    for layer in (made.by_label, made.by_count):
        assert sum(g.count for g in layer) == 300
        assert sum(len(re.findall("h1", g.path)) for g in layer) == 300
    assert len(made.by_label) == 9
    assert (made.by_label[-1].name, made.by_label[-1].colour) == (REST, "other")
    assert made.by_count[0].name == "never"


def test_a_label_called_other_keeps_its_colour() -> None:
    made = drawn(Point("a", "", 0, 0, 1, "other"), Point("b", "", 1, 1, 1, "x"))
    assert [g.colour for g in made.by_label] == ["l0", "l1"]


def test_without_labels_there_is_one_layer() -> None:
    assert drawn(Point("a", "", 0, 0, 1), Point("b", "", 1, 1, 1)).by_label == ()


def test_counts_fall_into_bins_by_their_names() -> None:
    made = drawn(*(Point(str(i), "", i, 0, i) for i in range(101)))
    assert [g.name.replace("\N{EN DASH}", "-") for g in made.by_count] == [
        "never",
        "1-21",
        "22-41",
        "42-60",
        "61-80",
        "81-100",
    ]
    assert [g.count for g in made.by_count] == [1, 21, 20, 19, 20, 20]


def test_few_far_items_do_not_press_the_rest_together() -> None:
    rng = np.random.default_rng(2)
    near = [Point(str(i), "", *rng.normal(size=2), 1) for i in range(2000)]
    made = drawn(*near, Point("far", "", 400, 400, 1))
    assert made.whole == f"0 0 {WIDTH} {HEIGHT}"
    assert float(made.view.split()[2]) < WIDTH / 10
    assert 1 <= made.outside <= 40


def test_all_items_are_in_view_where_they_lie_evenly() -> None:
    made = drawn(*(Point(str(i), "", i % 30, i // 30, 1) for i in range(900)))
    assert made.view == made.whole
    assert made.outside == 0


def test_items_without_a_place_are_left_out() -> None:
    made = drawn(Point("a", "", 0, 0), Point("b", "", None, 0))
    assert (made.shown, made.total) == (1, 1)
    assert atlas(Map(points=(Point("b", "", None, 0),))) is None
    assert atlas(Map()) is None
    assert atlas(None) is None


def test_too_many_items_are_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_POINTS", 10)
    made = drawn(*(Point(str(i), f"t{i}", i, i) for i in range(100)))
    assert (made.shown, made.total) == (10, 100)
    assert made.data.title[0] == "t0"
    assert made.data.title[-1] == "t99"
