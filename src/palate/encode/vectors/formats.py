"""Which format a file has, and every format that can be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from palate.arrays import dense
from palate.encode.vectors.atomic import read_atomic, write_item, write_itememb
from palate.encode.vectors.delimited import read_delimited, write_csv
from palate.encode.vectors.mmrec import refuse_same_file, write_mmrec
from palate.encode.vectors.npy import read_npy, write_npy
from palate.encode.vectors.parquet import read_parquet, write_parquet
from palate.encode.vectors.single_files import read_single_files, write_single_files
from palate.encode.vectors.table import Vectors, Wanted, missing_file
from palate.encode.vectors.tensors import read_tensors, write_tensors
from palate.errors import BadInput
from palate.tables import Block, Vocabulary

VectorFormat: TypeAlias = Literal[
    "auto", "npy", "parquet", "atomic", "safetensors", "csv", "folder"
]
"""Formats that are read; by default known by the file's ending."""

Writable: TypeAlias = Literal[
    "parquet", "npy", "atomic", "itememb", "safetensors", "csv", "folder", "mmrec"
]
"""Formats that are written."""

MAX_NUMBERS = 500_000_000
"""Numbers of a block that are written dense."""

_READERS: Mapping[str, Callable[[Path, Wanted], Vectors]] = {
    "npy": read_npy,
    "parquet": read_parquet,
    "atomic": read_atomic,
    "safetensors": read_tensors,
    "csv": read_delimited,
    "folder": read_single_files,
}
_ENDINGS = {
    ".npy": "npy",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".safetensors": "safetensors",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".item": "atomic",
}
WRITERS: Mapping[str, Callable[[Block, Vocabulary, Path], Path]] = {
    "parquet": write_parquet,
    "npy": write_npy,
    "atomic": write_item,
    "itememb": write_itememb,
    "safetensors": write_tensors,
    "csv": write_csv,
    "folder": write_single_files,
    "mmrec": write_mmrec,
}


def read_vectors(path: Path, kind: VectorFormat, wanted: Wanted) -> Vectors:
    """The rows of a file or folder.

    Raises:
        BadInput: There is nothing there, its format is not known, or it is broken.
    """
    if kind != "auto":
        return _READERS[kind](path, wanted)
    if path.is_dir():
        return read_single_files(path, wanted)
    if not path.exists():
        raise missing_file(path)
    ending = path.suffix.casefold()
    # RecBole's files of vectors are called after the feature: .itememb, .textemb
    by_ending = _ENDINGS.get(ending) or ("atomic" if ending.endswith("emb") else "")
    if not by_ending:
        raise BadInput(
            f'the format of a file "{path.suffix}" is not known',
            where=str(path),
            allowed=", ".join(_ENDINGS),
            next_step=f"say what it is: format = one of {', '.join(_READERS)}",
        )
    return _READERS[by_ending](path, wanted)


def write_vectors(
    blocks: Sequence[Block], items: Vocabulary, folder: Path, kind: Writable
) -> list[Path]:
    """Write each block to a file of its own.

    Args:
        blocks: float32 [n_items, d], dense or sparse; written dense.
        items: Whose rows they are.
        folder: Where; made if it is missing.
        kind: `"parquet"`, `"csv"`, `"atomic"`, `"itememb"` and `"safetensors"` hold the ids;
            `"npy"` has them in `items.txt`; `"folder"` is a `.npy` an item; `"mmrec"` is numbered
            as MMRec numbers.

    Returns:
        The file (or folder) of each block.

    Raises:
        BadInput: A block is too wide to be written dense, or its ids do not fit the format.
    """
    for block in blocks:
        if len(items) * block.width > MAX_NUMBERS:
            raise BadInput(
                f"{len(items)} x {block.width} numbers are too many to write dense",
                where=f"blocks.{block.name}",
                next_step='reduce it first: add a step part = "geometry.pca.v1"',
            )
    if kind == "mmrec":
        refuse_same_file([b.name for b in blocks])
    folder.mkdir(parents=True, exist_ok=True)
    return [
        WRITERS[kind](replace(block, matrix=dense(block.matrix)), items, folder) for block in blocks
    ]
