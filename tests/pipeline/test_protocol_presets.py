"""Every protocol preset can be read, and its published bars are of metrics that it measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from palate.recipe import recipe
from palate.recipe.metrics import metric

PRESETS = (
    "recbole-ml100k",
    "msrec-ml100k",
    "cornac-ml100k",
    "s3rec-beauty-loo",
    "s3rec-yelp-loo",
    "sasrec-ml1m-loo",
    "cold-items",
)


def test_the_promised_presets_are_there(repository: Path) -> None:
    assert {p.stem for p in (repository / "recipes/protocols").glob("*.toml")} >= set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_whole(repository: Path, name: str) -> None:
    found = recipe.load(repository / "recipes/protocols" / f"{name}.toml")
    assert found.name == found.protocol.name == name
    assert found.protocol.description
    assert "popularity" in found.models
    for label in found.evaluate.metrics:
        assert metric(label).label == label
    for bar in found.protocol.bars:
        assert bar.metric in found.evaluate.metrics
        assert bar.source
        assert 0 < bar.value < 1
    assert bool(found.protocol.bars) == (name != "cold-items")
