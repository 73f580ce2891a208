"""The files of a known set, however they lie -> tables with common column names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from palate import store
from palate.data.folders import read_folder
from palate.data.known import KnownSet, Layout
from palate.data.readers.files import read_file
from palate.data.table import Table
from palate.errors import BadInput, DataUnavailable


def known_tables(folder: Path, known: KnownSet) -> Mapping[str, Table]:
    """Read the first layout whose files are there, after checking every byte that has a checksum.

    Args:
        folder: Where the files lie.
        known: The set.

    Returns:
        "interactions" and, where the set has them, "items" and "users"; ids are called `user_id`
        and `item_id`.

    Raises:
        DataUnavailable: No layout's files are there, or their bytes are not those that palate
            knows.
    """
    wrong = []
    for layout in known.layout:
        names = _names(layout)
        if all((folder / n).is_file() for n in names):
            differ = [n for n in names if _differs(folder / n, layout.sha256.get(n, ""))]
            if not differ:
                return _read(folder, layout)
            wrong.append(
                f"{', '.join(differ)} in {folder} has other bytes than the copy that palate knows"
            )
    message = "; ".join(wrong) or f"{folder} does not have the files {' or '.join(_spoken(known))}"
    raise DataUnavailable(message, where=known.name)


def inputs(tables: Mapping[str, Table]) -> dict[str, str]:
    """File name -> SHA-256 of what was read."""
    return {Path(t.name).name: t.digest for t in tables.values()}


def _names(layout: Layout) -> list[str]:
    named = [n for n in (layout.interactions, layout.items, layout.users) if n]
    return named or list(layout.sha256)


def _spoken(known: KnownSet) -> list[str]:
    return [" + ".join(_names(layout)) for layout in known.layout]


def _differs(path: Path, expected: str) -> bool:
    return bool(expected) and store.digest_file(path) != expected


def _read(folder: Path, layout: Layout) -> Mapping[str, Table]:
    if layout.format == "tables":
        names = {"interactions": layout.interactions, "items": layout.items, "users": layout.users}
        tables = {kind: read_file(folder / name) for kind, name in names.items() if name}
    else:
        tables = dict(read_folder(folder))
    renamed = {"interactions": _renamed(tables["interactions"], layout.log_columns)}
    if "items" in tables:
        renamed["items"] = _selected(tables["items"], layout)
    if "users" in tables:
        renamed["users"] = _renamed(tables["users"], layout.user_columns)
    return renamed


def _renamed(table: Table, columns: Mapping[str, str]) -> Table:
    _refuse_absent(table, columns)
    return table.replaced(table.frame.rename({theirs: ours for ours, theirs in columns.items()}))


def _selected(table: Table, layout: Layout) -> Table:
    columns = layout.item_columns
    _refuse_absent(table, columns)
    frame = table.frame.select(
        [pl.col(theirs).alias(ours) for ours, theirs in columns.items()] or pl.all()
    )
    return table.replaced(
        frame.with_columns(pl.col(c).cast(pl.Int64, strict=False) for c in layout.item_numbers)
    )


def _refuse_absent(table: Table, columns: Mapping[str, str]) -> None:
    absent = [c for c in columns.values() if c not in table.frame.columns]
    if absent:
        raise BadInput(
            f"there is no column {', '.join(absent)}",
            where=table.name,
            allowed=", ".join(table.frame.columns),
        )
