"""What is wrong with a run's data or pictures is said where people look, and costs no result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate.cli import main
from palate.errors import NotDrawn
from palate.pipeline import catalogue_map

LOST = 1_590_000_000
"""Seconds that some times of a mixed log lack: these events are of 1970 then."""


def log(*, mixed: bool) -> pl.DataFrame:
    """A small log; in a mixed one, some users' first events lie fifty years before the others."""
    rows = [
        (f"u{u}", f"i{(3 * u + n * n) % 20}", 1_600_000_000 + 1000 * u + 10 * n)
        for u in range(40)
        for n in range(6)
    ]
    rows = [
        (u, i, t - LOST if mixed and int(u[1:]) % 3 == 0 and k % 6 < 3 else t)
        for k, (u, i, t) in enumerate(rows)
    ]
    return pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")


RECIPE: dict[str, Any] = {
    "name": "r",
    "split": {"part": "split.leave_last_out.v1"},
    "models": {"ids": {"part": "model.cooccurrence.v1"}},
    "report": {"users": 1},
}
TOML = """
[data]
interactions = "log.csv"
[split]
part = "split.leave_last_out.v1"
[models.ids]
part = "model.cooccurrence.v1"
"""


@pytest.mark.integration
@pytest.mark.parametrize("mixed", [False, True])
def test_an_error_in_the_data_reaches_everybody(
    mixed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log(mixed=mixed).write_csv("log.csv")
    Path("r.toml").write_text(TOML)
    assert main(["run", "r.toml", "-q"]) == 0
    shown = capsys.readouterr().out
    assert main(["run", "r.toml", "--strict", "--json"]) == int(mixed)
    summary = json.loads(capsys.readouterr().out)
    page = Path("runs/r/report.html").read_text(encoding="utf-8")
    top = page[: page.index('id="leaderboard"')]
    assert bool(summary["errors"]) is mixed
    assert summary["headline"].startswith("Not to be relied on: ") is mixed
    assert ("a time before 1975" in summary["headline"]) is mixed
    assert ("error: " in shown) is mixed
    assert ('<span class="tag">error</span>' in top) is mixed
    assert palate.Run("runs/r").summary.errors == tuple(summary["errors"])


@pytest.mark.integration
@pytest.mark.parametrize("extra", [("two words", 0), ("a fault", 1)], ids=["few", "fault"])
def test_a_map_that_cannot_be_drawn_costs_no_result(
    extra: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, warned = extra
    words = ("used", "new") if what == "two words" else ("red pot", "blue pot", "old lamp")
    fields = [
        f"{words[i % len(words)]}{'' if what == 'two words' else f' n{i}'}" for i in range(20)
    ]
    items = pl.DataFrame({"item_id": [f"i{i}" for i in range(20)], "title": fields})
    recipe = {
        **RECIPE,
        "blocks": {"words": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {**RECIPE["models"], "text": {"part": "model.text_kernel.v1", "block": "words"}},
    }
    data = palate.read(log(mixed=False), items)
    if warned:
        monkeypatch.setattr(catalogue_map, "project", lambda *_: 1 // 0)
        with pytest.warns(NotDrawn, match="map of the catalogue could not be drawn"):
            made = palate.run(data, recipe, folder=tmp_path / "run")
    else:
        made = palate.run(data, recipe, folder=tmp_path / "run")
    assert made.unfinished == ""
    assert made.leaderboard().height > 0
    assert len([w for w in made.summary.warnings if "map" in w]) == warned
    page = (made.folder / "report.html").read_text(encoding="utf-8")
    assert ("could not be drawn" if warned else "2 different sets of features") in page
    assert 'id="map"' not in page
