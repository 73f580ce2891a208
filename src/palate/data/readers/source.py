"""A file on its way in: that it is there, what it is, its bytes and their digest."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from palate import store
from palate.data.readers.magic import PACKED, Kind, kind_of
from palate.data.readers.unpacked import unpacked
from palate.data.table import shorten
from palate.errors import BadInput, nearest

PACKED_SUFFIXES = (".gz", ".zst")


@dataclass(frozen=True)
class Source:
    """One file that can be opened.

    Attributes:
        path: Where it lies.
        kind: What its first bytes say; None for what may be text.
    """

    path: Path
    kind: Kind | None

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    def suffix(self) -> str:
        """The ending of its name, in small letters, without `.gz` or `.zst`: ".csv" for
        `clicks.CSV.gz`.
        """
        packed = self.path.suffix.lower() in PACKED_SUFFIXES
        plain = self.path.with_suffix("") if packed else self.path
        return plain.suffix.lower()

    def digest(self) -> str:
        """SHA-256 of the file's bytes as they lie there."""
        if "_content" in vars(self) and self.kind not in PACKED:
            return hashlib.sha256(self._content).hexdigest()
        return store.digest_file(self.path)

    def content(self) -> bytes:
        """All bytes, unpacked if it is gzip or zstd.

        Raises:
            BadInput: It is empty, is cut off or damaged, or unpacks to far more than data ever
                does.
        """
        content = self._content
        if not content or content.isspace():
            raise BadInput("the file is empty", where=self.name, next_step="look at what wrote it")
        return content

    @cached_property
    def _content(self) -> bytes:
        if self.kind in PACKED:
            return b"".join(unpacked(self.path, self.kind))
        return self.path.read_bytes()


def open_source(path: Path) -> Source:
    """Look at a file without reading more than its head.

    Raises:
        BadInput: It is not there, is no plain file, or may not be read.
    """
    mode = _mode(path)
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a plain file"
        raise BadInput(
            f"this is {kind}", where=str(path), allowed="a file", next_step="name the file itself"
        )
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as cause:
        raise _unreadable(path, cause) from cause
    return Source(path, kind_of(head))


def is_folder(path: Path) -> bool:
    """Whether the path is a folder.

    Raises:
        BadInput: There is nothing of that name; the message names what lies there under a similar
            one.
    """
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError) as cause:
        raise _unreadable(path, cause) from cause


def _unreadable(path: Path, cause: OSError | ValueError) -> BadInput:
    number = getattr(cause, "errno", None)
    if number == errno.ELOOP:
        return BadInput(
            "a loop of links that ends nowhere", where=str(path), next_step="name the file itself"
        )
    if isinstance(cause, PermissionError):
        return BadInput(
            "the file may not be read", where=str(path), next_step=f"chmod u+r {path.name}"
        )
    if isinstance(cause, FileNotFoundError) and path.is_symlink():
        return BadInput(
            f"a link to {os.readlink(path)}, which does not exist",
            where=str(path),
            next_step="name the file itself",
        )
    if isinstance(cause, FileNotFoundError):
        return BadInput("there is no such file", where=str(path), next_step=_similar(path))
    reason = getattr(cause, "strerror", None) or str(cause)
    return BadInput(f"the file cannot be read: {reason}", where=shorten(path, 200))


def _similar(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder} either"
    try:
        names = sorted(p.name for p in folder.iterdir())
    except OSError:
        return f"look into {folder}"
    return (
        nearest(path.name, names)
        or f"the folder {folder} has {', '.join(names[:8]) or 'nothing in it'}"
    )
