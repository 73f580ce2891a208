"""What a file of vectors holds, and the checks that are the same for every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from palate.arrays import Floats, Longs, Mask
from palate.errors import BadInput, nearest
from palate.tables.id_spelling import plain_ids
from palate.tables.index_columns import index_columns, is_marked

ID_NAMES = ("item_id", "itemid", "iid", "id", "item", "asin")
PRESENT = "present"
VECTOR = "vector"
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Vectors:
    """Rows of a file, in the order of the file.

    Attributes:
        name: What messages call the file.
        matrix: [n_rows, d] of numbers, memory-mapped where the format allows it.
        ids: The item of each row; None where the file does not say.
        present: bool [n_rows], which rows mean something; None where the file does not say.
        labels: What messages call each row; None: "row 1", "row 2" ...
    """

    name: str
    matrix: NDArray[Any]
    ids: Sequence[str] | None = None
    present: Mask | None = None
    labels: Sequence[str] | None = None

    def place(self, row: int) -> str:
        """Where the reader finds a row, counted from 1."""
        label = f"row {row + 1}" if self.labels is None else self.labels[row]
        return f"{self.name}, {label}"


@dataclass(frozen=True)
class Wanted:
    """What of a file is wanted.

    Attributes:
        column: Column or tensor of the vectors; empty: the only one there is.
        id_column: Column of the ids; empty: whichever is called like one.
    """

    column: str = ""
    id_column: str = ""


def checked(vectors: Vectors, width: int | None) -> Vectors:
    """The same vectors, if they are sound.

    Raises:
        BadInput: No row or column, another width than `width`, numbers that are not finite in
            float32, or an id that occurs twice.
    """
    n, d = vectors.matrix.shape
    if not n or not d:
        raise BadInput(f"the file holds {n} rows of {d} numbers", where=vectors.name)
    if width is not None and d != width:
        raise BadInput(
            f"the vectors have {d} numbers",
            where=vectors.name,
            allowed=f"{width}",
            next_step="mend the setting width",
        )
    for start in range(0, n, _CHUNK):
        broken = np.argwhere(~np.isfinite(as_floats(vectors.matrix[start : start + _CHUNK])))
        if len(broken):
            row, column = start + int(broken[0, 0]), int(broken[0, 1])
            raise BadInput(
                f"number {column + 1} is {vectors.matrix[row, column]}",
                where=vectors.place(row),
                allowed="finite float32 numbers",
                next_step="leave out the rows of items that have no vector",
            )
    _refuse_twice(vectors)
    return vectors


def as_floats(values: NDArray[Any]) -> Floats:
    """float32, too large numbers being infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values, np.float32)


def refuse_unknown(requested: str, there: Sequence[str], where: str, kind: str = "column") -> None:
    """Say so if `requested` is not among those there are."""
    if requested and requested not in there:
        raise BadInput(
            f'there is no {kind} "{requested}"',
            where=where,
            allowed=", ".join(there) or "none",
            next_step=nearest(requested, there),
        )


def id_column(columns: Sequence[str], requested: str, where: str) -> str:
    """The column of the ids: the requested one, one that is called like it, or the first. The
    numbers of rows that pandas writes in front are passed over if a name follows them.

    Raises:
        BadInput: There is none of that name.
    """
    refuse_unknown(requested, columns, where)
    plain = {c.casefold(): c for c in reversed(columns)}
    named = requested or next((plain[name] for name in ID_NAMES if name in plain), "")
    if named or len(columns) < 3:
        return named or columns[0]
    # a frame of vectors alone has the ids as its index, and numbers as the names of its columns
    numbered = [c for c in columns if c.strip().isdigit()]
    behind = is_marked(columns[0]) and columns[1] not in numbered and len(numbered) > 0
    return columns[1] if behind else columns[0]


def without_index(frame: pl.DataFrame, own_id: str, wanted: str) -> list[str]:
    """The columns that may hold numbers of a vector: all but the ids and the numbers of rows."""
    others = frame.drop(own_id)
    if wanted:
        return others.columns
    index = index_columns(others)
    return [c for c in others.columns if c not in index]


def ids_of(column: pl.Series, where: str) -> list[str]:
    """Ids as text; whole numbers that were written as 42.0 or as 1E+05 in digits alone.

    Raises:
        BadInput: One is missing.
    """
    missing = column.is_null().arg_true()
    if len(missing):
        raise BadInput(
            "the id is missing", where=f"{where}, row {int(missing[0]) + 1}, column {column.name}"
        )
    whole = column.dtype.is_float() and (column == column.round(0)).all()
    ids = (column.cast(pl.Int128) if whole else column).cast(pl.String)
    return plain_ids(ids).values.to_list()


def side_by_side(frame: pl.DataFrame, where: str) -> Floats:
    """float32 [n, d] from one column for each number.

    Raises:
        BadInput: A value is missing or no number.
    """
    columns = []
    for column in frame.get_columns():
        numbers = column.cast(pl.Float32, strict=False)
        broken = numbers.is_null().arg_true()
        if len(broken):
            row = int(broken[0])
            raise BadInput(
                f'"{column[row]}" is not a number',
                where=f"{where}, row {row + 1}, column {column.name}",
                next_step=(
                    "leave the column out of the file, or name the column of the vectors: column"
                    " = ..."
                ),
            )
        columns.append(numbers.to_numpy())
    return (
        np.ascontiguousarray(np.stack(columns, axis=1))
        if columns
        else np.zeros((frame.height, 0), np.float32)
    )


def nested(lists: pl.Series, where: str) -> tuple[Floats, Mask]:
    """float32 [n, d] and bool [n] from a column of lists of numbers; a missing list is a row of
    zeros and false.

    Raises:
        BadInput: Lists of different lengths, or a value in them that is missing.
    """
    lengths: Longs = lists.list.len().fill_null(-1).to_numpy().astype(np.int64)
    present = lengths >= 0
    width = int(lengths[present][0]) if present.any() else 0
    other = np.flatnonzero(present & (lengths != width))
    if len(other):
        raise BadInput(
            f"{lengths[other[0]]} numbers, and {width} in the rows before",
            where=f"{where}, row {int(other[0]) + 1}, column {lists.name}",
            allowed="vectors of one length",
        )
    values = (
        lists.filter(pl.Series(present)).explode(empty_as_null=False)
        if width
        else pl.Series([], dtype=pl.Float32)
    )
    missing = values.is_null().arg_true()
    if len(missing):
        row = int(np.flatnonzero(present)[int(missing[0]) // width])
        raise BadInput("a number is missing", where=f"{where}, row {row + 1}, column {lists.name}")
    matrix = np.zeros((len(lists), width), np.float32)
    matrix[present] = as_floats(values.to_numpy()).reshape(-1, width) if width else 0
    return matrix, present


def written_out(texts: pl.Series, where: str) -> Floats:
    """float32 [n, d] from texts such as `0.1 0.2` or `[0.1, 0.2]`.

    Raises:
        BadInput: A text is empty, holds something else, or has another number of numbers than those
            before.
    """
    quick = _separated_by_blanks(texts)
    if quick is not None:
        return quick
    words = texts.fill_null("").str.extract_all(r"[^\s,\[\]]+")
    numbers = words.list.eval(pl.element().cast(pl.Float32, strict=False))
    wrong = numbers.list.eval(pl.element().is_null()).list.any().fill_null(False) | (
        words.list.len() == 0
    )
    first = wrong.arg_true()
    if len(first):
        row = int(first[0])
        raise BadInput(
            f'"{str(texts[row] or "")[:60]}" is not a list of numbers',
            where=f"{where}, row {row + 1}, column {texts.name}",
            next_step=(
                "name the column of the vectors, or leave out the rows of items that have none"
            ),
        )
    return nested(numbers.alias(texts.name), where)[0]


def _separated_by_blanks(texts: pl.Series) -> Floats | None:
    """What `written_out` gives for plain rows, six times as quick; None where a row is not
    plain.
    """
    if texts.null_count() or not len(texts):
        return None
    words = texts.str.split(" ")
    width = int(words.list.len()[0])
    if (words.list.len() != width).any():
        return None
    numbers = words.explode(empty_as_null=False).cast(pl.Float32, strict=False)
    return None if numbers.null_count() else np.array(numbers.to_numpy()).reshape(-1, width)


def text_of(matrix: Floats) -> pl.Series:
    """Each row as text: the shortest numbers that read back to the same float32, separated by
    blanks.
    """
    lists = pl.Series(VECTOR, matrix, dtype=pl.Array(pl.Float32, matrix.shape[1])).cast(
        pl.List(pl.Float32)
    )
    return lists.cast(pl.List(pl.String)).list.join(" ")


def missing_file(path: Path) -> BadInput:
    """There is no such file."""
    near = (
        nearest(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else ""
    )
    return BadInput("there is no such file", where=str(path), next_step=near or "mend the path")


def _refuse_twice(vectors: Vectors) -> None:
    if vectors.ids is None or len(set(vectors.ids)) == len(vectors.ids):
        return
    first: dict[str, int] = {}
    for row, name in enumerate(vectors.ids):
        if first.setdefault(name, row) != row:
            raise BadInput(
                f'the id "{name}" stands in row {first[name] + 1} already',
                where=vectors.place(row),
                next_step="keep one row for each item",
            )
