"""Generators as models of a recipe: fitted, measured, stored, opened again, and shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import palate
from palate.data.worlds.kinds import staying_with_a_kind
from palate.seeding import generator

pytestmark = pytest.mark.integration

GENERATOR = {
    "members": ["ids"],
    "reader": "lstm",
    "width": 8,
    "length": 5,
    "candidates": 20,
    "likelihood": {"epochs": 2},
}
RECIPE = {
    "split": {"part": "split.leave_last_out.v1"},
    "blocks": {"fields": {"part": "structured.fields.v1", "fields": ["kind"]}},
    "models": {
        "ids": {"part": "model.cooccurrence.v1"},
        "gan": {
            "part": "model.seqgan.v1",
            **GENERATOR,
            "block": "fields",
            "roll_outs": 2,
            "warm_up": 1,
            "schedule": {"epochs": 2},
        },
        "groups": {
            "part": "model.grpo.v1",
            **GENERATOR,
            "evaluator_steps": 5,
            "schedule": {"epochs": 1},
        },
        "chosen": {
            "part": "model.generator_evaluator.v1",
            **GENERATOR,
            "samples": 1,
            "evaluator_steps": 5,
            "dpp": {},
        },
    },
    "evaluate": {"controls": False, "metrics": ["ndcg@10", "distinct_lists@5", "overlap@5"]},
}


def test_from_a_recipe_to_lists_of_a_run_that_was_opened_again(tmp_path: Path) -> None:
    shop = staying_with_a_kind(generator(1, "shop"), 0.7, n_users=80, n_items=40)
    run = palate.run(palate.read(*shop), RECIPE, folder=tmp_path / "run")
    scores = {
        (row["model"], row["metric"])
        for row in json.loads((run.folder / "leaderboard.json").read_text())
    }
    assert {(m, "distinct_lists@5") for m in ("gan", "groups", "chosen")} <= scores
    curves = json.loads((run.folder / "curves.json").read_text())
    assert any(step["discriminator_loss"] is not None for step in curves["gan"])
    assert any(step["over_optimisation"] is not None for step in curves["groups"])
    page = (run.folder / "report.html").read_text()
    assert "Training on sampled lists" in page
    assert "Loss of the discriminator" in page
    opened = palate.Run(run.folder)
    for model in ("gan", "groups", "chosen"):
        rows = [r.recommend(user="3", k=8, model=model) for r in (run, opened)]
        assert rows[0].equals(rows[1])
        assert rows[0]["item_id"].n_unique() == 8
