"""Checks of a data set: each looks for one kind of fault, counts it and shows examples; nothing is
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from palate.data.address import is_address
from palate.data.checks.characters import characters
from palate.data.checks.duplicate_events import duplicate_events
from palate.data.checks.duplicate_ids import duplicate_ids
from palate.data.checks.guests import guests
from palate.data.checks.missing_ids import missing_ids
from palate.data.checks.odd_ids import odd_ids
from palate.data.checks.raw import view_of_tables
from palate.data.checks.scripts import language_mix
from palate.data.checks.shown import bad_positions, bad_propensities, unsaid
from palate.data.checks.size import too_small
from palate.data.checks.spellings import found_in_reading, spellings
from palate.data.checks.texts import (
    constant_fields,
    placeholder_texts,
    repeated_texts,
    text_coverage,
)
from palate.data.checks.times import NO_ORDER, bad_times, impossible_times, no_order, time_ties
from palate.data.checks.unknown_items import unknown_items, unused_items
from palate.data.checks.values import bad_numbers, bad_values, placeholder_ratings, zero_values
from palate.data.checks.view import View, view_of
from palate.data.folders import KINDS, kind_of_table, read_dump_set, read_folder
from palate.data.lists_of_items import with_event_each
from palate.data.long_catalogue import as_wide
from palate.data.readers.apart import try_parquet
from palate.data.readers.broken_lines import BrokenLines
from palate.data.readers.database import read_database
from palate.data.readers.dumps import holds_tables, named_table
from palate.data.readers.files import read_file
from palate.data.readers.options import TextOptions
from palate.data.readers.parts import parts_of
from palate.data.readers.several import files_of, with_patterns
from palate.data.readers.source import is_folder
from palate.data.settings import DataSettings
from palate.data.shared_ids import with_shared_ids
from palate.data.table import Table
from palate.errors import BadInput, PalateError
from palate.tables import Dataset, Finding

CHECKS: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = (
    missing_ids,
    duplicate_ids,
    odd_ids,
    guests,
    found_in_reading,
    spellings,
    bad_values,
    bad_times,
    bad_numbers,
    impossible_times,
    unknown_items,
    too_small,
    duplicate_events,
    no_order,
    time_ties,
    placeholder_ratings,
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


def check(dataset: Dataset, *, at_random: bool = False) -> list[Finding]:
    """Look for faults in a data set.

    Args:
        dataset: What was read or cleaned.
        at_random: Whether it will be split at random: then events without an order are a note.

    Returns:
        The findings, errors first.

    Cost: about a second for a million events and a few thousand items.

    >>> import polars as pl
    >>> from palate.data.assemble import read_frames
    >>> log = pl.DataFrame({"user_id": [1, 1, 2], "item_id": ["a", "a", "b"]})
    >>> [f.code for f in check(read_frames(log))]
    ['exact-duplicates']
    """
    findings = _found(view_of(dataset))
    return _sorted(map(_known_order, findings)) if at_random else findings


@dataclass(frozen=True)
class Checked:
    """What was found in files that were looked at together.

    Attributes:
        paths: The files, one folder, or addresses of databases.
        findings: The findings, errors first; none where it could not be read.
        error: Why it could not be read at all.
    """

    paths: tuple[Path | str, ...]
    findings: tuple[Finding, ...] = ()
    error: PalateError | None = None


def check_paths(paths: Sequence[Path | str], settings: DataSettings | None = None) -> list[Checked]:
    """Look for faults in files and folders that a reader might be given, before anything is left
    out. A log, its catalogue and its users are looked at together; a folder, a second table of a
    kind, and what cannot be read stand alone.

    How it was read is reported by notes with the code `read`.

    Args:
        paths: Logs, catalogues, tables of users, folders with them, addresses of databases.
        settings: How files and columns are to be understood, where that should not be guessed; its
            paths and `drop` are not looked at.

    Returns:
        What was found. An error means that the data are refused or no use; faulty rows so few that
        `palate init` and `palate.read` leave them out are warnings.
    """
    given = settings or DataSettings()
    with suppress(BadInput):  # files of the same columns that no pattern names are looked at alone
        paths = with_patterns(paths)
    opened: list[_Opened] = []
    alone: list[Checked] = []
    for place, path in enumerate(paths):
        try:
            if _is_folder(path):
                alone.append(Checked((path,), _findings(_tables(path), given)))
            else:
                opened.append(_opened(path, _table(path, _options(given, place)), given))
        except PalateError as error:
            alone.append(Checked((path,), error=error))
    kinds = [one.kind for one in opened]
    unclear = None in kinds or len(set(kinds)) < len(kinds)
    if unclear and "interactions" not in kinds[1:]:  # a second log is no catalogue
        whole = _in_order(opened, given)
        if whole is not None:
            return [whole, *alone]
    return [*_by_kind(opened, given), *alone]


@dataclass(frozen=True)
class _Opened:
    """A file, its table, and what it is by its columns; `error` says why it is nothing."""

    path: Path | str
    table: Table
    kind: str | None
    error: PalateError | None = None


def _opened(path: Path | str, table: Table, given: DataSettings) -> _Opened:
    wide = as_wide(table)
    if wide is not table:
        return _Opened(path, wide, "items")
    table = with_event_each(table, given)
    try:
        return _Opened(path, table, kind_of_table(table, given))
    except PalateError as error:
        return _Opened(path, table, None, error)


def _in_order(opened: Sequence[_Opened], given: DataSettings) -> Checked | None:
    """The files as `palate init` takes them: the log, the catalogue, the users; None where they
    cannot be read so, or are more.
    """
    if len(opened) > len(KINDS):
        return None
    tables = {kind: (one.path, one.table) for kind, one in zip(KINDS, opened, strict=False)}
    checked = _checked(tables, given)
    return checked if checked.error is None else None


def _by_kind(opened: Sequence[_Opened], given: DataSettings) -> list[Checked]:
    """Those of different kinds together, a second one of a kind and what is none alone."""
    together: dict[str, tuple[Path | str, Table]] = {}
    alone: list[Checked] = []
    for one in opened:
        if one.kind is None:
            alone.append(Checked((one.path,), error=one.error))
        elif one.kind in together:
            alone.append(_checked({one.kind: (one.path, one.table)}, given))
        else:
            together[one.kind] = (one.path, one.table)
    return [_checked(together, given), *alone] if together else alone


def _checked(tables: Mapping[str, tuple[Path | str, Table]], given: DataSettings) -> Checked:
    used = tuple(path for path, _ in tables.values())
    try:
        found = _findings({kind: table for kind, (_, table) in tables.items()}, given)
        return Checked(used, found)
    except PalateError as error:
        return Checked(used, error=error)


def check_path(path: Path | str) -> list[Finding]:
    """The findings of `check_paths` for one file or folder.

    Raises:
        BadInput: It cannot be read at all, or it is unclear which columns are the ids; with file
            and row.
    """
    return list(_findings(_tables(path), DataSettings()))


def _is_folder(path: Path | str) -> bool:
    """Whether it holds several tables: a folder, or a dump of a database."""
    if is_address(str(path)) or files_of(Path(path)):
        return False
    return holds_tables(Path(path)) or is_folder(named_table(Path(path))[0])


def _tables(path: Path | str) -> Mapping[str, Table]:
    if not _is_folder(path):
        table = _table(path)
        return {kind_of_table(table): table}
    folder = Path(path)
    if folder.is_file():
        return read_dump_set(folder, TextOptions())
    single = (p for p in sorted(folder.glob("*.p*q*")) if p.is_file())
    try_parquet(parts_of(folder) or list(single))
    return read_folder(folder)


def _options(given: DataSettings, place: int) -> TextOptions:
    """How a text file is read: the first is the log, the others the catalogue and the users."""
    own = (given.encoding, given.items_encoding, given.users_encoding)[min(place, 2)]
    columns = () if place else given.columns
    return TextOptions(own or given.encoding, given.separator, columns)


def _table(named: Path | str, options: TextOptions | None = None) -> Table:
    if is_address(str(named)):
        return read_database(str(named), Path.cwd())
    path = Path(named)
    try_parquet(files_of(path) or [named_table(path)[0]])
    chosen = options or TextOptions()
    try:
        return read_file(path, chosen)
    except BrokenLines as problem:
        # reported as a finding beside the others, as long as anything is left to look at
        try:
            return read_file(path, replace(chosen, drop_ragged=True))
        except PalateError:
            raise problem from None


def _findings(tables: Mapping[str, Table], given: DataSettings) -> tuple[Finding, ...]:
    settings, shared = with_shared_ids(tables, given)
    view, said = view_of_tables(tables, settings)
    notes = [Finding("read", "note", n, t.name) for t in tables.values() for n in t.notes]
    notes += [Finding("read", "note", line, tables["interactions"].name) for line in shared]
    return (*_found(view), *notes, *(Finding("read", "note", line, name) for name, line in said))


def _found(view: View) -> list[Finding]:
    return _sorted(finding for look in CHECKS for finding in look(view))


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: _ORDER[f.severity])


def _known_order(finding: Finding) -> Finding:
    if finding.code != NO_ORDER:
        return finding
    return replace(finding, severity="note", advice="the split is at random and looks at no order")
