"""A run as a notebook shows it: the headline, what is wrong, and the leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

from palate.evaluate.slices import WHOLE
from palate.runs.documents import Summary
from palate.runs.rows import Score

MOST_METRICS = 4


def card(folder: Path, summary: Summary, scores: Sequence[Score]) -> str:
    """HTML without scripts or links to other hosts.

    Args:
        folder: The run directory; the page in it is linked.
        summary: What the run says.
        scores: The leaderboard.
    """
    said = [("error", s) for s in summary.errors] + [("warning", s) for s in summary.warnings]
    remarks = Markup("").join(Markup("<p><b>{}</b>: {}</p>").format(*pair) for pair in said)
    report = folder / "report.html"
    return str(
        Markup('<div><h4>{}</h4><p>{}</p>{}{}<p><a href="{}">{}</a></p></div>').format(
            summary.name, summary.headline, remarks, _table(scores), report.as_posix(), report
        )
    )


def _table(scores: Sequence[Score]) -> Markup:
    rows = [r for r in scores if r.slice == WHOLE and r.kind in ("model", "published")]
    metrics = list(dict.fromkeys(r.metric for r in rows))[:MOST_METRICS]
    value = {(r.model, r.metric): r.value for r in rows}
    head = _row("th", ["model", *metrics])
    body = [
        _row("td", [model, *(_shown(value.get((model, metric))) for metric in metrics)])
        for model in dict.fromkeys(r.model for r in rows)
    ]
    return Markup("<table>{}{}</table>").format(head, Markup("").join(body))


def _row(cell: str, words: Sequence[str]) -> Markup:
    cells = Markup("").join(Markup(f"<{cell}>{escape(w)}</{cell}>") for w in words)  # noqa: S704
    return Markup("<tr>{}</tr>").format(cells)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
