"""A folder in the making, beside the one whose place it takes: whole, or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import palate
from palate.errors import BadInput
from palate.runs.manifest import (
    DRAFT,
    MANIFEST,
    OLD,
    RunManifest,
    beside,
    read_manifest,
    unfinished,
    write_manifest,
)

_ABANDONED_SECONDS = 24 * 3600


class Draft:
    """A new folder that becomes `folder` by `place`, and is gone after `discard`.

    It lies beside the folder, hidden, on the same file system. As long as its writer lives it is
    locked: the next writer removes drafts of writers that were killed, and no others.

    Args:
        folder: The folder whose place it takes; need not be there.

    Raises:
        BadInput: `folder` is a file, or no folder can be made there.
    """

    def __init__(self, folder: Path) -> None:
        self.target = folder.resolve()
        if self.target.exists() and not self.target.is_dir():
            raise BadInput(
                "this is a file", where=str(folder), allowed="a folder, or a name for a new one"
            )
        settle(self.target)
        self._name = uuid.uuid4().hex[:12]
        inside = self.target.is_dir() and _apart(self.target)
        parent = self.target if inside else self.target.parent
        self.folder = parent / f".{self.target.name}.{self._name}{DRAFT}"
        try:
            self.folder.mkdir(parents=True)
        except OSError as cause:
            raise BadInput(
                f"no folder can be made here: {cause.strerror}",
                where=str(folder),
                next_step="name another folder with --out",
            ) from cause
        self._lock = _locked(self.folder)

    def place(self) -> None:
        """Put it where it belongs. An earlier run that lies there goes; files of others stay."""
        try:
            if not self.target.exists():
                os.rename(self.folder, self.target)
            elif not (_only_a_run(self.target) and self._swapped()):
                _move_in(self.folder, self.target)
        finally:
            self._unlock()

    def discard(self) -> None:
        """Remove it; what lies in the folder stays as it is."""
        self._unlock()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _swapped(self) -> bool:
        """Whether the two folders could change places by their names."""
        old = self.target.parent / f".{self.target.name}.{self._name}{OLD}"
        try:
            os.rename(self.target, old)
        except OSError:  # somebody holds it open, where that forbids it
            return False
        try:
            os.rename(self.folder, self.target)
        except OSError:
            os.rename(old, self.target)
            return False
        shutil.rmtree(old, ignore_errors=True)
        return True

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def settle(target: Path) -> None:
    """Finish what a killed writer had begun, and remove what it left.

    Args:
        target: The folder, resolved.
    """
    for old in beside(target, OLD):
        new = old.with_name(old.name.removesuffix(OLD) + DRAFT)
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:  # cut off between two renames: the new one is whole, or the old one comes back
            os.rename(new if new.is_dir() and not unfinished(new) else old, target)
            shutil.rmtree(old, ignore_errors=True)
    with suppress(BadInput):
        record = read_manifest(target)
        moving = Path(record.moving) if record is not None and record.moving else None
        if moving is not None and (target / moving / MANIFEST).is_file():
            _move_in(target / moving, target)
    for draft in beside(target, DRAFT):
        if _abandoned(draft):
            shutil.rmtree(draft, ignore_errors=True)


def _move_in(draft: Path, target: Path) -> None:
    """File by file, where the folder itself must stay: it is a mount, the place where somebody
    stands, or holds what palate never wrote. Who is cut off is finished by `settle`.
    """
    new = read_manifest(draft)
    if new is None:
        return
    names = (*new.files, MANIFEST)
    gone = [name for name in sorted(_known(target)) if name not in names]
    moving = os.path.relpath(draft, target)
    write_manifest(
        target,
        RunManifest(
            "unfinished",
            palate.__version__,
            leftovers=tuple(sorted({*_known(target), *names})),
            moving=moving,
        ),
    )
    for name in gone:
        _remove(target, name)
    for name in new.files:
        if (draft / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft / name, target / name)
    os.replace(draft / MANIFEST, target / MANIFEST)
    shutil.rmtree(draft, ignore_errors=True)


def _known(folder: Path) -> set[str]:
    """Paths in the folder that a run wrote, whichever it was."""
    try:
        record = read_manifest(folder)
    except BadInput:
        record = None
    return {*record.files, *record.leftovers, MANIFEST} if record is not None else set()


def _only_a_run(target: Path) -> bool:
    """Whether the folder may be replaced as a whole."""
    here = Path.cwd()
    if _apart(target) or here == target or target in here.parents:
        return False
    known = _known(target)
    return all(
        path.relative_to(target).as_posix() in known or path.name.endswith(".part")
        for path in _files(target)
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())


def _apart(target: Path) -> bool:
    """Whether the folder lies on another file system than what is beside it, or nothing can be put
    there.
    """
    parent = target.parent
    return target.stat().st_dev != parent.stat().st_dev or not os.access(parent, os.W_OK)


def _remove(folder: Path, name: str) -> None:
    """Remove a file, and the folders below `folder` that it leaves empty."""
    path = folder / name
    path.unlink(missing_ok=True)
    with suppress(OSError):
        while (path := path.parent) != folder:
            path.rmdir()


def _locked(folder: Path) -> int | None:
    """A lock that dies with its holder; None where the system has none to give.

    Raises:
        BlockingIOError: Somebody else holds it.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:  # some network file systems lock no folders
        os.close(handle)
        return None
    return handle


def _abandoned(draft: Path) -> bool:
    """Whether no one writes it any more."""
    try:
        handle = _locked(draft)
        if handle is None:
            return time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS
    except OSError:
        return False
    os.close(handle)
    return True
