"""Data that have no recipe yet: read without their faulty rows, where these are few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from palate.data.returned import CODE
from palate.data.rows import FaultyRows
from palate.data.settings import DataSettings, Fault
from palate.errors import BadInput, PalateError, SeveralProblems
from palate.tables import Dataset

MOST_LEFT_OUT: Final = 0.2
"""A table of which a larger share of rows is faulty is refused: what is left may be another log."""


MOST_OF_A_CATALOGUE: Final = 0.9
"""The same of a catalogue, where sizes and further pictures of a product have rows of their own."""


def without_faulty_rows(
    read: Callable[[DataSettings], Dataset], settings: DataSettings
) -> tuple[Dataset, DataSettings]:
    """Read with the settings, and once more without faulty rows where these are few, and without
    goods that were given back.

    It is for guesses only: a recipe that somebody wrote loses no row that it does not name.

    Args:
        read: Reads by these settings; called again for each table with faults.
        settings: The section `[data]`.

    Returns:
        The data, and the settings with the faults in `drop` that were left out.

    Raises:
        PalateError: What `read` refuses, if it is more than rows that `drop` can leave out, or if
            they are more than `MOST_LEFT_OUT` of their table, or `MOST_OF_A_CATALOGUE` of a
            catalogue.
    """
    while True:
        try:
            data = read(settings)
            back = any(finding.code == CODE for finding in data.findings)
            if not back or "returned-goods" in settings.drop:
                return data, settings
            settings = replace(settings, drop=(*settings.drop, "returned-goods"))
        except PalateError as problem:
            faults = _few(problem)
            if not faults:
                many = _many(problem)
                if many is None:
                    raise
                raise many from problem
            settings = replace(settings, drop=(*settings.drop, *faults))
            _forget(problem)


def _forget(problem: PalateError) -> None:
    """Let go of what was read when this came up: a refusal and its places hold each other."""
    parts = problem.problems if isinstance(problem, SeveralProblems) else ()
    for one in (problem, *parts):
        one.__traceback__ = None


def are_few(wrong: pl.Series, *, catalogue: bool = False) -> bool:
    """Whether so few rows of a table are faulty that they may be left out.

    Args:
        wrong: bool [n_rows], the rows with any fault.
        catalogue: Whether it is the catalogue.
    """
    most = MOST_OF_A_CATALOGUE if catalogue else MOST_LEFT_OUT
    return int(wrong.sum()) <= most * len(wrong)


def _few(problem: PalateError) -> tuple[Fault, ...]:
    """The faults that can be left out; none where anything else is wrong, or they are many."""
    rows, all_of_them = _faulty(problem)
    if not all_of_them:
        return ()
    wrong = _wrong(rows)
    catalogues = {part.table for part in rows if part.catalogue}
    if not all(are_few(w, catalogue=table in catalogues) for table, w in wrong.items()):
        return ()
    return tuple(dict.fromkeys(part.fault for part in rows))


def _faulty(problem: PalateError) -> tuple[list[FaultyRows], bool]:
    """The faulty rows of a refusal, and whether it speaks of nothing else."""
    parts = problem.problems if isinstance(problem, SeveralProblems) else (problem,)
    rows = [part for part in parts if isinstance(part, FaultyRows)]
    return rows, len(rows) == len(parts)


def _wrong(rows: Sequence[FaultyRows]) -> dict[str, pl.Series]:
    """The rows of each table that have any fault."""
    wrong: dict[str, pl.Series] = {}
    for part in rows:
        wrong[part.table] = part.wrong | wrong.get(part.table, part.wrong)
    return wrong


def _many(problem: PalateError) -> PalateError | None:
    """The same refusal, and which share of which table it is; None where it is about more."""
    rows, all_of_them = _faulty(problem)
    if not all_of_them:
        return None
    drop = ", ".join(f'"{fault}"' for fault in dict.fromkeys(part.fault for part in rows))
    shares = [
        f"{int(wrong.sum()):,} of {len(wrong):,} rows ({int(wrong.sum()) / len(wrong):.0%})"
        for wrong in _wrong(rows).values()
    ]
    total = BadInput(
        f"{' and '.join(shares)} are faulty: too many to leave them out unasked, since the rest may"
        " say something else than the whole",
        where=", ".join(_wrong(rows)),
        next_step=f"if the rest will do: palate init FILES 'drop=[{drop}]'",
    )
    return SeveralProblems([*rows, total])
