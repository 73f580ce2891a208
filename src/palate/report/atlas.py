"""The map of the catalogue: one dot an item, coloured by label or by popularity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from palate.arrays import Doubles, Mask
from palate.report import wording
from palate.report.svg import element
from palate.runs.documents import Map, Point

WIDTH, HEIGHT = 10_000, 6_200
N_COLOURS = 8
REST = "all other labels"
# Above this a page grows past 3 MB and a phone stutters; the rest is left out by even steps and the
# page says so.
MOST_POINTS = 20_000


@dataclass(frozen=True)
class Group:
    """Dots of one colour."""

    name: str
    count: int
    path: Markup
    colour: str


@dataclass(frozen=True)
class AtlasData:
    """What the page's script needs to find and name a dot: one entry a dot, and the labels."""

    x: list[int]
    y: list[int]
    title: list[str]
    count: list[int | None]
    label: list[int]
    labels: list[str]
    group: list[int]
    bin: list[int]


@dataclass(frozen=True)
class Atlas:
    """The drawn map.

    Attributes:
        block: The block whose space this is.
        method: How it was brought to two dimensions.
        label: What the labels are, e.g. "genre".
        shown: How many items are drawn.
        total: How many the file has.
        view: The `viewBox` at first: without a few items that lie far off and would press the rest
            together.
        whole: The `viewBox` of everything.
        outside: How many items the first view leaves out.
        by_label: Groups by label, the largest first; the rest last.
        by_count: Groups by how often items were seen.
        data: What the page's script needs to find and name a dot.
    """

    block: str
    method: str
    label: str
    shown: int
    total: int
    view: str
    whole: str
    outside: int
    by_label: tuple[Group, ...]
    by_count: tuple[Group, ...]
    data: AtlasData


def atlas(map_of_items: Map | None) -> Atlas | None:
    """Draw the map; None if no item has a place."""
    placed = [
        p
        for p in (map_of_items.points if map_of_items else ())
        if p.x is not None and p.y is not None
    ]
    if map_of_items is None or not placed:
        return None
    points = (
        placed
        if len(placed) <= MOST_POINTS
        else [placed[i] for i in _even_steps(len(placed), MOST_POINTS)]
    )
    positions = _positions(points)
    view = _first_view(positions)
    names, label_of = _labels(points)
    bins, bin_of = _count_bins(points)
    return Atlas(
        map_of_items.block,
        map_of_items.method,
        map_of_items.label or "label",
        len(points),
        len(placed),
        "{:.0f} {:.0f} {:.0f} {:.0f}".format(*view),
        f"0 0 {WIDTH} {HEIGHT}",
        int(_outside(positions, view).sum()),
        _groups(names, label_of, positions, "l") if len(names) > 1 else (),
        _groups(bins, bin_of, positions, "p"),
        _for_script(points, positions, label_of, bin_of),
    )


def _even_steps(n: int, k: int) -> list[int]:
    return [int(i) for i in np.linspace(0, n - 1, k).round()]


def _positions(points: Sequence[Point]) -> Doubles:
    """[n, 2] whole numbers inside the view, both axes stretched alike, the y axis upwards."""
    xy = np.array([[p.x, -(p.y or 0.0)] for p in points], np.float64)
    low, high = xy.min(axis=0), xy.max(axis=0)
    spread = np.where(high > low, high - low, 1.0)
    zoom = 0.94 * min(WIDTH / spread[0], HEIGHT / spread[1])
    centred = (xy - (low + high) / 2) * zoom + (WIDTH / 2, HEIGHT / 2)
    return np.asarray(centred.round(), np.float64)


def _first_view(positions: Doubles) -> tuple[float, float, float, float]:
    """Left, top, width, height of the smallest frame of the page's shape around nearly all
    items.
    """
    low, high = np.quantile(positions, [0.005, 0.995], axis=0)
    zoom = max((high[0] - low[0]) / WIDTH, (high[1] - low[1]) / HEIGHT) * 1.12
    if not 0 < zoom < 0.85:
        return 0.0, 0.0, float(WIDTH), float(HEIGHT)
    x, y = (low + high) / 2 - (WIDTH * zoom / 2, HEIGHT * zoom / 2)
    return float(x), float(y), WIDTH * zoom, HEIGHT * zoom


def _outside(positions: Doubles, view: tuple[float, float, float, float]) -> Mask:
    x, y, width, height = view
    return np.asarray(
        ((positions < (x, y)) | (positions > (x + width, y + height))).any(axis=1), np.bool_
    )


def _labels(points: Sequence[Point]) -> tuple[list[str], list[int]]:
    counted = Counter(p.label for p in points if p.label)
    names = [name for name, _ in counted.most_common(N_COLOURS)]
    at = {name: i for i, name in enumerate(names)}
    found = [at.get(p.label, len(names)) for p in points]
    return [*names, *([REST] if len(names) in found else [])], found


def _count_bins(points: Sequence[Point]) -> tuple[list[str], list[int]]:
    """Up to six bins: never seen, and five of about equal size."""
    counts = np.array([p.count or 0 for p in points])
    seen = counts[counts > 0]
    edges = (
        np.unique(np.quantile(seen, [0.2, 0.4, 0.6, 0.8, 1.0]).round())
        if len(seen)
        else np.array([])
    )
    starts = [1.0, *(edges[:-1] + 1)]
    names = ["never"] + [
        f"{a:,.0f}" if a == b else f"{a:,.0f}\N{EN DASH}{b:,.0f}"
        for a, b in zip(starts, edges, strict=False)
    ]
    found = np.where(counts > 0, 1 + np.searchsorted(edges, counts), 0)
    return names, [int(i) for i in found]


def _groups(
    names: Sequence[str], of: Sequence[int], positions: Doubles, prefix: str
) -> tuple[Group, ...]:
    groups = []
    for i, name in enumerate(names):
        mine = positions[[g == i for g in of]]
        # Strokes of almost no length with round ends: dots that keep their size at every zoom,
        # twelve bytes each.
        dots = "".join(f"M{x:.0f} {y:.0f}h1" for x, y in mine)
        colour = "other" if name == REST else f"{prefix}{i}"
        path = element("path", d=dots, class_=f"dots {colour}", data_group=str(i))
        groups.append(Group(name, len(mine), path, colour))
    return tuple(g for g in groups if g.count)


def _for_script(
    points: Sequence[Point], positions: Doubles, label_of: Sequence[int], bin_of: Sequence[int]
) -> AtlasData:
    labels = list(dict.fromkeys(p.label for p in points))
    at = {name: i for i, name in enumerate(labels)}
    return AtlasData(
        x=[int(x) for x in positions[:, 0]],
        y=[int(y) for y in positions[:, 1]],
        title=[wording.short(p.title or p.id, 80) for p in points],
        count=[None if p.count is None else int(p.count) for p in points],
        label=[at[p.label] for p in points],
        labels=[wording.short(name, 60) for name in labels],
        group=list(label_of),
        bin=list(bin_of),
    )
