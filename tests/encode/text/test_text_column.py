"""What a column of texts may be given as, and what is refused because it holds several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from palate.encode.text_column import texts_of
from palate.errors import BadInput

TEXTS = ["red teapot", None, "rake"]


@pytest.mark.parametrize(
    "given",
    [
        TEXTS,
        tuple(TEXTS),
        iter(TEXTS),
        np.array(TEXTS, object),
        np.array(TEXTS, object)[:, None],
        pd.Series(TEXTS, index=[7, 8, 9]),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.string())),
        pd.Index(TEXTS),
        pd.DataFrame({"title": TEXTS}),
        pl.Series(TEXTS),
        pl.Series(TEXTS, dtype=pl.Categorical),
        pl.DataFrame({"title": TEXTS}),
        pa.array(TEXTS),
        pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
        pa.table({"title": TEXTS}),
        ["red teapot", float("nan"), " rake "],
        ["red teapot", "", "rake"],
        ["red teapot", pd.NA, "rake"],
    ],
    ids=lambda given: f"{type(given).__module__.split('.')[0]}.{type(given).__name__}",
)
def test_any_column_of_texts_is_taken(given: Any) -> None:
    assert texts_of(given) == TEXTS


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("one", "one text was given"),
        ({"k": "a long text"}, "a dict was given"),
        ({"a text"}, "a set was given"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), "the columns a, b was given: 2 columns"),
        (pl.DataFrame({"a": ["x"], "b": ["y"]}), "the columns a, b"),
        (pa.table({"a": ["x"], "b": ["y"]}), "the columns a, b"),
        (pd.DataFrame(index=[1, 2]), "0 columns"),
        (pl.LazyFrame({"a": ["x"]}), "LazyFrame"),
        (np.array([["a", "b"], ["c", "d"]]), r"shape \(2, 2\) was given: 2 columns"),
        (np.array("a"), "an array of shape"),
        (np.zeros((2, 1, 1)), "an array of shape"),
        (sparse.csr_matrix(np.eye(2)), "sparse"),
        ([["a", "b"]], r"\['a', 'b'\] is not text"),
        (pd.Series([1, 2]), "1 is not text"),
        (3, "3 was given"),
        (None, "None was given"),
    ],
    ids=str,
)
def test_what_is_no_column_of_texts_is_refused(given: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        texts_of(given)
