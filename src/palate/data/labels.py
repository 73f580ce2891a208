"""Several labels in one field, such as "Comedy|Drama"."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from palate.data.typed import one_number

_SAMPLE = 20_000
_REFERENCE = r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);"
"""A character reference, such as `&amp;`, whose semicolon parts nothing."""


def label_separator(texts: pl.Series, separators: Sequence[str] = ("|", ";", ", ", ",")) -> str:
    """What parts the labels of a text column; empty where its texts are no lists of labels.

    Labels are distinguished from prose by recurring: there are few different ones, and they are
    short.

    Args:
        texts: String [n_rows].
        separators: What may part them, best first.

    >>> label_separator(pl.Series(["Comedy|Drama", "Drama", "Drama|War", "War|Comedy"]))
    '|'
    >>> label_separator(pl.Series(["One, two, and many more", "A thing, seen", "Else, now"]))
    ''
    """
    sample = texts.drop_nulls().head(_SAMPLE).str.replace_all(_REFERENCE, "&")
    for separator in separators:
        several = sample.str.contains(separator, literal=True)
        if not len(sample) or several.sum() < max(2, 0.05 * len(sample)):
            continue
        labels = sample.str.split(separator).explode().str.strip_chars()
        short = (labels.str.len_chars() <= 40).mean()
        if labels.n_unique() <= 0.5 * len(labels) and one_number(short) >= 0.95:
            return separator
    return ""


def has_bars(texts: pl.Series) -> bool:
    """Whether a text column holds lists separated by bars, even of labels that never come again,
    such as names.
    """
    sample = texts.drop_nulls().head(_SAMPLE)
    barred = sample.filter(sample.str.contains("|", literal=True))
    if len(barred) < max(2, 0.3 * len(sample)) or barred.str.contains(" | ", literal=True).any():
        return False
    return one_number((barred.str.split("|").explode().str.len_chars() <= 40).mean()) >= 0.95


def split_labels(fields: pl.DataFrame, where: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The frame with fields such as "Comedy|Drama" as lists, and a sentence for each.

    Only the bar is taken for certain; commas and semicolons also occur inside labels, and are left
    alone.
    """
    lists = {}
    for column in fields.get_columns():
        if column.dtype == pl.String and (label_separator(column, ("|",)) or has_bars(column)):
            kept = pl.element().filter(pl.element() != "")
            lists[column.name] = column.str.split("|").list.eval(kept)
    said = tuple(f'"{name}" of {where} was split at "|" into lists.' for name in lists)
    return fields.with_columns(**lists), said
