"""Small worlds whose truth about the features is known, and what a run says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest

import palate
from palate.runs import files
from palate.runs.documents import Summary
from palate.seeding import generator

Text = Literal["topic", "noise", "copy of noise"]

WORDS = ("haunted", "quiet", "stolen", "war", "dog", "car", "sea", "love", "heist", "moon")
TOPICS = [f"{a} {b}" for i, a in enumerate(WORDS) for b in WORDS[:i]]
KINDS = len(TOPICS)


def world(text: Text, seed: int, n_items: int = 150) -> tuple[pl.DataFrame, pl.DataFrame]:
    """240 users of six events who keep to one of 45 topics, items of a skewed popularity; each
    item's text names its topic, or some other topic drawn at random.
    """
    rng = generator(seed, "tests", "truth")
    topic = np.arange(n_items) % KINDS
    weight = 1 / (1 + np.arange(n_items)) ** 0.4
    rows = []
    for user in range(240):
        own = weight * np.where(topic == user % KINDS, 60.0, 1.0)
        items = rng.choice(n_items, 6, replace=False, p=own / own.sum())
        rows += [(f"u{user}", f"i{item}", 1000 * user + t) for t, item in enumerate(items)]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    said = topic if text == "topic" else rng.integers(0, KINDS, n_items)
    names = [f"{TOPICS[k]} {rng.integers(10_000)}" for k in said]
    items = pl.DataFrame({"item_id": [f"i{n}" for n in range(n_items)], "title": names})
    return log, items.with_columns(plot=pl.col("title"))


def run(text: Text, seed: int, folder: Path, n_items: int = 150, **more: Any) -> Summary:
    blocks = ("title", "plot") if text == "copy of noise" else ("title",)
    kernels = {f"by {b}": {"part": "model.text_kernel.v1", "block": b} for b in blocks}
    blend = {"part": "model.blend.v1", "members": ["ids", "knn", *kernels], **more.pop("blend", {})}
    table = {
        "seed": seed,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {b: {"part": "text.tfidf.v1", "fields": [b]} for b in blocks},
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "ids": {"part": "model.cooccurrence.v1"},
            "knn": {"part": "model.item_knn.v1"},
            **kernels,
            "all": blend,
        },
        "evaluate": {"metrics": ["ndcg@10"], **more},
        "report": {"users": 0, "map_items": 0},
    }
    return palate.run(palate.read(*world(text, seed, n_items)), table, folder=folder).summary


@pytest.mark.integration
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("text", ["noise", "copy of noise"])
def test_noise_is_never_credited(text: Text, seed: int, tmp_path: Path) -> None:
    found = run(text, seed, tmp_path, blend={"prior": seed % 2 == 0})
    assert found.features in ("no weight", "no evidence", "loss")
    assert not found.gains_in
    assert "raise" not in found.headline
    assert "pay for" not in found.headline


@pytest.mark.integration
def test_several_models_of_behaviour_do_not_make_a_lift_of_features_without_weight(
    tmp_path: Path,
) -> None:
    found = run("noise", 1, tmp_path, best="all")
    weights = {w.member: w.weight for w in files.WEIGHTS.read(tmp_path)}
    assert weights["by title"] == 0
    assert found.features == "no weight"
    assert "No use was found for the features: all gave them no weight" in found.headline
    lift = next(
        r for r in files.COMPARISONS.read(tmp_path) if r.purpose == "lift" and r.slice == "all"
    )
    assert lift.b_variant.kind == "counterpart"
    assert lift.difference == 0


@pytest.mark.integration
def test_texts_that_say_the_topic_are_credited(tmp_path: Path) -> None:
    found = run("topic", 1, tmp_path, n_items=450)
    assert found.features in ("gain", "gain in slices")
    assert [e.claim for e in found.earned] == ["title"]


@pytest.mark.integration
def test_a_best_model_that_others_beat_is_said_to_be_beaten(tmp_path: Path) -> None:
    found = run("noise", 2, tmp_path, best="by title")
    assert found.best_model == "by title"
    assert found.beaten_by[0].clear
    assert f"On the test {found.beaten_by[0].model} beats by title" in found.headline
    assert "popularity" in {b.model for b in found.beaten_by}
    assert any("worse than popularity" in sentence for sentence in found.warnings)
