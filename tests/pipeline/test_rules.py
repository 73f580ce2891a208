"""Rules from the recipe to lists: measured, followed, kept, forgotten, explained."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import palate
from palate.errors import BadRecipe
from palate.pipeline.api import Source
from palate.runs.files import RULES
from palate.runs.forget import forget
from palate.runs.open import open_run
from palate.serve.engine.reasons import reasons_of
from palate.tables import Histories
from palate.tables.variant import Variant

RECIPE = {
    "name": "rules",
    "split": {"part": "split.leave_last_out.v1"},
    "rules": {
        "no_toys": 'if item.kind == "toys" and user.age == "adult" then never',
        "dear": "if item.price > 50 and history.price > 50 then up 0.5",
    },
    "models": {
        "together": {"part": "model.cooccurrence.v1"},
        "ruled": {"part": "model.rules.v1", "member": "together"},
    },
    "evaluate": {"metrics": ["ndcg@10"]},
    "report": {"users": 5, "k": 5},
}


def source() -> Source:
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(80), 8)
    log = pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in users],
            "item_id": [f"i{i}" for i in rng.integers(0, 60, len(users))],
            "timestamp": np.arange(len(users)) + 1_600_000_000,
        }
    ).unique(["user_id", "item_id"], maintain_order=True)
    items = pl.DataFrame(
        {
            "item_id": [f"i{i}" for i in range(60)],
            "kind": ["toys" if i % 2 else "books" for i in range(60)],
            "price": [float(10 + 7 * i % 83) for i in range(60)],
        }
    )
    people = pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in range(80)],
            "age": ["adult" if u % 2 else "child" for u in range(80)],
            "street": [f"{u} Secret Street" for u in range(80)],
        }
    )
    return palate.read(log, items, people)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> palate.Run:
    folder = tmp_path_factory.mktemp("runs") / "rules"
    return palate.run(source(), RECIPE, folder=folder)


def test_each_rule_is_measured_as_a_block_is(run: palate.Run) -> None:
    board = run.leaderboard()
    names = set(board["model"])
    assert {"together", "ruled", "ruled-without-rule.no_toys", "ruled-without-rule.dear"} <= names
    assert "ruled~permuted" in names
    compared = run.comparisons()
    lifts = compared.filter(
        (pl.col("a") == "ruled") & pl.col("b").str.starts_with("ruled-without-rule")
    )
    assert set(lifts["b"]) == {"ruled-without-rule.no_toys", "ruled-without-rule.dear"}
    assert lifts["low"].is_not_null().all()
    assert Variant("ruled").name in names


def test_what_rules_say_and_count_is_a_file_and_a_table(run: palate.Run) -> None:
    never, dear = RULES.read(run.folder)
    assert (never.rule, never.said, never.counts) == ("rule.no_toys", 0.0, 0.0)
    assert (dear.rule, dear.said) == ("rule.dear", pytest.approx(1.5))
    assert dear.low < dear.counts < dear.high
    assert dear.cases > 0
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "What each rule is worth" in page
    assert "history.price &gt; 50" in page


def test_lists_follow_them(run: palate.Run) -> None:
    adult = run.recommend("u1", k=10, model="ruled")
    child = run.recommend("u2", k=25, model="ruled")
    toys = {f"i{i}" for i in range(1, 60, 2)}
    assert not toys & set(adult["item_id"])
    assert toys & set(child["item_id"])


def test_of_the_users_only_what_rules_ask_for_is_kept(run: palate.Run) -> None:
    kept = open_run(run.folder).data.users
    assert kept is not None
    assert kept.columns == ["age"]
    assert not any(b"Secret Street" in p.read_bytes() for p in run.folder.rglob("*.parquet"))


def test_a_reopened_run_fits_and_scores_the_same(run: palate.Run) -> None:
    opened = open_run(run.folder)
    scorer = opened.scorer("ruled")
    histories = Histories.of(opened.data.interactions, np.arange(6, dtype=np.int32))
    spec = opened.recipe.models["ruled"]
    from dataclasses import replace

    context = replace(opened.context(), members={"together": opened.scorer("together")})
    again = spec.build().fit(opened.training(), context)
    np.testing.assert_allclose(again.score(histories), scorer.score(histories), rtol=1e-5)


def test_a_forgotten_user_is_no_adult_any_more(run: palate.Run, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(run.folder, tmp_path / "run"))
    row = open_run(folder).data.interactions.users.row_of["u1"]
    forget(folder, users=["u1"])
    people = open_run(folder).data.users
    assert people is not None
    assert people["age"][row] is None
    assert people["age"].null_count() == 1


def test_reasons_name_the_rule_and_add_up(run: palate.Run) -> None:
    opened = open_run(run.folder)
    scorer, log = opened.scorer("ruled"), opened.data.interactions
    row = log.users.row_of["u1"]
    histories = Histories.of(log, np.array([row, row], np.int32))
    lists = [np.array([1, 2], np.int32), np.array([3], np.int32)]
    scores = scorer.score(histories)
    own = [scores[case, items].tolist() for case, items in enumerate(lists)]
    found = reasons_of(scorer, histories, lists, own, log.items)
    kinds = [log.items.ids[item] for item in lists[0]]
    for case, of_list in enumerate(found):
        for place, reasons in enumerate(of_list):
            assert sum(r.value for r in reasons) == pytest.approx(own[case][place], rel=1e-4)
    toy = next(place for place, name in enumerate(kinds) if int(name[1:]) % 2)
    assert ("rule", "rule.no_toys") in [(r.kind, r.member) for r in found[0][toy]]


def test_a_rule_that_no_table_can_answer_stops_the_run(tmp_path: Path) -> None:
    wrong = RECIPE | {"rules": {"x": 'if item.kind == "toy" then down 0.2'}}
    with pytest.raises(BadRecipe, match='did you mean "toys"'):
        palate.run(source(), wrong, folder=tmp_path / "run")
    wrong = RECIPE | {"rules": {"x": 'if item.kind == "toys" and user.ag == "adult" then up 1'}}
    with pytest.raises(BadRecipe, match='did you mean "age"'):
        palate.run(source(), wrong, folder=tmp_path / "run")
