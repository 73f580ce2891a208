"""Checks of a data set: each looks for one kind of fault, counts it and shows examples; nothing is
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from palate.data.checks.characters import characters
from palate.data.checks.duplicate_events import duplicate_events
from palate.data.checks.duplicate_ids import duplicate_ids
from palate.data.checks.missing_ids import missing_ids
from palate.data.checks.odd_ids import odd_ids
from palate.data.checks.raw import view_of_tables
from palate.data.checks.scripts import language_mix
from palate.data.checks.shown import bad_positions, bad_propensities, unsaid
from palate.data.checks.size import too_small
from palate.data.checks.texts import (
    constant_fields,
    placeholder_texts,
    repeated_texts,
    text_coverage,
)
from palate.data.checks.times import bad_times, impossible_times, no_order, time_ties
from palate.data.checks.unknown_items import unknown_items, unused_items
from palate.data.checks.values import bad_numbers, bad_values, zero_values
from palate.data.checks.view import View, view_of
from palate.data.folders import kind_of_table, read_folder
from palate.data.readers.apart import try_parquet
from palate.data.readers.files import read_file
from palate.data.readers.source import is_folder
from palate.data.table import Table
from palate.tables import Dataset, Finding

CHECKS: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = (
    missing_ids,
    duplicate_ids,
    odd_ids,
    bad_values,
    bad_times,
    bad_numbers,
    impossible_times,
    unknown_items,
    too_small,
    duplicate_events,
    no_order,
    time_ties,
    zero_values,
    bad_positions,
    bad_propensities,
    characters,
    placeholder_texts,
    repeated_texts,
    text_coverage,
    language_mix,
    constant_fields,
    unused_items,
    unsaid,
)
"""All checks, those for unusable data first."""

_ORDER: Final = {"error": 0, "warning": 1, "note": 2}


def check(dataset: Dataset) -> list[Finding]:
    """Look for faults in a data set.

    Args:
        dataset: What was read or cleaned.

    Returns:
        The findings, errors first.

    Cost: about a second for a million events and a few thousand items.

    >>> import polars as pl
    >>> from palate.data.assemble import read_frames
    >>> log = pl.DataFrame({"user_id": [1, 1, 2], "item_id": ["a", "a", "b"]})
    >>> [f.code for f in check(read_frames(log))]
    ['exact-duplicates']
    """
    return _found(view_of(dataset))


def check_path(path: Path) -> list[Finding]:
    """Look for faults in any file or folder that a reader might be given, before anything is left
    out.

    How it was read is reported by notes with the code `read`.

    Args:
        path: A log, a catalogue, a table of users, or a folder with them.

    Returns:
        The findings, errors first. An error means that the data are refused or no use; faulty rows
        so few that `palate init` and `palate.read` leave them out are warnings.

    Raises:
        BadInput: It cannot be read at all, or it is unclear which columns are the ids; with file
            and row.
    """
    folder = is_folder(path)
    try_parquet([p for p in sorted(path.glob("*.p*q*")) if p.is_file()] if folder else [path])
    if folder:
        tables: Mapping[str, Table] = read_folder(path)
    else:
        table = read_file(path)
        tables = {kind_of_table(table): table}
    view, said = view_of_tables(tables)
    where = str(path)
    notes = [note for table in tables.values() for note in table.notes]
    return [
        *_found(view),
        *(Finding("read", "note", sentence, where) for sentence in (*notes, *said)),
    ]


def _found(view: View) -> list[Finding]:
    findings = [finding for look in CHECKS for finding in look(view)]
    return sorted(findings, key=lambda f: _ORDER[f.severity])
