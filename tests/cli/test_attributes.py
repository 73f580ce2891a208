"""`palate attributes`: plan, propose, show."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import polars as pl
import pytest

from palate.cli.main import main
from palate.pipeline.run import run
from palate.recipe.recipe import load
from palate.runs.forget import forget

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
fields = ["title", "plot?"]
want = {kind = {kind = "label", of = "propose", at_most = 3}, brand = {kind = "text"}}
provider = {part = "answers.clusters.v1", encoder = {part = "text.hashing.v1"}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    kinds = ("red wine", "running shoes", "dragon book")
    items = pl.DataFrame(
        {
            "item_id": [f"i{i}" for i in range(30)],
            "title": [f"{kinds[i % 3]} number {i} of the house" for i in range(30)],
        }
    )
    log = pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in range(40) for _ in range(8)],
            "item_id": [f"i{(u % 3 + 3 * k) % 30}" for u in range(40) for k in range(8)],
            "timestamp": [1000 * k + u for u in range(40) for k in range(8)],
        }
    )
    items.write_csv(folder / "items.csv")
    log.write_csv(folder / "log.csv")
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def ran(shop: Path) -> Path:
    run(load(shop / "recipe.toml"), shop / "run")
    return shop / "run"


def test_plan_asks_nobody(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attributes", "plan", str(shop / "recipe.toml"), "--json"]) == 0
    (planned,) = json.loads(capsys.readouterr().out)
    assert planned["block"] == "llm"
    assert planned["questions"] == 2
    assert planned["plan"]["distinct"] == 30


def test_propose_writes_a_block_to_edit(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "block.toml"
    recipe = str(shop / "recipe.toml")
    assert main(["attributes", "propose", recipe, "--out", str(out), "--quiet"]) == 0
    block = tomllib.loads(out.read_text())["blocks"]["llm"]
    assert len(block["want"]["kind"]["of"]) == 3
    assert "at_most" not in block["want"]["kind"]
    assert block["fields"] == ["title"]


def test_propose_suggests_what_to_ask_where_nothing_is_wanted(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = shop / "bare.toml"
    bare.write_text(RECIPE.replace("\nwant = {kind", "\n# want = {kind"))
    assert main(["attributes", "propose", str(bare), "--json", "--at-most", "2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["want"]) == ["topics", "mood"]
    assert len(found["want"]["topics"]["of"]) > 1
    assert tomllib.loads(found["toml"])["blocks"]["llm"]["want"] == found["want"]
    # a run cannot do without
    assert main(["run", str(bare), "--out", str(tmp_path / "run"), "--quiet"]) == 2
    assert "no attribute is wanted" in capsys.readouterr().err


def test_propose_suggests_others_on_request(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = str(shop / "recipe.toml")
    assert main(["attributes", "propose", recipe, "--schema", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["want"]) == ["topics", "mood"]


def test_propose_for_a_block_that_is_not_there(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = str(shop / "recipe.toml")
    assert main(["attributes", "propose", recipe, "--block", "lm"]) == 2
    assert "llm" in capsys.readouterr().err


def test_show_prints_and_writes_what_was_answered(
    ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attributes", "show", str(ran), "--item", "i3", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {r["attribute"] for r in rows} == {"kind", "brand"}
    kind = next(r for r in rows if r["attribute"] == "kind")
    assert "wine" in kind["value"] or "red" in kind["value"]
    for name in ("a.csv", "a.parquet", "a.jsonl"):
        assert main(["attributes", "show", str(ran), "--out", str(tmp_path / name)]) == 0
    assert pl.read_csv(tmp_path / "a.csv").height == pl.read_parquet(tmp_path / "a.parquet").height
    assert main(["attributes", "show", str(ran), "--attribute", "knd"]) == 2
    assert main(["attributes", "show", str(ran), "--item", "nobody"]) == 2
    assert main(["attributes", "show", str(ran), "--out", str(tmp_path / "a.xls")]) == 2


def test_what_was_answered_is_a_graph_for_another_run(
    shop: Path, ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shop / "facts.csv"
    call = ["attributes", "triples", str(ran), "--attribute", "kind", "--least", "0.2"]
    assert main([*call, "--out", str(out)]) == 0
    assert "[data.knowledge.said]" in capsys.readouterr().out
    facts = pl.read_csv(out)
    assert facts.columns == ["head", "relation", "tail", "confidence"]
    assert facts["relation"].unique().to_list() == ["kind"]
    assert facts["confidence"].min() >= 0.2  # type: ignore[operator]
    graph = shop / "graph.toml"
    graph.write_text(
        RECIPE.partition("[models.words]")[0]
        + """
[data.knowledge.said]
triples = "facts.csv"
confidence_column = "confidence"
least_confidence = 0.2
[blocks.kinds]
part = "graph.neighbours.v1"
fields = ["said.kind"]
[models.alike]
part = "model.text_kernel.v2"
block = "kinds"
"""
    )
    assert main(["run", str(graph), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    assert main([*call, "--least", "1.5", "--out", str(out)]) == 2
    assert "none of" in capsys.readouterr().err


def test_lift_says_what_each_question_adds_and_takes(
    ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(ran, copy)
    assert main(["attributes", "lift", str(copy)]) == 2
    assert "--fields" in capsys.readouterr().err
    estimated = ["importance", str(copy), "--fields", "--model", "words", "--force"]
    assert main([*estimated, "--budget", "20s", "--quiet"]) == 0
    capsys.readouterr()
    out = tmp_path / "next.toml"
    assert main(["attributes", "lift", str(copy), "--json", "--out", str(out)]) == 0
    (kind,) = json.loads(capsys.readouterr().out)["questions"][:1]
    assert kind["attribute"] == "kind"
    assert kind["verdict"] == ("keep" if kind["low"] > 0 else "drop")
    tomllib.loads(out.read_text())


def test_a_forgotten_item_leaves_the_table(ran: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(ran, copy)
    forget(copy, items=["i3"])
    table = pl.read_parquet(copy / "features" / "llm" / "attributes.parquet")
    assert "i3" not in table["item_id"].to_list()
    assert "i4" in table["item_id"].to_list()
