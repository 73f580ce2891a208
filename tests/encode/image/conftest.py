"""Tiny vision models, made once."""

import pytest


@pytest.fixture(scope="session")
def vision(tmp_path_factory):
    """`vision("clip")` -> folder of a tiny model of that family."""
    pytest.importorskip("PIL")
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from palate.testing.vision_models import make_vision_model

    made = {}

    def model(family="vit"):
        if family not in made:
            made[family] = make_vision_model(tmp_path_factory.mktemp("vision") / family, family)
        return made[family]

    return model
