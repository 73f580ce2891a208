"""A run whose attributes come over the network: run again, opened, and its model moved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate.errors import BadInput
from palate.pipeline.run import run
from palate.recipe.recipe import load
from palate.runs.open import open_run
from palate.tables import Catalogue, Vocabulary
from palate.testing.answering import AnsweringServer, answering_server

RECIPE = """
name = "shop"
[data]
interactions = "log.csv"
items = "items.csv"
[split]
part = "split.ratio.v1"
[evaluate]
controls = false
ablations = false
metrics = ["ndcg@10"]
[report]
map_items = 0
users = 0
[models.popularity]
part = "model.popularity.v1"
[models.words]
part = "model.text_kernel.v2"
block = "llm"
[blocks.llm]
part = "attributes.llm.v1"
fields = ["title"]
want = {kind = {kind = "label", of = ["wine", "shoes", "book"]}, mood = {kind = "scale"}}
provider = {part = "answers.PART.v1", url = "URL"}
"""


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    with answering_server() as running:
        yield running


def shop(folder: Path, part: str, url: str) -> Path:
    kinds = ("red wine", "running shoes", "dragon book")
    titles = [f"{kinds[i % 3]} number {i} of the house" for i in range(30)]
    items = pl.DataFrame({"item_id": [f"i{i}" for i in range(30)], "title": titles})
    log = pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in range(40) for _ in range(8)],
            "item_id": [f"i{(u % 3 + 3 * k) % 30}" for u in range(40) for k in range(8)],
            "timestamp": [1_600_000_000 + 1000 * k + u for u in range(40) for k in range(8)],
        }
    )
    items.write_csv(folder / "items.csv")
    log.write_csv(folder / "log.csv")
    (folder / "recipe.toml").write_text(RECIPE.replace("PART", part).replace("URL", url))
    return folder


@pytest.mark.integration
@pytest.mark.parametrize("part", ["chat", "decisions"])
def test_nothing_is_sent_twice_and_new_items_are_answered(
    part: str, server: AnsweringServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path / "cache"))
    folder = shop(tmp_path, part, server.url)
    run(load(folder / "recipe.toml"), folder / "run")
    assert len(server.texts) == len(set(server.texts)) == 30
    codes = [f["code"] for f in json.loads((folder / "run" / "data.json").read_text())["findings"]]
    assert "model-knows-test-period" in codes
    assert ("order-of-options-decides" in codes) == (part == "decisions")

    run(load(folder / "recipe.toml"), folder / "again")
    assert len(server.texts) == 30

    block = open_run(folder / "run").fitted.blocks["llm"]
    new = pl.DataFrame({"title": ["red wine number 0 of the house", "a lamp that nobody knew"]})
    rows = block.extend(Catalogue(Vocabulary.of(["i0", "new"]), new))
    assert np.array_equal(rows.matrix[0], block.block.matrix[0])
    assert server.texts[30:] == ["a lamp that nobody knew"]

    server.model = "made-2.0"
    with pytest.raises(BadInput, match="not the one that answered"):
        open_run(folder / "run").fitted.blocks["llm"].extend(
            Catalogue(Vocabulary.of(["i0", "new"]), new)
        )
    run(load(folder / "recipe.toml"), folder / "other")
    assert len(server.texts) == 61
