"""CSV and TSV: an id, then a column for each number, or one column with all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from palate import store
from palate.arrays import Floats
from palate.encode.vectors.table import (
    Vectors,
    Wanted,
    id_column,
    ids_of,
    missing_file,
    refuse_unknown,
    side_by_side,
    without_index,
    written_out,
)
from palate.errors import BadInput
from palate.tables import Block, Vocabulary
from palate.tables.columns import ITEM


def read_delimited(path: Path, wanted: Wanted) -> Vectors:
    """Ids and vectors of a file with a header line.

    Raises:
        BadInput: There is no such file or column, or a row is broken.
    """
    frame = text_frame(path)
    own_id = id_column(frame.columns, wanted.id_column, path.name)
    others = without_index(frame, own_id, wanted.column)
    refuse_unknown(wanted.column, others, path.name)
    chosen = [wanted.column] if wanted.column else others
    if not chosen:
        raise BadInput("there is no column but the ids", where=path.name)
    return Vectors(
        path.name, _numbers(frame.select(chosen), path.name), ids_of(frame[own_id], path.name)
    )


def write_csv(block: Block, items: Vocabulary, folder: Path) -> Path:
    """`BLOCK.csv` {item_id, 0, 1, ...}, a row for each item that has content."""
    path = folder / f"{block.name}.csv"
    matrix = np.asarray(block.matrix)[block.present]
    ids = pl.Series(ITEM, items.names(np.flatnonzero(block.present)), dtype=pl.String)
    # float32 as text first: a writer of numbers might round
    numbers = pl.DataFrame(matrix, schema=[str(i) for i in range(block.width)]).cast(pl.String)
    frame = numbers.insert_column(0, ids)
    store.write_file(path, frame.write_csv)
    return path


def text_frame(path: Path, separator: str = "") -> pl.DataFrame:
    """All columns as text; the separator is a tab where the header line has one.

    Raises:
        BadInput: There is no such file, it has no row, or its rows differ in length.
    """
    if not path.is_file():
        raise missing_file(path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline()
        quote = None if separator == "\t" else '"'
        by = separator or ("\t" if "\t" in head else ",")
        frame = pl.read_csv(path, separator=by, infer_schema=False, quote_char=quote)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as cause:
        raise BadInput(f"it cannot be read as rows of text: {cause}", where=str(path)) from cause
    if not frame.height:
        raise BadInput("it has no row", where=str(path))
    return frame


def _numbers(frame: pl.DataFrame, where: str) -> Floats:
    if frame.width > 1:
        return side_by_side(frame, where)
    return written_out(frame.to_series(), where)
