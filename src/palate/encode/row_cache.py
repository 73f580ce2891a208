"""The row cache: what was once computed is never computed again, and a damaged row is never used.

A folder of tables, one for each *identity*: everything but the content that changes a value (part,
settings, weights, tokeniser, precision ...).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar, overload

from palate import store
from palate.arrays import Floats
from palate.encode.row_forgetting import forget_rows
from palate.encode.row_table import CacheStats, Key, RowTable, key_of, remove_table
from palate.encode.row_values import VECTOR, ValueKind
from palate.encode.throughput import Throughput, read_throughput

__all__ = ["CacheStats", "Key", "RowCache", "RowTable", "key_of"]

V = TypeVar("V")


class RowCache:
    """A folder of row tables.

    Args:
        folder: Where they lie; by default `rows` in the user's cache folder.

    >>> import tempfile, numpy as np
    >>> cache = RowCache(Path(tempfile.mkdtemp()))
    >>> with cache.table({"part": "demo"}) as table:
    ...     table.put([key_of(b"red")], np.ones((1, 2), np.float32))
    ...     found = table.get([key_of(b"red"), key_of(b"blue")])
    >>> len(found), cache.stats.hits
    (1, 1)
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.stats = CacheStats()
        self._examined: set[Path] = set()

    @overload
    def table(
        self, identity: Mapping[str, Any], *, writable: bool = True
    ) -> AbstractContextManager[RowTable[Floats]]: ...

    @overload
    def table(
        self, identity: Mapping[str, Any], kind: ValueKind[V], *, writable: bool = True
    ) -> AbstractContextManager[RowTable[V]]: ...

    @contextmanager
    def table(
        self, identity: Mapping[str, Any], kind: ValueKind[Any] = VECTOR, *, writable: bool = True
    ) -> Iterator[RowTable[Any]]:
        """The rows of one identity, open for reading and writing.

        Args:
            identity: Plain values: everything besides the content that changes a value.
            kind: What the rows are, see `palate.encode.row_values`.
            writable: Whether anything may be written, if only to mend it.

        Raises:
            BadInput: The rows of this identity are of another kind; they are left as they are.
        """
        path = self._path(identity)
        table = RowTable(
            path, identity, self.stats, kind, writable=writable, examined=path in self._examined
        )
        try:
            yield table
        finally:
            table.close()
            if table.examined:
                self._examined.add(path)

    def forget(self, identity: Mapping[str, Any]) -> None:
        """Throw the rows of one identity away."""
        remove_table(self._path(identity))

    def forget_contents(self, contents: Iterable[bytes]) -> int:
        """Delete whatever was made of some contents, in every table, without a trace.

        Args:
            contents: Bytes of contents, as encoders give them (`ContentRows.key`). Items of equal
                content share their rows, which are computed again where they are still wanted.

        Returns:
            How many rows there were.

        Raises:
            PalateError: A table may not be written or is read by somebody else; see `forget_rows`.

        Cost: every table that held one is written again.
        """
        keys = {key_of(content) for content in contents}
        return sum(forget_rows(path, keys) for path in sorted(self._home().glob("*.sqlite")))

    def throughput(self, identity: Mapping[str, Any]) -> Throughput | None:
        """How quickly rows of one identity were computed here; None if unknown."""
        return read_throughput(self._path(identity))

    def _path(self, identity: Mapping[str, Any]) -> Path:
        return self._home() / f"{store.digest(identity)[:40]}.sqlite"

    def _home(self) -> Path:
        return self.folder or store.cache_folder() / "rows"
