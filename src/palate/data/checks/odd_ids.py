"""Ids that are there, but look wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal

import polars as pl

from palate.data.checks.view import N_EXAMPLES, View, counted
from palate.data.table import shorten
from palate.tables import Finding
from palate.tables.columns import ITEM, USER

LONGEST: Final = 1000
NOTHINGS: Final = ("nan", "none", "null", "undefined", "<na>", "nat", "n/a", "#n/a", "#ref!")

_Rule = tuple[str, Literal["error", "warning"], str, str, Callable[[pl.Series], pl.Series]]

RULES: Final[tuple[_Rule, ...]] = (
    (
        "long-ids",
        "error",
        f"longer than {LONGEST:,} characters",
        "look at the source: a quote or a line end may be missing",
        lambda ids: ids.str.len_chars() > LONGEST,
    ),
    (
        "blank-ids",
        "warning",
        "with blanks or control characters before, after or inside them in a way that no eye sees",
        "mend the source: the same id with and without them counts as two",
        lambda ids: (ids.str.strip_chars() != ids) | ids.str.contains(r"[\p{Cc}\u{200b}\u{feff}]"),
    ),
    (
        "nothing-ids",
        "warning",
        'that spell "nothing", such as nan or None',
        "mend the source: these are probably missing ids that a tool wrote as text",
        lambda ids: ids.str.to_lowercase().is_in(NOTHINGS),
    ),
)


def odd_ids(view: View) -> Iterator[Finding]:
    """Ids far too long (an error), with invisible blanks, or that spell that there is none
    (warnings).
    """
    columns: list[tuple[str, pl.Series]] = []
    if view.log is not None:
        columns += [(view.log.place.column(view.log.names[USER]), view.log.user)]
        columns += [(view.log.place.column(view.log.names[ITEM]), view.log.item)]
    columns += [(side.place.column(side.id_name), side.ids) for side in view.sides()]
    for where, ids in columns:
        different = ids.drop_nulls().unique(maintain_order=True)
        for code, severity, what, advice, wrong in RULES:
            odd = different.filter(wrong(different))
            if len(odd):
                rows = ids.is_in(odd.implode()).fill_null(False)
                shown = tuple(f'"{shorten(i, 40)}"' for i in odd.head(N_EXAMPLES))
                message = (
                    f"{counted(len(odd), 'id', 'different ids')} {what}, in"
                    f" {counted(int(rows.sum()), 'row', 'rows')}"
                )
                first = int(rows.arg_max() or 0)
                yield Finding(
                    code,
                    severity,
                    message,
                    f"{where}, first in row {first + 1}",
                    len(odd),
                    shown,
                    advice,
                )
