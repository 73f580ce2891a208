"""Frames and Arrow streams -> `Table`."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import polars as pl

from palate.data.readers.columns import column_of, decimals, text_or_bytes
from palate.data.readers.projection import LEAST, Needed, projected
from palate.data.strays import without_repeated_names
from palate.data.table import Table, refuse_same_names
from palate.errors import BadInput

_MISSING = frozenset({"NaTType", "NAType"})


def from_frame(frame: Any, name: str, needed: Needed | None = None) -> Table:
    """A frame as a table: of polars (eager or lazy), pandas, or anything that gives Arrow (a table
    or a reader of pyarrow, a relation of DuckDB); the caller's frame is not changed.

    pandas is not imported and pyarrow is not needed: each column is taken over by itself. The index
        is left out.

    Args:
        frame: The frame.
        name: What messages call it, e.g. "interactions".
        needed: Which columns of a lazy frame are needed; None: all.

    Raises:
        BadInput: It is no frame, has two columns of one name, or no row.
    """
    if isinstance(frame, pl.LazyFrame):
        return _collected(frame, name, needed)
    notes: list[str] = []
    if isinstance(frame, pl.DataFrame):
        table = frame.with_columns(
            [_of_objects(c, name, notes) for c in frame.get_columns() if c.dtype == pl.Object]
        )
    elif type(frame).__module__.split(".")[0] == "pandas" and hasattr(frame, "columns"):
        table = _from_pandas(frame, name, notes)
    elif _is_arrow(frame):
        table = _of_arrow(frame, name)
    else:
        raise BadInput(
            f"{type(frame).__name__} is not a frame",
            where=name,
            allowed="a polars or pandas frame, an Arrow table or reader, or a path",
        )
    if not table.height or not table.width:
        raise BadInput(f"the frame has {table.width} columns and no row", where=name)
    plain = table.with_columns(_as_text(table, name, notes))
    return without_repeated_names(Table(name, plain, _digest(table), tuple(notes)))


@runtime_checkable
class ArrowStream(Protocol):
    """Whatever gives its rows as Arrow: https://arrow.apache.org/docs/format/CDataInterface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A capsule with the stream."""
        ...


def _is_arrow(frame: Any) -> bool:
    """Whether it gives rows of several columns; a single column does not."""
    single = isinstance(frame, pl.Series) or type(frame).__name__ in ("Series", "ChunkedArray")
    return isinstance(frame, ArrowStream) and not single


def _of_arrow(stream: ArrowStream, name: str) -> pl.DataFrame:
    try:
        return pl.DataFrame(stream)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, OSError) as cause:
        raise BadInput(f"the Arrow stream cannot be read: {cause}", where=name) from cause


def _collected(lazy: pl.LazyFrame, name: str, needed: Needed | None) -> Table:
    """A lazy frame, of which only the columns that are needed are computed."""
    try:
        head = lazy.head(LEAST).collect(engine="streaming")
        if head.height < LEAST:
            return from_frame(head, name)

        def read(names: Sequence[str] | None, n_rows: int | None) -> pl.DataFrame:
            """Some of the columns or rows."""
            if n_rows is not None:
                return head.head(n_rows)
            return (lazy if names is None else lazy.select(names)).collect(engine="streaming")

        return projected(read, lambda frame: from_frame(frame, name), head.height, needed)
    except (pl.exceptions.PolarsError, OSError) as cause:
        first = str(cause).strip().partition("\n")[0]
        raise BadInput(f"the lazy frame cannot be computed: {first[:200]}", where=name) from cause


def _as_text(frame: pl.DataFrame, name: str, notes: list[str]) -> list[pl.Series]:
    """The columns that are texts or numbers in another guise, as these."""
    kinds = (pl.Categorical, pl.Enum)
    columns = frame.get_columns()
    texts = [c.cast(pl.String) for c in columns if isinstance(c.dtype, kinds)]
    numbers = [decimals(c) for c in columns if isinstance(c.dtype, pl.Decimal)]
    binary = [text_or_bytes(c, name, notes) for c in columns if c.dtype == pl.Binary]
    return [*texts, *numbers, *binary]


def _of_objects(column: pl.Series, where: str, notes: list[str]) -> pl.Series:
    made, said = column_of([_value(v) for v in column.to_list()], column.name, where)
    notes += said
    return made


def _digest(frame: pl.DataFrame) -> str:
    plain = frame.select(pl.all().exclude(pl.Object)).rechunk()
    found = _Hashed()
    file: Any = found
    plain.write_ipc(file)
    return found.hash.hexdigest()


class _Hashed(io.RawIOBase):
    # takes what is written, and keeps its SHA-256 alone
    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)


def _from_pandas(frame: Any, name: str, notes: list[str]) -> pl.DataFrame:
    names = [str(column) for column in frame.columns]
    refuse_same_names(names, name)
    columns = []
    for place, column in enumerate(names):
        series, said = _column(frame.iloc[:, place], column, name)
        columns.append(series)
        notes += said
    return pl.DataFrame(columns)


def _column(values: Any, column: str, where: str) -> tuple[pl.Series, list[str]]:
    if type(values.dtype).__name__ == "SparseDtype":
        values = values.sparse.to_dense()
    kind = getattr(values.dtype, "kind", "O")
    if getattr(values.dtype, "tz", None) is not None:
        values, kind = values.dt.tz_convert("UTC").dt.tz_localize(None), "M"
    if kind in "iufb" and not values.hasnans:
        return pl.Series(column, values.to_numpy(dtype=_numpy_type(values.dtype, kind))), []
    if kind == "M":
        unit = "ns" if str(values.dtype).endswith("[ns]") else "us"
        return pl.Series(column, values.to_numpy(dtype=f"datetime64[{unit}]")), []
    # pandas writes a missing number as NaN in a column of floats: there it is null, as everywhere
    # else.
    return column_of([_value(v) for v in values.tolist()], column, where)


def _numpy_type(dtype: Any, kind: str) -> Any:
    return getattr(dtype, "numpy_dtype", {"b": "bool"}.get(kind, str(dtype).lower()))


def _value(value: Any) -> Any:
    if type(value).__name__ in _MISSING or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if type(value).__module__ == "numpy":
        return value.tolist()
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value
