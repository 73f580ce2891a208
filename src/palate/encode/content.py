"""The content that an encoder reads: the texts of the items, and the digest of what was read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import numpy as np
import polars as pl

from palate.arrays import Rows
from palate.errors import BadRecipe
from palate.tables import Catalogue
from palate.tables.catalogue import as_text

Layout: TypeAlias = Literal["joined", "named"]
"""How several fields become one text: `"a. b"`, or `"title: a; brand: b"`."""

_FILE = r"\S+\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?|mp[34]|wav|flac|og[ga]|opus|aiff?)"
_NOT_PROSE = re.compile(
    rf"(?:https?://|www\.|/)\S+|[\d\s.,:;/+-]+(?:[TZ][\d:.+Z-]*)?|{_FILE}", re.I
)
_CODE = re.compile(r"(?=\S*\d)[\w.:-]+", re.ASCII)
_MISSING = b"\x00"
_GIVEN = b"\x01"


def texts_of(
    catalogue: Catalogue, fields: Sequence[str], layout: Layout = "joined"
) -> list[str | None]:
    """One text an item; None where all its fields are empty.

    Args:
        catalogue: The items.
        fields: Fields to read, in this order.
        layout: How several fields become one text.

    Raises:
        BadRecipe: The catalogue has no such field.
    """
    if layout == "joined":
        return catalogue.texts(fields)
    columns = [as_text(catalogue.column(f)).to_list() for f in fields]
    rows = zip(*columns, strict=True)
    joined = (
        "; ".join(f"{f}: {p}" for f, p in zip(fields, parts, strict=True) if p) for parts in rows
    )
    return [text or None for text in joined]


def chosen_fields(catalogue: Catalogue, fields: Sequence[str], rows: Rows) -> tuple[str, ...]:
    """The named fields, or, where none is named, those that hold text among the training items
    `rows`.

    Raises:
        BadRecipe: The catalogue has no such field; or none is named and none holds text.
    """
    for name in fields:
        catalogue.column(name)
    chosen = tuple(fields) or text_fields(catalogue.fields[np.unique(rows)])
    if not chosen:
        raise BadRecipe(
            "no field is named and none of the catalogue's looks like text",
            where="fields",
            allowed=", ".join(catalogue.fields.columns) or "none: no catalogue was given",
            next_step='name them: fields = ["title"]',
        )
    return chosen


def text_fields(fields: pl.DataFrame) -> tuple[str, ...]:
    """Fields that hold words: text or lists of text, but no addresses, dates, numbers or codes."""
    return tuple(name for name in fields.columns if is_prose(fields[name]))


def digest_of(values: Iterable[str | None]) -> str:
    """SHA-256 (hex) of texts in order; a missing text differs from an empty one.

    >>> digest_of(["a", None]) == digest_of(["a", ""])
    False
    """
    return digest_of_bytes(
        None if v is None else v.encode("utf-8", "surrogatepass") for v in values
    )


def digest_of_bytes(values: Iterable[bytes | None]) -> str:
    """SHA-256 (hex) of byte strings in order; a missing one differs from an empty one."""
    state = hashlib.sha256()
    for value in values:
        state.update(
            _MISSING if value is None else _GIVEN + len(value).to_bytes(8, "little") + value
        )
    return state.hexdigest()


def digest_of_rows(rows: Rows) -> str:
    """SHA-256 (hex) of row numbers [n], whatever their order."""
    return hashlib.sha256(np.unique(np.asarray(rows, np.int64)).tobytes()).hexdigest()


def is_prose(column: pl.Series) -> bool:
    """Whether a column holds words, judged by its first thousand values."""
    inner = column.dtype.inner if isinstance(column.dtype, (pl.List, pl.Array)) else column.dtype
    if inner not in (pl.String, pl.Categorical, pl.Enum):
        return False
    sample = as_text(column).drop_nulls().head(1000).to_list()
    odd = sum(1 for text in sample if _NOT_PROSE.fullmatch(text))
    return bool(sample) and odd * 2 < len(sample) and not _are_codes(sample)


def _are_codes(sample: list[str]) -> bool:
    coded = sum(1 for text in sample if _CODE.fullmatch(text))
    return (
        coded >= 0.9 * len(sample) and len(sample) > 20 and len(set(sample)) >= 0.95 * len(sample)
    )
