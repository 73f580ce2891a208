"""A column of texts of any library -> a list of texts; a table of several columns is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from palate.errors import BadInput

_ALLOWED = "a list or a column of texts, or a frame of one column"


def texts_of(X: Any) -> list[str | None]:
    """Texts of a list, an iterator, an array or a column of any library; None where one is missing
    or blank.

    A frame of one column is taken as that column, and an array [n, 1] likewise: scikit-learn's
    `ColumnTransformer` gives a frame where its columns are named in a list.

    Raises:
        BadInput: It is one text, a mapping, a set, or a table of several columns; or an entry is
            not a text.

    >>> texts_of(["red ", None, " "])
    ['red', None, None]
    """
    return [_text(value, place) for place, value in enumerate(_column(X))]


def _column(X: Any) -> Iterable[Any]:
    if isinstance(X, str | bytes):
        raise BadInput("one text was given", where="X", allowed=_ALLOWED, next_step="write [text]")
    if isinstance(X, Mapping | Set):
        raise BadInput(
            f"a {type(X).__name__} was given, whose entries have no order of rows",
            where="X",
            allowed=_ALLOWED,
            next_step="give list(X.values()), or one column",
        )
    names = _columns_of(X)
    if names is not None:
        _check_one(len(names), f"a frame with the columns {', '.join(map(str, names[:5]))}")
        return _plain(X[names[0]])
    if sparse.issparse(X):
        raise BadInput("a sparse matrix was given", where="X", allowed=_ALLOWED)
    if isinstance(X, np.ndarray):
        if X.ndim == 2:
            _check_one(X.shape[1], f"an array of shape {X.shape}")
        elif X.ndim != 1:
            raise BadInput(f"an array of shape {X.shape} was given", where="X", allowed=_ALLOWED)
        return X.ravel().tolist()
    if not isinstance(X, Iterable):
        raise BadInput(f"{X!r} was given", where="X", allowed=_ALLOWED)
    return _plain(X)


def _columns_of(X: Any) -> list[Any] | None:
    """The names of a frame's columns, whichever library it is of; None for what is no frame."""
    if isinstance(X, pl.LazyFrame):
        raise BadInput(
            "a LazyFrame was given", where="X", next_step="X.collect()", allowed=_ALLOWED
        )
    if type(X).__name__ == "DataFrame":
        return list(X.columns)
    return list(X.column_names) if type(X).__name__ in ("Table", "RecordBatch") else None


def _check_one(n_columns: int, what: str) -> None:
    if n_columns != 1:
        raise BadInput(
            f"{what} was given: {n_columns} columns, and one text a row is wanted",
            where="X",
            allowed=_ALLOWED,
            next_step='give one column, e.g. X["title"], or one encoder for each column'
            " (ColumnTransformer), or join the columns first",
        )


def _plain(X: Any) -> Iterable[Any]:
    """A column of pyarrow as Python's values; others give these themselves."""
    if type(X).__module__.split(".")[0] == "pyarrow":
        values: list[Any] = X.to_pylist()
        return values
    rows: Iterable[Any] = X
    return rows


def _text(value: Any, place: int) -> str | None:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, float | np.floating) and np.isnan(value):
        return None
    if not isinstance(value, str):
        raise BadInput(f"{value!r} is not text", where=f"X[{place}]", allowed="text or None")
    return str(value).strip() or None
