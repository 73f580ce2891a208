"""With the features against without them."""

from __future__ import annotations

import dataclasses

from palate.report.lift import by_key, lift
from palate.report.wording import MINUS, THIN
from palate.runs.documents import Summary
from palate.runs.rows import Comparison, Score
from palate.tables.variant import Variant

SUMMARY = Summary(primary="ndcg@10", base_model="id", best_model="blend")
NUMBERS = (0.02, 0.01, 0.03, 0.95, 0.001, 0.002, 500)
BLEND, ID = Variant("blend"), Variant("id")
GAIN = Comparison("blend", "id", "ndcg@10", "all", *NUMBERS, "lift", BLEND, ID)
SHARED = dataclasses.replace(GAIN, lift=0.4, lift_low=0.2, lift_high=0.6)
REST = (None, None, 9, 1.0, "model", ID)
BOARD = [
    Score("id", "all", "ndcg@10", 0.05, *REST),
    Score("id", "target 0", "ndcg@10", 0.0, *REST),
]


def test_the_lift_is_a_share_of_the_base_with_its_interval() -> None:
    made = lift([SHARED], by_key(BOARD), SUMMARY)
    assert made
    [row] = made.charts[0].forest.rows
    assert (row.entry.origin, row.entry.value, row.entry.low, row.entry.high) == (
        0.05,
        0.07,
        0.060000000000000005,
        0.08,
    )
    assert row.entry.figure == f"+40.0{THIN}%"
    assert row.entry.interval == f"[+20.0{THIN}%, +60.0{THIN}%]"
    assert row.entry.tone == "gain"


def test_from_nothing_there_is_no_percentage() -> None:
    cold = dataclasses.replace(GAIN, slice="target 0")
    made = lift([cold], by_key(BOARD), SUMMARY)
    assert made
    assert made.charts[0].forest.rows[0].entry.figure == "0.0000 \N{RIGHTWARDS ARROW} 0.0200"


def test_no_change_from_nothing() -> None:
    still = dataclasses.replace(GAIN, slice="target 0", difference=0.0, low=0.0, high=0.0)
    made = lift([still], by_key(BOARD), SUMMARY)
    assert made
    assert made.charts[0].forest.rows[0].entry.figure == "0.0000"


def test_without_levels_differences_stand_from_zero() -> None:
    made = lift([GAIN], {}, SUMMARY)
    assert made
    entry = made.charts[0].forest.rows[0].entry
    assert (entry.origin, entry.value, entry.figure) == (0.0, 0.02, "+0.0200")
    assert made.charts[0].forest.axis_label == "difference in NDCG@10"


def test_a_difference_is_proven_by_interval_and_corrected_p() -> None:
    unclear = ({"low": -0.01}, {"p_adjusted": 0.06}, {"low": None}, {"p_adjusted": None})
    for change in ({}, {"p_adjusted": 0.05}):
        made = lift([dataclasses.replace(GAIN, **change)], {}, SUMMARY)
        assert made
        assert made.charts[0].forest.rows[0].entry.tone == "gain"
    for change in unclear:
        made = lift([dataclasses.replace(GAIN, **change)], {}, SUMMARY)
        assert made
        assert made.charts[0].forest.rows[0].entry.tone == "even"


def test_models_that_never_differ_have_no_interval() -> None:
    made = lift([dataclasses.replace(SHARED, difference=0.0, n_differ=0)], by_key(BOARD), SUMMARY)
    assert made
    entry = made.charts[0].forest.rows[0].entry
    assert (entry.low, entry.high) == (None, None)
    assert (entry.figure, entry.interval) == ("0.0000", "the same for every user")


def test_a_slice_without_hits_is_no_lift_of_nothing() -> None:
    zero = [dataclasses.replace(row, value=0.0) for row in BOARD]
    same = dataclasses.replace(SHARED, difference=0.0, n_differ=0)
    made = lift([same], by_key(zero), SUMMARY)
    assert made
    entry = made.charts[0].forest.rows[0].entry
    assert (entry.figure, entry.interval) == ("no hits", "neither with nor without")


def test_tones() -> None:
    rows = [
        dataclasses.replace(GAIN, slice="a", low=-0.01),
        dataclasses.replace(GAIN, slice="b", difference=-0.02, low=-0.03, high=-0.01),
    ]
    made = lift(rows, {}, SUMMARY)
    assert made
    assert [r.entry.tone for r in made.charts[0].forest.rows] == ["even", "loss"]
    assert made.charts[0].forest.rows[1].entry.figure == f"{MINUS}0.0200"


def test_the_headline_comes_first() -> None:
    text, popularity = Variant("text"), Variant("popularity")
    other = dataclasses.replace(
        GAIN, a="text", b="popularity", a_variant=text, b_variant=popularity
    )
    recall = dataclasses.replace(GAIN, metric="recall@10")
    made = lift([other, recall, GAIN], by_key(BOARD), SUMMARY)
    assert made
    assert (made.charts[0].pair, made.charts[0].metric) == ("blend | id", "ndcg@10")
    assert list(made.pairs.values()) == ["blend against id", "text against popularity"]
    assert len(made.charts) == 3
    assert len(made.table) == 3


def test_nothing_to_show() -> None:
    assert lift(None, {}, SUMMARY) is None
    assert lift([dataclasses.replace(GAIN, purpose="pair")], {}, SUMMARY) is None
    assert lift([dataclasses.replace(GAIN, difference=None)], {}, SUMMARY) is None


def test_a_percentage_comes_from_the_row_alone() -> None:
    made = lift([GAIN], by_key(BOARD), SUMMARY)
    assert made
    assert made.charts[0].forest.rows[0].entry.figure == "0.0500 \N{RIGHTWARDS ARROW} 0.0700"


def test_a_gain_that_the_own_controls_reach_is_marked_as_none() -> None:
    noise = Variant("blend", "random", ("text",))
    own = dataclasses.replace(
        GAIN, b=noise.name, b_variant=noise, purpose="own control", low=-0.01, p_adjusted=0.4
    )
    made = lift([GAIN, own], by_key(BOARD), SUMMARY)
    assert made
    entry = made.charts[0].forest.rows[0].entry
    assert entry.tone == "even"
    assert "not clearly ahead of the same model with random vectors" in entry.note
    clear = dataclasses.replace(own, low=0.01, p_adjusted=0.001)
    made = lift([GAIN, clear], by_key(BOARD), SUMMARY)
    assert made
    assert made.charts[0].forest.rows[0].entry.tone == "gain"


def test_a_fusion_that_gave_features_no_weight_gains_nothing_by_them() -> None:
    summary = dataclasses.replace(SUMMARY, fusion="blend", features="no weight")
    made = lift([GAIN], by_key(BOARD), summary)
    assert made
    assert made.charts[0].forest.rows[0].entry.tone == "even"
