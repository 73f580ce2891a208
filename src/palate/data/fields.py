"""What kind of thing each field of a catalogue is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from palate.data.column_values import looks_like_time
from palate.data.labels import label_separator
from palate.data.typed import one_number
from palate.tables import Catalogue

Kind = Literal["text", "category", "multi", "number", "date", "url", "id", "constant", "empty"]

_SAMPLE: Final = 50_000
_URL: Final = r"^(https?://|www\.)\S+$"
_DATE: Final = r"^\d{4}-\d{2}-\d{2}([T ].*)?$|^\d{1,2}[-./]([A-Za-z]{3}|\d{1,2})[-./]\d{4}$"
_ID: Final = (
    r"(^|[^a-z])(id|isbn\d*|asin|sku|ean|upc|gtin)$"
    r"|(category|brand|group|class|type|kind|genre|department|dept|parent|shop|store)_?id$"
    r"|(编号|编码|代码|番号|コード|번호|코드)$"
)
"""Names whose numbers tell things apart and count nothing."""

_MOST: Final = 0.9
_FEW_LABELS: Final = 12
_CJK: Final = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"


@dataclass(frozen=True)
class FieldKind:
    """What a field holds.

    Attributes:
        name: The field.
        kind: `text` for prose and names, `category` for one label, `multi` for several, `number`,
            `date`, `url`, `id` for other ids that say nothing, `constant` where all items have the
            same, `empty`.
        present: Share of the items that have it, 0..1.
        median_words: Words of the median item that has it (labels of a list; Chinese and Japanese
            characters).
        n_distinct: Different values (labels of lists).
        separator: What parts the labels of a `multi` field that is one text; empty for lists.
    """

    name: str
    kind: Kind
    present: float
    median_words: float = 0.0
    n_distinct: int = 0
    separator: str = ""


def field_kinds(catalogue: Catalogue) -> tuple[FieldKind, ...]:
    """The kind of every field, in the catalogue's order.

    Args:
        catalogue: The catalogue; large ones are judged by a sample of 50,000 items.

    >>> from palate.tables import Vocabulary
    >>> fields = pl.DataFrame({"genres": [["War"], ["War", "Drama"]], "year": [1990, 1991]})
    >>> [k.kind for k in field_kinds(Catalogue(Vocabulary(("a", "b")), fields))]
    ['multi', 'number']
    """
    return tuple(kind_of_field(column) for column in catalogue.fields.get_columns())


def kind_of_field(column: pl.Series) -> FieldKind:
    """The kind of one field [n_items]."""
    given = _given(column)
    present = len(given) / len(column) if len(column) else 0.0
    given = given.head(_SAMPLE)
    if not len(given):
        return FieldKind(column.name, "empty", 0.0)
    if given.dtype.is_nested():
        return _of_lists(column.name, given, present)
    n_distinct = given.n_unique()
    if n_distinct == 1 and len(given) > 1:
        return FieldKind(column.name, "constant", present, one_number(_words(given).median()), 1)
    if given.dtype == pl.String:
        return _of_texts(column.name, given, present, n_distinct)
    kind: Kind = "number"
    if given.dtype.is_temporal():
        kind = "date"
    elif given.dtype == pl.Boolean:
        kind = "category"
    elif given.dtype.is_integer() and _names_an_id(column.name):
        kind = "id" if n_distinct > 0.5 * len(given) else "category"
    return FieldKind(column.name, kind, present, 1.0, n_distinct)


def _given(column: pl.Series) -> pl.Series:
    given = column.drop_nulls()
    if given.dtype == pl.String:
        return given.filter(given.str.strip_chars() != "")
    if given.dtype.is_nested() and given.dtype != pl.Struct:
        return given.filter(given.cast(pl.List(pl.String)).list.len() > 0)
    return given.drop_nans() if given.dtype.is_float() else given


def _of_lists(name: str, given: pl.Series, present: float) -> FieldKind:
    lists = given.cast(pl.List(pl.String))
    count = one_number(lists.list.len().median())
    return FieldKind(name, "multi", present, count, lists.explode().n_unique())


def _of_texts(name: str, given: pl.Series, present: float, n_distinct: int) -> FieldKind:
    words = one_number(_words(given).median())
    kind: Kind = "text"
    separator = label_separator(given)
    if one_number(given.str.contains(_URL).mean()) >= _MOST:
        kind, separator = "url", ""
    elif one_number(given.str.contains(_DATE).mean()) >= _MOST or looks_like_time(given):
        kind, separator = "date", ""
    elif separator:
        parts = given.str.split(separator)
        return FieldKind(
            name,
            "multi",
            present,
            one_number(parts.list.len().median()),
            _different(parts),
            separator,
        )
    elif _is_category(given, n_distinct, words):
        kind = "category"
    elif words <= 1 and n_distinct > 0.9 * len(given) and _looks_like_code(name, given):
        kind = "id"
    return FieldKind(name, kind, present, words, n_distinct, separator)


def _is_category(given: pl.Series, n_distinct: int, words: float) -> bool:
    # A label comes again: few different values, and mostly few words.
    few = 0.5 if n_distinct <= _FEW_LABELS else 0.3
    return words <= 5 and n_distinct <= few * len(given)


def _looks_like_code(name: str, given: pl.Series) -> bool:
    return _names_an_id(name) or one_number(given.str.contains(r"^[^\s]*\d[^\s]*$").mean()) >= _MOST


def _names_an_id(name: str) -> bool:
    return re.search(_ID, name.lower()) is not None


def _different(parts: pl.Series) -> int:
    return parts.explode().str.strip_chars().n_unique()


def _words(given: pl.Series) -> pl.Series:
    text = given.cast(pl.String)
    return text.str.count_matches(rf"{_CJK}|[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
