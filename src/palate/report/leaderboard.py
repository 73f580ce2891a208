"""The leaderboard: models on one scale with their intervals, all metrics, and every slice."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from markupsafe import Markup

from palate.evaluate.user_means import FEWEST
from palate.report import wording
from palate.report.forest import Entry, Look, Tone, axis, plot
from palate.report.svg import Scale
from palate.report.terms import Term, metric_terms
from palate.runs.documents import Summary
from palate.runs.rows import Score
from palate.tables.variant import Role, Variant

H = TypeVar("H", bound=Hashable)

LOOK = Look(height=32)
_TONES: Mapping[Role, Tone] = MappingProxyType(
    {
        "model": "plain",
        "control": "control",
        "ablation": "ablation",
        "combination": "plain",
        "published": "published",
    }
)


@dataclass(frozen=True)
class Standing:
    """One model in the first view: the primary metric over all users.

    Attributes:
        index: Its number in the data for the page's script.
        role: "best" by validation, "fusion" that the headline is about, "base" which that one is
            measured against, or an empty string.
        why: Why the best is called so; empty for the others.
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
    why: str = ""


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
class ScriptCell:
    """One slice and metric for the page's script: ends of the scale, its ticks, model -> (value,
    low, high, users), and whether no model hits anything.
    """

    scale: list[float]
    ticks: Sequence[float]
    rows: dict[int, list[float | None]]
    empty: bool = False


@dataclass(frozen=True)
class ScriptData:
    """All numbers for the selectors of the page's script; cells by "slice/metric", as numbers."""

    models: list[str]
    slices: list[str]
    metrics: list[str]
    cells: dict[str, ScriptCell]


@dataclass(frozen=True)
class Leaderboard:
    """Everything that the two sections show.

    Attributes:
        primary: Key of the metric shown first.
        slice: Key of the slice shown first.
        slices: Key -> words.
        metrics: Key -> words.
        terms: What the metrics measure.
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
    terms: tuple[Term, ...]
    standings: tuple[Standing, ...]
    axis: Markup
    all_metrics: Grid
    by_slice: Grid
    data: ScriptData


def leaderboard(
    rows: Sequence[Score] | None, summary: Summary, why_best: str = ""
) -> Leaderboard | None:
    """Arrange the rows; None if there are none.

    Args:
        rows: The figures.
        summary: Of the run.
        why_best: Why its best model is called so; stands under the name.
    """
    if not rows:
        return None
    metrics = {m: wording.metric_name(m) for m in _unique(r.metric for r in rows)}
    primary = summary.primary if summary.primary in metrics else next(iter(metrics))
    slices = {
        s: wording.slice_name(s)
        for s in sorted(_unique(r.slice for r in rows), key=lambda s: s != "all")
    }
    first = next(iter(slices))
    found = {(r.variant, r.slice, r.metric): r for r in rows}
    ordered = sorted(
        _unique(r.variant for r in rows), key=lambda m: _falling(found.get((m, first, primary)))
    )
    scale = _scale(r for r in rows if r.slice == first and r.metric == primary)
    standings = tuple(
        _standing(i, [r for r in rows if r.variant == model], (first, primary), scale, summary)
        for i, model in enumerate(ordered)
    )
    standings = tuple(replace(s, why=why_best) if s.role == "best" else s for s in standings)
    return Leaderboard(
        primary,
        first,
        slices,
        metrics,
        metric_terms(metrics),
        standings,
        axis(scale, LOOK),
        _grid(ordered, [(first, m) for m in metrics], tuple(metrics.values()), found),
        _grid(ordered, [(s, primary) for s in slices], tuple(slices.values()), found),
        _for_script(ordered, list(slices), list(metrics), rows),
    )


def _unique(found: Iterable[H]) -> list[H]:
    return list(dict.fromkeys(found))


def _falling(row: Score | None) -> tuple[bool, float]:
    missing = row is None or row.value is None
    return missing, 0.0 if row is None or row.value is None else -row.value


def _scale(rows: Iterable[Score]) -> Scale:
    return Scale.around([x for r in rows for x in (r.value, r.low, r.high)])


def _standing(
    index: int,
    rows: Sequence[Score],
    place: tuple[str, str],
    scale: Scale,
    summary: Summary,
) -> Standing:
    row = next((r for r in rows if (r.slice, r.metric) == place), None)
    value, low, high = (row.value, row.low, row.high) if row else (None, None, None)
    variant = rows[0].variant
    roles = {summary.base_model: "base", summary.fusion: "fusion", summary.best_model: "best"}
    role = roles.get(variant.name, "") if variant.role in ("model", "ablation") else ""
    figure, interval = wording.value(value), wording.value_interval(low, high)
    if row is not None and value is not None and row.n_users is not None:
        few = row.n_users < FEWEST
        interval = interval or (wording.TOO_FEW if few else wording.TOO_ALIKE)
    seconds = max((r.seconds for r in rows if r.seconds is not None), default=None)
    name, tone = wording.model_name(variant), _TONES[variant.role]
    entry = Entry(name, value, low, high, tone=tone, figure=figure, interval=interval)
    return Standing(
        index,
        name,
        variant.role,
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
    models: Sequence[Variant],
    positions: Sequence[tuple[str, str]],
    heads: tuple[str, ...],
    found: Mapping[tuple[Variant, str, str], Score],
) -> Grid:
    columns = []
    for place in positions:
        values = [row.value if (row := found.get((model, *place))) else None for model in models]
        columns.append(_column(values, nothing=_without_hits(place[1], values)))
    lines = tuple(
        (
            i,
            wording.model_name(model),
            model.role,
            tuple(c[i] for c in columns),
        )
        for i, model in enumerate(models)
    )
    return Grid(heads, lines)


def _column(values: Sequence[float | None], *, nothing: bool = False) -> list[Cell]:
    known = [v for v in values if v is not None]
    best = max(known, default=0.0)
    return [
        Cell(
            v,
            wording.NO_HITS if nothing and v is not None else wording.value(v),
            round(100 * max(v, 0.0) / best, 1) if v is not None and best > 0 else 0.0,
            v is not None and v == best and best > min(known),
        )
        for v in values
    ]


def _for_script(
    models: list[Variant], slices: list[str], metrics: list[str], rows: Sequence[Score]
) -> ScriptData:
    """The numbers by slice and metric, each with its scale, so that the script draws and decides
    nothing else.
    """
    at = {model: i for i, model in enumerate(models)}
    cells: dict[str, ScriptCell] = {}
    for s, slice_ in enumerate(slices):
        for m, metric in enumerate(metrics):
            chosen = [r for r in rows if r.slice == slice_ and r.metric == metric]
            if not chosen:
                continue
            scale = _scale(chosen)
            numbers = {
                at[r.variant]: [_rounded(x) for x in (r.value, r.low, r.high, r.n_users)]
                for r in chosen
            }
            nothing = _without_hits(metric, [r.value for r in chosen])
            cells[f"{s}/{m}"] = ScriptCell([scale.low, scale.high], scale.ticks, numbers, nothing)
    return ScriptData([model.name for model in models], slices, metrics, cells)


def _without_hits(metric: str, values: Sequence[float | None]) -> bool:
    """Whether no model suggested anything that anybody chose next."""
    known = [v for v in values if v is not None]
    return bool(known) and not any(known) and wording.counts_hits(metric)


def _rounded(x: float | None) -> float | None:
    return None if x is None else float(f"{x:.6g}")
