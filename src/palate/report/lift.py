"""What the features add, and for whom: the model with them against the same model without,
slice by slice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from palate.report import wording
from palate.report.claims import Judged, judged
from palate.report.forest import TONES, Entry, Forest, Look, forest
from palate.runs.documents import Summary
from palate.runs.rows import Comparison, Score
from palate.tables.variant import Variant

Scores = Mapping[tuple[Variant, str, str], Score]

LEAST = 0.0001
"""Differences below this are shown as differences, not as two levels that read alike."""


@dataclass(frozen=True)
class LiftChart:
    """One pair of models under one metric.

    Attributes:
        pair: Key of the pair, for the selector.
        metric: Key of the metric, for the selector.
        forest: The drawn rows, one for each slice.
    """

    pair: str
    metric: str
    forest: Forest


@dataclass(frozen=True)
class Lift:
    """All charts, the one to show first at the head.

    Attributes:
        charts: Pair by pair and metric by metric.
        pairs: Key -> words, for the selector.
        metrics: Key -> words, for the selector.
        table: Every comparison with features against without, in words.
    """

    charts: tuple[LiftChart, ...]
    pairs: dict[str, str]
    metrics: dict[str, str]
    table: tuple[tuple[str, ...], ...]


def by_key(leaderboard: Sequence[Score] | None) -> Scores:
    """(variant, slice, metric) -> row."""
    return {(row.variant, row.slice, row.metric): row for row in leaderboard or ()}


def verdicts_of(
    comparisons: Sequence[Comparison], summary: Summary
) -> Callable[[Comparison], Judged]:
    """What may be said of each lift of a run, as its headline says it."""
    weightless = {summary.fusion} if summary.features == "no weight" else set()
    return lambda row: judged(row, comparisons, weighs=row.a_variant.of not in weightless)


def lift(comparisons: Sequence[Comparison] | None, scores: Scores, summary: Summary) -> Lift | None:
    """Charts of all comparisons whose purpose is "lift"; None if there are none."""
    rows = [c for c in comparisons or () if c.purpose == "lift" and c.difference is not None]
    verdict_on = verdicts_of(comparisons or (), summary)
    if not rows:
        return None
    rows.sort(
        key=lambda c: (
            c.a != summary.reported or c.b != summary.base_model,
            c.metric != summary.primary,
        )
    )
    bases = _bases(rows)
    pairs = {
        _pair(c, bases): f"{_a(c)} against {wording.model_name(bases[c.a_variant])}" for c in rows
    }
    metrics = {c.metric: wording.metric_name(c.metric) for c in rows}
    charts = []
    for pair in pairs:
        for metric in metrics:
            chosen = [c for c in rows if _pair(c, bases) == pair and c.metric == metric]
            if chosen:
                drawn = _chart([verdict_on(c) for c in chosen], scores, bases)
                charts.append(LiftChart(pair, metric, drawn))
    return Lift(tuple(charts), pairs, metrics, tuple(_cells(c, scores) for c in rows))


def _a(row: Comparison) -> str:
    return wording.model_name(row.a_variant)


def _b(row: Comparison) -> str:
    return wording.model_name(row.b_variant)


def _bases(rows: Sequence[Comparison]) -> dict[Variant, Variant]:
    """Model with features -> the model it is drawn against; where it has one without features, not
    its control.
    """
    by_rank = sorted(rows, key=lambda c: not c.against_itself)
    return {c.a_variant: c.b_variant for c in by_rank}


def _pair(row: Comparison, bases: Mapping[Variant, Variant]) -> str:
    # Slices of items without events are compared with permuted texts; they stand in the same chart
    # as the others.
    against = bases[row.a_variant] if row.against_itself else row.b_variant
    return f"{row.a} | {against.name}"


def _chart(found: Sequence[Judged], scores: Scores, bases: Mapping[Variant, Variant]) -> Forest:
    rows = [one.row for one in found]
    # Without the level of b in every slice the rows would not share a scale: then differences stand
    # from 0.
    levels = all(_base(c, scores) is not None for c in rows)
    metric, base = wording.metric_name(rows[0].metric), bases[rows[0].a_variant]
    without = "" if base.role == "control" else " (without)"
    caption = (
        f"{metric} of {_a(rows[0])} (with features) against {wording.model_name(base)}{without},"
        " with the 95 % interval of the paired difference over users, slices corrected for their"
        " number"
    )
    axis = metric if levels else f"difference in {metric}"
    entries = [_entry(j, _base(j.row, scores) or 0.0 if levels else 0.0, levels) for j in found]
    look = Look(46, None if levels else 0.0, worded=True)
    return forest(entries, ("For whom", axis, "Lift"), caption, look)


def _base(row: Comparison, scores: Scores) -> float | None:
    found = scores.get((row.b_variant, row.slice, row.metric))
    return found.value if found else None


def _entry(found: Judged, base: float, levels: bool) -> Entry:
    row = found.row
    difference = row.difference or 0.0
    figure, interval = _words(row, base if levels else None)
    users = f"{wording.count(row.n_users)} users" if row.n_users is not None else ""
    users += ", against permuted texts" if row.against_itself else ""
    users += f", {found.reason}" if found.reason else ""
    metric = wording.metric_name(row.metric)
    other = "with permuted texts" if row.against_itself else "without"
    tip = "\n".join(
        line
        for line in (
            wording.slice_name(row.slice),
            (
                f"{metric} {wording.value(base)} {other}, {wording.value(base + difference)} with"
                if levels
                else ""
            ),
            (
                f"difference {wording.value(difference, True)}"
                f" {wording.value_interval(row.low, row.high, True)}"
            ),
            (
                f"p {wording.p_value(row.p_adjusted)} after correction"
                if row.p_adjusted is not None
                else ""
            ),
            users,
        )
        if line
    )
    return Entry(
        label=wording.slice_name(row.slice),
        value=base + difference,
        low=None if row.low is None or row.is_same else base + row.low,
        high=None if row.high is None or row.is_same else base + row.high,
        origin=base,
        tone=TONES[found.answer],
        note=users,
        figure=figure,
        interval=interval,
        tip=tip,
    )


def _words(row: Comparison, base: float | None) -> tuple[str, str]:
    if row.is_same and base == 0 and wording.counts_hits(row.metric):
        return wording.NO_HITS, "neither with nor without"
    if row.is_same:
        return wording.value(row.difference, True), wording.SAME
    between = wording.interval(
        wording.percent(row.lift_low, True), wording.percent(row.lift_high, True)
    )
    if row.lift is not None:
        return wording.percent(row.lift, True), between
    if base is not None and row.difference is not None and abs(row.difference) >= LEAST:
        levels = (
            f"{wording.value(base)} \N{RIGHTWARDS ARROW} {wording.value(base + row.difference)}"
        )
        return levels, wording.value_interval(row.low, row.high, True)
    return wording.value(row.difference, True), wording.value_interval(row.low, row.high, True)


def _cells(row: Comparison, scores: Scores) -> tuple[str, ...]:
    base = _base(row, scores)
    figure = wording.percent(row.lift, True)
    return (
        _a(row),
        _b(row),
        wording.metric_name(row.metric),
        wording.slice_name(row.slice),
        wording.value(base),
        wording.value(None if base is None else base + (row.difference or 0.0)),
        f"{wording.value(row.difference, True)} {wording.value_interval(row.low, row.high, True)}",
        figure,
        wording.p_value(row.p if row.p_adjusted is None else row.p_adjusted),
    )
