"""Parquet -> `Table`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import polars as pl

from palate.data.readers.columns import decimals, text_or_bytes
from palate.data.readers.magic import PARQUET
from palate.data.readers.members import MOST_KEYS
from palate.data.readers.options import MAX_COLUMNS
from palate.data.readers.projection import Needed, projected
from palate.data.readers.source import Source
from palate.data.table import Table, title_of
from palate.errors import BadInput

_FREE_CELLS = 1 << 24
_CELLS_A_BYTE = 50


def read_parquet(source: Source, needed: Needed | None = None) -> Table:
    """Read a Parquet file.

    Categories become text, decimals numbers (text where a float would not hold all their digits),
    objects (structs) their JSON, binary fields text where they are UTF-8 and null elsewhere. Binary
    fields that are mostly no text keep their bytes, as do objects of bytes and a path: these are
    pictures and sounds.

    Args:
        source: The file.
        needed: Which of its columns are needed; None: all.

    Raises:
        BadInput: It is no Parquet file, is cut off or damaged, has no row, or far more columns or
            cells than a file of its size can mean.
    """
    if source.kind is not PARQUET:
        what = source.kind.name if source.kind else "text or something else"
        raise BadInput(
            f"the name says Parquet, and the file is {what}",
            where=source.name,
            next_step="rename it to what it is, e.g. .csv or .csv.gz",
        )
    size, what = source.path.stat().st_size, "the Parquet file is damaged or cut off"

    def scan() -> pl.LazyFrame:
        """The file."""
        return pl.scan_parquet(source.path, glob=False)

    return scanned(scan, source.name, size, needed, what)


def scanned(
    scan_of: Callable[[], pl.LazyFrame], where: str, size: int, needed: Needed | None, what: str
) -> Table:
    """The table of a scan of Parquet; see `read_parquet`.

    Args:
        scan_of: Opens the scan.
        where: What messages call it.
        size: Bytes of the file or files.
        needed: Which columns are needed; None: all.
        what: What to say where it cannot be read.
    """

    def made(frame: pl.DataFrame) -> Table:
        """The columns as palate knows them."""
        if not frame.height or not frame.width:
            raise BadInput(f"the file has {frame.width} columns and no row", where=where)
        notes: list[str] = []
        whole = [part for name in frame.columns for part in _members(frame[name])]
        plain = [_plain(column, where, notes) for column in whole]
        objects = tuple(c.name for c in whole if isinstance(c.dtype, pl.Struct))
        return Table(where, pl.DataFrame(plain), "", tuple(notes), None, objects)

    try:
        scan = scan_of()
        n_columns = len(scan.collect_schema())
        if n_columns > MAX_COLUMNS:
            allowed = f"at most {MAX_COLUMNS:,}"
            raise BadInput(f"{n_columns:,} columns", where=where, allowed=allowed)
        n_rows = int(scan.select(pl.len()).collect().item())
        n_cells = n_rows * n_columns
        if n_cells > max(_FREE_CELLS, _CELLS_A_BYTE * size):
            raise BadInput(f"it claims {n_cells:,} values, far too many for its size", where=where)

        def read(names: Sequence[str] | None, n_rows: int | None) -> pl.DataFrame:
            """Some of the columns or rows."""
            chosen = scan if names is None else scan.select(names)
            return (chosen if n_rows is None else chosen.head(n_rows)).collect()

        return projected(read, made, n_rows, needed)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as cause:
        # A panic is no Exception for Python; a damaged file must not end the program.
        first = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
        raise BadInput(
            f"{what}: {first[:200]}",
            where=where,
            next_step="fetch or write the file again",
        ) from cause


def _members(column: pl.Series) -> Iterator[pl.Series]:
    """The column, or those of its objects where they have a few keys, such as "user.id"."""
    dtype = column.dtype
    if not isinstance(dtype, pl.Struct) or _holds_files(dtype) or len(dtype.fields) > MOST_KEYS:
        yield column
        return
    for field in dtype.fields:
        name = column.name if len(dtype.fields) == 1 else f"{column.name}.{field.name}"
        yield from _members(column.struct.field(field.name).alias(name))


def _plain(column: pl.Series, where: str, notes: list[str]) -> pl.Series:
    dtype = column.dtype
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return column.cast(pl.String)
    if isinstance(dtype, pl.Decimal):
        return decimals(column)
    if _holds_files(dtype):
        kept = column.struct.field("bytes" if column.struct.field("bytes").count() else "path")
        notes.append(
            f'"{column.name}" of {title_of(where)} holds files; their {kept.name} were kept.'
        )
        return kept.alias(column.name)
    if isinstance(dtype, pl.Struct):
        notes.append(
            f'"{column.name}" of {title_of(where)} holds objects and was read as their JSON text.'
        )
        texts = [
            None if v is None else json.dumps(v, ensure_ascii=False, default=str)
            for v in column.to_list()
        ]
        return pl.Series(column.name, texts, dtype=pl.String)
    return text_or_bytes(column, where, notes) if dtype == pl.Binary else column


def _holds_files(dtype: pl.DataType) -> bool:
    """Whether these are objects of bytes and a path, as sets of pictures and sounds are often
    kept.
    """
    kinds = {f.name: f.dtype for f in dtype.fields} if isinstance(dtype, pl.Struct) else {}
    return kinds == {"bytes": pl.Binary, "path": pl.String}
