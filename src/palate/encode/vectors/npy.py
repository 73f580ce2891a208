"""NumPy's `.npy`: one matrix, a row an item; whose row it is stands in a file beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from palate import store
from palate.encode.vectors.table import Vectors, Wanted, missing_file
from palate.errors import BadInput
from palate.tables import Block, Vocabulary

IDS = "items.txt"


def read_npy(path: Path, wanted: Wanted) -> Vectors:
    """The matrix, memory-mapped; its ids are not in it.

    Raises:
        BadInput: There is no such file, it is no `.npy`, holds objects, or is no matrix of numbers.
    """
    if wanted.column or wanted.id_column:
        raise BadInput(
            "a .npy file has no columns",
            where=str(path),
            next_step="leave out column and id_column",
        )
    matrix = mapped(path)
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise BadInput(
            f"it holds {matrix.dtype} of shape {matrix.shape}",
            where=str(path),
            allowed="numbers [n_items, d]",
        )
    return Vectors(path.name, matrix)


def mapped(path: Path) -> np.ndarray:
    """The array of a `.npy` file, memory-mapped and read-only.

    Raises:
        BadInput: There is no such file, or it is no `.npy` file of plain values.
    """
    if not path.is_file():
        raise missing_file(path)
    try:
        # what holds objects would have to be unpickled, and a pickle may run anything
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as cause:
        raise BadInput(
            f"not a .npy file of plain numbers: {cause}",
            where=str(path),
            next_step="save the matrix alone: numpy.save(path, matrix, allow_pickle=False)",
        ) from cause
    return array


def write_npy(block: Block, items: Vocabulary, folder: Path) -> Path:
    """`BLOCK.npy`, float32 [n_items, d] in the order of `items.txt`; rows of absent items are
    zeros.
    """
    path = folder / f"{block.name}.npy"
    store.write_file(path, lambda file: np.save(file, np.asarray(block.matrix), allow_pickle=False))
    write_ids(items, folder / IDS)
    return path


def write_ids(items: Vocabulary, path: Path) -> None:
    """One id a line.

    Raises:
        BadInput: An id holds an end of line.
    """
    broken = next(
        (name for name in items.ids if len(name.splitlines()) != 1 or name != name.splitlines()[0]),
        None,
    )
    if broken is not None:
        raise BadInput(
            f"the id {broken!r} does not fit on a line",
            where=str(path),
            next_step="write Parquet or safetensors",
        )
    store.write_text(path, "".join(f"{name}\n" for name in items.ids))
