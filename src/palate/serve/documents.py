"""A small document of a service, replaced as a whole: a file of one process, or a row of PostgreSQL
that several share.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, final

from palate.data.writers.whole import whole_file

Mark: TypeAlias = tuple[int, ...]
"""Which version of a document something is; another one where the document changed."""

Decide: TypeAlias = Callable[[bytes | None], bytes]
"""The document as it is now, None where there is none -> as it shall be; may refuse."""


@dataclass(frozen=True)
class Found:
    """A document as it was found.

    Attributes:
        mark: Its version.
        content: None where there is none.
    """

    mark: Mark
    content: bytes | None


class Document(Protocol):
    """What processes read again and again, and seldom change."""

    @property
    def where(self) -> str:
        """What people call it."""
        ...

    @property
    def shared(self) -> bool:
        """Whether other processes change it, and it takes a server to look."""
        ...

    def look(self, known: Mark = ()) -> Found | None:
        """The document, or None where it is still the one of that mark.

        Raises:
            OSError, Unavailable: It cannot be read.
        """
        ...

    def change(self, decide: Decide) -> None:
        """Put another one in its place; no one else does so meanwhile, where it is shared.

        Raises:
            OSError, Unavailable: It cannot be kept; the one before stays.
        """
        ...


@final
class FileDocument:
    """A file that one process changes (`Document`).

    Args:
        path: Where it lies.
        private: Whether others on the machine may not read it.
    """

    def __init__(self, path: Path, private: bool = False) -> None:
        self.path, self._private = path, private

    @property
    def where(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def shared(self) -> bool:
        """No."""
        return False

    def look(self, known: Mark = ()) -> Found | None:
        """The file, if it is another one than that of the mark."""
        try:
            found = self.path.stat()
            mark = (found.st_mtime_ns, found.st_ino)
            return None if mark == known else Found(mark, self.path.read_bytes())
        except FileNotFoundError:
            return None if known == (0, 0) else Found((0, 0), None)

    def change(self, decide: Decide) -> None:
        """Put another file in its place, in one step."""
        found = self.look()
        content = decide(None if found is None else found.content)
        with whole_file(self.path) as file:
            file.write(content)
        if self._private:
            os.chmod(self.path, 0o600)
