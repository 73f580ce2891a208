"""The file that says whose row each row of a matrix is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from palate.encode.vectors.delimited import text_frame
from palate.encode.vectors.npy import mapped
from palate.encode.vectors.table import id_column, ids_of, missing_file
from palate.errors import BadInput


def read_ids(path: Path, n_rows: int, column: str) -> list[str]:
    """The id of each row [n_rows].

    `.txt`: one id a line. `.json`: a list. `.npy`: an array of texts or whole numbers. `.csv`,
    `.tsv`: a column of ids in the order of the rows; with a second column of row numbers (as
        MMRec's `i_id_mapping.csv` has), in any order.

    Args:
        path: The file.
        n_rows: Rows of the matrix.
        column: Name of the column of ids in a `.csv`; empty: whichever is called like one, else the
            first.

    Raises:
        BadInput: The file is missing, not understood, or does not name each row.
    """
    if not path.is_file():
        raise missing_file(path)
    suffix = path.suffix.casefold()
    if suffix in (".csv", ".tsv"):
        ids = _of_columns(path, n_rows, column)
    elif suffix == ".npy":
        ids = _of_array(path)
    elif suffix == ".json":
        ids = _of_list(path)
    else:
        ids = path.read_text(encoding="utf-8-sig").splitlines()
    if len(ids) != n_rows:
        raise BadInput(
            f"{len(ids)} ids for {n_rows} rows of vectors",
            where=str(path),
            allowed=f"{n_rows} ids, one for each row",
            next_step="use the file of ids that was written with these vectors",
        )
    return ids


def _of_array(path: Path) -> list[str]:
    array = mapped(path)
    if array.ndim != 1 or array.dtype.kind not in "Uiu":
        raise BadInput(
            f"it holds {array.dtype} of shape {array.shape}",
            where=str(path),
            allowed="ids [n_rows]",
        )
    return [str(name) for name in array.tolist()]


def _of_list(path: Path) -> list[str]:
    try:
        ids = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as cause:
        raise BadInput(f"not JSON: {cause}", where=str(path)) from cause
    if not isinstance(ids, list) or not all(isinstance(name, str | int) for name in ids):
        raise BadInput("it is no list of ids", where=str(path), allowed='["a", "b"]')
    return [str(name) for name in ids]


def _of_columns(path: Path, n_rows: int, column: str) -> list[str]:
    frame = text_frame(path)
    own_id = id_column(frame.columns, column, path.name) if column else frame.columns[0]
    ids = ids_of(frame[own_id], path.name)
    others = [c for c in frame.columns if c != own_id]
    if len(others) != 1 or not frame[others[0]].str.contains(r"^\d{1,12}$").fill_null(False).all():
        return ids
    rows = np.asarray([int(r) for r in frame[others[0]]], np.int64)
    wrong = np.flatnonzero(np.sort(rows) != np.arange(len(rows)))
    if len(rows) == n_rows and len(wrong):
        raise BadInput(
            f"the column {others[0]} does not name each of the {n_rows} rows once, counted from 0",
            where=str(path),
            next_step="mend the file, or leave that column out",
        )
    return [ids[place] for place in np.argsort(rows)]
