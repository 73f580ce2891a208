from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from palate.tables import Block, Catalogue, Origin, Vocabulary


@pytest.fixture
def block():
    """`block(X)` -> block "text.demo" of that matrix; rows of zeros are absent."""

    def make(X, name="text.demo", present=None):
        X = np.asarray(X, np.float32)
        return Block(
            name,
            X,
            X.any(axis=1) if present is None else np.asarray(present, np.bool_),
            Origin("demo.v1"),
        )

    return make


@pytest.fixture
def shop():
    """`shop("abc")` -> catalogue of these ids."""

    def make(ids):
        return Catalogue(Vocabulary.of(ids), pl.DataFrame())

    return make
