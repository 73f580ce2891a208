"""Forest plots: a table whose rows each carry a dot with its interval on one common scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from markupsafe import Markup

from palate.report import wording
from palate.report.svg import Scale, decimals, drawing, element
from palate.tables.verdict import Answer

Tone = Literal["gain", "loss", "even", "control", "published", "ablation", "plain"]

NARROW = 24
"""Letters that have room under the plot of a table of many columns."""

TONES: Mapping[Answer, Tone] = MappingProxyType(
    {"keep": "gain", "harmful": "loss", "replaceable": "even", "no evidence": "even"}
)
"""How a verdict is coloured."""


@dataclass(frozen=True)
class Entry:
    """One row before it is drawn.

    Attributes:
        label: What the row is about.
        value: Where the dot lies; None leaves the row without one.
        low: Left end of the interval.
        high: Right end of the interval.
        origin: Where a stem to the dot starts, e.g. the value without features.
        tone: The colour by meaning.
        note: A few words under the label.
        figure: The number beside the plot, in words.
        interval: Its interval, in words.
        tip: What hovering says.
        extras: More cells.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    origin: float | None = None
    tone: Tone = "plain"
    note: str = ""
    figure: str = ""
    interval: str = ""
    tip: str = ""
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class ForestRow:
    """An entry with its drawing."""

    entry: Entry
    plot: Markup


@dataclass(frozen=True)
class Forest:
    """A drawn table."""

    caption: str
    label_head: str
    axis_label: str
    figure_head: str
    axis: Markup
    rows: tuple[ForestRow, ...]
    extra_heads: tuple[str, ...] = field(default=())
    worded: bool = False


@dataclass(frozen=True)
class Look:
    """How the rows are drawn.

    Attributes:
        height: Pixels of a row.
        reference: Where a strong vertical line stands, usually 0.
        band: A range in which differences do not matter.
        tick: How a tick is written; None writes plain numbers.
        letters: How many letters of ticks have room beside each other.
        worded: Labels are words of palate's own (slices, controls), and not names of the run.
    """

    height: int = 34
    reference: float | None = None
    band: tuple[float, float] | None = None
    tick: Callable[[float], str] | None = None
    letters: int = 52
    worded: bool = False


def forest(
    entries: Sequence[Entry],
    heads: tuple[str, str, str],
    caption: str,
    look: Look,
    extra_heads: tuple[str, ...] = (),
) -> Forest:
    """Draw the entries on one scale.

    Args:
        entries: The rows, in their order.
        heads: Column heads of label, plot and figure.
        caption: What the table shows, in a sentence.
        look: Heights and lines.
        extra_heads: Heads of the entries' extra cells.
    """
    if len(extra_heads) > 1:
        look = replace(look, letters=NARROW)
    ends = [x for e in entries for x in (e.value, e.low, e.high, e.origin)]
    scale = Scale.around([*ends, look.reference, *(look.band or ())])
    drawn = tuple(ForestRow(e, plot(e, scale, look)) for e in entries)
    at = axis(scale, look)
    return Forest(caption, heads[0], heads[1], heads[2], at, drawn, extra_heads, look.worded)


def plot(entry: Entry, scale: Scale, look: Look) -> Markup:
    """The drawing of one row: grid, stem, interval, dot."""
    marks = _ground(scale, look)
    if entry.origin is not None and entry.value is not None:
        ends = {"x1": scale.at(entry.origin), "x2": scale.at(entry.value)}
        marks.append(element("line", **ends, y1="50%", y2="50%", class_="stem"))
    if entry.low is not None and entry.high is not None:
        ends = {"x1": scale.at(entry.low), "x2": scale.at(entry.high)}
        marks.append(element("line", **ends, y1="50%", y2="50%", class_="whisker"))
    if entry.origin is not None:
        marks.append(element("circle", cx=scale.at(entry.origin), cy="50%", r=4.5, class_="origin"))
    if entry.value is not None:
        marks.append(element("circle", cx=scale.at(entry.value), cy="50%", r=5.5, class_="dot"))
    desc = f"{entry.label}: {entry.figure} {entry.interval}".strip()
    return drawing(desc, look.height, *marks, class_=f"plot {entry.tone}")


def axis(scale: Scale, look: Look) -> Markup:
    """The ticks under the last row."""
    write = look.tick or _plain_tick(scale)
    shown = with_room(scale.ticks, [write(t) for t in scale.ticks], look)
    ticks = [element("text", write(t), x=scale.at(t), y=15) for t in shown]
    return drawing(
        "axis from {} to {}".format(*map(write, (scale.low, scale.high))),
        22,
        *ticks,
        class_="plot axis",
    )


def with_room(ticks: Sequence[float], written: Sequence[str], look: Look) -> Sequence[float]:
    """Every tick, or every second or third one so that they do not run into each other; the line of
    reference stays one of them.
    """
    longest = max(map(len, written), default=0) + 2
    step = -(-len(ticks) * longest // look.letters)
    first = ticks.index(look.reference) % step if look.reference in ticks and step else 0
    return ticks[first :: max(step, 1)]


def signed_tick(x: float) -> str:
    """A tick in percent, for shares."""
    return wording.percent(x, sign=True).replace(".0", "")


def _plain_tick(scale: Scale) -> Callable[[float], str]:
    digits = decimals(scale.ticks)
    return lambda x: f"{x:.{digits}f}".replace("-", wording.MINUS)


def _ground(scale: Scale, look: Look) -> list[Markup]:
    marks = []
    if look.band is not None:
        left, right = (scale.share(x) for x in look.band)
        marks.append(
            element(
                "rect",
                x=f"{left:.2f}%",
                width=f"{right - left:.2f}%",
                y=0,
                height="100%",
                class_="band",
            )
        )
    lines = [(t, "grid") for t in scale.ticks if t != look.reference]
    if look.reference is not None:
        lines.append((look.reference, "zero"))
    marks += [
        element("line", x1=scale.at(x), x2=scale.at(x), y1=0, y2="100%", class_=kind)
        for x, kind in lines
    ]
    return marks
