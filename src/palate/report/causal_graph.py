"""A drawing of what causes what: causes to the left of their effects, arrows between."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final, Literal

from markupsafe import Markup

from palate.report import wording
from palate.report.svg import element

Role = Literal["treatment", "outcome", "held", "left out", "not measured"]

_LETTER: Final = 7.4
"""Pixels of a Latin letter in a box; others are twice as wide."""
_ROW: Final = 64
_BOX: Final = 34
_GAP: Final = 84
"""Pixels between two columns."""
_LONGEST: Final = 28
"""Letters of a name that have room."""


@dataclass(frozen=True)
class _Box:
    """Where a node lies, in pixels."""

    x: float
    y: float
    width: float


def drawn_graph(edges: Sequence[tuple[str, str]], roles: Mapping[str, Role]) -> Markup:
    """The graph as an `svg` of its natural size.

    Args:
        edges: Pairs (cause, effect), without cycles.
        roles: What each node is.

    >>> print(drawn_graph([("a", "b")], {"a": "treatment", "b": "outcome"})[:19])
    <svg translate="no"
    """
    boxes = _laid_out(edges, roles)
    width = max(box.x + box.width for box in boxes.values()) + 8
    height = max(box.y for box in boxes.values()) + _BOX / 2 + 8
    head = element("path", d="M0 0 8 4 0 8z", class_="arrow")
    marker = element(
        "marker", head, id="arrow", markerWidth=8, markerHeight=8, refX=8, refY=4, orient="auto"
    )
    return element(
        "svg",
        element("desc", "; ".join(f"{a} -> {b}" for a, b in edges)),
        element("defs", marker),
        *(_arrow(boxes[a], boxes[b]) for a, b in edges),
        *(_node(name, box, roles[name]) for name, box in boxes.items()),
        translate="no",
        class_="causes",
        role="img",
        width=width,
        height=height,
    )


def _laid_out(edges: Sequence[tuple[str, str]], roles: Mapping[str, Role]) -> dict[str, _Box]:
    """Each node in the column behind its last cause; treatment and outcome in the lowest row."""
    columns = list[list[str]]()
    for name, at in _depths(edges).items():
        columns += [[] for _ in range(at + 1 - len(columns))]
        columns[at].append(name)
    rows = max(len([n for n in column if not _on_the_line(roles[n])]) for column in columns)
    boxes, x = dict[str, _Box](), 8.0
    for column in columns:
        width = max(map(_width, column))
        line = [n for n in column if _on_the_line(roles[n])]
        others = [n for n in column if n not in line]
        for row, name in [*enumerate(others), *enumerate(line, rows)]:
            boxes[name] = _Box(x + (width - _width(name)) / 2, _ROW * (row + 0.5), _width(name))
        x += width + _GAP
    return boxes


def _on_the_line(role: Role) -> bool:
    return role in ("treatment", "outcome")


def _depths(edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Node -> edges of the longest way to it."""
    sorter = TopologicalSorter[str]()
    for cause, effect in edges:
        sorter.add(effect, cause)
    depth = dict[str, int]()
    for name in sorter.static_order():
        depth[name] = max((depth[a] + 1 for a, b in edges if b == name), default=0)
    return depth


def _shown(name: str) -> str:
    return wording.short(name, _LONGEST)


def _width(name: str) -> float:
    wide = sum(unicodedata.east_asian_width(letter) in "FW" for letter in _shown(name))
    return _LETTER * (len(_shown(name)) + wide) + 26


def _node(name: str, box: _Box, role: Role) -> Markup:
    rect = element("rect", x=box.x, y=box.y - _BOX / 2, width=box.width, height=_BOX, rx=_BOX / 2)
    text = element("text", _shown(name), x=box.x + box.width / 2, y=box.y + 5)
    return element("g", element("title", name), rect, text, class_=role.replace(" ", "-"))


def _arrow(a: _Box, b: _Box) -> Markup:
    """From the right end of a box to the left end of another, bent where it would run through
    what stands between.
    """
    x1, x2 = a.x + a.width, b.x - 3
    far = x2 - x1 > 2 * _GAP and a.y == b.y
    lift = 0.6 * _ROW if far else 0.0
    reach = (x2 - x1) / 2
    d = f"M{x1:.1f} {a.y:.1f}C{x1 + reach:.1f} {a.y - lift:.1f} {x2 - reach:.1f} {b.y - lift:.1f}"
    return element("path", d=f"{d} {x2:.1f} {b.y:.1f}", class_="edge", marker_end="url(#arrow)")
