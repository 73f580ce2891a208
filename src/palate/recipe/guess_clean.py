"""Which cleaning the catalogue's texts need."""

from __future__ import annotations

from typing import Any, Final

from palate.data.checks.characters import characters
from palate.data.checks.view import view_of
from palate.tables import Dataset

_STEPS: Final = {
    "mojibake": ("repair_text", "were decoded wrongly once, and are repaired"),
    "html": ("strip_html", "hold markup or character references, which are taken out"),
    "control-characters": (
        "collapse_space",
        "hold control or invisible characters, which are taken out",
    ),
}
"""Finding -> the setting of `[clean]` that mends it, and what is said."""


def guessed_clean(data: Dataset) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The keys of `[clean]` that the texts need, and why.

    Args:
        data: What was read.

    Cost: three patterns over all texts of the catalogue.
    """
    counts: dict[str, int] = {}
    for finding in characters(view_of(data)):
        counts[finding.code] = counts.get(finding.code, 0) + finding.count
    table = {key: True for code, (key, _) in _STEPS.items() if code in counts}
    said = [
        f"Of the catalogue's texts {counts[code]:,} {words}: {key} = true."
        for code, (key, words) in _STEPS.items()
        if code in counts
    ]
    return table, tuple(said)
