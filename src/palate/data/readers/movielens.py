"""The folders that GroupLens publishes: ml-100k, ml-1m, and the later ones with CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from palate.data.readers.delimited import read_delimited
from palate.data.readers.options import TextOptions
from palate.data.readers.source import open_source
from palate.data.table import Table
from palate.errors import BadInput
from palate.tables.columns import ITEM, TIME, USER, VALUE

LOG: Final = (USER, ITEM, VALUE, TIME)
GENRES_100K: Final = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)
_ITEM_100K: Final = (ITEM, "title", "release_date", "video_release_date", "imdb_url", *GENRES_100K)
_USER_1M: Final = (USER, "gender", "age", "occupation", "zip_code")


@dataclass(frozen=True)
class _File:
    name: str
    columns: tuple[str, ...]
    separator: str
    header: bool = False


@dataclass(frozen=True)
class _Edition:
    log: _File
    items: _File
    users: _File | None
    encoding: str


EDITIONS: Final = (
    _Edition(
        _File("u.data", LOG, "\t"),
        _File("u.item", _ITEM_100K, "|"),
        _File("u.user", (USER, "age", "gender", "occupation", "zip_code"), "|"),
        "latin-1",
    ),
    _Edition(
        _File("ratings.dat", LOG, "::"),
        _File("movies.dat", (ITEM, "title", "genres"), "::"),
        _File("users.dat", _USER_1M, "::"),
        "latin-1",
    ),
    _Edition(
        _File("ratings.csv", LOG, ",", True),
        _File("movies.csv", (ITEM, "title", "genres"), ",", True),
        None,
        "utf-8",
    ),
)


def is_movielens(folder: Path) -> bool:
    """Whether the folder holds the files of some MovieLens edition, by their names."""
    return _edition(folder) is not None


def read_movielens(folder: Path) -> Mapping[str, Table]:
    """Read a MovieLens folder.

    Titles such as "Toy Story (1995)" become `title` and `year`, genres a list.

    Args:
        folder: It holds `u.data` and `u.item`, `ratings.dat` and `movies.dat`, or `ratings.csv` and
            `movies.csv`.

    Returns:
        "interactions", "items" and, where there is one, "users".

    Raises:
        BadInput: No such files, or something is wrong inside one.
    """
    edition = _edition(folder)
    if edition is None:
        wanted = ", ".join(f"{e.log.name} and {e.items.name}" for e in EDITIONS)
        raise BadInput("this is no MovieLens folder", where=str(folder), allowed=wanted)
    tables = {"interactions": _table(folder, edition.log, edition.encoding)}
    tables["items"] = _movies(_table(folder, edition.items, edition.encoding))
    if edition.users and (folder / edition.users.name).is_file():
        tables["users"] = _table(folder, edition.users, edition.encoding)
    return tables


def _edition(folder: Path) -> _Edition | None:
    for edition in EDITIONS:
        if (folder / edition.log.name).is_file() and (folder / edition.items.name).is_file():
            return edition
    return None


def _table(folder: Path, file: _File, encoding: str) -> Table:
    columns = () if file.header else file.columns
    # The old editions never quote, and some titles hold a single quote.
    # `u.item` and `u.user` end like atomic files, so the reader is not chosen by the name.
    source = open_source(folder / file.name)
    table = read_delimited(
        source, TextOptions(encoding, file.separator, columns, quotes=file.header)
    )
    frame = _renamed(table, file.columns) if file.header else table.frame
    return Table(table.name, frame, source.digest(), (), table.first_line)


def _renamed(table: Table, names: tuple[str, ...]) -> pl.DataFrame:
    if len(table.frame.columns) < len(names):
        raise BadInput(
            f"{len(table.frame.columns)} columns",
            where=f"{table.name}, line 1",
            allowed=", ".join(names),
        )
    return table.frame.rename(dict(zip(table.frame.columns, names, strict=False)))


def _movies(table: Table) -> Table:
    frame = table.frame
    flags = [g for g in GENRES_100K if g in frame.columns]
    if flags:
        named = [pl.when(pl.col(g) == "1").then(pl.lit(g)) for g in flags]
        genres = pl.concat_list(named).list.drop_nulls()
    else:
        parts = pl.col("genres").fill_null("").str.split("|")
        genres = parts.list.eval(
            pl.element().filter(~pl.element().is_in(["", "(no genres listed)"]))
        )
    year = pl.col("title").str.extract(r"\((\d{4})\)\s*$").cast(pl.Int64)
    title = pl.col("title").str.replace(r"\s*\(\d{4}\)\s*$", "").str.strip_chars()
    new = frame.with_columns(genres.alias("genres"), year.alias("year"), title.alias("title")).drop(
        flags
    )
    first = [ITEM, "title", "year", "genres"]
    kept = [c for c in new.columns if c not in (*first, "video_release_date")]
    note = f"Titles of {table.title} were split into title and year, genres into lists."
    return table.replaced(new.select(*first, *kept), [note])
