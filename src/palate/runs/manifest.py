"""Whether a run directory is whole: one manifest, written last, that names every file of the run
with its digest.

A folder whose manifest says "unfinished", or whose files are not the ones that it names, is no
evidence of anything: some of it may be of another run. So every reader asks here first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from palate import store
from palate.errors import BadInput

MANIFEST = "run.json"
DRAFT, OLD = ".draft", ".old"
"""How the names of hidden folders end: a run in the making, and one whose place was just taken."""


@dataclass(frozen=True)
class FileEntry:
    """One file of a run.

    Attributes:
        sha256: Of its bytes (hex).
        bytes: Its size.
        checked: By whom the digest is checked: when the run is opened, or, for arrays that may be
            large, when the array is read (its artefact's own manifest holds the digest too).
    """

    sha256: str
    bytes: int
    checked: Literal["on opening", "when read"] = "on opening"


@dataclass(frozen=True)
class Forgotten:
    """What was taken out of a run after it was complete; see `palate.runs.forget`.

    Attributes:
        user_rows: Rows of users that have no name and no events any more.
        item_rows: Rows of items that have no name and no content any more.
        influence: Models and blocks that learnt from what is gone and were not made again.
    """

    user_rows: tuple[int, ...] = ()
    item_rows: tuple[int, ...] = ()
    influence: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunManifest:
    """What `run.json` says.

    Attributes:
        state: `unfinished` from the first write of a run to its last.
        palate_version: The version that wrote it.
        files: Path in the folder, with "/" -> what was written; empty as long as it is unfinished.
        leftovers: Paths that an unfinished run, or the one before it, has written so far.
        replacing: Files of a complete run that are being put in place right now.
        forgotten: What was taken out of it.
        run: A name that no other run has; it stays when files are added.
        moving: The folder that a whole run is just being moved from, file by file; from this
            folder on.
        sha256: Of all the rest (hex); empty where an older palate wrote it.
    """

    state: Literal["unfinished", "complete"]
    palate_version: str
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    leftovers: tuple[str, ...] = ()
    replacing: tuple[str, ...] = ()
    forgotten: Forgotten = Forgotten()
    run: str = ""
    moving: str = ""
    sha256: str = ""


_KIND = TypeAdapter(RunManifest)


def read_manifest(folder: Path) -> RunManifest | None:
    """What the folder says of itself; None where there is no `run.json`.

    Raises:
        BadInput: It cannot be understood.
    """
    path = folder / MANIFEST
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        manifest = _KIND.validate_python(record)
        whole = not manifest.sha256 or _digest(record) == manifest.sha256
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError, RecursionError) as cause:
        raise _not_understood(folder) from cause
    if not whole:
        raise _not_understood(folder)
    return manifest


def write_manifest(folder: Path, manifest: RunManifest) -> None:
    """Replace `run.json` in one step."""
    record = _KIND.dump_python(manifest, mode="json")
    record["sha256"] = _digest(record)
    store.write_text(folder / MANIFEST, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _digest(record: Mapping[str, object]) -> str:
    return store.digest({name: value for name, value in record.items() if name != "sha256"})


def _not_understood(folder: Path) -> BadInput:
    return BadInput(
        f"{MANIFEST} cannot be understood, so nothing says which files belong together",
        where=str(folder),
        next_step="run the recipe again",
    )


def unfinished(folder: Path) -> str:
    """Why the folder is not a complete run, in a sentence; empty for a complete one."""
    try:
        manifest = read_manifest(folder)
    except BadInput as error:
        return error.what
    if manifest is None:
        return f"{MANIFEST} is missing: the run was cut off, or an older palate made it"
    if manifest.moving:
        return "a new run was being moved in when that was cut off, so files of two runs are mixed"
    if manifest.state == "unfinished":
        return "the run did not finish, and its files may be of several runs"
    return ""


def check_there(folder: Path) -> None:
    """Check that somebody began a run in this folder.

    Raises:
        BadInput: None did.
    """
    if (folder / MANIFEST).is_file() or (folder / "recipe.toml").is_file():
        return
    target = folder.resolve()
    left = [*beside(target, OLD), *beside(target, DRAFT)]
    if left:
        raise BadInput(
            f"there is no run here, only what one left that was cut off: {left[0]}",
            where=str(folder),
            next_step="run the recipe again into the same folder, which puts it in order",
        )
    raise BadInput(
        "there is no run here", where=str(folder), next_step="palate run RECIPE makes one"
    )


def beside(target: Path, end: str) -> list[Path]:
    """Hidden folders in the making of a run directory, beside it or in it.

    Args:
        target: The run directory, resolved; need not be there.
        end: `DRAFT` or `OLD`.
    """
    start = f".{target.name}."
    return sorted(
        path
        for place in (target.parent, target)
        if place.is_dir()
        for path in place.iterdir()
        if path.name.startswith(start) and path.name.endswith(end) and path.is_dir()
    )


def complete(folder: Path) -> RunManifest:
    """Check that the folder holds one whole run.

    Arrays are checked by size here and by digest when they are read (`palate.store.read`), every
    other file by its digest. Files that the manifest does not name do not count.

    Raises:
        BadInput: There is no run, it did not finish, or a file is missing or is not the one that
            the run wrote.
    """
    check_there(folder)
    why, manifest = unfinished(folder), read_manifest(folder)
    if why or manifest is None:
        raise BadInput(
            f"there is no finished run here: {why}",
            where=str(folder),
            next_step="run the recipe again: palate run RECIPE",
        )
    for name, entry in manifest.files.items():
        if name not in manifest.replacing:
            _check(folder, name, entry)
    return manifest


def verified(folder: Path) -> RunManifest:
    """Check every byte of a run, arrays too, before anything of it is read.

    Raises:
        BadInput: It is not one whole run, a file is not the one that the run wrote, or the run was
            made by a palate whose `run.json` has no digest of its own.
    """
    manifest = complete(folder)
    if not manifest.sha256:
        raise BadInput(
            f"{MANIFEST} has no digest of its own: an older palate made the run",
            where=str(folder),
            next_step="run the recipe again with this version",
        )
    for name, entry in manifest.files.items():
        check_file(folder, manifest, name)
        _check(folder, name, replace(entry, checked="on opening"))
    return manifest


def check_file(folder: Path, manifest: RunManifest, name: str) -> Path:
    """The path of one of the run's files, for somebody who is about to read it.

    Raises:
        BadInput: The run has no such file, or it was being made again when that was cut off.
    """
    if name in manifest.replacing:
        raise BadInput(
            f"{name} was being made again when that was cut off",
            where=str(folder),
            next_step="palate importance RUN makes it again",
        )
    if name not in manifest.files:
        raise BadInput(f"the run has no {name}", where=str(folder), next_step="run it again")
    return folder / name


def entries(folder: Path, names: tuple[str, ...]) -> dict[str, FileEntry]:
    """The entries of files as they are; those of artefacts come from the artefacts' manifests.

    Args:
        folder: The run directory.
        names: Paths in it, with "/".
    """
    arrays: dict[str, FileEntry] = {}
    for name in names:
        if Path(name).name == store.MANIFEST:
            inner = store.listed((folder / name).parent) or {}
            parent = name[: -len(store.MANIFEST)]
            arrays |= {
                parent + file: FileEntry(sha256, size, "when read")
                for file, (sha256, size) in inner.items()
            }
    found = {
        name: FileEntry(store.digest_file(folder / name), (folder / name).stat().st_size)
        for name in names
        if name not in arrays
    }
    return dict(sorted((found | arrays).items()))


def _check(folder: Path, name: str, entry: FileEntry) -> None:
    path = folder / name
    try:
        same = path.stat().st_size == entry.bytes and (
            entry.checked == "when read" or store.digest_file(path) == entry.sha256
        )
    except OSError as cause:
        raise BadInput(
            f"{name} is missing, which the run wrote",
            where=str(folder),
            next_step="copy the whole folder again, or run the recipe again",
        ) from cause
    if not same:
        raise BadInput(
            f"{name} is not the file that this run wrote: files of two runs are mixed here, or it"
            " was changed",
            where=str(folder),
            next_step="put that file back, or run the recipe again",
        )
