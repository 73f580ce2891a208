"""safetensors: `vectors` and `present` as tensors, the ids as metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from palate import store
from palate.encode.vectors.table import PRESENT, Vectors, Wanted, missing_file, refuse_unknown
from palate.errors import BadInput
from palate.tables import Block, Vocabulary

NAME = "vectors"
MOST_IDS = 64_000_000
"""Bytes of ids; safetensors takes a header of at most 100 MB."""


def read_tensors(path: Path, wanted: Wanted) -> Vectors:
    """The requested tensor, the one called `vectors`, or the only matrix; other tensors are not
    loaded.

    Raises:
        BadInput: There is no such file or tensor, or several may be meant.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise missing_file(path)
    if wanted.id_column:
        raise BadInput(
            "a safetensors file has no columns", where=str(path), next_step="leave out id_column"
        )
    try:
        with safe_open(path, framework="numpy") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            chosen = _chosen(shapes, wanted.column, path.name)
            matrix = file.get_tensor(chosen)
            marks = file.get_tensor(PRESENT) if shapes.get(PRESENT) == (len(matrix),) else None
            metadata: dict[str, str] = file.metadata() or {}
    except (SafetensorError, OSError, TypeError) as cause:
        raise BadInput(f"it cannot be read as safetensors: {cause}", where=str(path)) from cause
    ids = _ids(metadata, len(matrix), path.name)
    return Vectors(path.name, matrix, ids, None if marks is None else np.asarray(marks, np.bool_))


def write_tensors(block: Block, items: Vocabulary, folder: Path) -> Path:
    """`BLOCK.safetensors`: `vectors` float32 [n_items, d], `present` uint8 [n_items]; `ids` as JSON
    in the metadata.

    Raises:
        BadInput: The ids are too long for the header of such a file.
    """
    from safetensors.numpy import save

    ids = json.dumps(list(items.ids), ensure_ascii=False)
    if len(ids.encode()) > MOST_IDS:
        raise BadInput(
            "the ids do not fit into the file's header",
            where=block.name,
            next_step="write Parquet or npy",
        )
    tensors = {NAME: np.ascontiguousarray(block.matrix), PRESENT: block.present.astype(np.uint8)}
    metadata = {"format": "np", "ids": ids, "block": block.name, "origin": block.origin.key()}
    path = folder / f"{block.name}.safetensors"
    store.write_file(path, lambda file: file.write(save(tensors, metadata)))
    return path


def _chosen(shapes: dict[str, tuple[int, ...]], requested: str, where: str) -> str:
    matrices = [name for name, shape in shapes.items() if len(shape) == 2]
    refuse_unknown(requested, matrices, where, "tensor [n_items, d]")
    found = [requested or NAME] if (requested or NAME) in matrices else matrices
    if len(found) != 1:
        raise BadInput(
            f"{len(found)} tensors may be meant",
            where=where,
            allowed=", ".join(matrices) or "a tensor [n_items, d]",
            next_step="say which: column = ...",
        )
    return found[0]


def _ids(metadata: dict[str, str], n: int, where: str) -> list[str] | None:
    if "ids" not in metadata:
        return None
    try:
        ids: Any = json.loads(metadata["ids"])
    except ValueError as cause:
        raise BadInput(f"the ids in its metadata are no JSON: {cause}", where=where) from cause
    if not isinstance(ids, list) or len(ids) != n:
        raise BadInput(f"its metadata does not hold {n} ids", where=where)
    return [str(name) for name in ids]
