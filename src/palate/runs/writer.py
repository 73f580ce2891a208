"""Writing a run directory so that it is complete or says that it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import palate
from palate import store
from palate.errors import BadInput
from palate.runs.files import RunFile
from palate.runs.manifest import (
    FileEntry,
    RunManifest,
    complete,
    entries,
    read_manifest,
    write_manifest,
)

T = TypeVar("T")


class RunWriter:
    """Writes one run: the folder is marked first, every file is noted, the manifest comes last.

    A writer that is killed at any moment leaves a folder that says it is unfinished, and that the
    next one puts in order: files that an earlier run wrote and this one does not are removed, files
    that palate never wrote are never touched.

    Args:
        folder: The run directory; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            old = read_manifest(folder)
        except BadInput:  # a new run puts the folder in order, whatever stood there
            old = None
        self._old = (*old.files, *old.leftovers) if old is not None else ()
        self._written: dict[str, None] = {}
        self._mark()

    def text(self, name: str, text: str) -> None:
        """Write one file, `name` being its path in the folder."""
        self._note([name])
        store.write_text(self.folder / name, text)

    def write(self, file: RunFile[T], content: T) -> None:
        """Write one of the run's files of rows."""
        self.text(file.name, file.text(content))

    @contextmanager
    def folder_of(self, *names: str) -> Iterator[Path]:
        """A folder below, for somebody who fills it with artefacts; all in it counts as written.

        Example: `with writer.folder_of("features", name) as place: fitted.save(place)`.
        """
        place = self.folder.joinpath(*names)
        # noted before it is filled: who is killed in between leaves nothing unnoted
        self._note([f"{'/'.join(names)}/{store.MANIFEST}"])
        yield place
        self._note(_files(self.folder, place))

    def sweep(self) -> None:
        """Remove what an earlier run wrote here and this one did not."""
        for name in set(self._old) - set(self._written):
            (self.folder / name).unlink(missing_ok=True)
        self._old = ()

    def finish(self) -> None:
        """Say that the run is complete; nothing may be written afterwards but by `replacing`."""
        self.sweep()
        there = tuple(name for name in self._written if (self.folder / name).is_file())
        files = entries(self.folder, there)
        write_manifest(self.folder, RunManifest("complete", palate.__version__, files))

    def _note(self, names: Sequence[str]) -> None:
        new = [name for name in names if name not in self._written]
        self._written.update(dict.fromkeys(new))
        if set(new) - set(self._old):
            self._mark()

    def _mark(self) -> None:
        known = tuple(sorted({*self._old, *self._written}))
        write_manifest(self.folder, RunManifest("unfinished", palate.__version__, leftovers=known))


@contextmanager
def replacing(folder: Path, names: Sequence[str]) -> Iterator[None]:
    """Make some files of a complete run again, or add them.

    The manifest says so before the first of them is touched and takes up their digests after the
    last. Who is cut off in between leaves a run that is still complete but for these files, and
    says that of each of them.

    Args:
        folder: The run directory.
        names: Paths in it, with "/".

    Raises:
        BadInput: The run is not complete.
    """
    manifest = complete(folder)
    known = tuple(sorted({*manifest.replacing, *names}))
    write_manifest(folder, replace(manifest, replacing=known))
    yield
    there = tuple(name for name in names if (folder / name).is_file())
    files: Mapping[str, FileEntry] = {**manifest.files, **entries(folder, there)}
    left = tuple(name for name in manifest.replacing if name not in names)
    write_manifest(folder, replace(manifest, files=dict(sorted(files.items())), replacing=left))


def _files(folder: Path, below: Path) -> list[str]:
    found = (path for path in below.rglob("*") if path.is_file())
    return sorted(p.relative_to(folder).as_posix() for p in found if not p.name.startswith("."))
