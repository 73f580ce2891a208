"""Models on validation cases: which is behind whom, and which seem broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.arrays import Floats
from palate.pipeline.validation import model_findings, validated
from palate.recipe.recipe import Recipe, parse
from palate.runs.rows import Validated
from palate.stages import Scorer
from palate.tables import FeatureTable, Histories, Training


class Fixed:
    """Scores every item of every history alike, or by a fixed order."""

    def __init__(self, scores: Floats) -> None:
        self.scores = scores

    def score(self, histories: Histories) -> Floats:
        """The same row again and again."""
        return np.tile(self.scores, (len(histories), 1))


@pytest.fixture
def training(frames: tuple[pl.DataFrame, pl.DataFrame]) -> Training:
    data = palate.read(*frames).data
    split = recipe().split.build().split(data.interactions, 1)
    return Training(split.train, FeatureTable(data.catalogue.items), split.validation)


def recipe(**models: Any) -> Recipe:
    named = models or {"ids": {"part": "model.cooccurrence.v1"}}
    return parse(
        {
            "split": {"part": "split.leave_last_out.v1"},
            "models": named,
            "evaluate": {"metrics": ["ndcg@10", "coverage@10"]},
        },
        Path(),
    )


def scorers(training: Training, named: Recipe, **fixed: Floats) -> dict[str, Scorer]:
    made: dict[str, Any] = {name: Fixed(scores) for name, scores in fixed.items()}
    for name, part in named.models.items():
        if name not in made:
            made[name] = part.build().fit(training)
    return made


def test_how_far_each_is_behind_the_best(training: Training) -> None:
    named = recipe(
        popularity={"part": "model.popularity.v1"}, ids={"part": "model.cooccurrence.v1"}
    )
    popularity, ids = validated(named, scorers(training, named), training, 1)
    assert ids.value > popularity.value == popularity.popularity == ids.popularity
    assert (ids.behind, ids.error, ids.constant) == (0.0, 0.0, 0.0)
    assert popularity.behind == pytest.approx(ids.value - popularity.value)
    assert popularity.error > 0
    assert ids.n_cases == len(training.validation)
    assert model_findings(named, (popularity, ids)) == ()


def test_constant_scores_are_found(training: Training) -> None:
    named = recipe(flat={"part": "model.ease.v1"})
    flat = scorers(training, named, flat=np.ones(training.log.n_items, np.float32))
    (found,) = model_findings(named, validated(named, flat, training, 1))
    assert (found.code, found.severity, found.where) == (
        "constant-scores",
        "warning",
        "models.flat",
    )
    assert "in 100% of" in found.message


def test_a_model_below_popularity_is_found_unless_it_learns_nothing() -> None:
    named = recipe(weak={"part": "model.item_knn.v1"}, dice={"part": "model.random.v1"})
    rows = [Validated(n, "ndcg@10", 0.1, 0.0, 0.0, 0.0, 0.2, 50) for n in ("weak", "dice")]
    (found,) = model_findings(named, rows)
    assert (found.code, found.severity, found.where) == (
        "below-popularity",
        "warning",
        "models.weak",
    )
    assert "ndcg@10 0.1000 against 0.2000" in found.message


def test_many_models_below_popularity_are_one_finding() -> None:
    names = ["a", "b", "c"]
    named = recipe(**{name: {"part": "model.item_knn.v1"} for name in names})
    rows = [Validated(n, "ndcg@10", 0.1, 0.0, 0.0, 0.0, 0.2, 50) for n in names]
    (found,) = model_findings(named, rows)
    assert found.message == (
        "3 models rank worse than popularity (ndcg@10 0.2000) on validation cases:"
        ' "a" 0.1000, "b" 0.1000, "c" 0.1000'
    )


def test_a_primary_metric_of_whole_lists_gives_way(training: Training) -> None:
    table = recipe().resolved()
    table["evaluate"]["primary"] = "coverage@10"
    named = parse(table, Path())
    (row,) = validated(named, scorers(training, named), training, 1)
    assert row.metric == "ndcg@10"


def test_without_validation_cases_there_are_no_rows(training: Training) -> None:
    none = Training(training.log, training.features, training.validation.take(np.empty(0, int)))
    assert validated(recipe(), scorers(training, recipe()), none, 1) == ()
