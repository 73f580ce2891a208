"""A folder with one table in many Parquet files, as Spark, Hive, DuckDB and others write it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import polars as pl

from palate import store
from palate.data.readers.magic import PARQUET
from palate.data.readers.parquet import scanned
from palate.data.readers.projection import Needed
from palate.data.readers.source import open_source
from palate.data.table import Table
from palate.errors import BadInput

PARQUET_SUFFIXES: Final = (".parquet", ".pq", ".parq")
_PART: Final = ("part", "data", "chunk", "shard", "train")
_WIDER: Final = pl.ScanCastOptions(integer_cast="upcast", float_cast="upcast")
_NULL: Final = "__HIVE_DEFAULT_PARTITION__"


def parts_of(folder: Path) -> list[Path]:
    """The Parquet files that are one table together, in the order of their names; none where the
    folder is another kind of folder.

    They are if one lies in a folder such as `year=2024`, or if all that the folder holds are files
    called `part-0001.parquet`, `00000.parquet` or the like.
    """
    try:
        inside = sorted(p for p in folder.iterdir() if not p.name.startswith((".", "_")))
    except OSError:
        return []
    if any("=" in path.name and path.is_dir() for path in inside):
        return [
            path
            for path in sorted(folder.rglob("*"))
            if _is_parquet(path)
            and not any(name.startswith((".", "_")) for name in path.relative_to(folder).parts)
        ]
    parts = len(inside) > 1 and all(_is_parquet(p) and _is_part(p.stem) for p in inside)
    return inside if parts else []


def read_parts(folder: Path, needed: Needed | None = None) -> Table:
    """Read such a folder. What folders such as `year=2024` say is a column of text.

    Args:
        folder: The folder.
        needed: Which columns are needed; None: all.

    Raises:
        BadInput: A file is no Parquet, is damaged, or has columns of another type than the others.
    """
    files = parts_of(folder)
    for path in files:
        kind = open_source(path).kind
        if kind is not PARQUET:
            what = kind.name if kind else "text or something else"
            raise BadInput(
                f"the name says Parquet, and the file is {what}",
                where=str(path),
                next_step="take it out of the folder, or write it again",
            )
    size = sum(path.stat().st_size for path in files)
    what = f"one of the {len(files):,} Parquet files is damaged, or differs from the others"
    table = scanned(lambda: _scan(files, folder), str(folder), size, needed, what)
    note = f"{folder.name} is one table in {len(files):,} Parquet files, read in their order."
    return replace(table, digest=_digest(files, folder), notes=(note, *table.notes))


def _scan(files: Sequence[Path], folder: Path) -> pl.LazyFrame:
    groups: list[tuple[dict[str, str], list[Path]]] = []
    for path in files:
        keys = _keys(path, folder)
        if not groups or groups[-1][0] != keys:
            groups.append((keys, []))
        groups[-1][1].append(path)
    scans = [
        pl.scan_parquet(
            paths, glob=False, hive_partitioning=False, cast_options=_WIDER
        ).with_columns(
            [
                pl.lit(None if value == _NULL else value, dtype=pl.String).alias(key)
                for key, value in keys.items()
            ]
        )
        for keys, paths in groups
    ]
    return pl.concat(scans, how="vertical_relaxed")


def _keys(path: Path, folder: Path) -> dict[str, str]:
    """What the folders between say, such as {"year": "2024"}."""
    named = [part.partition("=") for part in path.relative_to(folder).parts[:-1] if "=" in part]
    return {unquote(key): unquote(value) for key, _, value in named if key}


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in PARQUET_SUFFIXES and path.is_file()


def _is_part(stem: str) -> bool:
    start = stem.lower().split(".")[0].replace("_", "-").split("-")[0]
    numbered = any(character.isdigit() for character in stem)
    return start.isdigit() or (numbered and start.rstrip("0123456789") in _PART)


def _digest(files: Sequence[Path], folder: Path) -> str:
    found = hashlib.sha256()
    for path in files:
        found.update(f"{path.relative_to(folder).as_posix()}\0{store.digest_file(path)}\n".encode())
    return found.hexdigest()
