"""The base of encoders of pictures and sounds: files in, vectors out, absences said by name."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Generic, Literal, TypeAlias, TypeVar, final

import numpy as np

from palate.arrays import Floats, Longs, Mask, Rows
from palate.encode.content_encoder import ContentRows, Vectors
from palate.encode.file_digests import KnownDigests, known_digests
from palate.encode.files import FileContent, data_of, file_fields, named_files, open_named, path_of
from palate.encode.row_cache import RowCache
from palate.errors import BadInput
from palate.tables import Catalogue, Finding

OnError: TypeAlias = Literal["absent", "fail"]
"""What a file that is missing, broken or too large does: its item is absent, or the run fails."""

D = TypeVar("D")

_SHOWN = 5


class FileRows(ContentRows[FileContent], Generic[D]):
    """Base of encoders of files.

    Authors write `decoded` and `encoded`, besides `identity`, `weights` and `width`. Their settings
    have `fields`, `folder`, `max_bytes` and `on_error`.

    Attributes:
        noun: What one file is, e.g. `"picture"`.
        endings: How names of such files end.
        chunk: Files between two commits to the row cache: what a crash may cost.
    """

    noun: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]
    chunk: int = 32

    @abstractmethod
    def decoded(self, data: bytes, name: str) -> D:
        """What one file shows.

        Raises:
            BadInput: The bytes are no such file; `name` is what the message calls it.
        """

    @abstractmethod
    def encoded(self, some: Sequence[D]) -> Floats:
        """float32 [n, d] of n decoded files."""

    @final
    def vectors(self, contents: Sequence[FileContent]) -> Vectors:
        """Encode files in the order given; those that cannot be decoded are left out, or fail, as
        the settings say.
        """
        for start in range(0, len(contents), self.chunk):
            positions, some = self._decoded(contents[start : start + self.chunk])
            if some:
                yield start + positions, self.encoded(some)

    @final
    def chosen(self, catalogue: Catalogue, rows: Rows) -> tuple[str, ...]:
        """The named fields, or the only one that names such files."""
        return file_fields(catalogue, self.settings.fields, rows, self.endings)

    @final
    def contents(
        self, catalogue: Catalogue, cache: RowCache | None = None
    ) -> list[FileContent | None]:
        """The file of each item; None for an item without one, or with one that is missing or too
        large.

        Args:
            catalogue: The items.
            cache: Remembers the digests of files, so that an unchanged file is not read again to
                know it.

        Raises:
            BadInput: It is missing or too large, and the settings say that this is an error.
        """
        values, folder = (
            list(named_files(catalogue, self.fields_read(catalogue))),
            self._folder(catalogue),
        )
        distinct = [v for v in dict.fromkeys(values) if v is not None]
        paths = {v: path for v in distinct if (path := _likely_path(v, folder)) is not None}
        if cache is None or not paths:
            known = {v: self._opened(v, folder) for v in distinct}
        else:
            with known_digests(list(paths.values()), cache, self.settings.max_bytes) as digests:
                known = {v: self._looked_up(v, paths.get(v), folder, digests) for v in distinct}
        return [None if v is None else known[v] for v in values]

    @final
    def key(self, content: FileContent) -> bytes:
        """The digest of the file's bytes."""
        return bytes.fromhex(content.digest)

    @final
    def findings(
        self, catalogue: Catalogue, contents: Sequence[FileContent | None], present: Mask
    ) -> tuple[Finding, ...]:
        """How many items are absent though they name a file, and why the first of them are."""
        given = list(named_files(catalogue, self.fields_read(catalogue)))
        missing = [g for g, c in zip(given, contents, strict=True) if g is not None and c is None]
        broken = [
            c for c, there in zip(contents, present, strict=True) if c is not None and not there
        ]
        folder, where = self._folder(catalogue), ", ".join(self.fields_read(catalogue))
        found = []
        if missing:
            reasons = [
                self._why_not_opened(g, folder) for g in list(dict.fromkeys(missing))[:_SHOWN]
            ]
            found.append(
                self._finding("missing", "could not be read", len(missing), where, reasons)
            )
        if broken:
            reasons = [self._why_not_decoded(c) for c in list(dict.fromkeys(broken))[:_SHOWN]]
            found.append(self._finding("broken", "could not be used", len(broken), where, reasons))
        return tuple(found)

    def _decoded(self, contents: Sequence[FileContent]) -> tuple[Longs, list[D]]:
        positions, some = [], []
        for place, content in enumerate(contents):
            try:
                some.append(self._decode(content))
            except BadInput:
                if self.settings.on_error == "fail":
                    raise
            else:
                positions.append(place)
        return np.asarray(positions, np.int64), some

    def _decode(self, content: FileContent) -> D:
        return self.decoded(data_of(content, self.settings.max_bytes), content.name)

    def _opened(self, value: str | bytes, folder: Path) -> FileContent | None:
        try:
            return open_named(value, folder, self.settings.max_bytes)
        except BadInput:
            if self.settings.on_error == "fail":
                raise
            return None

    def _looked_up(
        self, value: str | bytes, path: str | None, folder: Path, digests: KnownDigests
    ) -> FileContent | None:
        if path is None:
            return self._opened(value, folder)
        digest = digests.digest(path)
        if digest is not None:
            return FileContent(digest, path, path)
        content = self._opened(value, folder)
        if content is not None:
            digests.learn(path, content.digest)
        return content

    def _folder(self, catalogue: Catalogue) -> Path:
        return catalogue.folder / Path(os.path.expandvars(self.settings.folder)).expanduser()

    def _why_not_opened(self, value: str | bytes, folder: Path) -> str:
        try:
            open_named(value, folder, self.settings.max_bytes)
        except BadInput as problem:
            return f"{problem.where}: {problem.what}"
        return "it is there now"

    def _why_not_decoded(self, content: FileContent) -> str:
        try:
            self._decode(content)
        except BadInput as problem:
            return f"{problem.where}: {problem.what}"
        return f"{content.name}: nothing in it gives a vector"

    def _finding(
        self, code: str, what: str, count: int, where: str, reasons: Sequence[str]
    ) -> Finding:
        items = "item is" if count == 1 else "items are"
        return Finding(
            f"{code}-{self.noun}s",
            "warning",
            f"{count:,} {items} absent from {self.name} because the {self.noun} {what}:"
            f" {reasons[0]}" + (" and others" if count > 1 else ""),
            where,
            count,
            tuple(reasons),
            'mend or remove the files; on_error = "fail" stops at the first',
        )


def _likely_path(value: str | bytes, folder: Path) -> str | None:
    try:
        return None if isinstance(value, bytes) else path_of(value, folder)
    except BadInput:
        return None
