"""Encode more contents than fit into memory: straight to a .npy file, a slice at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from palate.encode.content_encoder import C, ContentRows, content_matrix
from palate.encode.row_cache import RowCache

_HEADER = 128


@dataclass(frozen=True)
class Streamed:
    """What was written.

    Attributes:
        path: A .npy file, float32 [n, d], one row a content in their order.
        n: Rows.
        n_absent: Rows of zeros, because there was no content or nothing in it.
    """

    path: Path
    n: int
    n_absent: int


def encode_to_file(
    part: ContentRows[C],
    contents: Iterable[C | None],
    path: Path,
    cache: RowCache | None = None,
    *,
    slice_size: int = 8192,
) -> Streamed:
    """Encode texts, pictures or sounds to a .npy file; memory does not depend on how many there
    are.

    Duplicates are encoded once within a slice, and over all slices where a cache is given. The file
    appears in one step when everything is done; a run that was stopped goes on from the cache.

    Args:
        part: The encoder.
        contents: Any iterable, such as a reader of a file; None for an item without.
        path: The file to write, ending in ".npy"; replaced if it is there.
        cache: Where rows are looked up and kept.
        slice_size: Contents held in memory at a time.
    """
    draft = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    n = absent = 0
    try:
        with draft.open("wb") as file:
            file.write(bytes(_HEADER))
            for some in _slices(contents, slice_size):
                matrix, present = content_matrix(part, some, cache)
                file.write(np.ascontiguousarray(matrix, "<f4").tobytes())
                n, absent = n + len(some), absent + int((~present).sum())
            _write_header(file, n, part.width())
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return Streamed(path, n, absent)


def _slices(contents: Iterable[C | None], size: int) -> Iterator[list[C | None]]:
    rest = iter(contents)
    while some := list(islice(rest, size)):
        yield some


def _write_header(file: IO[bytes], n: int, d: int) -> None:
    # The header of a .npy file is padded with blanks, so it can be written last, when n is known.
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, {d}), }}"
    body = text.ljust(_HEADER - 11) + "\n"
    file.seek(0)
    file.write(b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little") + body.encode("latin1"))
