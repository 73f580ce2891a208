"""The frontier of a slate, on cases made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from palate import registry
from palate.arrays import Ragged
from palate.errors import BadRecipe, PalateError
from palate.fit.slates import SlateContent, weighed
from palate.pipeline.run import run
from palate.pipeline.slates import (
    SlateCases,
    by_score,
    frontier,
    within_loss,
)
from palate.policy.slates.greedy import GreedySlate
from palate.recipe.recipe import parse
from palate.runs.files import SLATES
from palate.runs.slate_rows import FrontierPoint
from palate.seeding import generator


@pytest.fixture
def cases() -> SlateCases:
    """Two kinds of items; both users are offered two of each, and took the third one and none."""
    shares = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], np.float32)
    items = np.array([[0, 1, 2, 3], [0, 1, 3, -1]], np.int32)
    scores = np.array([[4, 3, 2, 1], [3, 2, 1, -np.inf]], np.float32)
    targets = Ragged.of([np.array([2], np.int32), np.array([4], np.int32)])
    taste = np.array([[0.5, 0.5], [1.0, 0.0]])
    return SlateCases(items, scores, targets, taste, SlateContent(shares, shares, ("a", "b")))


def test_by_score(cases: SlateCases) -> None:
    found = by_score(cases, 2)
    assert cases.lists([GreedySlate()], 5)[0].tolist() == [
        [0, 1, 2, 3, -1],
        [0, 1, 3, -1, -1],
    ]
    assert found.ndcg.tolist() == [0, 0]
    assert found.diversity.tolist() == [0, 0]
    assert found.miscalibration[1] == 0
    assert found.coverage == pytest.approx(2 / 5)


def test_a_frontier_begins_at_the_score_and_gets_more_diverse(cases: SlateCases) -> None:
    spec = registry.spec({"part": "slate.mmr.v1"}, "slate")
    first, last = frontier(spec, cases, 2, (0.0, 0.9))
    assert (first.ndcg, first.diversity) == (0, 0)
    assert last.diversity == 1
    assert last.ndcg == pytest.approx(1 / np.log2(3) / 2)


def test_a_slate_without_a_weight_has_no_frontier(cases: SlateCases) -> None:
    spec = registry.spec({"part": "slate.greedy.v1"}, "slate")
    with pytest.raises(BadRecipe, match="trades accuracy"):
        frontier(spec, cases, 2)


def test_the_highest_weight_within_the_loss_is_taken() -> None:
    points = [FrontierPoint(w, n, 0, 0, 0) for w, n in ((0, 1.0), (0.1, 0.9), (0.2, 0.97))]
    assert within_loss(points, 0.05).weight == 0.2
    assert within_loss(points, 0.01).weight == 0
    assert within_loss([FrontierPoint(0, None, 0, 0, 0)], 0.01).weight == 0


@pytest.mark.parametrize("slate", ["slate.mmr.v1", "slate.dpp.v1", "slate.max_sum.v1"])
def test_many_slates_at_once_list_what_each_lists_alone(cases: SlateCases, slate: str) -> None:
    parts = [weighed(registry.spec({"part": slate}, "slate"), w) for w in (0.0, 0.3, 0.9)]
    for part, rows in zip(parts, cases.lists(parts, 3), strict=True):
        assert np.array_equal(cases.lists([part], 3)[0], rows)


@pytest.mark.parametrize("power", [0.0, 0.4, 0.9, 2.0])
def test_the_power_with_which_targets_were_drawn_is_found(power: float) -> None:
    n, m = 4000, 50
    taken = np.arange(1.0, m + 1) ** -power
    rng = generator(1, "power", str(power))
    items = np.tile(np.arange(m, dtype=np.int32), (n, 1))
    targets = rng.choice(m, n, p=taken / taken.sum()).astype(np.int32)
    targets[::10] = m  # not among the candidates: they say nothing
    about = SlateContent(None, np.zeros((m + 1, 0), np.float32), ())
    cases = SlateCases(
        items, -items.astype(np.float32), Ragged.of(list(targets[:, None])), np.zeros((n, 0)), about
    )
    assert cases.power() == pytest.approx(power, abs=0.06)


def test_without_targets_among_the_candidates_all_are_taken_alike(cases: SlateCases) -> None:
    nothing = replace(cases, targets=Ragged.of([np.array([4], np.int32)] * 2))
    assert replace(nothing, items=cases.items[:, :1], scores=cases.scores[:, :1]).power() == 0
    assert nothing.power() == 0


def _ran(files: Path, table: dict[str, Any], tmp_path: Path, **slate: Any) -> Path:
    table["data"] = {"interactions": "log.csv", "items": "items.parquet"}
    table["evaluate"]["controls"] = False
    return run(parse({**table, "slate": slate}, files), tmp_path / "run")


@pytest.mark.parametrize("part", ["slate.dpp.v1", "slate.calibrated.v1", "slate.constrained.v1"])
def test_a_run_says_what_a_slate_costs_and_brings(
    files: Path, table: dict[str, Any], tmp_path: Path, part: str
) -> None:
    folder = _ran(files, table, tmp_path, part=part, field="genres", k=5, candidates=30, cases=40)
    study = SLATES.read(folder)
    assert (study.slate, study.block, study.field) == (part, "text.tfidf", "genres")
    assert study.n_validation == study.n_test == 40
    assert study.chosen.diversity is not None
    if part == "slate.constrained.v1":
        assert (study.frontier, study.chosen.weight) == ((), None)
        assert study.chosen.ndcg == study.by_score.ndcg
    else:
        first = study.frontier[0]
        chosen = next(one for one in study.frontier if one.weight == study.chosen.weight)
        assert first.weight == 0
        assert (chosen.ndcg or 0) >= 0.99 * (first.ndcg or 0)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="slates"' in page
    assert "Slates on the test cases" in page


@pytest.mark.parametrize(
    ("slate", "message"),
    [
        ({"part": "slate.mmr.v1", "block": "pictures"}, 'no block "pictures"'),
        ({"part": "slate.mmr.v1", "diverstiy": 1}, "diverstiy"),
        ({"part": "policy.softmax.v1"}, "slate"),
        ({"part": "slate.mmr.v1", "k": 1}, "k"),
    ],
)
def test_what_a_recipe_says_wrong_is_named(
    files: Path, table: dict[str, Any], tmp_path: Path, slate: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRecipe, match=message):
        _ran(files, table, tmp_path, **slate)


def test_a_recipe_says_its_slate_again(table: dict[str, Any], tmp_path: Path) -> None:
    table["data"] = {"interactions": "log.csv"}
    recipe = parse({**table, "slate": {"part": "slate.mmr.v1", "loss": 0.02}}, tmp_path)
    assert recipe.slate is not None
    assert recipe.slate.settings.loss == 0.02
    assert parse(recipe.resolved(), tmp_path) == recipe


@pytest.mark.parametrize(
    ("slate", "message"),
    [
        ({"part": "slate.mmr.v1", "field": "mood"}, "mood"),
        ({"part": "slate.calibrated.v1"}, "no field says"),
        ({"part": "slate.mmr.v1"}, "no content says"),
    ],
)
def test_what_a_slate_lacks_is_said_before_anything_is_fitted(
    files: Path, table: dict[str, Any], tmp_path: Path, slate: dict[str, Any], message: str
) -> None:
    table["blocks"], table["models"] = {}, {"ids": table["models"]["ids"]}
    with pytest.raises(PalateError, match=message):
        _ran(files, table, tmp_path, **slate)
