"""An item that came after the run: recommended for what its text says, by a model that reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate.errors import BadInput

Frames = tuple[pl.DataFrame, pl.DataFrame]
NEW = pl.DataFrame(
    {"item_id": ["rose", "nothing"], "title": ["garden rose soil garden rose", None]}
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, frames: Frames) -> palate.Run:
    recipe: dict[str, Any] = {
        "name": "small",
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"words": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "words"},
            "both": {"part": "model.blend.v1", "members": ["ids", "words"]},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 0, "map_items": 0},
    }
    folder = tmp_path_factory.mktemp("runs") / "one"
    return palate.run(palate.read(*frames), recipe, folder=folder)


@pytest.mark.integration
def test_it_is_recommended_for_its_text_to_those_who_like_it(run: palate.Run) -> None:
    # user 0 takes the garden, user 1 the engine
    lists = {
        user: run.recommend(user, 5, "words", new_items=NEW)["item_id"].to_list()
        for user in ("u0", "u1")
    }
    assert "rose" in lists["u0"]
    assert "rose" not in lists["u1"]
    assert "nothing" not in lists["u0"] + lists["u1"]


@pytest.mark.integration
def test_a_model_of_ids_alone_puts_it_after_all_it_knows(run: palate.Run) -> None:
    found = run.recommend("u0", 1000, "ids", new_items=NEW)["item_id"].to_list()
    assert set(found[-2:]) == {"rose", "nothing"}
    known = run.recommend("u0", 1000, "ids")["item_id"].to_list()
    assert found[:-2] == known


@pytest.mark.integration
def test_other_lists_stay_as_they_were(run: palate.Run, tmp_path: Path) -> None:
    before = run.recommend("u1", 5, "both")
    NEW.write_csv(tmp_path / "new.csv")
    found = run.recommend("u1", 1000, "both", new_items=tmp_path / "new.csv")
    assert {"rose", "nothing"} <= set(found["item_id"].to_list())
    assert run.recommend("u1", 5, "both").equals(before)


@pytest.mark.integration
def test_what_is_no_new_item_is_refused(run: palate.Run) -> None:
    with pytest.raises(BadInput, match='"i3" is an item of the catalogue already'):
        run.recommend("u0", new_items=pl.DataFrame({"item_id": ["i3"], "title": ["again"]}))
    with pytest.raises(BadInput, match="price"):
        run.recommend("u0", new_items=pl.DataFrame({"item_id": ["x"], "price": ["much"]}))
