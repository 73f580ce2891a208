"""Where the time and the memory went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palate.report import wording
from palate.runs.rows import Stage


@dataclass(frozen=True)
class Spent:
    """One stage; `share` in percent of the slowest."""

    stage: str
    seconds: str
    raw: float
    share: float
    memory: str


@dataclass(frozen=True)
class Costs:
    """All stages and a sentence."""

    summary: str
    stages: tuple[Spent, ...]


def costs(rows: Sequence[Stage] | None) -> Costs | None:
    """Arrange `timings.json`; None if there is nothing in it."""
    if not rows:
        return None
    slowest = max((r.seconds or 0.0 for r in rows), default=0.0) or 1.0
    stages = tuple(
        Spent(
            r.stage,
            wording.duration(r.seconds),
            r.seconds or 0.0,
            round(100 * (r.seconds or 0.0) / slowest, 2),
            wording.NONE if r.peak_mb is None else wording.size(r.peak_mb * 1e6),
        )
        for r in rows
    )
    total = wording.duration(sum(r.seconds or 0.0 for r in rows))
    peak = max((r.peak_mb for r in rows if r.peak_mb is not None), default=None)
    memory = f", with at most {wording.size(peak * 1e6)} of memory" if peak is not None else ""
    return Costs(f"All stages together took {total}{memory}.", stages)
