"""What the data are: counts, text coverage, the split, and what the checks found."""

from __future__ import annotations

from dataclasses import dataclass

from palate.report import wording
from palate.runs.documents import Coverage, Data, Fault, SplitSummary
from palate.runs.fields import plain_text

_GRAVITY = {"error": 0, "warning": 1}


@dataclass(frozen=True)
class Share:
    """A part of the split; `share` in percent of the interactions, None where the parts count
    different things.
    """

    name: str
    count: str
    share: float | None


@dataclass(frozen=True)
class Sheet:
    """Everything that the section shows, in words."""

    name: str
    facts: tuple[tuple[str, str], ...]
    text: tuple[tuple[Coverage, str, str], ...]
    findings: tuple[Fault, ...]
    tally: str
    split: SplitSummary | None
    shares: tuple[Share, ...]
    sources: dict[str, str]
    guesses: tuple[str, ...]
    cleaning: tuple[str, ...]


def sheet(data: Data | None) -> Sheet | None:
    """Arrange `data.json`; None if there is none."""
    if data is None:
        return None
    text = tuple((c, wording.percent(c.share), wording.count(c.median_words)) for c in data.text)
    findings = tuple(sorted(data.findings, key=lambda f: _GRAVITY.get(f.severity, 2)))
    split = data.split
    return Sheet(
        data.name,
        _facts(data),
        text,
        findings,
        _tally(findings),
        split,
        _shares(split, data.counts.interactions) if split else (),
        data.sources,
        data.guesses,
        data.cleaning,
    )


def _facts(data: Data) -> tuple[tuple[str, str], ...]:
    counts = data.counts
    facts = [
        ("users", wording.count(counts.users)),
        ("items", wording.count(counts.items)),
        ("interactions", wording.count(counts.interactions)),
        ("density (pairs that met, of all)", _density(counts.density)),
        ("events of a median user", wording.count(counts.events_per_user_median)),
        ("first event", wording.day(plain_text(counts.first))),
        ("last event", wording.day(plain_text(counts.last))),
    ]
    return tuple((name, words) for name, words in facts if words and words != wording.NONE)


def _density(density: float | None) -> str:
    if density is None:
        return ""
    return f"{100 * density:.2g}{wording.THIN}%" if density < 0.1 else wording.percent(density)


def _tally(findings: tuple[Fault, ...]) -> str:
    if not findings:
        return "The checks found nothing to mention."
    numbers = [
        (sum(f.severity == kind for f in findings), kind) for kind in ("error", "warning", "note")
    ]
    listed = [f"{n} {kind}{'s' * (n != 1)}" for n, kind in numbers if n]
    return "The checks found " + (", ".join(listed) if listed else f"{len(findings)} things") + "."


def _shares(split: SplitSummary, interactions: float | None) -> tuple[Share, ...]:
    parts = [(name, n) for name in ("train", "validation", "test") if (n := getattr(split, name))]
    total = sum(n for _, n in parts)
    # validation and test may count users, each with several events: then there is no whole to have
    # a share of
    whole = interactions is not None and abs(total - interactions) <= 0.02 * interactions
    return tuple(
        Share(name, wording.count(n), round(100 * n / total, 2) if whole else None)
        for name, n in parts
    )
