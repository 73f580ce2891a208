"""What a slate costs and brings, in words and as a frontier."""

from __future__ import annotations

from dataclasses import dataclass

from palate.report import wording
from palate.report.lines import LineChart, frontier_chart
from palate.runs.slate_rows import Change, FrontierPoint, SlateStudy


@dataclass(frozen=True)
class SlateView:
    """The section.

    Attributes:
        summary: What was done and found, in sentences.
        chart: The frontier on validation cases; None: the slate has none.
        rows: Cells of each row: what it is, NDCG, diversity, miscalibration, coverage.
    """

    summary: str
    chart: LineChart | None
    rows: tuple[tuple[str, ...], ...]


def slates(study: SlateStudy | None) -> SlateView | None:
    """Arrange `slates.json`."""
    if study is None:
        return None
    chosen = "" if study.chosen.weight is None else f", weight {study.chosen.weight:g}"
    rows = (
        _cells("by score", study.by_score),
        _cells(f"{study.slate}{chosen}", study.chosen),
    )
    return SlateView(_summary(study), frontier_chart(study), rows)


def _summary(study: SlateStudy) -> str:
    made = (
        f"Lists of {study.k} by {study.slate}, out of the {study.candidates} best items of"
        f" {study.model}."
    )
    if study.chosen.weight is not None:
        made += (
            f" With this weight at most {100 * study.loss:g} % of NDCG is lost on"
            f" {study.n_validation:,} validation cases."
        )
    against = "; ".join(filter(None, map(_change, study.changes)))
    found = f" On {study.n_test:,} test cases, against the order of scores: {against}."
    return made + (found if against else "")


def _change(change: Change) -> str:
    if change.percent is None or change.low is None or change.high is None:
        return ""
    ends = f"{change.low:+.1f} to {change.high:+.1f}"
    return f"{change.figure} {change.percent:+.1f} % ({ends})".replace("-", wording.MINUS)


def _cells(label: str, one: FrontierPoint) -> tuple[str, ...]:
    figures = (one.ndcg, one.diversity, one.miscalibration, one.coverage)
    return (label, *("" if x is None else f"{x:.4f}" for x in figures))
