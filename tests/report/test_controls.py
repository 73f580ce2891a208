"""Controls have to vanish, and the page has to say when they do not."""

from __future__ import annotations

import dataclasses

from palate.report.controls import LASTS, UNCLEAR, VANISHES, controls, pairs
from palate.report.lift import by_key
from palate.runs.rows import Comparison, Score, Summary

SUMMARY = Summary(primary="ndcg@10", base_model="id", best_model="blend")
BOARD = by_key([Score("id", "ndcg@10", "all", 0.1), Score("cold", "ndcg@10", "all", 0.0)])
REAL = Comparison("blend", "id", "ndcg@10", "all", 0.02, 0.01, 0.03, 0.001, 0.001, 90, "lift")
GONE = dataclasses.replace(
    REAL, a="blend~random", purpose="control", difference=0.0005, low=-0.001, high=0.002
)
STAYS = dataclasses.replace(
    REAL, a="blend~permuted", purpose="control", difference=0.01, low=0.005, high=0.015
)
NOISY = dataclasses.replace(STAYS, low=-0.005)


def test_vanished_controls_pass() -> None:
    made = controls([GONE, REAL], BOARD, SUMMARY)
    assert made
    assert made.passed
    assert [r.entry.label for r in made.forest.rows] == ["blend", "blend, random vectors"]
    assert [r.entry.extras for r in made.forest.rows] == [("real",), (VANISHES,)]
    assert "vanishes in every control" in made.verdict


def test_a_control_that_lifts_fails() -> None:
    made = controls([REAL, GONE, STAYS], BOARD, SUMMARY)
    assert made
    assert not made.passed
    assert made.verdict.startswith("1 of 2 controls lift as well")
    assert made.forest.rows[2].entry.extras == (LASTS,)
    assert made.forest.rows[2].entry.tone == "loss"


def test_a_control_within_chance_is_told_as_such() -> None:
    made = controls([REAL, NOISY], BOARD, SUMMARY)
    assert made
    assert made.passed
    assert made.forest.rows[1].entry.extras == (UNCLEAR,)
    assert "small for this test" in made.verdict


def test_controls_say_nothing_for_a_lift_that_is_not_shown() -> None:
    made = controls([dataclasses.replace(REAL, low=-0.01), GONE], BOARD, SUMMARY)
    assert made
    assert made.passed
    assert "neither is a lift by the real features shown" in made.verdict


def test_real_lifts_are_judged_too() -> None:
    unclear = dataclasses.replace(REAL, low=-0.01)
    harmful = dataclasses.replace(REAL, difference=-0.02, low=-0.03, high=-0.01)
    for row, verdict in ((unclear, "not shown"), (harmful, "harms")):
        made = controls([row, GONE], BOARD, SUMMARY)
        assert made
        assert made.forest.rows[0].entry.extras == (verdict,)


def test_each_lift_stands_above_its_own_controls() -> None:
    other = dataclasses.replace(REAL, a="wide")
    others = dataclasses.replace(GONE, a="wide~random")
    alone = dataclasses.replace(REAL, a="alone")
    made = controls([other, alone, GONE, others, REAL], BOARD, SUMMARY)
    assert made
    assert [r.entry.label for r in made.forest.rows] == [
        "blend",
        "blend, random vectors",
        "wide",
        "wide, random vectors",
    ]


def test_names_that_do_not_match_are_still_shown() -> None:
    stray = dataclasses.replace(GONE, a="noise")
    made = controls([REAL, stray], BOARD, SUMMARY)
    assert made
    assert [r.entry.label for r in made.forest.rows] == ["blend", "noise"]


def test_without_a_base_the_axis_shows_differences() -> None:
    cold = dataclasses.replace(GONE, b="cold", difference=-0.001)
    made = controls([dataclasses.replace(REAL, b="cold"), cold], BOARD, SUMMARY)
    assert made
    assert made.forest.axis_label == "difference in NDCG@10"
    assert made.forest.rows[1].entry.figure == "\N{MINUS SIGN}0.0010"
    assert made.passed


def test_another_metric_stands_in_for_a_primary_without_controls() -> None:
    made = controls([dataclasses.replace(GONE, metric="recall@10")], {}, SUMMARY)
    assert made
    assert made.forest.axis_label == "difference in Recall@10"


def test_nothing_to_show() -> None:
    assert controls(None, {}, SUMMARY) is None
    assert controls([REAL], BOARD, SUMMARY) is None
    assert pairs([REAL]) is None
    assert pairs(None) is None


def test_pairs_keep_numbers_and_words() -> None:
    made = pairs([dataclasses.replace(REAL, purpose="pair")])
    assert made
    [(raw, words)] = made.rows
    assert raw.difference == 0.02
    assert words == (
        "blend",
        "id",
        "NDCG@10",
        "All users",
        "+0.0200",
        "[+0.0100, +0.0300]",
        "0.0010",
        "0.0010",
    )
