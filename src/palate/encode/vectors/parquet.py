"""Parquet with a column of ids and one of vectors, or a column for each number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from palate import store
from palate.encode.vectors.table import (
    PRESENT,
    VECTOR,
    Vectors,
    Wanted,
    id_column,
    ids_of,
    missing_file,
    nested,
    refuse_unknown,
    side_by_side,
)
from palate.errors import BadInput
from palate.tables import Block, Vocabulary
from palate.tables.columns import ITEM
from palate.tables.index_columns import index_columns, may_be_index


def read_parquet(path: Path, wanted: Wanted) -> Vectors:
    """Ids and vectors; a row whose `present` is false, or whose vector is missing, means nothing.

    Raises:
        BadInput: There is no such file or column, several may be meant, or a row is broken.
    """
    if not path.is_file():
        raise missing_file(path)
    try:
        schema = pl.scan_parquet(path, glob=False).collect_schema()
        columns = list(schema)
        own_id = id_column(columns, wanted.id_column, path.name)
        index = [] if wanted.column else _index(path, columns, own_id)
        chosen = _chosen(schema, wanted.column, [own_id, *index], path.name)
        marks = [PRESENT] if schema.get(PRESENT) == pl.Boolean and own_id != PRESENT else []
        frame = pl.read_parquet(
            path, columns=list(dict.fromkeys([own_id, *chosen, *marks])), glob=False
        )
    except pl.exceptions.PolarsError as cause:
        raise BadInput(f"it cannot be read as Parquet: {cause}", where=str(path)) from cause
    ids = ids_of(frame[own_id], path.name)
    marked = frame[PRESENT].fill_null(False).to_numpy() if marks else None
    if not schema[chosen[0]].is_nested():
        return Vectors(path.name, side_by_side(frame.select(chosen), path.name), ids, marked)
    lists = frame[chosen[0]]
    if isinstance(lists.dtype, pl.Array) and not lists.null_count():
        plain = lists.to_numpy()
        if plain.ndim == 2 and plain.dtype.kind in "fiu":
            return Vectors(path.name, plain, ids, marked)
    inner = lists.cast(pl.List(pl.Float64)) if isinstance(lists.dtype, pl.Array) else lists
    matrix, given = nested(inner, path.name)
    present = given if marked is None else given & marked
    return Vectors(path.name, matrix, ids, None if marked is None and given.all() else present)


def write_parquet(block: Block, items: Vocabulary, folder: Path) -> Path:
    """`BLOCK.parquet` {item_id, present, vector}, a row an item."""
    path = folder / f"{block.name}.parquet"
    matrix = np.asarray(block.matrix)
    vectors = pl.Series(VECTOR, matrix, dtype=pl.Array(pl.Float32, block.width))
    frame = pl.DataFrame(
        {ITEM: pl.Series(items.ids, dtype=pl.String), PRESENT: block.present}
    ).with_columns(vectors)
    store.write_file(path, frame.write_parquet)
    return path


def _index(path: Path, columns: list[str], own_id: str) -> list[str]:
    """The columns that only number the rows."""
    maybe = [c for c in columns if c != own_id and may_be_index(c)]
    return index_columns(pl.read_parquet(path, columns=maybe, glob=False)) if maybe else []


def _chosen(schema: pl.Schema, requested: str, taken: list[str], where: str) -> list[str]:
    others = [c for c in schema if c not in (*taken, PRESENT)]
    refuse_unknown(requested, others, where)
    lists = [c for c in others if _is_vector(schema[c])]
    if requested:
        found = [requested]
    elif lists:
        found = lists
    else:
        return others or _none(others, where)
    if len(found) > 1:
        raise BadInput(
            f"{len(found)} columns hold vectors",
            where=where,
            allowed=", ".join(found),
            next_step=f'say which: column = "{found[0]}"',
        )
    return found


def _none(others: list[str], where: str) -> list[str]:
    raise BadInput(
        "no column holds vectors",
        where=where,
        allowed="a column of lists of numbers, or one a number",
    )


def _is_vector(kind: pl.DataType) -> bool:
    inner = getattr(kind, "inner", None)
    return isinstance(kind, (pl.List, pl.Array)) and inner is not None and inner.is_numeric()
