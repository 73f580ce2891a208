"""What was answered about the items: each attribute with its values, and some answers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from palate.report import wording
from palate.runs.attribute_rows import AnsweredItem, AttributeSummary


@dataclass(frozen=True)
class ShownAttribute:
    """One attribute in words.

    Attributes:
        name: Of the attribute.
        block: Of its block.
        summary: Who answered, for how many items, how surely.
        values: Its most frequent values.
        examples: Answers to look at: title, value, confidence, evidence.
        sure: Whether any of these has a confidence.
        rests: Whether any of these has evidence.
    """

    name: str
    block: str
    summary: str
    values: str
    examples: tuple[tuple[str, str, str, str], ...]
    sure: bool
    rests: bool


def attributes(rows: Sequence[AttributeSummary] | None) -> tuple[ShownAttribute, ...]:
    """Arrange `attributes.json`; empty if there is nothing in it."""
    return tuple(
        ShownAttribute(
            row.attribute,
            row.block,
            _summary(row),
            ", ".join(f"{v.value} ({v.items:,})" for v in row.values),
            tuple(_example(e) for e in row.examples),
            any(e.confidence is not None for e in row.examples),
            any(e.evidence for e in row.examples),
        )
        for row in rows or ()
    )


def _summary(row: AttributeSummary) -> str:
    share = row.known / row.items if row.items else None
    parts = [f"Answered by {row.source} for {wording.percent(share)} of {row.items:,} items"]
    if row.confidence is not None:
        parts.append(f"with a mean confidence of {row.confidence:.2f}")
    if row.refused:
        parts.append(f"{row.refused:,} answers did not fit the question and count as unknown")
    if row.seconds:
        parts.append(f"answering took {wording.duration(row.seconds)}")
    if row.cost:
        parts.append(f"and cost {row.cost:.4g}")
    return ", ".join(parts) + "."


def _example(example: AnsweredItem) -> tuple[str, str, str, str]:
    sure = wording.NONE if example.confidence is None else f"{example.confidence:.2f}"
    title = example.title or example.id
    return title, _short(example.value), sure, example.evidence or wording.NONE


def _short(value: str) -> str:
    """A value in words; of a number two digits behind the point are enough."""
    with suppress(ValueError):
        if "." in value:
            return f"{float(value):.2f}".replace("-", "\u2212")
    return value or "none of them"
