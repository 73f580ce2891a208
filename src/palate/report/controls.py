"""The two controls beside the real lift, and the paired tests between models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from palate.report import wording
from palate.report.forest import TONES, Entry, Forest, Look, Tone, forest, signed_tick
from palate.report.lift import Scores, verdicts_of
from palate.runs.documents import Summary
from palate.runs.rows import Comparison
from palate.tables.verdict import VANISHED, Answer, Verdict, of_control

VANISHES, UNCLEAR, LASTS = "vanishes", "within chance", "does not vanish"
_REAL: Mapping[Answer, str] = MappingProxyType(
    {"keep": "real", "harmful": "harms", "no evidence": "not shown"}
)


@dataclass(frozen=True)
class Controls:
    """Controls under the primary metric, over all users.

    Attributes:
        verdict: One sentence.
        passed: Whether every control vanished.
        forest: The drawn rows, the real lift first.
    """

    verdict: str
    passed: bool
    forest: Forest


@dataclass(frozen=True)
class Pairs:
    """Paired tests in words, and the raw numbers to sort by."""

    rows: tuple[tuple[Comparison, tuple[str, ...]], ...]


def controls(
    comparisons: Sequence[Comparison] | None, scores: Scores, summary: Summary
) -> Controls | None:
    """The controls' lift with the real one above them; None if there are none."""
    known = [c for c in comparisons or () if c.difference is not None and c.slice == "all"]
    made = [c for c in known if c.purpose == "control"]
    if not made:
        return None
    metric = summary.primary if any(c.metric == summary.primary for c in made) else made[0].metric
    rows = _in_order([c for c in known if c.metric == metric], summary)
    bases = [
        row.value if (row := scores.get((c.b_variant, c.slice, metric))) else None for c in rows
    ]
    # One axis, one unit: shares only where every row has something to be a share of.
    shares = all(c.lift is not None for c in rows)
    verdict_on = verdicts_of(comparisons or (), summary)
    verdicts = [
        of_control(c.verdict, base)
        if c.purpose == "control"
        else replace(c.verdict, answer=verdict_on(c).answer)
        for c, base in zip(rows, bases, strict=True)
    ]
    reasons = [verdict_on(c).reason if c.purpose == "lift" else "" for c in rows]
    entries = [_entry(*row, shares=shares) for row in zip(rows, verdicts, reasons, strict=True)]
    name = wording.metric_name(metric)
    band, tick = ((-VANISHED, VANISHED), signed_tick) if shares else (None, None)
    look = Look(38, 0.0, band, tick, worded=True)
    heads = ("Features", f"lift in {name}" if shares else f"difference in {name}", "Lift")
    caption = (
        f"Lift in {name} over all users by real features and by the controls, with 95 % intervals,"
        " the controls' corrected for their number"
    )
    held = [v for c, v in zip(rows, verdicts, strict=True) if c.purpose == "control"]
    drawn = forest(entries, heads, caption, look, ("Verdict",))
    real = [v for c, v in zip(rows, verdicts, strict=True) if c.purpose == "lift"]
    passed = all(v.answer != "keep" for v in held)
    return Controls(_sentence(held, real), passed, drawn)


def _in_order(rows: Sequence[Comparison], summary: Summary) -> list[Comparison]:
    """Each real lift, the headline's first, with the controls that stand in for its features under
    it.
    """
    made = [c for c in rows if c.purpose == "control"]
    ordered: list[Comparison] = []
    for real in sorted(
        (c for c in rows if c.purpose == "lift"), key=lambda c: c.a != summary.reported
    ):
        mine = [
            c for c in made if c.a_variant.of == real.a_variant.of and c.b_variant == real.b_variant
        ]
        # a fusion without controls says nothing in this section
        ordered += [real, *mine] if mine else []
    strays = [c for c in made if c not in ordered]
    lifts = [c for c in rows if c.purpose == "lift" and c not in ordered] if strays else []
    return [*ordered, *lifts, *strays]


def pairs(comparisons: Sequence[Comparison] | None) -> Pairs | None:
    """All paired tests between models; None if there are none."""
    rows = [c for c in comparisons or () if c.purpose == "pair"]
    compared = tuple(
        (
            c,
            (
                wording.model_name(c.a_variant),
                wording.model_name(c.b_variant),
                wording.metric_name(c.metric),
                wording.slice_name(c.slice),
                wording.value(c.difference, True),
                wording.value_interval(c.low, c.high, True),
                wording.p_value(c.p),
                wording.p_value(c.p_adjusted),
            ),
        )
        for c in rows
    )
    return Pairs(compared) if compared else None


def _words(verdict: Verdict) -> str:
    if verdict.method != "control":
        return _REAL[verdict.answer]
    return LASTS if verdict.answer == "keep" else VANISHES if verdict.is_small else UNCLEAR


def _tone(verdict: Verdict) -> Tone:
    if verdict.method != "control":
        return TONES[verdict.answer]
    # what content without meaning gains is bad news
    return "loss" if verdict.answer == "keep" else "control"


def _sentence(held: Sequence[Verdict], real: Sequence[Verdict]) -> str:
    lasting = sum(v.answer == "keep" for v in held)
    if lasting:
        return (
            f"{lasting} of {len(held)} controls lift as well, by 1 % or more: "
            "the lift cannot be put down to what the features say."
        )
    if not all(v.is_small for v in held):
        return (
            "No control lifts beyond chance, but not every one stays under 1 %: these data are"
            " small for this test."
        )
    if not real or real[0].answer != "keep":
        return (
            "No control gains, as it should be; but no gain by the real features is shown either."
        )
    return (
        "The lift vanishes in every control: it comes from what the features say, not from having"
        " more numbers."
    )


def _entry(row: Comparison, verdict: Verdict, reason: str, *, shares: bool) -> Entry:
    ends = (row.difference, row.low, row.high)
    value, low, high = (row.lift, row.lift_low, row.lift_high) if shares else ends
    written = wording.percent if shares else wording.value
    interval = wording.interval(written(low, True), written(high, True))
    if row.is_same:
        low, high, interval = None, None, wording.SAME
    name, against = wording.model_name(row.a_variant), wording.model_name(row.b_variant)
    return Entry(
        label=name,
        note=f"against {against}{', ' if reason else ''}{reason}",
        value=value,
        low=low,
        high=high,
        origin=0.0,
        tone=_tone(verdict),
        figure=written(value, True),
        interval=interval,
        tip=f"{name} against {against}\n{written(value, True)} {interval}",
        extras=(_words(verdict),),
    )
