"""Controls have to vanish, and the page has to say when they do not."""

from __future__ import annotations

import dataclasses

from palate.report.controls import LASTS, UNCLEAR, VANISHES, controls, pairs
from palate.report.lift import by_key
from palate.runs.documents import Summary
from palate.runs.rows import Comparison, Score
from palate.tables.variant import Kind, Variant

SUMMARY = Summary(primary="ndcg@10", base_model="id", best_model="blend")


def _of(row: Comparison, a: Variant, b: Variant | None = None) -> Comparison:
    """The same about other models."""
    row = dataclasses.replace(row, a=a.name, a_variant=a)
    return row if b is None else dataclasses.replace(row, b=b.name, b_variant=b)


def _control(row: Comparison, of: str, kind: Kind, *numbers: float) -> Comparison:
    row = _of(row, Variant(of, kind, ("text",)))
    difference, low, high = numbers
    return dataclasses.replace(row, purpose="control", difference=difference, low=low, high=high)


def _score(model: str, value: float) -> Score:
    found = (value, None, None, 9, 1.0, "model", Variant(model))
    return Score(model, "all", "ndcg@10", *found)


BOARD = by_key([_score("id", 0.1), _score("cold", 0.0)])
NUMBERS = (0.02, 0.01, 0.03, 0.95, 0.001, 0.001, 90)
BLEND, ID = Variant("blend"), Variant("id")
REAL = Comparison("blend", "id", "ndcg@10", "all", *NUMBERS, "lift", BLEND, ID)
GONE = _control(REAL, "blend", "random", 0.0005, -0.001, 0.002)
STAYS = _control(REAL, "blend", "permuted", 0.01, 0.005, 0.015)
NOISY = dataclasses.replace(STAYS, low=-0.005)


def test_vanished_controls_pass() -> None:
    made = controls([GONE, REAL], BOARD, SUMMARY)
    assert made
    assert made.passed
    assert [r.entry.label for r in made.forest.rows] == ["blend", "blend, random vectors"]
    assert [r.entry.extras for r in made.forest.rows] == [("real",), (VANISHES,)]
    assert "vanishes in every control" in made.verdict


def test_a_control_that_is_its_base_has_no_interval() -> None:
    shares = {"lift": 0.0, "lift_low": -0.022, "lift_high": 0.022}
    same = dataclasses.replace(GONE, difference=0.0, n_differ=0, **shares)
    made = controls([REAL, same], BOARD, SUMMARY)
    assert made
    entry = made.forest.rows[1].entry
    assert (entry.low, entry.high, entry.interval) == (None, None, "the same for every user")
    assert entry.extras == (VANISHES,)


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
    assert "no gain by the real features is shown either" in made.verdict


def test_a_name_that_looks_like_a_control_is_none() -> None:
    odd = _of(REAL, Variant("blend~random"))
    made = controls([odd, GONE], BOARD, SUMMARY)
    assert made
    labels = [r.entry.label for r in made.forest.rows]
    assert labels == ["blend~random", "blend, random vectors"]
    assert not [r for r in made.forest.rows if r.entry.extras == (LASTS,)]


def test_the_bar_is_the_same_for_page_and_headline() -> None:
    least = dataclasses.replace(STAYS, difference=0.001, low=0.0005, high=0.0015)
    made = controls([REAL, least], BOARD, SUMMARY)
    assert made
    assert not made.passed
    below = controls([REAL, dataclasses.replace(least, difference=0.00099)], BOARD, SUMMARY)
    assert below
    assert below.passed


def test_real_lifts_are_judged_too() -> None:
    unclear = dataclasses.replace(REAL, low=-0.01)
    harmful = dataclasses.replace(REAL, difference=-0.02, low=-0.03, high=-0.01)
    for row, verdict in ((unclear, "not shown"), (harmful, "harms")):
        made = controls([row, GONE], BOARD, SUMMARY)
        assert made
        assert made.forest.rows[0].entry.extras == (verdict,)


def test_each_lift_stands_above_its_own_controls() -> None:
    other = _of(REAL, Variant("wide"))
    others = _of(GONE, Variant("wide", "random"))
    alone = _of(REAL, Variant("alone"))
    made = controls([other, alone, GONE, others, REAL], BOARD, SUMMARY)
    assert made
    assert [r.entry.label for r in made.forest.rows] == [
        "blend",
        "blend, random vectors",
        "wide",
        "wide, random vectors",
    ]


def test_controls_of_no_lift_are_still_shown() -> None:
    stray = _of(GONE, Variant("noise", "random"))
    made = controls([REAL, stray], BOARD, SUMMARY)
    assert made
    assert [r.entry.label for r in made.forest.rows] == ["blend", "noise, random vectors"]


def test_without_a_base_the_axis_shows_differences() -> None:
    cold = Variant("cold")
    fallen = dataclasses.replace(_of(GONE, GONE.a_variant, cold), difference=-0.001)
    made = controls([_of(REAL, BLEND, cold), fallen], BOARD, SUMMARY)
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
