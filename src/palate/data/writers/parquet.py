"""A frame -> Parquet."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from palate.data.writers.whole import whole_file


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as Parquet, compressed with zstd.

    Args:
        frame: Any columns.
        path: Where to write; replaced in one step.
    """
    with whole_file(path) as file:
        frame.write_parquet(file, compression="zstd")
