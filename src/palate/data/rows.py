"""Faulty rows of a log or catalogue: refused all together, or left out where the settings say
so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from palate.data.settings import Fault
from palate.data.table import Table, shorten
from palate.errors import BadInput, PalateError, raise_all

_MEND: Final[Mapping[Fault, str]] = {
    "bad-times": 'say how times are written (time_format = "%d/%m/%Y"), do without them'
    ' (time_column = "-")',
    "bad-values": 'do without them (value_column = "-")',
}
"""What else may be done about a fault than to leave rows out."""


class FaultyRows(BadInput):
    """Rows of one fault, which `drop` would leave out.

    Attributes:
        fault: Which fault it is.
        table: The table's name.
        wrong: bool [n_rows], the rows that have it.
        catalogue: Whether the table is the catalogue.
    """

    fault: Fault
    table: str
    wrong: pl.Series
    catalogue: bool = False

    @classmethod
    def of(cls, fault: Fault, table: Table, wrong: pl.Series, column: str, what: str) -> FaultyRows:
        """The refusal of these rows: how many, which, the first value and what can be done.

        Args:
            fault: Which fault it is.
            table: The table.
            wrong: bool [n_rows], the rows that have it; at least one.
            column: The column it is in.
            what: What is wrong, as the end of "1 row ..." or "3 rows ...".
        """
        positions = wrong.arg_true().to_list()
        raw = table.frame[column][positions[0]]
        otherwise = _MEND.get(fault, "mend the file")
        made = cls(
            f"{_counted(len(positions))} {what}: {table.rows(positions)}"
            + ("" if raw is None else f' (first "{shorten(raw)}")'),
            where=f"{table.at(positions[0])}, column {shorten(column)}",
            next_step=f'{otherwise}, or leave such rows out: drop = ["{fault}"]',
        )
        made.fault, made.table, made.wrong = fault, table.name, wrong
        return made


@dataclass
class RowFaults:
    """Collects the faults of one table.

    Attributes:
        table: The table.
        drop: Faults whose rows are left out instead of refused.
        keep: bool [n_rows], rows that stay.
        said: What was left out.
        problems: What is refused.
        catalogue: Whether it is the catalogue.
    """

    table: Table
    drop: Sequence[Fault]
    keep: pl.Series = field(init=False)
    said: list[str] = field(default_factory=list)
    problems: list[PalateError] = field(default_factory=list)
    catalogue: bool = False

    def __post_init__(self) -> None:
        self.keep = pl.Series("keep", [True], dtype=pl.Boolean).new_from_index(0, len(self.table))

    def add(self, fault: Fault, wrong: pl.Series, column: str, what: str, mend: str = "") -> None:
        """Note the rows where `wrong` [n_rows] is true.

        Args:
            fault: Which fault it is.
            wrong: The rows that have it.
            column: The column it is in.
            what: What is wrong, as the end of "1 row ..." or "3 rows ...".
            mend: What mends it better than to leave rows out.
        """
        positions = wrong.arg_true().to_list()
        if not positions:
            return
        if fault in self.drop:
            self.keep = self.keep & ~wrong
            self.said.append(
                f"Left out: {len(positions):,} of {len(self.table):,} rows of {self.table.title}"
                f" {what}: {self.table.rows(positions)}."
            )
            return
        problem = FaultyRows.of(fault, self.table, wrong, column, what)
        problem.catalogue = self.catalogue
        problem.next_step = mend or problem.next_step
        self.problems.append(problem)

    def usable(
        self, fault: Fault, wrong: pl.Series, column: str, what: str, *, named: bool
    ) -> bool:
        """Whether a column that a log can do without may be used.

        Faults of one that the settings name are added; one that was only guessed is left unused if
        it has any, so that what could be read without it still can, and that is said.

        Args:
            fault: Which fault it is.
            wrong: The rows [n_rows] that have it.
            column: The column it is in.
            what: What is wrong, as the end of "1 row ..." or "3 rows ...".
            named: Whether the settings name the column.
        """
        if named or not wrong.any():
            self.add(fault, wrong, column, what)
            return True
        self.said.append(
            f'"{shorten(column)}" of {self.table.title} was not used:'
            f" {_counted(int(wrong.sum()))} {what}."
        )
        return False

    def kept(self) -> pl.Series:
        """bool [n_rows], the rows that stay.

        Raises:
            BadInput: There are faults that are not to be dropped, or nothing stays.
        """
        raise_all(self.problems)
        if not self.keep.any():
            raise BadInput(
                "every row was left out", where=self.table.name, next_step="look at `drop`"
            )
        return self.keep


def _counted(n: int) -> str:
    return f"{n:,} row{'s' if n > 1 else ''}"
