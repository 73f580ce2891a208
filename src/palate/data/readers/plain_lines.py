"""JSON lines of plain values, and of objects that have the same few keys, read by polars in one
pass.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from palate.data.readers.members import MOST_KEYS
from palate.data.readers.options import MAX_COLUMNS

_PLAIN: Final = (pl.Int64, pl.Float64, pl.Boolean, pl.String)
_LISTS: Final = {
    pl.List(pl.Int64): pl.List(pl.Float64),
    pl.List(pl.Float64): pl.List(pl.Float64),
    pl.List(pl.String): pl.List(pl.String),
    pl.List(pl.Null): pl.List(pl.String),
}
"""Types of lists, and how the whole reading gives them."""

_MOSTLY: Final = 0.5


@dataclass(frozen=True)
class _Leaf:
    """A value inside of objects: `keys` lead to it, `name` is its column's; `whole` is whether it
    is an object that leads to others.
    """

    keys: tuple[str, ...]
    name: str
    column: pl.Series
    whole: bool = False


def plain_lines(data: bytes) -> pl.DataFrame | None:
    r"""The rows of JSON lines, each an object of numbers, texts, truth values, lists of these, and
    objects that become columns such as "user.id"; None for anything else, and for what is not read
    at a glance as the whole reading would: blank lines, a key that comes twice, half a character,
    objects with keys of their own.

    Args:
        data: UTF-8 text.

    >>> plain_lines(b'{"a": 1}\n{"a": 2, "b": "x"}\n').rows()
    [(1, None), (2, 'x')]
    >>> plain_lines(b'{"a": {"b": 1, "c": "x"}}\n').columns
    ['a.b', 'a.c']
    """
    if data[:1] != b"{" or b"\\ud" in data or b"\\uD" in data:
        return None
    try:
        frame = pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    one_a_line = frame.height == data.rstrip(b"\r\n").count(b"\n") + 1
    if not one_a_line or not all(map(_is_plain, frame.columns)):
        return None
    names = sorted(frame.columns, key=lambda name: data.find(f'"{name}":'.encode()))
    leaves = [leaf for name in names for leaf in _leaves((name,), name, frame[name])]
    columns = [leaf for leaf in leaves if not leaf.whole]
    apart = len({leaf.name for leaf in columns}) == len(columns) <= MAX_COLUMNS
    if not apart or not all(map(_is_known, columns)) or not _once(data, leaves):
        return None
    return pl.DataFrame([_as_read(leaf) for leaf in columns])


def _leaves(keys: tuple[str, ...], name: str, column: pl.Series) -> Iterator[_Leaf]:
    """A column, or what its objects hold; a single key takes the name of the field."""
    if not isinstance(column.dtype, pl.Struct):
        yield _Leaf(keys, name, column)
        return
    yield _Leaf(keys, name, column, whole=True)
    fields = column.struct.fields
    for key in fields:
        inside = name if len(fields) == 1 else f"{name}.{key}"
        yield from _leaves((*keys, key), inside, column.struct.field(key))


def _is_known(leaf: _Leaf) -> bool:
    kind = leaf.column.dtype
    plain = kind in _PLAIN or kind in _LISTS or kind == pl.Null
    if kind == pl.List(pl.String):  # polars writes lists and objects inside of lists as texts
        plain = not leaf.column.explode().str.contains(r"^\s*[\[{]").any()
    return plain and all(map(_is_plain, leaf.keys))


def _is_plain(name: str) -> bool:
    """Whether a key is written in a file as it is."""
    return name.isascii() and name.isprintable() and '"' not in name and "\\" not in name


def _as_read(leaf: _Leaf) -> pl.Series:
    column = leaf.column.alias(leaf.name)
    if column.null_count() == len(column):
        return column.cast(pl.Null)
    meant = next((to for given, to in _LISTS.items() if column.dtype == given), None)
    return column if meant is None else column.cast(meant)


def _once(data: bytes, leaves: list[_Leaf]) -> bool:
    """Whether a key occurs as often as its columns have values, nulls that are written included,
    texts are texts in the file, too, and objects are few-keyed and alike.
    """
    present, texts = Counter[str](), Counter[str]()
    for leaf in leaves:
        n = len(leaf.column) - leaf.column.null_count()
        present[leaf.keys[-1]] += n
        texts[leaf.keys[-1]] += n if leaf.column.dtype == pl.String else 0
        if leaf.whole and not _alike(leaf.column, n):
            return False
    for key, n in present.items():
        written = f'"{key}"'.encode()
        if _count(data, written, b"") - _count(data, written, b"null") != n:
            return False
        if texts[key] and _count(data, written, b'"') != texts[key]:
            return False
    return True


def _alike(objects: pl.Series, n: int) -> bool:
    """Whether objects have few keys and mostly all of them, so that they name rather than
    describe.
    """
    fields = objects.struct.fields
    if not 0 < len(fields) <= MOST_KEYS:
        return False
    given = sum(
        n - objects.filter(objects.is_not_null()).struct.field(f).null_count() for f in fields
    )
    return given >= _MOSTLY * len(fields) * n


def _count(data: bytes, key: bytes, value: bytes) -> int:
    return data.count(key + b":" + value) + (data.count(key + b": " + value) if value else 0)
