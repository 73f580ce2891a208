"""Writing a run directory so that it is complete or says that it is not."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self, TypeVar

import palate
from palate import store
from palate.runs.draft import Draft
from palate.runs.files import RunFile
from palate.runs.manifest import FileEntry, RunManifest, complete, entries, write_manifest

T = TypeVar("T")


class RunWriter:
    """Writes one run into a folder beside, and puts it in place as a whole when it is complete.

    Until then a run that lies there stays as it is, and it stays if the new one fails. What a
    writer that was killed left behind is removed by the next one; files that palate never wrote
    are never touched.

    Args:
        folder: The run directory; need not be there.

    Example: `with RunWriter(folder) as writer: ...; writer.finish()`; what was not finished is
    thrown away.
    """

    def __init__(self, folder: Path) -> None:
        self._draft = Draft(folder)
        self.folder = self._draft.folder
        """Where the files lie until the run is complete."""
        self.run = uuid.uuid4().hex
        self._written: dict[str, None] = {}
        self._placed = False
        try:
            record = RunManifest("unfinished", palate.__version__, run=self.run)
            write_manifest(self.folder, record)
        except BaseException:
            self._draft.discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._placed:
            self._draft.discard()

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
        yield place
        self._note(_files(self.folder, place))

    def finish(self) -> None:
        """Say that the run is complete and put it in place; nothing may be written afterwards but
        by `replacing`.
        """
        there = tuple(name for name in self._written if (self.folder / name).is_file())
        files = entries(self.folder, there)
        record = RunManifest("complete", palate.__version__, files, run=self.run)
        write_manifest(self.folder, record)
        self._placed = True  # from here on the draft is a whole run, which is never thrown away
        self._draft.place()

    def _note(self, names: Sequence[str]) -> None:
        self._written.update(dict.fromkeys(names))


@contextmanager
def replacing(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Make some files of a complete run again, or add them: all of them, or none.

    They are written into a folder beside, and put in place when all are there. Who fails before
    that leaves the run as it was. Who is cut off while they are put in place leaves a run that is
    still complete but for these files, and says that of each of them.

    Args:
        folder: The run directory.
        names: Paths in it, with "/".

    Yields:
        Where to write them.

    Raises:
        BadInput: The run is not complete.
    """
    complete(folder)
    draft = Draft(folder)
    try:
        yield draft.folder
        there = [name for name in names if (draft.folder / name).is_file()]
        manifest = complete(folder)
        known = tuple(sorted({*manifest.replacing, *there}))
        write_manifest(folder, replace(manifest, replacing=known))
        for name in there:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft.folder / name, folder / name)
        files: Mapping[str, FileEntry] = {**manifest.files, **entries(folder, tuple(there))}
        left = tuple(name for name in manifest.replacing if name not in there)
        files = dict(sorted(files.items()))
        write_manifest(folder, replace(manifest, files=files, replacing=left))
    finally:
        draft.discard()


def _files(folder: Path, below: Path) -> list[str]:
    found = (path for path in below.rglob("*") if path.is_file())
    return sorted(p.relative_to(folder).as_posix() for p in found if not p.name.startswith("."))
