"""Which models were tried on validation cases before the run, and what was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from palate.report import wording
from palate.runs.choice_rows import Attempt, Choice, Outcome, Rung

_RUNGS: Mapping[Rung, str] = MappingProxyType(
    {
        "sample": "some users",
        "all": "all users",
        "fusion": "all users",
        "second stage": "half of the cases",
        "more cases": "more cases",
    }
)
_OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {
        "best": "taken: the run recommends with it",
        "kept": "in the run, to compare with",
        "dropped": "other settings or models did better",
        "failed": "failed",
        "not tried": "not tried",
        "no time": "not tried: no time was left",
    }
)


@dataclass(frozen=True)
class Row:
    """One attempt in words; `raw` and `seconds` are what the columns sort by."""

    model: str
    settings: str
    rung: str
    value: str
    raw: float
    cases: str
    time: str
    seconds: float
    outcome: str
    best: bool


@dataclass(frozen=True)
class Tried:
    """The table and what stands above it."""

    summary: str
    caption: str
    metric: str
    rows: tuple[Row, ...]


def tried(choice: Choice | None) -> Tried | None:
    """Arrange `choice.json`, the best first; None where the recipe named its models."""
    if choice is None or not choice.attempts:
        return None
    ordered = sorted(choice.attempts, key=lambda a: -1.0 if a.value is None else a.value)[::-1]
    caption = (
        "Models and settings with their figures on validation cases; no test case was looked at."
        " Figures of some users, or of half of the cases, do not compare with the others."
    )
    metric = wording.metric_name(choice.metric)
    return Tried(" ".join(choice.sentences), caption, metric, tuple(map(_row, ordered)))


def _row(attempt: Attempt) -> Row:
    shown = wording.value(attempt.value)
    if attempt.value is not None and attempt.error is not None:
        shown += f" \u00b1 {wording.value(attempt.error)}"
    outcome = _OUTCOMES[attempt.outcome]
    if attempt.why:
        outcome = attempt.why if attempt.outcome == "dropped" else f"{outcome}: {attempt.why}"
    return Row(
        attempt.model,
        attempt.settings,
        _RUNGS[attempt.rung],
        shown,
        attempt.value if attempt.value is not None else -1.0,
        wording.NONE if attempt.n_cases is None else wording.count(attempt.n_cases),
        wording.NONE if attempt.seconds is None else wording.duration(attempt.seconds),
        attempt.seconds or 0.0,
        outcome,
        attempt.outcome == "best",
    )
