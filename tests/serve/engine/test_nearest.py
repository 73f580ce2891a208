"""Nearest rows by an index: filters, what came since, what is missed; and a search that uses it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.serve.conftest import recipe_of

import palate
from palate.arrays import Floats, l2_normalised
from palate.runs.open import open_run
from palate.serve.engine import nearest as module
from palate.serve.engine.content import Content
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.items import items_now
from palate.serve.engine.nearest import Nearest, Recall, VectorSettings
from palate.serve.engine.search import Search
from palate.serve.engine.view import view_of

SMALL = VectorSettings(exact_items=20, watch_each=1)


def rows_of(n: int, seed: int = 0) -> Floats:
    """float32 [n, 16], in some groups."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, 16))
    rows = centres[rng.integers(0, 12, n)] + 0.4 * rng.normal(size=(n, 16))
    return np.asarray(l2_normalised(rows.astype(np.float32)), np.float32)


def best(rows: Floats, query: Floats, chosen: np.ndarray, n: int) -> set[int]:
    scores = np.where(chosen, rows @ query, -np.inf)
    return set(np.argsort(-scores)[:n].tolist())


def test_it_finds_nearly_all_under_any_filter_and_what_came_since() -> None:
    rows, recall = rows_of(900), Recall(0.9)
    nearest = Nearest(rows[:800], SMALL, recall)
    nearest.wait()
    assert nearest.ready
    rng, shares = np.random.default_rng(1), list[float]()
    for share in (1.0, 0.5, 0.1):
        for query in rows_of(20, seed=2):
            chosen = rng.random(900) < share
            found = nearest.find(rows, query, chosen, 10)
            assert chosen[found].all()
            assert len(set(found.tolist())) == len(found)
            wanted = best(rows, query, chosen, 10)
            shares.append(len(wanted & set(found.tolist())) / len(wanted))
    assert np.mean(shares) > 0.95
    assert recall.mean == pytest.approx(np.mean(shares), abs=1e-6)
    assert not recall.alarm
    alone = np.arange(900) == 850  # came after the index was made
    assert nearest.find(rows, rows[850], alone, 3).tolist() == [850]
    assert 850 in nearest.find(rows, rows[850], np.ones(900, np.bool_), 3)


def test_few_chosen_rows_are_looked_at_whole() -> None:
    rows, recall = rows_of(300), Recall(0.9)
    nearest = Nearest(rows, SMALL, recall)
    nearest.wait()
    chosen = np.zeros(300, np.bool_)
    chosen[[3, 5]] = True
    assert set(nearest.find(rows, rows[0], chosen, 5).tolist()) == {3, 5}
    assert nearest.find(rows, rows[0], np.zeros(300, np.bool_), 5).tolist() == []


def test_a_recall_that_falls_raises_an_alarm() -> None:
    recall = Recall(0.9)
    assert (recall.mean, recall.alarm) == (1.0, False)
    recall.note(np.array([1, 2], np.int32), np.array([1, 3], np.int32))
    assert (recall.mean, recall.alarm) == (0.5, True)
    for _ in range(module.KEPT):
        recall.note(np.array([1], np.int32), np.array([1], np.int32))
    assert not recall.alarm


def test_without_the_library_everything_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_library", lambda: __import__("no_such_library_of_palate"))
    rows = rows_of(100)
    nearest = Nearest(rows, SMALL, Recall(0.9))
    nearest.wait()
    assert not nearest.ready
    every = np.ones(100, np.bool_)
    assert set(nearest.find(rows, rows[0], every, 7).tolist()) == best(rows, rows[0], every, 7)


@pytest.fixture(scope="module")
def dense_run(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> Path:
    """A run with a block of words and a dense one."""
    folder = tmp_path_factory.mktemp("dense") / "run"
    words = {"part": "text.tfidf.v1", "fields": ["title"]}
    dense = {**words, "shape": [{"part": "geometry.pca.v1", "dims": 8}]}
    recipe = recipe_of(blocks={"words": words, "meaning": dense})
    palate.run(palate.read(*frames), recipe, folder=folder)
    return folder


@pytest.mark.parametrize("text", ["violin bow", "garden soil number 5", "zzz"])
def test_a_search_by_an_index_is_the_search(dense_run: Path, text: str) -> None:
    opened = open_run(dense_run)
    items = items_now(opened.data.catalogue, {}, np.empty(0, np.int32))
    view = view_of(opened, "by-words", items, opened.scorer("by-words"), Encoding())
    content = Content(opened, "by-words", Encoding())
    exact, indexed = (
        Search(opened, content, Encoding()),
        Search(opened, content, Encoding(), SMALL),
    )
    assert {*exact.cosines([text], view)} == {"words", "meaning"}
    chosen = np.arange(75) % 7 != 0
    for _ in range(2):  # while the index is made, and afterwards
        found, _ = indexed.find(text, view, chosen, 5)
        wanted, _ = exact.find(text, view, chosen, 5)
        assert [one.item for one in found] == [one.item for one in wanted]
        np.testing.assert_allclose(
            [one.score for one in found], [one.score for one in wanted], atol=1e-6
        )
        for index in indexed._nearest.values():
            index.wait()
    assert indexed.recall.mean > 0.9
