"""Rows on one scale."""

from __future__ import annotations

import re

from palate.report.forest import Entry, Forest, Look, forest, signed_tick
from palate.report.wording import MINUS, THIN


def drawn(*entries: Entry, look: Look | None = None) -> Forest:
    return forest(entries, ("Label", "axis", "Figure"), "What it shows", look or Look())


def where(row: str, kind: str, attribute: str) -> float:
    [tag] = re.findall(rf'<[a-z]+ [^>]*class="{kind}"[^>]*>', row)
    return float(re.findall(rf'{attribute}="([\d.-]+)%"', tag)[0])


def test_dots_stand_in_the_order_of_their_values() -> None:
    rows = drawn(Entry("a", 0.1, 0.05, 0.2), Entry("b", 0.3, 0.25, 0.4)).rows
    assert where(rows[0].plot, "dot", "cx") < where(rows[1].plot, "dot", "cx")
    for row in rows:
        assert (
            where(row.plot, "whisker", "x1")
            < where(row.plot, "dot", "cx")
            < where(row.plot, "whisker", "x2")
        )


def test_a_stem_runs_from_the_origin_to_the_dot() -> None:
    [row] = drawn(Entry("a", 0.3, 0.2, 0.4, origin=0.1)).rows
    assert where(row.plot, "stem", "x1") == where(row.plot, "origin", "cx")
    assert where(row.plot, "stem", "x2") == where(row.plot, "dot", "cx")


def test_what_is_not_known_is_not_drawn() -> None:
    [row] = drawn(Entry("a", None)).rows
    assert not re.search('class="(dot|whisker|stem|origin)"', row.plot)
    [row] = drawn(Entry("a", 0.1, low=0.0)).rows
    assert "whisker" not in row.plot


def test_no_rows_make_an_empty_table() -> None:
    assert drawn().rows == ()


def test_reference_and_band_lie_inside_the_scale() -> None:
    [row] = drawn(Entry("a", 5.0), look=Look(reference=0.0, band=(-1.0, 1.0))).rows
    assert (
        0
        <= where(row.plot, "band", "x")
        < where(row.plot, "zero", "x1")
        < where(row.plot, "dot", "cx")
        <= 100
    )


def test_hostile_labels_are_escaped() -> None:
    [row] = drawn(Entry("<script>", 1.0)).rows
    assert "&lt;script&gt;" in row.plot


def test_ticks_of_shares() -> None:
    assert [signed_tick(x) for x in (-0.1, 0.0, 0.25)] == [
        f"{MINUS}10{THIN}%",
        f"0{THIN}%",
        f"+25{THIN}%",
    ]


def test_ticks_of_a_narrow_plot_do_not_run_into_each_other() -> None:
    entries = [Entry("a", -0.003, -0.0087, 0.002, 0.0)]
    wide = forest(entries, ("a", "b", "c"), "", Look(30, 0.0))
    narrow = forest(entries, ("a", "b", "c"), "", Look(30, 0.0), ("Verdict", "p"))
    assert wide.axis.count("<text") == 6
    assert narrow.axis.count("<text") == 3
    assert ">0.000<" in narrow.axis
