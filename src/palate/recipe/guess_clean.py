"""Which cleaning the catalogue's texts need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl

from palate.data.checks.characters import characters
from palate.data.checks.guests import guests_among
from palate.data.checks.texts import placeholder_texts
from palate.data.checks.view import view_of
from palate.tables import Dataset

_STEPS: Final = {
    "mojibake": ("repair_text", "were decoded wrongly once, and are repaired"),
    "html": ("strip_html", "hold markup or character references, which are taken out"),
    "placeholder-texts": ("empty_placeholders", "only say that there is none, and are emptied"),
    "control-characters": (
        "collapse_space",
        "hold control or invisible characters, which are taken out",
    ),
}
"""Finding -> the setting of `[clean]` that mends it, and what is said."""


_NONE: Final = np.zeros(0, np.int64)


def guessed_clean(data: Dataset) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The keys of `[clean]` that the texts and the ids of the users need, and why.

    Args:
        data: What was read.

    Cost: three patterns over all texts of the catalogue.
    """
    counts: dict[str, int] = {}
    log = data.interactions
    view = view_of(replace(data, interactions=log.take(_NONE)))  # no check here looks at events
    for finding in (*characters(view), *placeholder_texts(view)):
        counts[finding.code] = counts.get(finding.code, 0) + finding.count
    table: dict[str, Any] = {key: True for code, (key, _) in _STEPS.items() if code in counts}
    said = [
        f"Of the catalogue's texts {counts[code]:,} {words}: {key} = true."
        for code, (key, words) in _STEPS.items()
        if code in counts
    ]
    events = pl.Series(np.bincount(log.user, minlength=log.n_users))
    found = guests_among(pl.Series(log.users.ids, dtype=pl.String), events, len(log))
    if found is not None:
        table["max_user_events"] = found.most
        said.append(
            f'The {found.count:,} events of the user "{found.name}", who seems to be all guests'
            f" together, are left out: max_user_events = {found.most}."
        )
    return table, tuple(said)
