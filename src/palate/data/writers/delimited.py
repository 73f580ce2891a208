"""A frame -> CSV or TSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import polars as pl

from palate.data.writers.whole import whole_file

_BATCH = 50_000


def write_delimited(frame: pl.DataFrame, path: Path, separator: str = ",") -> None:
    """Write a frame as CSV that `read_delimited` reads back: quoted where needed, lists joined by
    bars.

    Args:
        frame: Columns of numbers, texts, times or lists of texts.
        path: Where to write; replaced in one step.
        separator: "," or a tab.
    """
    texts = frame.with_columns(pl.col(pl.List(pl.String)).list.join("|", ignore_nulls=True))
    with whole_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        # The csv module leaves a lone carriage return unquoted, which readers take for the end of a
        # line.
        returns = any(
            c.str.contains("\r", literal=True).any()
            for c in texts.get_columns()
            if c.dtype == pl.String
        )
        options: dict[str, Any] = {"quoting": csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL}
        writer = csv.writer(text, delimiter=separator, lineterminator="\n", **options)
        writer.writerow(texts.columns)
        for start in range(0, texts.height, _BATCH):
            writer.writerows(texts.slice(start, _BATCH).rows())
        text.detach()
