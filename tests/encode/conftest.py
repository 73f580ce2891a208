"""Tiny language models, made once, and catalogues of one text field."""

from __future__ import annotations

import polars as pl
import pytest

from palate.tables import Catalogue, Vocabulary


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory):
    """`tiny("bert")` -> folder of a tiny model of that family."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from palate.testing.language_models import make_language_model

    made = {}

    def model(family: str = "bert"):
        if family not in made:
            made[family] = make_language_model(tmp_path_factory.mktemp("models") / family, family)
        return made[family]

    return model


@pytest.fixture(scope="session")
def shop():
    """`shop(["red wine", None])` -> catalogue with a field "title"."""

    def make(titles, **fields):
        ids = Vocabulary.of(f"i{n}" for n in range(len(titles)))
        return Catalogue(ids, pl.DataFrame({"title": pl.Series(titles, dtype=pl.String), **fields}))

    return make
