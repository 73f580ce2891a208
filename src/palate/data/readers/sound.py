"""A delimited text without a fault -> `Table`, without a look at its lines one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from palate.data.readers.escapes import as_meant
from palate.data.readers.header import Header
from palate.data.readers.projection import Needed, projected
from palate.data.table import Table


@dataclass(frozen=True)
class Csv:
    """A text of which every record has as many fields as there are names.

    Attributes:
        data: The text in UTF-8, lines split by line feeds.
        separator: One character that parts the fields.
        header: The names of the columns.
        n_records: Records, that of the names included.
        first_line: Line of the first row, where each row is one line; None elsewhere.
        quotes: What is around fields; None where quotes are ordinary characters.
    """

    data: bytes
    separator: str
    header: Header
    n_records: int
    first_line: int | None
    quotes: str | None = None

    def table(
        self, where: str, notes: Sequence[str], written: bytes, needed: Needed | None
    ) -> Table:
        """The columns that are needed.

        Args:
            where: Name of the file.
            notes: What was said of it so far.
            written: The file's text, for what its first rows mean.
            needed: Which columns; None: all.
        """
        said = (*notes, *self.header.notes)

        def made(frame: pl.DataFrame) -> Table:
            """Some of the columns or rows, with fields as they are meant."""
            return as_meant(Table(where, frame, "", said, self.first_line), written)

        return projected(self.frame, made, self.n_records, needed)

    def frame(self, names: Sequence[str] | None = None, n_rows: int | None = None) -> pl.DataFrame:
        """The columns of these names, or all, and the first rows, or all; every field is text.

        Args:
            names: Names of columns.
            n_rows: How many rows.
        """
        header = self.header
        if self.n_records == header.in_file:  # polars before 2.0 makes a row of nothing
            return pl.DataFrame(schema=dict.fromkeys(header.names, pl.String))
        chosen = [i for i, name in enumerate(header.names) if names is None or name in names]
        frame = pl.read_csv(
            self.data,
            separator=self.separator,
            has_header=False,
            skip_lines=int(header.in_file),
            quote_char=self.quotes,
            schema=dict.fromkeys(header.names, pl.String),
            columns=chosen,
            n_rows=n_rows,
            raise_if_empty=False,
        )
        if self.quotes:  # an empty field is no text, quoted or not
            frame = frame.with_columns(pl.when(pl.all() != "").then(pl.all()).name.keep())
        return frame
