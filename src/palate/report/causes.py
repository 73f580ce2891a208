"""The page of a causal question: what was assumed, whether the rows can tell, what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from palate.evaluate.causal.refuters import Refuted
from palate.evaluate.evidence import Evidence
from palate.report import wording
from palate.report.forest import Entry, Forest, Look, forest
from palate.report.template import filled
from palate.tables.estimate import Estimate


@dataclass(frozen=True)
class LevelView:
    """One level of the treatment against the reference.

    Attributes:
        title: Which level, in place of which.
        sentence: What it changes, in words.
        effects: The effect, the difference without adjustment, the segments.
        refuters: Rows: attempt, its question, what should come, what came, p, passed.
    """

    title: str
    sentence: str
    effects: Forest
    refuters: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CausesView:
    """What the page shows.

    Attributes:
        log: The file.
        headline: What was found, or why nothing was.
        tone: "ok", "weak" or "refused".
        graph: The drawing.
        assumed: Sentences that are taken for granted.
        levels: What each level changes; empty where these rows cannot tell.
        card: Rows: figure, value.
        reasons: Why the evidence is not better.
    """

    log: str
    headline: str
    tone: Evidence
    graph: Markup
    assumed: Sequence[str]
    levels: Sequence[LevelView]
    card: Sequence[tuple[str, str]]
    reasons: Sequence[str]


def causes_page(view: CausesView) -> str:
    """The page as text: HTML that needs no other file."""
    return filled("causes.html.jinja", title=f"{view.log} \N{EN DASH} palate causal", view=view)


def effects_forest(
    outcome: str, effect: Estimate, naive: Estimate, segments: Sequence[tuple[str, Estimate]]
) -> Forest:
    """The effect above what it is compared with."""
    rows = [_entry("effect", effect), _entry("nothing held fixed", naive, control=True)]
    rows += [_entry(name, one) for name, one in segments]
    caption = "Dots are estimates, bars their 95 % intervals over users."
    return forest(
        rows, ("Among", f"change of {outcome}", "Change"), caption, Look(reference=0.0, worded=True)
    )


def refuter_row(one: Refuted) -> tuple[str, ...]:
    """Cells of an attempt to refute."""
    p = "<.001" if one.p < 0.001 else f"{one.p:.3f}"
    passed = "yes" if one.passed else "NO"
    return (one.name, one.question, _number(one.expected), _number(one.estimate.value), p, passed)


def _entry(label: str, one: Estimate, *, control: bool = False) -> Entry:
    shown = one.low > 0 or one.high < 0
    known = one.low == one.low
    return Entry(
        label,
        one.value,
        one.low if known else None,
        one.high if known else None,
        tone="control" if control else "gain" if shown else "even",
        figure=_number(one.value),
        interval=f"[{_number(one.low)}, {_number(one.high)}]" if known else "",
    )


def _number(x: float) -> str:
    return f"{x:+.3g}".replace("-", wording.MINUS) if x else "0"
