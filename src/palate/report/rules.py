"""What rules say, and how much they count once people were heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palate.report import wording
from palate.runs.rows import RuleWeight


@dataclass(frozen=True)
class RuleRow:
    """One rule in words; `raw` is what the column sorts by."""

    rule: str
    text: str
    model: str
    said: str
    counts: str
    raw: float
    cases: str


def rules(rows: Sequence[RuleWeight] | None) -> tuple[RuleRow, ...]:
    """Arrange `rules.json`; nothing where no model follows rules."""
    return tuple(map(_row, rows or ()))


def _row(row: RuleWeight) -> RuleRow:
    counts = _times(row.counts)
    if row.cases and row.said:
        counts += f" {wording.value_interval(row.low, row.high)}"
    heard = wording.count(row.cases) if row.cases and row.said else "as written"
    return RuleRow(
        row.rule, row.text, row.model, _times(row.said), counts, row.counts or 0.0, heard
    )


def _times(factor: float | None) -> str:
    """A factor of likelihood: "never", or "x 0.80".

    >>> _times(0), _times(0.8)
    ('never', '\u00d7 0.80')
    """
    return f"\u00d7 {factor:.2f}" if factor else "never"
