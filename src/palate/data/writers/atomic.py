"""A frame -> one of RecBole's atomic files."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from palate.data.writers.delimited import write_delimited
from palate.tables.columns import ACTION


def write_atomic(frame: pl.DataFrame, path: Path) -> tuple[str, ...]:
    """Write a frame as an atomic file: tab-separated, columns named `name:type`.

    Numbers become `float`; texts of several words and lists become `token_seq`, other texts, ids
    and actions `token`. The format parts the words of a sequence by blanks, so blanks inside a
    label become underscores.

    Args:
        frame: Columns of numbers, texts, times or lists; `user_id` and `item_id` first.
        path: Where to write; replaced in one step.

    Returns:
        Sentences about what the format could not hold.
    """
    said: list[str] = []
    columns = [_typed(column, said) for column in frame.get_columns()]
    write_delimited(pl.DataFrame(columns), path, "\t")
    return tuple(said)


def _typed(column: pl.Series, said: list[str]) -> pl.Series:
    name = column.name.replace(":", "_")
    if name.endswith("_id") or name == ACTION:  # one name, blanks and all
        return column.cast(pl.String).alias(f"{name}:token")
    if column.dtype.is_nested():
        return _sequence(column, name, said)
    if column.dtype == pl.String:
        words = column.str.strip_chars().str.contains(r"\s").any()
        text = column.str.replace_all(r"\s+", " ").str.strip_chars()
        return text.alias(f"{name}:{'token_seq' if words else 'token'}")
    if column.dtype.is_numeric():
        return column.alias(f"{name}:float")
    return column.cast(pl.String).alias(f"{name}:token")


def _sequence(column: pl.Series, name: str, said: list[str]) -> pl.Series:
    inner = getattr(column.dtype, "inner", None)
    labels = column.cast(pl.List(pl.String))
    if inner is not None and inner.is_numeric():
        return labels.list.join(" ", ignore_nulls=True).alias(f"{name}:float_seq")
    flat = labels.explode().drop_nulls()
    if flat.str.contains(r"\s").any():
        said.append(f'Blanks inside the labels of "{name}" were written as underscores.')
    joined = labels.list.eval(pl.element().str.replace_all(r"\s+", "_")).list.join(
        " ", ignore_nulls=True
    )
    return joined.alias(f"{name}:token_seq")
