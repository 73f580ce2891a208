"""A folder with one `.npy` for each item, named after its id, as Ducho leaves it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from palate.encode.vectors.npy import mapped
from palate.encode.vectors.table import Vectors, Wanted, as_floats
from palate.errors import BadInput
from palate.tables import Block, Vocabulary

_PLAIN = re.compile(r"[^./\\\x00-\x1f:][^/\\\x00-\x1f:]*")


def read_single_files(folder: Path, wanted: Wanted) -> Vectors:
    """Every `.npy` of the folder, the smallest name first; its name without ending is the id.

    Raises:
        BadInput: There is none, or one is no vector, or of another length than the first.
    """
    if wanted.column or wanted.id_column:
        raise BadInput(
            "single files have no columns",
            where=str(folder),
            next_step="leave out column and id_column",
        )
    paths = sorted(folder.glob("*.npy"))
    if not paths:
        raise BadInput(
            "the folder holds no .npy file",
            where=str(folder),
            next_step="name the folder of the vectors",
        )
    first = mapped(paths[0]).size
    matrix = np.zeros((len(paths), first), np.float32)
    for row, path in enumerate(paths):
        vector = mapped(path)
        if (
            vector.size != first
            or vector.size != max(vector.shape, default=0)
            or vector.dtype.kind not in "fiu"
        ):
            raise BadInput(
                f"it holds {vector.dtype} of shape {vector.shape}",
                where=str(path),
                allowed=f"a vector of {first} numbers, as in {paths[0].name}",
            )
        matrix[row] = as_floats(vector.ravel())
    return Vectors(folder.name, matrix, [p.stem for p in paths], labels=[p.name for p in paths])


def write_single_files(block: Block, items: Vocabulary, folder: Path) -> Path:
    """`BLOCK/ID.npy`, float32 [d], for each item that has content.

    Raises:
        BadInput: An id cannot be a file's name.
    """
    inner = folder / block.name
    names = items.names(np.flatnonzero(block.present))
    broken = next((name for name in names if not _PLAIN.fullmatch(name)), None)
    if broken is not None:
        raise BadInput(
            f"the id {broken!r} cannot be a file's name",
            where=str(inner),
            next_step="write Parquet",
        )
    inner.mkdir(parents=True, exist_ok=True)
    for name, vector in zip(names, np.asarray(block.matrix)[block.present], strict=True):
        np.save(inner / f"{name}.npy", vector, allow_pickle=False)
    return inner
