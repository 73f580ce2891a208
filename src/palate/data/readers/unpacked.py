"""Bytes of gzip and zstd files, whose number is watched."""

from __future__ import annotations

import importlib
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from palate.data.readers.magic import GZIP, Kind
from palate.errors import BadInput
from palate.optional import need

_CHUNK = 1 << 22
_FREE_BYTES = 1 << 24
_MAX_RATIO = 200
_GZIP = 31  # zlib's number for a gzip header
_READ = {"gzip": 1 << 16, "zstd": 1 << 13}


def unpacked(path: Path, kind: Kind | None) -> Iterator[bytes]:
    """The content of a packed file, piece by piece.

    Args:
        path: The file.
        kind: GZIP or ZSTD.

    Raises:
        BadInput: It is cut off or damaged, or unpacks to far more than data ever does.
        MissingExtra: It is zstd, and nothing here reads that.
    """
    # by hand rather than by gzip.open: a few kilobytes can unpack to terabytes, so what comes out
    # is counted
    name = "gzip" if kind is GZIP else "zstd"
    make, errors = (_gzip, (zlib.error,)) if kind is GZIP else _zstd()
    count = _Count(path, name)
    member: Any = None
    try:
        with path.open("rb") as file:
            while chunk := file.read(_READ[name]):
                count.packed += len(chunk)
                while chunk:
                    member = member or make()
                    yield count.checked(member.decompress(chunk, *_most(name)))
                    chunk = getattr(member, "unconsumed_tail", b"")
                    # another member may follow, and tape blocks are padded with NULs
                    if member.eof:
                        chunk, member = member.unused_data.lstrip(b"\0"), None
        if member and name == "gzip":
            yield count.checked(member.flush())
    except errors as cause:
        what = f"damaged {name} after {count.unpacked:,} unpacked bytes: {cause}"
        raise _damaged(path, what) from cause
    if member and not member.eof:
        raise _damaged(path, f"the {name} file is cut off after {count.unpacked:,} unpacked bytes")


def _gzip() -> Any:
    return zlib.decompressobj(wbits=_GZIP)


def _most(name: str) -> tuple[int, ...]:
    return (_CHUNK,) if name == "gzip" else ()


def _zstd() -> tuple[Any, tuple[type[Exception], ...]]:
    """What makes a decompressor for one frame, and what it raises."""
    if sys.version_info >= (3, 14):
        library = importlib.import_module("compression.zstd")
        return library.ZstdDecompressor, (library.ZstdError,)
    library = need("zstandard", extra="zstd", purpose="read zstd files")
    return lambda: library.ZstdDecompressor().decompressobj(), (library.ZstdError,)


class _Count:
    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.packed = 0
        self.unpacked = 0

    def checked(self, out: bytes) -> bytes:
        """The same bytes, counted; too many of them are refused."""
        self.unpacked += len(out)
        if self.unpacked > _FREE_BYTES and self.unpacked > _MAX_RATIO * self.packed:
            raise BadInput(
                f"this {self.name} file unpacks to more than {_MAX_RATIO} times its size, which no"
                " table does",
                where=str(self.path),
                next_step="unpack it yourself if you trust it",
            )
        return out


def _damaged(path: Path, what: str) -> BadInput:
    return BadInput(what, where=str(path), next_step="fetch or write the file again")
