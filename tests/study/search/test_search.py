"""The search itself: validation alone, resumable, and what it writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.data.assemble import read_frames
from palate.data.settings import DataSettings
from palate.data.splits.leave_last_out import LeaveLastOut
from palate.errors import BadRecipe, Refused
from palate.recipe.recipe import Recipe, load, parse
from palate.study.search import search as module
from palate.study.search.objective import SearchObjective
from palate.study.search.search import search
from palate.tables import Dataset, Interactions, Split

pytest.importorskip("optuna")


@pytest.fixture
def data(frames: tuple[pl.DataFrame, pl.DataFrame]) -> Dataset:
    return read_frames(frames[0], frames[1], None, DataSettings())


@pytest.fixture
def asked(table: dict[str, Any]) -> Callable[..., Recipe]:
    def make(space: dict[str, Any] | None = None, **search: Any) -> Recipe:
        keys = {
            "models.words.neighbours": [2, 5, 20],
            "models.both.k": {"low": 5, "high": 20},
            "blocks": "subset",
        }
        search_table = {
            "trials": 6,
            "patience": 0,
            "space": space or keys,
            "models": ["ids", "both"],
            **search,
        }
        evaluate = {"metrics": ["ndcg@10"], "controls": False, "ablations": False}
        return parse({**table, "evaluate": evaluate, "search": search_table}, Path())

    return make


@pytest.fixture
def no_run(monkeypatch: pytest.MonkeyPatch) -> list[Recipe]:
    """The best recipe is noted and not run, which would take most of the time."""
    ran: list[Recipe] = []
    monkeypatch.setattr(module, "run", lambda recipe, *rest: ran.append(recipe))
    monkeypatch.setattr(module, "_tested", lambda found, folder: found)
    return ran


class Forbidden:
    """A test part that nobody may look at."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the search looked at the test part: {name}")

    def __len__(self) -> int:
        raise AssertionError("the search counted the test part")


def written(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "search.json").read_text()))


def test_it_finds_a_recipe_that_runs_and_says_what_it_tried(
    data: Dataset, asked: Callable[..., Recipe], tmp_path: Path
) -> None:
    folder = search(asked(), tmp_path / "s", data)
    found = written(folder)
    assert found["tried"]["all"] == 6 == len(found["trials"])
    values = [t["value"] for t in found["trials"] if t["state"] == "complete"]
    assert found["best"]["value"] == max(values)
    assert found["as_it_stood"]["values"]["model"] == "both"
    assert found["test"]["low"] <= found["test"]["value"] <= found["test"]["high"]
    assert found["gap"] == pytest.approx(found["best"]["value"] - found["test"]["value"])
    best = load(folder / "best.toml")
    for key, value in found["best"]["values"].items():
        if key == "models.both.k":
            assert best.models["both"].settings.k == value
    assert (folder / "best" / "report.html").is_file()
    assert "search" not in best.resolved()


def test_no_trial_touches_the_test_part(
    data: Dataset,
    asked: Callable[..., Recipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_run: list[Recipe],
) -> None:
    plain = LeaveLastOut.split

    def without_test(self: LeaveLastOut, log: Interactions, seed: int) -> Split:
        return replace(plain(self, log, seed), test=Forbidden())  # type: ignore[arg-type]

    monkeypatch.setattr(LeaveLastOut, "split", without_test)
    folder = search(asked(), tmp_path / "s", data)
    assert written(folder)["tried"]["complete"] == 6
    assert [r.name for r in no_run] == ["small-best"]
    with pytest.raises(AssertionError, match="test part"):
        len(LeaveLastOut().split(data.interactions, 0).test.open("inspect"))


def test_a_search_that_was_cut_off_goes_on_as_if_nothing_had_happened(
    data: Dataset,
    asked: Callable[..., Recipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_run: list[Recipe],
) -> None:
    whole = written(search(asked(), tmp_path / "whole", data))
    plain, calls = SearchObjective.value, []

    def dies(self: SearchObjective, *rest: Any) -> float:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return plain(self, *rest)

    monkeypatch.setattr(SearchObjective, "value", dies)
    with pytest.raises(KeyboardInterrupt):
        search(asked(), tmp_path / "cut", data)
    resumed = written(search(asked(), tmp_path / "cut", data))
    assert len(calls) == 4 + 3
    # the trial that was killed has a number, but no say
    assert [t["number"] for t in resumed["trials"]] == [0, 1, 2, 4, 5, 6]
    assert [t["values"] for t in resumed["trials"][:3]] == [
        t["values"] for t in whole["trials"][:3]
    ]
    again = written(search(asked(), tmp_path / "cut", data))
    assert again["trials"] == resumed["trials"]
    longer = written(search(asked(trials=8), tmp_path / "cut", data))
    assert len(longer["trials"]) == 8


@pytest.mark.usefixtures("no_run")
def test_the_same_seed_finds_the_same(
    data: Dataset, asked: Callable[..., Recipe], tmp_path: Path
) -> None:
    one, two = (written(search(asked(), tmp_path / name, data)) for name in ("one", "two"))
    assert [t["values"] for t in one["trials"]] == [t["values"] for t in two["trials"]]
    assert [t["value"] for t in one["trials"]] == [t["value"] for t in two["trials"]]


@pytest.mark.usefixtures("no_run")
def test_another_search_in_the_same_folder_is_refused(
    data: Dataset, asked: Callable[..., Recipe], tmp_path: Path
) -> None:
    search(asked(trials=1), tmp_path, data)
    with pytest.raises(BadRecipe, match="another recipe"):
        search(asked({"models.both.k": [5, 6]}), tmp_path, data)


def test_it_stops_when_nothing_gets_better(
    data: Dataset,
    asked: Callable[..., Recipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_run: list[Recipe],
) -> None:
    monkeypatch.setattr(SearchObjective, "value", lambda *rest: 0.5)
    found = written(search(asked(trials=30, patience=4), tmp_path, data))
    assert found["tried"]["all"] == 5
    assert found["best"]["number"] == 0


def test_trials_below_the_median_are_cut_short(
    data: Dataset,
    asked: Callable[..., Recipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_run: list[Recipe],
) -> None:
    values = iter([0.9, 0.8, 0.1, 0.95])

    def judged(
        self: SearchObjective, recipe: Recipe, model: str, report: Callable[[int, float], None]
    ) -> float:
        value = next(values)
        report(0, value)
        return value

    monkeypatch.setattr(SearchObjective, "value", judged)
    found = written(search(asked(trials=4, startup=2), tmp_path, data))
    assert [t["state"] for t in found["trials"]] == ["complete", "complete", "pruned", "complete"]
    assert found["best"]["number"] == 3


def test_what_a_model_refuses_is_told_and_the_search_goes_on(
    data: Dataset,
    asked: Callable[..., Recipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_run: list[Recipe],
) -> None:
    plain, calls = SearchObjective.value, []

    def refuses(self: SearchObjective, *rest: Any) -> float:
        calls.append(1)
        if len(calls) < 3 or len(calls) > 6:
            raise Refused("too few cases")
        return plain(self, *rest)

    monkeypatch.setattr(SearchObjective, "value", refuses)
    found = written(search(asked(), tmp_path / "some", data))
    assert found["tried"]["failed"] == 2
    assert "too few cases" in found["trials"][0]["why"]
    with pytest.raises(Refused, match="no trial came to its end: too few cases"):
        search(asked(trials=2), tmp_path / "none", data)


def test_members_and_blocks_are_made_once(data: Dataset, asked: Callable[..., Recipe]) -> None:
    recipe = asked()
    judge = SearchObjective.of(recipe, data, 0.5, 1000, "ndcg@10")
    both = [len(c) for c in (judge.choosing, judge.judging)]
    assert abs(both[0] - both[1]) <= 1
    users = [set(c.histories.users.tolist()) for c in (judge.choosing, judge.judging)]
    assert not users[0] & users[1]
    heard: list[tuple[int, float]] = []
    once = judge.value(recipe, "both", lambda step, value: heard.append((step, value)))
    made = dict(judge._models)
    assert judge.value(recipe, "both", lambda *_: None) == once
    assert dict(judge._models) == made
    assert len(judge._blocks) == 1
    narrow = replace(recipe, evaluate=replace(recipe.evaluate, chunk=10))
    assert judge.value(
        narrow, "both", lambda step, value: heard.append((step, value))
    ) == pytest.approx(once)
    assert len(heard) == -(-both[1] // 10) - 1


def test_refusals(data: Dataset, asked: Callable[..., Recipe], tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="cannot be searched for"):
        search(asked(metric="coverage@10"), tmp_path / "a", data)
    few = replace(data, interactions=data.interactions.take(np.arange(3)))
    with pytest.raises(Refused):
        SearchObjective.of(asked(), few, 0.5, 100, "ndcg@10")


@pytest.mark.slow
def test_side_by_side_it_finds_as_many(
    data: Dataset, asked: Callable[..., Recipe], tmp_path: Path
) -> None:
    recipe = replace(asked(), execute=replace(asked().execute, kind="processes", workers=2))
    found = written(search(recipe, tmp_path, data))
    assert 6 <= found["tried"]["all"] <= 7


def test_a_recipe_that_leaves_its_models_to_be_chosen_is_refused(tmp_path: Path) -> None:
    table = {"split": {"part": "split.leave_last_out.v1"}, "choose": {}}
    with pytest.raises(BadRecipe, match="leaves its models to be chosen"):
        search(parse(table, tmp_path), tmp_path / "out")
