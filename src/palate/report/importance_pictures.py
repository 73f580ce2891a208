"""Pictures of importance: what to pay for, which say the same, what moves scores,
words, reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from palate.report import wording
from palate.report.forest import TONES, Look, with_room
from palate.report.svg import Scale, drawing, element
from palate.runs.importance_rows import (
    Because,
    BlockAdvice,
    ImportanceStudy,
    SimilarPair,
    Swarm,
    Words,
)
from palate.tables.block_question import REMAINS

MOST_BLOCKS = 24
"""Blocks of the heat map: more could not be distinguished."""
ROW = 30
"""Pixels of a row of the swarm."""


@dataclass(frozen=True)
class Payable:
    """One block: what to do, why, what it costs."""

    block: str
    advice: str
    tone: str
    sentence: str
    cost: str


@dataclass(frozen=True)
class Heat:
    """Which blocks say the same.

    Attributes:
        names: The blocks, like ones side by side.
        rows: One a block: (name, cells), a cell being (share of colour in percent, words).
        tree: The dendrogram, above the columns.
        pairs: The likest two, in a sentence.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, str], ...]], ...]
    tree: Markup
    note: str


@dataclass(frozen=True)
class Beeswarm:
    """Rows of (block, drawing), and the axis."""

    rows: tuple[tuple[str, Markup], ...]
    axis: Markup


@dataclass(frozen=True)
class Highlighted:
    """An item's text with coloured words: (text, class, strength in percent)."""

    title: str
    user: str
    block: str
    pieces: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class ImportanceView:
    """Everything of the section."""

    advice: tuple[Payable, ...]
    counts: str
    evidence: bool
    findings: tuple[tuple[str, str, str], ...]
    heat: Heat | None
    swarm: Beeswarm | None
    words: tuple[Highlighted, ...]
    reasons: tuple[Because, ...]
    left_out: tuple[str, ...]


def importance_view(study: ImportanceStudy | None) -> ImportanceView | None:
    """What the section shows of `worth.json`; None where there is no such file."""
    if study is None:
        return None
    users = f" of {wording.count(study.users)} test users" if study.users is not None else ""
    return ImportanceView(
        tuple(_payable(t) for t in study.told),
        f"Measured on {study.model}, by {wording.metric_name(study.metric)}{users}.",
        study.evidence,
        tuple((f.severity, f.message, f.advice) for f in study.findings),
        heat(study.similarities),
        beeswarm(study.swarm),
        tuple(highlighted(w) for w in study.words),
        study.reasons,
        tuple(f"{left.method}: {left.why}" for left in study.left_out),
    )


def _payable(t: BlockAdvice) -> Payable:
    cost = [wording.duration(t.seconds)] if t.seconds is not None else []
    cost += [wording.size(t.bytes)] if t.bytes is not None else []
    return Payable(
        t.block,
        t.advice,
        TONES[t.verdict],
        t.sentence,
        ", ".join(cost) or wording.NONE,
    )


def heat(pairs: Sequence[SimilarPair]) -> Heat | None:
    """The heat map, its rows in the order of the dendrogram; None for fewer than two blocks."""
    known = {
        frozenset((p.a, p.b)): p.correlation
        for p in pairs
        if p.correlation is not None and p.a != p.b
    }
    names = list(dict.fromkeys(name for p in pairs for name in (p.a, p.b)))[:MOST_BLOCKS]
    if len(names) < 2:
        return None
    near = np.array(
        [[1.0 if a == b else _share(known.get(frozenset((a, b)))) for b in names] for a in names]
    )
    links = linkage(squareform(1 - near, checks=False), "average")
    order: list[int] = dendrogram(links, no_plot=True)["leaves"] or []
    rows = tuple(
        (names[i], tuple((round(100 * near[i, j]), f"{near[i, j]:.2f}") for j in order))
        for i in order
    )
    best = max(known, key=lambda key: known[key] or 0.0, default=None)
    note = ""
    if best:
        a, b = sorted(best, key=names.index) if best <= set(names) else sorted(best)
        note = f"Nearest to each other: {a} and {b} ({known[best]:.2f} of 1)."
    return Heat(tuple(names[i] for i in order), rows, _tree(links, len(names)), note)


def _share(correlation: float | None) -> float:
    return min(max(correlation or 0.0, 0.0), 1.0)


def _tree(links: np.ndarray, n: int) -> Markup:
    """The dendrogram, leaves in the middle of equal columns, joins the higher the less alike."""
    drawn = dendrogram(links, no_plot=True)
    top = max(float(np.max(drawn["dcoord"])), 1e-9)
    lines = []
    for xs, ys in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        # leaves stand at 5, 15, 25 ...: a column is 10 wide
        x, y = [f"{10 * v / n:.2f}%" for v in xs], [52 - 46 * v / top for v in ys]
        for a, b in ((0, 1), (1, 2), (2, 3)):
            lines.append(
                element("line", x1=x[a], x2=x[b], y1=float(y[a]), y2=float(y[b]), class_="twig")
            )
    return drawing("dendrogram: blocks that say the same are joined low", 54, *lines, class_="tree")


def beeswarm(swarms: Sequence[Swarm]) -> Beeswarm | None:
    """Every suggestion a dot: to the right where the block raised its score, dark where item and
    history are alike.
    """
    known = [s for s in swarms if any(d.x is not None for d in s.dots)]
    if not known:
        return None
    scale = Scale.around([0.0, *(d.x for s in known for d in s.dots)])
    rows = tuple((s.block, _dots(s, scale)) for s in known)
    written = {t: f"{t:g}".replace("-", wording.MINUS) for t in scale.ticks}
    shown = with_room(scale.ticks, list(written.values()), Look(reference=0.0))
    ticks = [element("text", written[t], x=scale.at(t), y=15) for t in shown]
    return Beeswarm(rows, drawing("axis", 22, *ticks, class_="plot axis"))


def _dots(swarm: Swarm, scale: Scale) -> Markup:
    marks = [element("line", x1=scale.at(0.0), x2=scale.at(0.0), y1=0, y2="100%", class_="zero")]
    stacked: dict[int, int] = {}
    for dot in sorted(swarm.dots, key=lambda d: d.level or 0.0):
        if dot.x is None:
            continue
        slot = round(scale.share(dot.x) / 0.8)
        k = stacked[slot] = stacked.get(slot, 0) + 1
        # dots of one place go above and below the middle in turn, and stay within the row
        off = (k // 2) * (1 if k % 2 else -1) * 2.6
        off = max(-ROW / 2 + 3, min(ROW / 2 - 3, off))
        level = min(5, int(6 * (dot.level or 0.0)))
        marks.append(
            element(
                "circle", cx=scale.at(dot.x), cy=float(ROW / 2 + off), r=2.6, class_=f"bee p{level}"
            )
        )
    return drawing(
        f"{swarm.block}: {len(swarm.dots)} suggestions", ROW, *marks, class_="plot swarm"
    )


def highlighted(words: Words) -> Highlighted:
    """The text, its words the stronger in colour the more they moved the score."""
    most = max((abs(p.value) for p in words.pieces if p.value is not None), default=0.0)

    def painted(text: str, value: float | None) -> tuple[str, str, int]:
        if value is None or most <= 0 or abs(value) < 0.05 * most:
            return text, "", 0
        return text, "up" if value > 0 else "down", max(8, round(100 * abs(value) / most))

    return Highlighted(
        words.title, words.user, words.block, tuple(painted(p.text, p.value) for p in words.pieces)
    )


METHODS: Mapping[str, tuple[str, str]] = {
    "permutation": (
        "Does the model use it?",
        (
            "The block's rows are permuted among the items, like labels swapped on jars. How much"
            " worse do the lists become? A copy of a useful block looks useful here too."
        ),
    ),
    "conditional permutation": (
        "Does it carry what the others don't?",
        "Only what others cannot predict is permuted. A copy, or noise, loses nothing here.",
    ),
    "drop and refit": (
        REMAINS,
        (
            "The model is fitted again without the block, on the same cases. This question decides:"
            " it compares two models that one could have."
        ),
    ),
    "shapley": (
        "What is its fair share of the whole?",
        ("What all blocks gain together, shared out fairly. Two copies share one's importance."),
    ),
    "cosine to behaviour": (
        "Is it near to what people do?",
        (
            "Are the things people choose next nearer to their history, by this block, than other"
            " things are? A quick look; it proves nothing."
        ),
    ),
    "contributions": (
        "How far does it move scores?",
        "What the model does, not what is true: noise moves scores as well.",
    ),
}
"""Method -> the question in plain words, and how it was answered."""
