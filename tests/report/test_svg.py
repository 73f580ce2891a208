"""Elements that escape, scales that hold their numbers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.report.svg import Scale, decimals, drawing, element, round_numbers


def test_children_and_attributes_are_escaped() -> None:
    assert element("text", "<b>", title='"&') == '<text title="&#34;&amp;">&lt;b&gt;</text>'


def test_an_attribute_that_is_none_is_left_out() -> None:
    assert (
        element("line", x1=None, class_="a", stroke_width=2) == '<line class="a" stroke-width="2"/>'
    )


def test_a_drawing_says_what_it_shows_and_hides_from_readers() -> None:
    made = drawing("a dot", 20, element("circle", r=1))
    assert "<desc>a dot</desc>" in made
    assert 'aria-hidden="true"' in made


finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.none() | finite, max_size=8))
def test_a_scale_holds_its_numbers(values: list[float | None]) -> None:
    scale = Scale.around(values)
    assert scale.low < scale.high
    for value in values:
        assert value is None or -1e-6 <= scale.share(value) <= 100 + 1e-6
    slack = 1e-9 * max(1.0, abs(scale.low), abs(scale.high))
    assert all(scale.low - slack <= t <= scale.high + slack for t in scale.ticks)


@given(finite, st.floats(1e-3, 1e6))
def test_ticks_are_few_and_evenly_spaced(low: float, width: float) -> None:
    ticks = round_numbers(low, low + width)
    assert 1 <= len(ticks) <= 11
    steps = [b - a for a, b in itertools.pairwise(ticks)]
    assert all(step == pytest.approx(steps[0], rel=1e-3) for step in steps)


def test_zero_is_never_written_as_minus_zero() -> None:
    assert str(round_numbers(-0.1, 0.1)[2]) == "0.0"


def test_decimals_tell_ticks_apart() -> None:
    assert decimals((0.0, 0.025, 0.05)) == 3
    assert decimals((0.0, 5.0)) == 0
    assert decimals(()) == 0
