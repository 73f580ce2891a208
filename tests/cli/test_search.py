"""What `palate search` prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from palate.cli.main import main
from palate.runs.documents import Summary
from palate.runs.files import SUMMARY
from palate.study.search import search as module
from palate.study.search.result import SEARCH, SearchResult, TestFigure, Tried
from palate.study.search.trials import Finished

RECIPE = """
[split]
part = "split.leave_last_out.v1"
[models.ids]
part = "model.ease.v1"
[search.space]
"models.ids.l2" = [10.0, 100.0]
"""
BEST = Finished(3, "complete", 0.2, {"model": "ids", "models.ids.l2": 10.0}, ("text.a",), 1.5)
FOUND = SearchResult(
    "ndcg@10",
    Tried(7, 5, 1, 1),
    9.0,
    9.5,
    "ids",
    BEST,
    None,
    (BEST,),
    TestFigure(0.15, 0.1, 0.2),
    0.05,
)


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def found(recipe: Any, folder: Path, progress: Any = None) -> Path:
        folder.mkdir(parents=True)
        SEARCH.write(folder, FOUND)
        SUMMARY.write(folder / "best", Summary(errors=("Times are mixed.",)))
        return folder

    monkeypatch.setattr(module, "search", found)
    path = tmp_path / "mine.toml"
    path.write_text(RECIPE)
    return path


def test_it_says_what_was_best_and_how_much_of_it_was_luck(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", str(recipe), "--out", str(tmp_path / "s")]) == 0
    told = capsys.readouterr().out
    for part in (
        "best of 7 trials (1 cut short, 1 failed)",
        "models.ids.l2",
        "text.a",
        "validation 0.2000",
        "test 0.1500 [0.1000, 0.2000], gap +0.0500",
        "best.toml",
    ):
        assert part in told


def test_errors_of_the_best_run_are_said_and_strict_counts_them(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", str(recipe), "--out", str(tmp_path / "s"), "--strict"]) == 1
    assert "error: Times are mixed." in capsys.readouterr().out


def test_machines_get_everything(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", str(recipe), "--out", str(tmp_path / "s"), "--json"]) == 0
    tried = json.loads(capsys.readouterr().out)["tried"]
    assert tried == {"all": 7, "complete": 5, "pruned": 1, "failed": 1}


def test_a_misspelt_key_is_named(
    recipe: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    recipe.write_text(RECIPE.replace("models.ids.l2", "models.ids.l3"))
    assert main(["search", str(recipe), "--out", str(tmp_path / "s")]) == 2
    assert 'unknown key "l3"' in capsys.readouterr().err
