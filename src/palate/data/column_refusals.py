"""Refusals of tables whose columns are not understood."""

from __future__ import annotations

from collections.abc import Sequence

from palate.data.column_names import WORDS
from palate.data.table import Table, shorten
from palate.errors import BadInput
from palate.tables.columns import ALIASES


def listed(names: Sequence[str]) -> str:
    """The first names, in quotes."""
    shown = ", ".join(f'"{shorten(n, 30)}"' for n in names[:20])
    return shown + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")


def several(table: Table, role: str, candidates: Sequence[str]) -> BadInput:
    """Of columns that could all be the user or the item."""
    return BadInput(
        f"several columns could be the {WORDS[role]}: {listed(candidates)}",
        where=table.name,
        next_step=f'set {WORDS[role]}_column = "{candidates[0]}", or another of them',
    )


def absent(table: Table, role: str, setting: str = "") -> BadInput:
    """Of a table without a user or an item, as far as is known."""
    key = setting.removeprefix("data.") or f"{WORDS[role]}_column"
    return BadInput(
        f"no column is recognised as the {WORDS[role]}; there are {listed(table.first.columns)}",
        where=table.name,
        allowed=f"a column called {', '.join(ALIASES[role][:4])} or the like",
        next_step=f'set {key} = "...", on the command line palate init FILES {key}=COLUMN',
    )
