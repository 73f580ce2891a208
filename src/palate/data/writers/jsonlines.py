"""A frame -> JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from palate.data.writers.whole import whole_file

_BATCH = 50_000


def write_jsonlines(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as one object a line, with every column in each.

    Args:
        frame: Columns of numbers, texts, times or lists.
        path: Where to write; replaced in one step.
    """
    with whole_file(path) as file:
        for start in range(0, frame.height, _BATCH):
            for row in frame.slice(start, _BATCH).iter_rows(named=True):
                file.write(json.dumps(row, ensure_ascii=False, default=str).encode() + b"\n")
