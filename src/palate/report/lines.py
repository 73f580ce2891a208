"""Line charts: a stretched drawing without letters, and ticks that the page sets in its own
type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from palate.report import wording
from palate.report.svg import decimals, element, round_numbers
from palate.runs.documents import Gate
from palate.runs.rows import Step
from palate.runs.slate_rows import SlateStudy

_LETTER = 2.6
"""Percent of the width of a chart on a phone that a letter of its ticks takes."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class LineChart:
    """A line and its ticks.

    Attributes:
        title: What it shows.
        alt: The same in a sentence, for those who do not see it.
        svg: The drawing, stretched to its place.
        x_ticks: (percent from the left, words).
        y_ticks: (percent from the top, words).
        x_label: What runs to the right.
    """

    title: str
    alt: str
    svg: Markup
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_label: str


@dataclass(frozen=True)
class Curve:
    """The charts of one model, and what came of training on lists that it sampled itself."""

    model: str
    charts: tuple[LineChart, ...]
    note: str = ""


def gate_chart(gate: Sequence[Gate]) -> LineChart | None:
    """Weight of the text against how often an item was seen, on a logarithmic scale that holds
    0.
    """
    points = sorted(
        (g.count, g.weight)
        for g in gate
        if g.count is not None and g.count >= 0 and g.weight is not None
    )
    if len(points) < 2:
        return None
    top = points[-1][0]
    marks = [0.0, *(x for k in range(9) for x in (10.0**k, 3 * 10.0**k) if x <= top)]
    ticks = [(math.log1p(x), f"{x:,.0f}") for x in marks if points[0][0] <= x]
    alt = (
        f"The weight is {points[0][1]:.2f} at {points[0][0]:,.0f} interactions and"
        f" {points[-1][1]:.2f} at {top:,.0f}."
    )
    return _chart(
        "Weight of the text",
        alt,
        [(math.log1p(x), y) for x, y in points],
        ticks,
        "interactions of the item",
    )


def frontier_chart(study: SlateStudy | None) -> LineChart | None:
    """NDCG against what the slate strives for, on validation cases: diversity, or calibration where
    no content is known.
    """
    if study is None:
        return None
    of_content = [(p.diversity, p.ndcg) for p in study.frontier]
    of_field = [(1 - p.miscalibration, p.ndcg) for p in study.frontier if p.miscalibration]
    calibrated = study.slate == "slate.calibrated.v1"
    pairs = of_field if calibrated else of_content
    points = [(x, y) for x, y in pairs if x is not None and y is not None]
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return None
    label = "1 - miscalibration" if calibrated else "diversity"
    across = [x for x, _ in points]
    marks = round_numbers(min(across), max(across), 4)
    digits = decimals(marks)
    alt = (
        f"NDCG goes from {points[0][1]:.4g} to {points[-1][1]:.4g} while {label} goes from"
        f" {points[0][0]:.3g} to {points[-1][0]:.3g}."
    )
    return _chart("NDCG", alt, points, [(x, f"{x:.{digits}f}") for x in marks], label)


def curves(steps_by_model: Mapping[str, Sequence[Step]] | None) -> tuple[Curve, ...]:
    """What was measured of each model that trains step by step."""
    drawn = []
    for model, steps in (steps_by_model or {}).items():
        measured = (
            ("Loss", [(s.step, s.loss) for s in steps]),
            ("Metric on validation", [(s.step, s.metric) for s in steps]),
            ("Loss of the discriminator", [(s.step, s.discriminator_loss) for s in steps]),
            ("Reward of sampled lists", [(s.step, s.reward) for s in steps]),
            ("Distinct items listed", [(s.step, s.distinct_items) for s in steps]),
            ("Coverage of the catalogue", [(s.step, s.coverage) for s in steps]),
            ("Over-optimised reward", [(s.step, s.over_optimisation) for s in steps]),
        )
        lines = [_trained(title, _known(pairs)) for title, pairs in measured]
        charts = tuple(chart for chart in lines if chart)
        if charts:
            drawn.append(Curve(model, charts, _kept(steps)))
    return tuple(drawn)


def _known(pairs: Sequence[tuple[float | None, float | None]]) -> Points:
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def _kept(steps: Sequence[Step]) -> str:
    """Which state of a generator is kept: the best one by validation, from the last one of the
    likelihood on.
    """
    first = next((i for i, step in enumerate(steps) if step.reward is not None), 0)
    if not first:
        return ""
    before, later = steps[first - 1].metric, [s.metric for s in steps[first:]]
    if before is None:
        return (
            "Without validation cases nothing says whether training on sampled lists helped; its"
            " last state is kept."
        )
    if max((metric for metric in later if metric is not None), default=before) > before:
        return "Training on sampled lists raised the metric on validation; its best state is kept."
    return (
        "Training on sampled lists did not raise the metric on validation; the generator of the"
        " likelihood is kept."
    )


def _trained(title: str, points: Points) -> LineChart | None:
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return None
    steps = [x for x, _ in points]
    ticks = [(x, f"{x:,.0f}") for x in round_numbers(min(steps), max(steps), 4)]
    values = [y for _, y in points]
    alt = (
        f"{title}: from {values[0]:.4g} to {values[-1]:.4g}, lowest {min(values):.4g}, highest"
        f" {max(values):.4g}."
    )
    return _chart(title, alt, points, ticks, "step")


def _chart(
    title: str, alt: str, points: Points, ticks: Sequence[tuple[float, str]], x_label: str
) -> LineChart:
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    air = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    low, high = low - air, high + air

    def across(x: float) -> float:
        """Percent from the left."""
        return round(100 * (x - left) / ((right - left) or 1.0), 2)

    def down(y: float) -> float:
        """Percent from the top."""
        return round(100 * (high - y) / (high - low), 2)

    levels = round_numbers(low, high, 4)
    digits = decimals(levels)
    path = "M" + "L".join(f"{across(x)} {down(y)}" for x, y in points)
    grid = [element("line", x1=0, x2=100, y1=down(y), y2=down(y), class_="grid") for y in levels]
    drawn = element(
        "svg",
        element("title", title),
        element("desc", alt),
        *grid,
        element("path", d=path, class_="curve"),
        viewBox="0 0 100 100",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"{title}. {alt}",
    )
    y_ticks = tuple((down(y), f"{y:.{digits}f}".replace("-", wording.MINUS)) for y in levels)
    x_ticks = _with_room([(across(x), words) for x, words in ticks])
    return LineChart(title, alt, drawn, x_ticks, y_ticks, x_label)


def _with_room(ticks: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """The ticks that do not run into the one before them on a narrow page."""
    kept: list[tuple[float, str]] = []
    end = -100.0
    for at, words in ticks:
        half = _LETTER * (len(words) + 1) / 2
        if at - half >= end:
            kept.append((at, words))
            end = at + half
    return tuple(kept)
