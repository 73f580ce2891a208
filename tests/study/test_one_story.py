"""Report, importance and selection: one question, one answer, in worlds whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.runs.open import open_run
from palate.study.block_answers import of_run
from palate.study.importance.importance import ImportanceOptions, ImportanceResult, importance
from palate.study.selection.select import Selection, select
from palate.tables.block_question import DROPPED, REMAINS

pytestmark = pytest.mark.integration

N_USERS, N_ITEMS, TOPICS = 240, 300, 20


@dataclass(frozen=True)
class Told:
    """What the three say."""

    report: dict[str, Any]
    importance: ImportanceResult
    selection: Selection

    @property
    def advice(self) -> dict[str, str]:
        """Block -> the verdict of importance."""
        return {one.block: one.verdict for one in self.importance.study.told}


def _frames(seed: int, useful: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People keep to one topic; `good` and `twin` say it, `noise` says nothing. Without use, the
    words of all are handed to the wrong items.
    """
    random = np.random.default_rng(seed)
    topic = random.permutation(np.arange(N_ITEMS) % TOPICS)
    rows = []
    for u in range(N_USERS):
        mine = np.flatnonzero(topic == random.integers(TOPICS))
        some = random.choice(mine, 5, replace=False)
        rows += [(f"u{u}", f"i{i}", t) for t, i in enumerate(some.tolist())]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    said = topic if useful else random.permutation(topic)
    words = [" ".join(f"t{t}x{random.integers(4)}" for _ in range(6)) for t in said]
    noise = [" ".join(f"n{random.integers(40)}" for _ in range(6)) for _ in said]
    ids = [f"i{i}" for i in range(N_ITEMS)]
    return log, pl.DataFrame({"item_id": ids, "good": words, "twin": words, "noise": noise})


def _told(folder: Path, seed: int, blocks: tuple[str, ...], useful: bool = True) -> Told:
    kernels = {b: {"part": "model.text_kernel.v1", "block": b} for b in blocks}
    table = {
        "name": "world",
        "seed": seed,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {b: {"part": "text.tfidf.v1", "fields": [b]} for b in blocks},
        "models": {
            "ids": {"part": "model.item_knn.v1"},
            **{f"by {b}": kernel for b, kernel in kernels.items()},
            "all": {"part": "model.blend.v1", "members": ["ids", *(f"by {b}" for b in blocks)]},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 0, "map_items": 0},
    }
    palate.run(palate.read(*_frames(seed, useful)), table, folder=folder / "run")
    run = open_run(folder / "run")
    said = {b: row.verdict for b, row in of_run(run, "all", "ndcg@10").items()}
    asked = importance(folder / "run", ImportanceOptions(budget=600.0))
    return Told(said, asked, select(folder / "run", folder / "selected.toml"))


def _agree(told: Told) -> None:
    """The same numbers and the same answer wherever the question is asked."""
    rows = {r.block: r for r in told.importance.rows if r.method == DROPPED}
    chosen = {one.block: one for one in told.selection.answers}
    assert set(rows) == set(chosen) == set(told.report)
    for block, found in told.report.items():
        row = rows[block]
        assert row.question == REMAINS
        assert (row.value, row.low, row.high, row.p) == (
            found.value,
            found.low,
            found.high,
            found.p,
        )
        assert row.found.answer == chosen[block].test == found.answer
        assert (told.advice[block] == "keep") == (found.answer == "keep")
        assert chosen[block].kept == (block in told.selection.kept)
        assert "chosen on validation" in chosen[block].sentence
        assert "on test" in chosen[block].sentence


def _noise_is_never_praised(told: Told) -> None:
    assert "noise" not in told.selection.kept
    assert told.advice["noise"] in ("no evidence", "harmful")
    assert told.report["noise"].answer != "keep"


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_useful_block_beside_noise(tmp_path: Path, seed: int) -> None:
    told = _told(tmp_path, seed, ("good", "noise"))
    _agree(told)
    _noise_is_never_praised(told)
    assert told.report["good"].answer == told.advice["good"] == "keep"
    assert set(told.selection.kept) == {"good"}


def test_a_block_and_its_copy_beside_noise(tmp_path: Path) -> None:
    told = _told(tmp_path, 3, ("good", "twin", "noise"))
    _agree(told)
    _noise_is_never_praised(told)
    assert {told.advice["good"], told.advice["twin"]}.isdisjoint({"keep", "harmful"})
    assert len(told.selection.kept) == 1
    unused = [t for t in told.importance.study.told if "does not use it" in t.sentence]
    assert {t.block for t in unused} & {"twin", "noise"}


def test_words_on_the_wrong_items_are_kept_by_nobody(tmp_path: Path) -> None:
    told = _told(tmp_path, 4, ("good", "noise"), useful=False)
    _agree(told)
    _noise_is_never_praised(told)
    assert "keep" not in told.advice.values()
    assert not told.selection.kept
