"""A folder -> which of its files is the log, which the catalogue, which the users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from palate.data.column_names import names_event
from palate.data.column_roles import id_column, log_roles
from palate.data.readers import atomic
from palate.data.readers.dumps import read_tables
from palate.data.readers.files import SUFFIXES, read_file
from palate.data.readers.movielens import is_movielens, read_movielens
from palate.data.readers.options import TextOptions
from palate.data.readers.parts import parts_of, read_parts
from palate.data.readers.several import are_numbered, n_kinds, stacked
from palate.data.settings import DataSettings
from palate.data.table import Table
from palate.errors import BadInput
from palate.tables.columns import ITEM, USER
from palate.tables.foreign_columns import TITLES

KINDS: Final = ("interactions", "items", "users")
_MOST_FILES: Final = 20
_MOSTLY_UNIQUE: Final = 0.9
_DESCRIPTIONS: Final = frozenset(
    {
        *("title", "name", "product_name", "item_name", "description", "price", "brand", "genre"),
        *("genres", "category", "categories", "image", "image_url", "headline", "abstract"),
        *("plot", "overview", "synopsis", "features", "ingredients", "keywords", "tags"),
    }
)
"""Columns that describe an item, and no event."""


def read_folder(folder: Path, options: TextOptions | None = None) -> Mapping[str, Table]:
    """Read a folder: Parquet files that are one log, MovieLens, atomic files, or tables of which
    exactly one is a log.

    Args:
        folder: The folder.
        options: What is known about its text files.

    Returns:
        "interactions" and, where the folder has them, "items" and "users".

    Raises:
        BadInput: Nothing in it can be a log, or several can; the message says what each file is.
    """
    read_options = options or TextOptions()
    if parts_of(folder):
        return {"interactions": read_parts(folder, read_options.needed)}
    if is_movielens(folder):
        return read_movielens(folder)
    read_options = replace(read_options, needed=None)  # which of them is the log all columns tell
    logs = sorted(folder.glob("*.inter"))
    if len(logs) == 1:
        return read_atomic_set(logs[0], read_options)
    return _by_content(folder, read_options)


def read_atomic_set(path: Path, options: TextOptions) -> Mapping[str, Table]:
    """Read an atomic file together with those of the same name beside it."""
    names = dict(zip(("inter", "item", "user"), KINDS, strict=True))
    return {names[kind]: read_file(found, options) for kind, found in atomic.beside(path).items()}


def kind_of_table(table: Table, settings: DataSettings | None = None) -> str:
    """What a table is by its columns: "interactions", "items" or "users".

    A table with a column of users is a catalogue all the same where each item comes once and has a
    name, a price or the like: there the "user" is its author or its seller.

    Args:
        table: The table.
        settings: Columns that the user named.

    Raises:
        BadInput: It has neither a user nor an item, or looks like a log that lacks one of them.
        BadRecipe: A column that the settings name does not exist.
    """
    try:
        roles = log_roles(table, settings)
    except BadInput as problem:
        kind = None if "several columns" in problem.what else _side_kind(table)
        if kind is None:
            raise
        return kind
    return "items" if _describes(table, str(roles.item)) else "interactions"


def _describes(table: Table, item: str) -> bool:
    """Whether each item comes once, with what only a catalogue says."""
    ids = table.frame[item].drop_nulls()
    said = {c.lower().replace(" ", "_") for c in table.frame.columns if c != item}
    described = not said.isdisjoint(_DESCRIPTIONS | set(TITLES))
    return described and len(ids) > 1 and ids.n_unique() == len(ids)


def _side_kind(table: Table) -> str | None:
    for kind, role in (("items", ITEM), ("users", USER)):
        try:
            roles = id_column(table, role)
        except BadInput:
            continue
        ids = table.frame[str(roles.item or roles.user)]
        # Ids that come again and again beside times or ratings are those of events, not of a
        # catalogue.
        eventful = any(names_event(c) for c in table.frame.columns)
        return None if eventful and ids.n_unique() < _MOSTLY_UNIQUE * len(ids) else kind
    return None


def _by_content(folder: Path, options: TextOptions) -> Mapping[str, Table]:
    paths = _tables_in(folder)
    if any(_stem(p) == "interactions" for p in paths):
        # A folder that names its tables is taken at its word; what else lies there (about.json) is
        # no table.
        paths = [p for p in paths if _stem(p) in KINDS]
    return _sorted_out(folder, {path: read_file(path, options) for path in paths})


def read_dump_set(path: Path, options: TextOptions) -> Mapping[str, Table]:
    """Read the dump of a database of whose tables exactly one is a log.

    Args:
        path: The file.
        options: Its encoding.

    Returns:
        "interactions" and, where the dump has them, "items" and "users".

    Raises:
        BadInput: Nothing in it can be a log, or several can; the message says what each table is.
    """
    tables = read_tables(path, options.encoding)
    return _sorted_out(path, {Path(f"{path.name}#{name}"): t for name, t in tables.items()})


def _sorted_out(source: Path, tables: Mapping[Path, Table]) -> Mapping[str, Table]:
    """The tables of one source by what they are.

    Args:
        source: The folder or dump.
        tables: Each with its path.
    """
    found: dict[str, list[Table]] = {}
    for path, table in tables.items():
        found.setdefault(_kind(table, path), []).append(table)
    logs = found.get("interactions", [])
    if source.is_dir() and are_numbered([t.title for t in logs]) and _are_alike(logs):
        found["interactions"] = [stacked(str(source), logs)]
    doubtful = [kind for kind in KINDS if len(found.get(kind, [])) > 1]
    if doubtful or "interactions" not in found:
        what = "file" if source.is_dir() else "table"
        problem = (
            f"several {what}s could be the {doubtful[0]}"
            if doubtful
            else f"no {what} can be the log of interactions"
        )
        listed = "; ".join(
            f"{Path(t.name).name}: {kind}" for kind, tables in found.items() for t in tables
        )
        raise BadInput(
            problem,
            where=str(source),
            allowed=f"one log. Found: {listed}",
            next_step="name the files one by one, or by a pattern those that are one log together"
            if source.is_dir()
            else f"name the tables one by one: {source.name}#TABLE",
        )
    return {kind: found[kind][0] for kind in KINDS if kind in found}


def _are_alike(tables: Sequence[Table]) -> bool:
    return len({frozenset(table.frame.columns) for table in tables}) == 1


def _kind(table: Table, path: Path) -> str:
    # A file that says what it is by its name is taken at its word.
    if _stem(path) in KINDS:
        return _stem(path)
    try:
        return kind_of_table(table)
    except BadInput:
        return "something else"


def _stem(path: Path) -> str:
    return path.name.split(".", 1)[0]


def _tables_in(folder: Path) -> list[Path]:
    try:
        names = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as cause:
        raise BadInput(f"the folder cannot be read: {cause.strerror}", where=str(folder)) from cause
    paths = [
        p
        for p in names
        if p.is_file()
        and p.name.lower().removesuffix(".gz").removesuffix(".zst").endswith(SUFFIXES)
    ]
    if not paths or n_kinds(paths) > _MOST_FILES:
        what = f"a folder with {len(paths):,} tables" if paths else "a folder without any table"
        raise BadInput(
            f"this is {what}",
            where=str(folder),
            allowed=(
                "MovieLens, atomic files, or a log beside a catalogue (CSV, TSV, Parquet, JSON"
                " lines)"
            ),
            next_step=f"it holds {', '.join(p.name for p in names[:8]) or 'nothing'}; name a file",
        )
    return paths
