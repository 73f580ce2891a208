"""Content-addressed, crash-safe artefacts: a folder of arrays beside a manifest that is written last.

Never pickle. A folder without a manifest does not exist for a reader; a file whose bytes differ from its
manifest is refused, never used.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.errors import DamagedArtefact

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Artefact:
    """What a folder holds.

    Attributes:
        arrays: Name -> array, memory-mapped and read-only.
        facts: Whatever plain values the writer put beside them.
    """

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]


def digest(value: Any) -> str:
    """SHA-256 (hex) of plain values, independent of the order of keys.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Where caches lie: PALATE_CACHE, else the user's cache folder."""
    named = os.environ.get("PALATE_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "palate"


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step: the old text or the new, never a mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write(folder: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
    """Write an artefact in one step: a new folder beside `folder`, flushed, then renamed into place.

    Args:
        folder: Where it shall lie; replaced if it is there already.
        arrays: Name -> array of numbers or fixed-width text; names must be plain file names.
        facts: Plain values, JSON-able.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        files = {name: _write_array(new / f"{name}.npy", array) for name, array in arrays.items()}
        write_text(new / MANIFEST, json.dumps({"files": files, "facts": facts}, indent=1, sort_keys=True))
        os.chmod(new, 0o755)  # noqa: S103 - mkdtemp gives 0700, and an artefact is as readable as its parent
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(new, folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    _flush_folder(folder.parent)


def read(folder: Path) -> Artefact | None:
    """Read an artefact, checking every byte; None if there is none.

    Raises:
        DamagedArtefact: The manifest or a file is not what was written.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return None
    try:
        told = json.loads(manifest.read_text(encoding="utf-8"))
        files, facts = dict(told["files"]), dict(told["facts"])
    except (ValueError, KeyError, TypeError) as cause:
        raise _damaged(manifest, "the manifest cannot be read") from cause
    return Artefact({name: _read_array(folder / f"{name}.npy", entry) for name, entry in files.items()}, facts)


def _write_array(path: Path, array: NDArray[Any]) -> dict[str, Any]:
    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return {"sha256": digest_file(path), "bytes": path.stat().st_size}


def _read_array(path: Path, told: Mapping[str, Any]) -> NDArray[Any]:
    if not path.is_file() or path.stat().st_size != told["bytes"] or digest_file(path) != told["sha256"]:
        raise _damaged(path, "its bytes do not match the manifest")
    loaded: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return loaded


def _damaged(path: Path, what: str) -> DamagedArtefact:
    return DamagedArtefact(what, where=str(path), next_step=f"delete {path.parent} and run again; it will be made anew")


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
