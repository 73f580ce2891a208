"""The leaderboard: models on one scale with their intervals, all metrics, and every slice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from palate.report import wording
from palate.report.forest import Entry, Look, Tone, axis, plot
from palate.report.svg import Scale
from palate.runs.rows import Score, Summary

LOOK = Look(height=32)
_TONES: dict[str, Tone] = {"control": "control", "published": "published", "ablation": "ablation"}


@dataclass(frozen=True)
class Standing:
    """One model in the first view: the primary metric over all users.

    Attributes:
        index: Its number in the data for the page's script.
        role: "best", "base" or an empty string.
    """

    index: int
    model: str
    kind: str
    source: str
    role: str
    value: float | None
    figure: str
    interval: str
    seconds: float | None
    time: str
    plot: Markup


@dataclass(frozen=True)
class Cell:
    """A number in a table of many: the number itself for sorting, words, and its share of the
    column's best.
    """

    value: float | None
    words: str
    share: float
    is_best: bool


@dataclass(frozen=True)
class Grid:
    """Models down, slices or metrics across."""

    heads: tuple[str, ...]
    rows: tuple[tuple[int, str, str, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class Leaderboard:
    """Everything that the two sections show.

    Attributes:
        primary: Key of the metric shown first.
        slice: Key of the slice shown first.
        slices: Key -> words.
        metrics: Key -> words.
        standings: The models, best first.
        axis: The ticks under them.
        all_metrics: Models by metrics, over all users.
        by_slice: Models by slices, primary metric.
        data: The numbers for the selectors of the page's script.
    """

    primary: str
    slice: str
    slices: dict[str, str]
    metrics: dict[str, str]
    standings: tuple[Standing, ...]
    axis: Markup
    all_metrics: Grid
    by_slice: Grid
    data: dict[str, Any]


def leaderboard(rows: Sequence[Score] | None, summary: Summary) -> Leaderboard | None:
    """Arrange the rows; None if there are none."""
    if not rows:
        return None
    metrics = {m: wording.metric_name(m) for m in _unique(r.metric for r in rows)}
    primary = summary.primary if summary.primary in metrics else next(iter(metrics))
    slices = {
        s: wording.slice_name(s)
        for s in sorted(_unique(r.slice for r in rows), key=lambda s: s != "all")
    }
    first = next(iter(slices))
    found = {(r.model, r.slice, r.metric): r for r in rows}
    ordered = sorted(
        _unique(r.model for r in rows), key=lambda m: _falling(found.get((m, first, primary)))
    )
    scale = _scale(r for r in rows if r.slice == first and r.metric == primary)
    standings = tuple(
        _standing(i, model, [r for r in rows if r.model == model], (first, primary), scale, summary)
        for i, model in enumerate(ordered)
    )
    kinds = {model: s.kind for model, s in zip(ordered, standings, strict=True)}
    return Leaderboard(
        primary,
        first,
        slices,
        metrics,
        standings,
        axis(scale, LOOK),
        _grid(kinds, [(first, m) for m in metrics], tuple(metrics.values()), found),
        _grid(kinds, [(s, primary) for s in slices], tuple(slices.values()), found),
        _for_script(ordered, list(slices), list(metrics), rows),
    )


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _falling(row: Score | None) -> tuple[bool, float]:
    missing = row is None or row.value is None
    return missing, 0.0 if row is None or row.value is None else -row.value


def _scale(rows: Iterable[Score]) -> Scale:
    return Scale.around([x for r in rows for x in (r.value, r.low, r.high)])


def _standing(
    index: int,
    model: str,
    rows: Sequence[Score],
    place: tuple[str, str],
    scale: Scale,
    summary: Summary,
) -> Standing:
    row = next((r for r in rows if (r.slice, r.metric) == place), None)
    value, low, high = (row.value, row.low, row.high) if row else (None, None, None)
    kind = rows[0].kind if rows[0].kind in _TONES else "model"
    roles = {summary.best_model: "best", summary.base_model: "base"}
    role = roles.get(model, "")
    figure, interval = wording.value(value), wording.value_interval(low, high)
    seconds = max((r.seconds for r in rows if r.seconds is not None), default=None)
    name = model if kind == "published" else wording.model_name(model)
    entry = Entry(
        name, value, low, high, tone=_TONES.get(kind, "plain"), figure=figure, interval=interval
    )
    return Standing(
        index,
        name,
        kind,
        rows[0].source,
        role,
        value,
        figure,
        interval,
        seconds,
        wording.duration(seconds),
        plot(entry, scale, LOOK),
    )


def _grid(
    kinds: dict[str, str],
    places: Sequence[tuple[str, str]],
    heads: tuple[str, ...],
    found: dict[tuple[str, str, str], Score],
) -> Grid:
    columns = []
    for place in places:
        values = [row.value if (row := found.get((model, *place))) else None for model in kinds]
        columns.append(_column(values))
    lines = tuple(
        (
            i,
            model if kind == "published" else wording.model_name(model),
            kind,
            tuple(c[i] for c in columns),
        )
        for i, (model, kind) in enumerate(kinds.items())
    )
    return Grid(heads, lines)


def _column(values: Sequence[float | None]) -> list[Cell]:
    known = [v for v in values if v is not None]
    best = max(known, default=0.0)
    return [
        Cell(
            v,
            wording.value(v),
            round(100 * max(v, 0.0) / best, 1) if v is not None and best > 0 else 0.0,
            v is not None and v == best and best > min(known),
        )
        for v in values
    ]


def _for_script(
    models: list[str], slices: list[str], metrics: list[str], rows: Sequence[Score]
) -> dict[str, Any]:
    """The numbers by slice and metric, each with its scale, so that the script draws and decides
    nothing else.
    """
    at = {model: i for i, model in enumerate(models)}
    cells: dict[str, dict[str, Any]] = {}
    for s, slice_ in enumerate(slices):
        for m, metric in enumerate(metrics):
            chosen = [r for r in rows if r.slice == slice_ and r.metric == metric]
            if not chosen:
                continue
            scale = _scale(chosen)
            numbers = {
                at[r.model]: [_rounded(x) for x in (r.value, r.low, r.high, r.n_users)]
                for r in chosen
            }
            cells[f"{s}/{m}"] = {
                "scale": [scale.low, scale.high],
                "ticks": scale.ticks,
                "rows": numbers,
            }
    return {"models": models, "slices": slices, "metrics": metrics, "cells": cells}


def _rounded(x: float | None) -> float | None:
    return None if x is None else float(f"{x:.6g}")
