"""How long explanations take: one item's reasons at serving size, and importance of the demo's
blocks.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from palate.arrays import Ragged
from palate.explain.reasons.because import because
from palate.model.item_knn import ItemKnn
from palate.pipeline.run import run as run_recipe
from palate.recipe.recipe import load
from palate.study.importance.importance import importance
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training, Vocabulary

name = "explain"
what = (
    "Wall time of one item's reasons (item neighbours, 20,000 items, histories of 50, median of"
    " 500), and of `palate importance` on the demo's recipe (its headline model alone; MovieLens"
    " 100K)"
)
ITEMS, USERS, LENGTH, ASKED = 20_000, 5_000, 50, 500


def run() -> dict[str, Any]:
    """Both."""
    milliseconds = one_item()
    seconds = demo()
    rows = [
        {"what": "reasons of one item", "value": round(milliseconds, 4), "unit": "ms"},
        {"what": "palate importance, demo's recipe", "value": round(seconds, 1), "unit": "s"},
    ]
    claims = [
        {"claim": "a per-item explanation takes at most 1 ms", "holds": milliseconds <= 1},
        {
            "claim": "importance of the default recipe's blocks takes at most 60 s",
            "holds": seconds <= 60,
        },
    ]
    return {"rows": rows, "claims": claims}


def one_item() -> float:
    """Median milliseconds of `because` over many users."""
    random = np.random.default_rng(0)
    user = np.repeat(np.arange(USERS, dtype=np.int32), LENGTH)
    # popular items have low numbers, as in a real log
    item = (ITEMS * random.power(0.3, len(user))).astype(np.int32)
    ids = [
        Vocabulary(tuple(f"{kind}{i}" for i in range(n)))
        for kind, n in (("u", USERS), ("i", ITEMS))
    ]
    log = Interactions(
        *ids, user, item, np.ones(len(user), np.float32), np.arange(len(user), dtype=np.int64)
    )
    nobody = Cases(Histories.of(log, np.empty(0, np.int32)), *(Ragged.of([]) for _ in range(2)))
    scorer = ItemKnn().fit(Training(log, FeatureTable(ids[1]), nobody))
    asked = [Histories.of(log, np.array([u], np.int32)) for u in range(ASKED)]
    items = [int(np.argmax(scorer.score(history)[0])) for history in asked]
    spent = []
    for history, best in zip(asked, items, strict=True):
        start = time.perf_counter()
        because(scorer, history, best, 0.0)
        spent.append(1000 * (time.perf_counter() - start))
    return float(np.median(spent))


def demo() -> float:
    """Seconds that `palate importance` takes on a run of the demo's recipe."""
    with (
        tempfile.TemporaryDirectory() as folder,
        as_file(files("palate.recipes") / "demo.toml") as path,
    ):
        recipe = load(
            path, ["evaluate.controls=false", "evaluate.ablations=false", "evaluate.new_items=0"]
        )
        used = ("popularity", "ease", "words", "meaning", "ease+both")
        recipe = replace(
            recipe,
            models={model: recipe.models[model] for model in used},
            report=replace(recipe.report, map_items=0, users=1),
        )
        run_recipe(recipe, Path(folder))
        start = time.perf_counter()
        importance(Path(folder))
        return time.perf_counter() - start
