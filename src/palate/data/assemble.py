"""The way in: files, folders, known sets or frames -> `Dataset`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from palate import config
from palate.data import known
from palate.data.address import is_address, refuse_secrets
from palate.data.continued import with_continued
from palate.data.fetch import about, get
from palate.data.few_faults import without_faulty_rows
from palate.data.folders import KINDS, read_atomic_set, read_dump_set, read_folder
from palate.data.join import join, with_new_items
from palate.data.knowledge.fields import with_knowledge
from palate.data.lists_of_items import with_event_each
from palate.data.long_catalogue import as_wide
from palate.data.needed_columns import columns_of_log
from palate.data.readers.broken_lines import BrokenLines
from palate.data.readers.database import read_database
from palate.data.readers.dumps import holds_tables, named_table
from palate.data.readers.files import read_file
from palate.data.readers.frames import from_frame
from palate.data.readers.options import TextOptions
from palate.data.readers.several import files_of
from palate.data.readers.source import is_folder
from palate.data.settings import DataSettings
from palate.data.shared_ids import with_shared_ids
from palate.data.spelled import mending_spellings
from palate.data.table import Table
from palate.errors import BadInput, BadRecipe
from palate.tables import Catalogue, Dataset

_DEFAULT = DataSettings()


class FilesReader:
    """Files, folders or a known set, as the recipe's `[data]` names them; paths start from the
    current folder.

    For data that is in memory, use `read_frames`.
    """

    Settings = DataSettings

    def __init__(self, settings: DataSettings = _DEFAULT) -> None:
        self.settings = settings

    def read(self) -> Dataset:
        """Read everything; see `palate.data.assemble.read`."""
        return read(self.settings, Path.cwd())


def read(settings: DataSettings, base: Path) -> Dataset:
    """Read what the settings name; nothing is cleaned.

    Args:
        settings: The section `[data]` of a recipe.
        base: Folder that relative paths start from: the recipe's.

    Raises:
        BadInput: A file cannot be read or makes no sense; with file and row.
        BadRecipe: Neither or both of `set` and `interactions`, or a column that does not exist.
        DataUnavailable: The known set could not be had.

    Cost: ml-1m (1 M rows, Parquet) takes about a second.
    """
    if bool(settings.set) == bool(settings.interactions):
        both = "both `set` and `interactions` are given" if settings.set else "no data is named"
        raise BadRecipe(
            both,
            where="data",
            allowed=(
                'set = "ml-100k" (or another known set), or interactions = "clicks.csv" and items ='
                ' "items.csv"'
            ),
        )
    if settings.set:
        return _read_set(settings, base)
    return _joined(_files(settings, base), settings, base)


def read_unseen(
    settings: DataSettings, base: Path, *, alike: bool = True
) -> tuple[Dataset, DataSettings]:
    """Read files that no recipe describes yet: a few faulty rows are left out, and named in `drop`
    of the settings that come back; so are spellings of ids (`same_ids`) without which log and
    catalogue would not meet.

    Args:
        settings: The files.
        base: Folder that relative paths start from.
        alike: Whether spellings that do not meet are read alike where the settings name none.

    Raises:
        BadInput: As by `read`; faulty rows, too, where they are more than
            `palate.data.few_faults.MOST_LEFT_OUT` of a table.
    """
    tables, settings = _without_broken_lines(lambda chosen: _files(chosen, base), settings)
    named, said = with_shared_ids(tables, settings)
    if named != settings:
        settings = named
        tables = _files(settings, base) if _lacks(tables["interactions"], named) else tables
    settings = with_continued(tables, settings)

    def joined(chosen: DataSettings) -> Dataset:
        """The files, by these settings."""
        return _with_guesses(_joined(tables, chosen, base), said)

    dataset, used = without_faulty_rows(joined, settings)
    same = mending_spellings(dataset) if alike and not settings.same_ids else ()
    return without_faulty_rows(joined, replace(used, same_ids=same)) if same else (dataset, used)


def _lacks(log: Table, settings: DataSettings) -> bool:
    """Whether columns that only the values tell were not read, as those without a meaning are."""
    wanted = {settings.user_column, settings.item_column} - {""}
    return not wanted <= set(log.frame.columns)


def _with_guesses(dataset: Dataset, said: Sequence[str]) -> Dataset:
    return replace(dataset, guesses=(*said, *dataset.guesses)) if said else dataset


def _without_broken_lines(
    tables: Callable[[DataSettings], dict[str, Table]], settings: DataSettings
) -> tuple[dict[str, Table], DataSettings]:
    """The tables; where a few of their lines are no rows, without these, which `drop` then says."""
    try:
        return tables(settings), settings
    except BrokenLines as problem:
        if not problem.few or "ragged-rows" in settings.drop:
            raise
        settings = replace(settings, drop=(*settings.drop, "ragged-rows"))
        return tables(settings), settings


def _files(settings: DataSettings, base: Path) -> dict[str, Table]:
    tables = dict(_log(settings.interactions, base, settings))
    for kind, path in (("items", settings.items), ("users", settings.users)):
        if path:
            tables[kind] = _side(kind, path, base, settings)
    return tables


def read_frames(
    interactions: Any,
    items: Any | None = None,
    users: Any | None = None,
    settings: DataSettings = _DEFAULT,
) -> Dataset:
    """Read polars or pandas frames (or paths, in any mixture).

    Args:
        interactions: The log, one row an event.
        items: The catalogue, one row an item.
        users: What is known about the users, one row each.
        settings: Column names, where they should not be guessed.

    Raises:
        BadInput: A frame makes no sense; with its row.

    >>> import polars as pl
    >>> log = pl.DataFrame({"user": [7, 7], "item": ["a", "b"], "stars": [5, 3]})
    >>> read_frames(log).interactions.value.tolist()
    [5.0, 3.0]
    """
    return _joined(_frames(interactions, items, users, settings), settings)


def read_unseen_frames(
    interactions: Any, items: Any | None, users: Any | None, settings: DataSettings
) -> tuple[Dataset, DataSettings]:
    """Frames that no recipe describes yet; to `read_frames` what `read_unseen` is to `read`.

    Raises:
        BadInput: As by `read_unseen`.
    """
    tables, settings = _without_broken_lines(
        lambda chosen: _frames(interactions, items, users, chosen), settings
    )
    settings, said = with_shared_ids(tables, settings)
    settings = with_continued(tables, settings)
    return without_faulty_rows(
        lambda chosen: _with_guesses(_joined(tables, chosen), said), settings
    )


def _frames(
    interactions: Any, items: Any | None, users: Any | None, settings: DataSettings
) -> dict[str, Table]:
    named = {"interactions": interactions, "items": items, "users": users}
    tables: dict[str, Table] = {}
    for kind, frame in named.items():
        if isinstance(frame, (str, Path)):
            refuse_secrets(str(frame), kind)
            if kind == "interactions":
                tables = dict(_log(str(frame), Path.cwd(), settings))
            else:
                tables[kind] = _side(kind, str(frame), Path.cwd(), settings)
        elif frame is not None:
            log = kind == "interactions"
            table = from_frame(frame, kind, columns_of_log(settings) if log else None)
            table = with_event_each(table, settings) if log else table
            tables[kind] = as_wide(table) if kind == "items" else table
    return tables


def read_new_items(catalogue: Catalogue, items: Any, settings: DataSettings) -> Catalogue:
    """A catalogue with items that came later, from a frame or a path.

    Raises:
        BadInput: The items cannot be read, or one is known already.
    """
    if isinstance(items, (str, Path)):
        refuse_secrets(str(items), "items")
        table = _side("items", str(items), Path.cwd(), settings)
    else:
        table = from_frame(items, "new items")
    return with_new_items(catalogue, table, settings)


def _read_set(settings: DataSettings, base: Path) -> Dataset:
    found = known.load(settings.set)
    folder = get(found.name)
    about_set = about(folder)
    tables = {
        kind: read_file(folder / f"{kind}.parquet")
        for kind in KINDS
        if f"{kind}.parquet" in about_set["files"]
    }
    resolved = replace(
        settings, **{k: v for k, v in found.settings.items() if not getattr(settings, k)}
    )
    dataset = _joined(tables, config.parse(DataSettings, asdict(resolved), "data"), base)
    source = f"{found.title} comes from {about_set['source']}."
    # of the tables, which lie in the cache, what they were made of; of graphs their own files
    graphs = {k: v for k, v in dataset.sources.items() if k not in about_set["files"]}
    return replace(
        dataset,
        sources={**graphs, **about_set["inputs"]},
        guesses=(source, *dataset.guesses),
    )


def _joined(
    tables: Mapping[str, Table], settings: DataSettings, base: Path | None = None
) -> Dataset:
    """The tables as one data set, with what graphs say of the items; files of graphs are looked for
    from `base`, or from the current folder.
    """
    joined = join(tables["interactions"], tables.get("items"), tables.get("users"), settings)
    folder = Path.cwd() if base is None else base
    return with_knowledge(joined, settings.knowledge, lambda named: _path(named, folder))


def _log(named: str, base: Path, settings: DataSettings) -> Mapping[str, Table]:
    if is_address(named):
        query, needed = settings.interactions_query, columns_of_log(settings)
        table = read_database(named, base, query, needed, "data.interactions_query")
        return {"interactions": table}
    path, options = _path(named, base), _options(settings)
    if files_of(path):
        return {"interactions": with_event_each(read_file(path, options), settings)}
    if holds_tables(path):
        return read_dump_set(path, options)
    if is_folder(named_table(path)[0]):
        return read_folder(path, options)
    if path.suffix == ".inter":
        return read_atomic_set(path, options)
    return {"interactions": with_event_each(read_file(path, options), settings)}


def _side(kind: str, named: str, base: Path, settings: DataSettings) -> Table:
    table = _side_table(kind, named, base, settings)
    return as_wide(table) if kind == "items" else table


def _side_table(kind: str, named: str, base: Path, settings: DataSettings) -> Table:
    if is_address(named):
        query = settings.items_query if kind == "items" else settings.users_query
        return read_database(named, base, query, None, f"data.{kind}_query")
    return read_file(_path(named, base), _side_options(settings, kind))


def _path(text: str, base: Path) -> Path:
    if "PALATE_DATA" in text and "PALATE_DATA" not in os.environ:
        raise BadInput(
            "PALATE_DATA is not set",
            where=text,
            next_step="set it to the folder above your data sets",
        )
    return base / Path(os.path.expandvars(text)).expanduser()


def _options(settings: DataSettings) -> TextOptions:
    return TextOptions(
        settings.encoding,
        settings.separator,
        settings.columns,
        drop_ragged="ragged-rows" in settings.drop,
        needed=columns_of_log(settings),
    )


def _side_options(settings: DataSettings, kind: str) -> TextOptions:
    own = settings.items_encoding if kind == "items" else settings.users_encoding
    return replace(_options(settings), columns=(), needed=None, encoding=own or settings.encoding)
