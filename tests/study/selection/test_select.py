from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.budget import Budget
from palate.cli import main
from palate.data.worlds import CatalogueWorld, cold_text, copied_image
from palate.errors import BadInput, Refused
from palate.progress import Silent, Stopwatch
from palate.recipe.recipe import load, parse
from palate.runs.files import plain
from palate.runs.manifest import RunManifest
from palate.runs.open import InMemory, OpenedRun
from palate.study.recorded import Costs
from palate.study.selection.choose import Limits
from palate.study.selection.objective import bytes_per_item
from palate.study.selection.select import Selection, select, selected
from palate.study.selection.selected_recipe import selected_recipe
from palate.study.selection.storage import STORED, Packed, Permuted
from palate.tables import Block, FeatureTable, Origin, Training


def reopened(world: CatalogueWorld, seed: int = 1) -> OpenedRun:
    """A run of the world as it would be opened again: a model of behaviour, one kernel a block, a
    blend of all.
    """
    blocks = tuple(world.features.blocks)
    table: dict[str, Any] = {
        "name": "world",
        "seed": seed,
        "split": {"part": "split.cold_items.v1", "share": 0.2, "validation_share": 0.2},
        "blocks": {b: {"part": "text.tfidf.v1", "fields": ["description"]} for b in blocks},
        "models": {
            "ids": {"part": "model.item_knn.v1"},
            **{f"by {b}": {"part": "model.text_kernel.v1", "block": b} for b in blocks},
            "all": {"part": "model.blend.v1", "members": ["ids", *(f"by {b}" for b in blocks)]},
        },
    }
    recipe = parse(table, Path.cwd())
    split = recipe.split.build().split(world.data.interactions, seed)
    training = Training(split.train, world.features, split.validation)
    ids = recipe.models["ids"].build().fit(training)
    return OpenedRun(
        Path(),
        recipe,
        RunManifest("complete", ""),
        InMemory(world.data, split, world.features, {"ids": ids}),
    )


@pytest.mark.parametrize("make", [cold_text, copied_image])
def test_noise_and_copies_are_never_kept_and_nothing_is_lost(make: Any) -> None:
    _, facts = _judged(make(seed=2, n_users=120))
    assert facts.share_kept >= 0.99
    assert facts.bytes <= 0.5 * facts.bytes_before
    assert {m.block for m in facts.moves if m.what == "dropped"} == {"image", "noise"}


def _judged(world: CatalogueWorld) -> tuple[set[str], Selection]:
    chosen, facts = selected(reopened(world), Limits(), 4000, Stopwatch())
    return set(chosen.choice), facts


@pytest.mark.slow
@pytest.mark.parametrize("make", [cold_text, copied_image])
def test_noise_and_copies_in_more_worlds(make: Any) -> None:
    found = [_judged(make(seed)) for seed in range(1, 9)]
    # with some fifty items to ask for, noise may favour the right ones by chance
    assert sum(kept != {"text"} for kept, _ in found) <= 1
    assert np.mean([facts.share_kept for _, facts in found]) >= 0.97


@pytest.mark.slow
def test_a_copy_that_was_planted_is_found_wherever_it_stands() -> None:
    world = copied_image(seed=4, n_users=150)
    text = world.features.block("text")
    turn = np.linalg.qr(np.random.default_rng(4).standard_normal((32, 32)))[0].astype(np.float32)
    planted = Block("planted", text.matrix @ turn, text.present, Origin("test"))
    blocks = {"planted": planted, "text": text, "noise": world.features.block("noise")}
    chosen, _ = selected(
        reopened(replace(world, features=FeatureTable(world.features.items, blocks))),
        Limits(),
        4000,
        Stopwatch(),
    )
    assert len(set(chosen.choice) & {"planted", "text"}) == 1
    assert "noise" not in chosen.choice


def test_a_budget_is_kept_whatever_it_costs() -> None:
    run = reopened(cold_text(seed=1, n_users=100))
    chosen, facts = selected(run, Limits(bytes_per_item=10.0), 4000, Stopwatch())
    assert facts.bytes <= 10
    assert chosen.moves[-1].block == "text"
    assert "budget" in chosen.moves[-1].why
    assert not chosen.choice


def test_bytes_of_codecs(tmp_path: Path) -> None:
    block = Block("b", np.ones((10, 32), np.float32), np.ones(10, np.bool_), Origin("test"))
    assert bytes_per_item(block) == bytes_per_item(block, Permuted(3)) == 128
    assert bytes_per_item(block, Packed("storage.float16.v1")) == 64
    assert bytes_per_item(block, Packed("storage.int8.v1")) == 32


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> Path:
    """A finished run with words that matter and a price that does not."""
    table = {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "text.tfidf": {"part": "text.tfidf.v1", "fields": ["title"]},
            "price": {"part": "structured.fields.v1", "fields": ["price"]},
        },
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "text.tfidf"},
            "costs": {"part": "model.text_kernel.v1", "block": "price"},
            "ids+costs": {"part": "model.blend.v1", "members": ["ids", "costs"]},
            "ids+words": {"part": "model.blend.v1", "members": ["ids", "words"]},
            "all": {"part": "model.blend.v1", "members": ["ids", "words", "costs"]},
        },
        "evaluate": {"controls": False, "ablations": False},
        "report": {"users": 2, "k": 3, "map_items": 0},
    }
    return palate.run(
        palate.read(*frames), table, folder=tmp_path_factory.mktemp("runs") / "small"
    ).folder


@pytest.mark.integration
def test_the_new_recipe_runs(
    folder: Path, tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    out = tmp_path / "selected.toml"
    found = select(folder, out)
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# Blocks that earned their place")
    assert "price: dropped" in text
    recipe = load(out)
    assert set(recipe.blocks) == {"text.tfidf"}
    assert set(recipe.models) == {"ids", "words", "ids+words"}
    again = palate.run(palate.read(*frames), out, folder=tmp_path / "again")
    row = again.leaderboard().filter(
        (pl.col("model") == "ids+words") & (pl.col("metric") == "ndcg@10")
    )
    assert row.filter(pl.col("slice") == "all")["value"][0] == pytest.approx(
        found.honest.value, rel=1e-6
    )


@pytest.mark.integration
def test_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mine.toml"
    assert main(["select", str(folder), "--out", str(out), "-q"]) == 0
    printed = capsys.readouterr().out
    assert "price: dropped" in printed
    assert "next: palate run" in printed
    assert main(["select", str(folder), "--out", str(out), "-q"]) == 2
    assert "--force" in capsys.readouterr().err
    assert (
        main(["select", str(folder), "--out", str(out), "--force", "--bytes", "1", "--json"]) == 0
    )
    printed = json.loads(capsys.readouterr().out)
    assert printed["kept"] == {}
    assert (
        "blocks" not in tomllib.loads(out.read_text())
        or not tomllib.loads(out.read_text())["blocks"]
    )
    assert load(out).models.keys() == {"ids"}


def test_storage_is_written_as_a_step(tmp_path: Path) -> None:
    run = reopened(cold_text(seed=1))
    text = selected_recipe(
        run.recipe, "all", {"text": Packed("storage.int8.v1"), "noise": STORED}, ["why " * 60]
    )
    assert max(map(len, text.splitlines())) <= 120
    recipe = parse(tomllib.loads(text), tmp_path)
    assert [s.name for s in recipe.blocks["text"].shape] == ["storage.int8.v1"]
    assert recipe.blocks["noise"].shape == ()
    assert recipe.models["all"].settings.members == ("ids", "by text", "by noise")


def test_what_cannot_be_chosen_on_is_refused(tmp_path: Path) -> None:
    run = reopened(cold_text(seed=1, n_users=40, per_user=12))
    with pytest.raises(Refused, match="too few to choose on"):
        selected(run, Limits(), 4000, Stopwatch())
    with pytest.raises(BadInput, match="no run here"):
        select(tmp_path, tmp_path / "x.toml")
    models = {"ids": run.recipe.models["ids"]}
    bare = replace(run, recipe=replace(run.recipe, models=models))
    with pytest.raises(Refused, match="no block"):
        selected(
            replace(reopened(cold_text(seed=1)), recipe=bare.recipe), Limits(), 4000, Stopwatch()
        )


@dataclass
class Fits(Silent):
    """A clock that stands still but for the fits that it hears of: each takes a second."""

    time: float = 0.0

    def __call__(self) -> float:
        return self.time

    def advance(self, done: int, total: int | None = None) -> None:
        """One more."""
        self.time += 1.0


def test_a_budget_is_kept_and_what_was_left_out_is_said() -> None:
    run, clock = reopened(copied_image(seed=2, n_users=120)), Fits()
    _, facts = selected(run, Limits(), 4000, Stopwatch(clock), Budget(1e6, clock))
    assert (facts.left_out, facts.leaked is None) == ((), False)
    assert "Choosing on the test itself" in facts.sentence
    in_all, clock = clock.time, Fits()
    _, hurried = selected(run, Limits(), 4000, Stopwatch(clock), Budget(0.5 * in_all, clock))
    assert clock.time <= 0.5 * in_all
    assert "whether" in hurried.left_out[0]
    plain(hurried)  # can be written
    with pytest.raises(Refused, match="a first look at each block takes about") as refused:
        selected(run, Limits(), 4000, Stopwatch(clock), Budget(6.0, clock))
    assert refused.value.where == "--budget"


class LateAtTheEnd(Fits):
    """The same, but all time is gone when the test is looked at."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins."""
        self.time += 1e6 if stage == "check on the test" else 0.0


def test_without_time_for_it_nothing_is_chosen_on_the_test_itself() -> None:
    run, clock = reopened(cold_text(seed=2, n_users=60)), LateAtTheEnd()
    limits = Limits(codecs=())
    _, late = selected(run, limits, 4000, Stopwatch(clock), Budget(1e5, clock))
    assert late.left_out == ("what choosing on the test itself would have shown",)
    assert late.leaked is None
    assert "Choosing on the test itself" not in late.sentence
    assert late.kept == {"text": ""}


def test_what_the_run_took_is_refused_before_anything_is_fitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Costs(rebuild=0.0, case=0.0, refit=10.0)
    monkeypatch.setattr("palate.study.selection.select.recorded_costs", lambda *_: slow)
    watch = Stopwatch()
    with pytest.raises(Refused, match=r"about \d+ s more, and the budget is 60 s"):
        selected(reopened(cold_text(seed=2)), Limits(), 4000, watch, Budget(60.0))
    assert watch.rows == []
