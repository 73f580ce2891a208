"""Content-addressed, crash-safe artefacts: a folder of arrays and a manifest that names them.

Never pickle. The files of an artefact are named after their bytes and the manifest is replaced
last, in one step: a reader finds the state before or the state after, whenever the writer dies. A
folder without a manifest does not exist for a reader; a file or manifest whose bytes are not those
that were written is refused, never used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from palate.errors import DamagedArtefact

MANIFEST = "manifest.json"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_OURS = re.compile(r".*-[0-9a-f]{16}\.(npy|safetensors)|\..*\.part")
_ABANDONED_SECONDS = 3600


@dataclass(frozen=True, eq=False)
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
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Where caches lie: PALATE_CACHE, else the user's cache folder."""
    named = os.environ.get("PALATE_CACHE")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "palate"


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step: the old text or the new, never a mix."""
    write_file(path, lambda file: file.write(text.encode()))


def write_file(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Replace a file in one step by what `fill` writes; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep_abandoned(path)
    _put(path.parent, path.name, fill, lambda _: path.name)
    _flush_folder(path.parent)


def write(
    folder: Path,
    arrays: Mapping[str, NDArray[Any]],
    facts: Mapping[str, Any],
    kind: Literal["npy", "safetensors"] = "npy",
) -> None:
    """Write an artefact in one step; an artefact that was there is replaced, and readers of it are
    not disturbed.

    Writers of the same folder wait for each other. What a killed writer left behind is removed by
    the next one.

    Args:
        folder: Where it shall lie.
        arrays: Name -> array of numbers or fixed-width text; names must be plain file names.
        facts: Plain values, JSON-able.
        kind: Format of the files; arrays of `.npy` come back memory-mapped, `.safetensors` is what
            model tools read.

    Raises:
        ValueError: A name that is no plain file name, or values that JSON cannot hold.
    """
    for name in arrays:
        if not _PLAIN_NAME.fullmatch(name):
            raise ValueError(f"an array must have a plain file name, not {name!r}")
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, shared=False) as alone:
        try:
            files = {name: _put_array(folder, name, array, kind) for name, array in arrays.items()}
            write_text(folder / MANIFEST, _manifest_text(files, facts))
        finally:
            if alone:
                _sweep(folder)


def read(folder: Path) -> Artefact | None:
    """Read an artefact, checking every byte; None if there is none.

    Raises:
        DamagedArtefact: The manifest or a file is not what was written.
    """
    try:
        return _read(folder)
    except DamagedArtefact:
        # A writer may have replaced the files under our eyes; while it is locked out, damage is
        # damage.
        with _locked(folder, shared=True):
            return _read(folder)


def listed(folder: Path) -> dict[str, tuple[str, int]] | None:
    """The files that an artefact is made of, besides its manifest; None if there is none.

    The files themselves are not read: `read` checks them.

    Returns:
        File name -> SHA-256 (hex) and size in bytes, as they were written.

    Raises:
        DamagedArtefact: The manifest is not what was written.
    """
    manifest = _read_manifest(folder)
    if manifest is None:
        return None
    return {e["file"]: (str(e["sha256"]), int(e["bytes"])) for e in manifest[0].values()}


def _read(folder: Path) -> Artefact | None:
    manifest = _read_manifest(folder)
    if manifest is None:
        return None
    files, facts = manifest
    return Artefact(
        {name: _read_array(folder, name, entry) for name, entry in files.items()}, facts
    )


def _manifest_text(files: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    content = {"facts": facts, "files": files}
    return (
        json.dumps(
            {**content, "sha256": digest(content)}, indent=1, sort_keys=True, allow_nan=False
        )
        + "\n"
    )


def _read_manifest(folder: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        text = path.read_bytes().decode()
        manifest = json.loads(text)
        files, facts = dict(manifest["files"]), dict(manifest["facts"])
        whole = text == _manifest_text(files, facts)
    except (ValueError, KeyError, TypeError) as cause:
        raise _damaged(path, "the manifest cannot be read") from cause
    if not whole:
        raise _damaged(path, "the manifest is not what was written")
    return files, facts


def _put_array(folder: Path, name: str, array: NDArray[Any], kind: str) -> dict[str, Any]:
    # order="C" and not ascontiguousarray, which makes a vector of a single number
    plain = np.asarray(array, order="C")

    def fill(file: BinaryIO) -> None:
        if kind == "npy":
            np.save(file, plain, allow_pickle=False)
        else:
            from safetensors.numpy import save

            file.write(save({name: plain}))

    path, sha256 = _put(folder, name, fill, lambda sha256: f"{name}-{sha256[:16]}.{kind}")
    return {"file": path.name, "sha256": sha256, "bytes": path.stat().st_size}


def _read_array(folder: Path, name: str, manifest: Mapping[str, Any]) -> NDArray[Any]:
    path = folder / Path(manifest["file"]).name
    try:
        whole = path.stat().st_size == manifest["bytes"] and digest_file(path) == manifest["sha256"]
    except FileNotFoundError:
        whole = False
    if not whole:
        raise _damaged(path, "its bytes do not match the manifest")
    try:
        if path.suffix == ".safetensors":
            from safetensors.numpy import load_file

            loaded: NDArray[Any] = np.asarray(load_file(path)[name])
            loaded.flags.writeable = False
        else:
            loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as cause:
        raise _damaged(path, "it is gone") from cause
    return loaded


def _damaged(path: Path, what: str) -> DamagedArtefact:
    return DamagedArtefact(
        what,
        where=str(path),
        next_step=f"delete {path.parent} and run again; it will be made again",
    )


def _put(
    folder: Path, label: str, fill: Callable[[BinaryIO], object], name_of: Callable[[str], str]
) -> tuple[Path, str]:
    """Fill a draft, make it durable, give it the name that `name_of(sha256)` says; the path and the
    digest.
    """
    draft = folder / f".{label}.{uuid.uuid4().hex}.part"
    try:
        with draft.open("xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        sha256 = digest_file(draft)
        path = folder / name_of(sha256)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    return path, sha256


def _sweep(folder: Path) -> None:
    """Remove what no manifest names: the state before, and drafts of writers that were killed."""
    with suppress(OSError, DamagedArtefact):
        files, _ = _read_manifest(folder) or ({}, {})
        kept = {entry["file"] for entry in files.values()}
        for path in folder.iterdir():
            if _OURS.fullmatch(path.name) and path.name not in kept:
                path.unlink()


def _sweep_abandoned(path: Path) -> None:
    """Remove old drafts of one file; a young one may belong to somebody who is writing now."""
    with suppress(OSError):
        for draft in path.parent.iterdir():
            is_draft = draft.name.startswith(f".{path.name}.") and draft.name.endswith(".part")
            if is_draft and time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
                draft.unlink()


@contextmanager
def _locked(folder: Path, *, shared: bool) -> Iterator[bool]:
    """Hold the folder's lock, which dies with its holder; false where the system has none to
    give.
    """
    if sys.platform == "win32" or not folder.is_dir():
        yield False
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            held = True
        except OSError:  # some network file systems lock no folders; then writers must not meet
            held = False
        yield held
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
