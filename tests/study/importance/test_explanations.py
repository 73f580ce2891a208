from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate.runs.open import InMemory, OpenedRun, open_run
from palate.runs.writer import replacing
from palate.study.importance import explanations as illustrations
from palate.study.importance.explanations import last_of_texts, people, reasons, swarm, words

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> OpenedRun:
    """A finished run of words and a price."""
    table: dict[str, Any] = {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "text.tfidf": {
                "part": "text.tfidf.v1",
                "fields": ["title", "plot?"],
                "shape": [{"part": "geometry.l2.v1"}],
            },
            "price": {"part": "structured.fields.v1", "fields": ["price"]},
        },
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "text.tfidf"},
            "all": {"part": "model.blend.v1", "members": ["ids", "words"]},
        },
        "evaluate": {"controls": False, "ablations": False},
        "report": {"users": 1, "k": 3, "map_items": 0},
    }
    folder = tmp_path_factory.mktemp("runs") / "small"
    return open_run(palate.run(palate.read(*frames), table, folder=folder).folder)


def test_words_of_the_theme_count_and_numbers_do_not(opened: OpenedRun) -> None:
    shown = people(opened, "all", opened.scorer("all"))
    block = last_of_texts(opened, ["text.tfidf"])
    assert block is not None
    found = tuple(words(opened, block, shown))
    assert len(found) == illustrations.PEOPLE
    for person in found:
        text = "".join(piece.text for piece in person.pieces)
        assert text == person.title
        values = {piece.text: piece.value for piece in person.pieces if piece.value is not None}
        # every title has the word "number"; only the theme's name what this person likes
        *theme, _, serial = list(values)
        assert sum(values[word] for word in theme) > values["number"]
        assert min(values[word] for word in theme) > values[serial]


def test_no_words_without_a_block_of_text(opened: OpenedRun) -> None:
    assert last_of_texts(opened, ["price"]) is None
    assert last_of_texts(opened, []) is None


def test_reasons_name_past_items(opened: OpenedRun) -> None:
    scorer = opened.scorer("all")
    shown = people(opened, "all", scorer)
    found = reasons(opened, scorer, shown)
    assert len(found) == illustrations.PEOPLE
    titles = set(opened.data.catalogue.fields["title"])
    for i, explained in enumerate(found):
        assert explained.title in titles
        assert explained.sentences[0].startswith("Because you liked")
        past = {opened.data.catalogue.fields["title"][int(j)] for j in shown[0].items[i]}
        assert any(title in explained.sentences[0] for title in past)


def test_no_reasons_where_the_score_is_no_sum(opened: OpenedRun) -> None:
    class Black:
        uses_validation = False

    scorer: Any = Black()
    assert reasons(opened, scorer, people(opened, "all", opened.scorer("all"))) == ()


def test_swarm_has_a_row_for_each_block(opened: OpenedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lightgbm")
    found = swarm(opened, opened.features, ["text.tfidf"])
    assert [s.block for s in found] == ["behaviour.popularity", "text.tfidf"]
    dots = found[1].dots
    assert 0 < len(dots) <= illustrations.DOTS
    assert all(0 <= dot.level <= 1 for dot in dots)
    # likeness to the history is what people here go by
    high = [d.x for d in dots if d.level > 0.8]
    low = [d.x for d in dots if d.level < 0.2]
    assert sum(high) / len(high) > sum(low) / len(low)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert swarm(opened, opened.features, ["text.tfidf"]) == ()


def test_a_run_whose_log_splits_otherwise_is_refused(opened: OpenedRun, tmp_path: Path) -> None:
    import shutil

    from palate.errors import BadInput

    folder = tmp_path / "changed"
    shutil.copytree(opened.folder, folder)
    recipe = (folder / "recipe.toml").read_text().replace("min_events = 3", "min_events = 12")
    with replacing(folder, ["recipe.toml"]) as place:
        (place / "recipe.toml").write_text(recipe)
    with pytest.raises(BadInput, match="splits otherwise"):
        _ = open_run(folder).split
    known = replace(opened, known=InMemory(scorers={"x": opened.scorer("ids")}))
    assert known.scorer("x") is opened.scorer("ids")
