"""Operators are found where they help, and nothing is found in noise."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate import registry
from palate.budget import Budget
from palate.data.worlds.kinds import staying_with_a_kind
from palate.errors import BadInput, Refused
from palate.model.operators.operator import DESCRIBED, Operator, OperatorKind
from palate.recipe.recipe import parse
from palate.runs.open import open_run
from palate.study.features.proposer import Proposer, proposer_of
from palate.study.features.search import gained
from palate.study.features.study import features
from palate.testing.answering import answering_server

pytest.importorskip("lightgbm")


def shop(seed: int, truth: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    return staying_with_a_kind(np.random.default_rng(seed), 0.75 if truth else 0.0, n_users=1200)


def made_run(
    folder: Path, seed: int = 0, truth: bool = True, blocks: dict[str, Any] | None = None
) -> Path:
    recipe: dict[str, Any] = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"fields": {"part": "structured.fields.v1"}, **(blocks or {})},
        "models": {
            "popular": {"part": "model.popularity.v1"},
            "alike": {"part": "model.text_kernel.v2", "block": "fields"},
            "ranked": {
                "part": "model.lambdamart.v1",
                "members": ["popular"],
                "trees": 60,
                "rate": 0.1,
                "patience": 10,
                "wrong": 20,
                "blocks": [],  # whose similarity to the history would say much of the truth
            },
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 1},
    }
    palate.run(palate.read(*shop(seed, truth)), recipe, folder=folder)
    return folder


def only(*names: str) -> Any:
    """Of the menu those whose name begins so, to be quick."""

    def order(found: Any, described: Any) -> Any:
        assert len(found) == len(described)
        return [one for one in found if one.name.startswith(names)]

    return order


def test_the_planted_truth_is_found_and_runs(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    some = only("latest(fields, kind", "match(fields, colour", "distance")
    found = features(run, tmp_path / "features.toml", order=some)
    assert found.kept == ("latest(fields, kind)",)
    assert "1 raised the ranking" in found.sentence
    last = found.tries[-1]
    assert (last.step, last.kept) == ("confirmed", True)
    assert last.p is not None
    assert last.p < 0.05
    recipe = tomllib.loads((tmp_path / "features.toml").read_text(encoding="utf-8"))
    assert recipe["models"]["ranked"]["operators"] == [
        {"kind": "latest", "block": "fields", "field": "kind"}
    ]
    assert json.loads((run / "features.json").read_text(encoding="utf-8"))["kept"]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Features that were made" in page
    assert "latest(fields, kind)" in page
    again = palate.run(palate.read(*shop(0, True)), recipe, folder=tmp_path / "better")
    opened = open_run(again.folder)
    assert "latest(fields, kind)" in opened.scorer("ranked").features_.names()
    better, before = (
        next(
            row["value"]
            for row in json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))
            if row["variant"]["of"] == "ranked" and row["slice"] == "all"
        )
        for folder in (tmp_path / "better", run)
    )
    assert better > before


def test_nothing_is_found_where_nothing_is_true(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", truth=False)
    found = features(run, tmp_path / "features.toml", order=only("latest", "match"))
    assert found.kept == ()
    assert "nothing was found" in found.sentence
    recipe = tomllib.loads((tmp_path / "features.toml").read_text(encoding="utf-8"))
    assert recipe["models"]["ranked"]["operators"] == []


def test_refusals(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    with pytest.raises(Refused, match="validation cases"):
        features(run, tmp_path / "few.toml", cases=100)
    out = tmp_path / "there.toml"
    out.write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="there already"):
        features(run, out)
    bare = {
        "split": {"part": "split.leave_last_out.v1"},
        "models": {"together": {"part": "model.cooccurrence.v1"}},
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 1},
    }
    palate.run(palate.read(*shop(0, True)), bare, folder=tmp_path / "bare")
    with pytest.raises(Refused, match="fields to compute"):
        features(tmp_path / "bare", tmp_path / "none.toml")


def test_a_gain_knows_how_far_trees_lie_apart() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(1000)
    twins = [base + shift for shift in (-0.03, 0.0, 0.03)]
    gain, error = gained(base + 0.03, twins)
    assert gain == pytest.approx(0.03)
    assert error == pytest.approx(0.03 * np.sqrt(4 / 3))  # no more than chance
    assert gained(base + 0.03, twins[1:2])[1] < 1e-6


def test_every_operator_is_described() -> None:
    kinds = OperatorKind.__args__
    assert {name for kind in kinds for name in kind.__args__} == set(DESCRIBED)


def names(*given: str) -> Any:
    return lambda text, messages, schema: json.dumps({"options": given})


def test_a_language_model_says_what_is_tried_first_and_nothing_else(tmp_path: Path) -> None:
    written = names("match(fields, colour)", "no such", "latest(fields, kind)")
    with answering_server(write=written) as server:
        block = {
            "part": "attributes.llm.v1",
            "fields": ["kind"],
            "want": {"letters": {"kind": "scale"}},
            "provider": {"part": "answers.chat.v1", "url": server.url},
        }
        server.write = lambda text, messages, schema: json.dumps({"letters": 0.5})
        run = made_run(tmp_path / "run", blocks={"llm": block})
        server.received.clear()
        server.write = written
        found = features(run, tmp_path / "features.toml", 1500, order="llm", budget=Budget(25.0))
        sent = [r.body for r in server.received if "response_format" in r.body]
    assert len(sent) == 1
    items = sent[0]["response_format"]["json_schema"]["schema"]["properties"]["options"]["items"]
    assert "latest(fields, kind)" in items["enum"]
    assert "fields, kind" in sent[0]["messages"][1]["content"]
    assert found.proposed_by == "answers.chat.v1"
    assert found.proposed == ("match(fields, colour)", "latest(fields, kind)")
    alone = [one.feature for one in found.tries if one.step == "alone"]
    assert alone[:2] == list(found.proposed)
    # the rest of the menu is tried as well, or said to be left out
    assert len(alone) + len(found.left_out) == len(items["enum"])
    assert "named 2 to be tried first" in found.sentence


def test_a_model_that_names_nothing_of_the_menu_changes_nothing() -> None:
    menu = tuple(Operator("match", "fields", f"f{i}") for i in range(3))
    with answering_server(write=names("match(fields, f9)", "")) as server:
        table = {"part": "answers.chat.v1", "url": server.url}
        assert Proposer("x", registry.spec(table, "provider").build()).named(menu) == ()


def test_a_provider_that_is_none_or_orders_nothing_is_refused() -> None:
    table = {
        "split": {"part": "split.leave_last_out.v1"},
        "models": {"popular": {"part": "model.popularity.v1"}},
    }
    with pytest.raises(BadInput, match="no provider") as caught:
        proposer_of(parse(table, Path()), "answers.chat.v")
    assert "answers.chat.v1" in caught.value.next_step
    with pytest.raises(BadInput, match="orders no features"):
        proposer_of(parse(table, Path()), "answers.majority.v1")
