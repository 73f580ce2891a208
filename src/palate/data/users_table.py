"""What is wrong with a table of users: reported alike where it is read and where it is checked."""

from __future__ import annotations

import polars as pl

from palate.data.spelled import spelled_apart
from palate.data.table import Table, shorten
from palate.tables import Finding

_SHOWN = 5


def users_findings(
    table: Table, column: str, ids: pl.Series, wanted: pl.Series | None = None
) -> tuple[Finding, ...]:
    """Rows that are not used, and users of the log of whom the table says nothing.

    Nothing of this stops a run: of several rows with one id the first is used.

    Args:
        table: The table of users.
        column: Its column of ids.
        ids: String [n_rows], the ids of that column.
        wanted: String [n_users], the users of the log; None without one.
    """
    where = f"{table.name}, column {shorten(column)}"
    found: list[Finding] = []
    again = (~ids.is_first_distinct() & ids.is_not_null()).arg_true().to_list()
    if again:
        what = (
            f"{_counted(len(again), 'row repeats', 'rows repeat')} the id of an earlier row"
            f" ({table.rows(again)}), of which only the first is used"
        )
        shown = tuple(f'row {r + 1}, user "{shorten(ids[r], 24)}"' for r in again[:_SHOWN])
        advice = "mend the source; the first of each is used"
        found.append(Finding("duplicate-users", "warning", what, where, len(again), shown, advice))
    missing = ids.is_null().arg_true().to_list()
    if missing:
        what = (
            f"{_counted(len(missing), 'row has', 'rows have')} no id and"
            f" {'is' if len(missing) == 1 else 'are'} not used ({table.rows(missing)})"
        )
        advice = "mend the source; such rows are not used"
        found.append(Finding("missing-ids", "warning", what, where, len(missing), (), advice))
    if wanted is not None:
        found += _unknown(where, ids.drop_nulls().unique(maintain_order=True), wanted)
    return tuple(found)


def _unknown(where: str, known: pl.Series, wanted: pl.Series) -> list[Finding]:
    n = int((~wanted.is_in(known.implode())).sum())
    found = list(spelled_apart(wanted, known, "users", where, n / max(len(wanted), 1)))
    if n and n == len(wanted):
        what = f"none of the {n:,} users of the log is in the table of users"
        shown = tuple(f'user "{shorten(name, 24)}"' for name in wanted.head(_SHOWN))
        advice = "are the ids written alike?"
        found.append(Finding("no-common-users", "warning", what, where, n, shown, advice))
    return found


def _counted(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
