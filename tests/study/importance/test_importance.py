from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.cli import main
from palate.errors import BadInput, PalateError, Refused
from palate.fit import units
from palate.runs import files
from palate.runs.open import open_run
from palate.runs.writer import replacing
from palate.study.importance.importance import ImportanceOptions, importance
from palate.study.recorded import Costs, recorded_costs
from palate.tables.block_question import CONDITIONAL, DROPPED, PERMUTED, SHARED_OUT

QUICK = ImportanceOptions(budget=300.0)


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    """Words that matter, a price that does not, and a model of both."""
    return {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "text.tfidf": {"part": "text.tfidf.v1", "fields": ["title"]},
            "structured": {"part": "structured.fields.v1", "fields": ["price", "genres"]},
        },
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "text.tfidf"},
            "fields": {"part": "model.text_kernel.v1", "block": "structured"},
            "all": {
                "part": "model.blend.v1",
                "members": ["ids", "words", "fields"],
                "evidence": 0.0,
            },
        },
        "evaluate": {
            "metrics": ["ndcg@10", "coverage@10"],
            "controls": False,
            "ablations": False,
        },
        "report": {"users": 2, "k": 3, "map_items": 0},
    }


def _run(frames: tuple[pl.DataFrame, pl.DataFrame], table: dict[str, Any], folder: Path) -> Path:
    return palate.run(palate.read(*frames), table, folder=folder).folder


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    frames: tuple[pl.DataFrame, pl.DataFrame],
    table: dict[str, Any],
) -> Path:
    """A finished run."""
    return _run(frames, table, tmp_path_factory.mktemp("runs") / "small")


@pytest.mark.integration
def test_every_block_is_asked_and_the_page_drawn_again(folder: Path) -> None:
    found = importance(folder, QUICK)
    rows = json.loads((folder / "importance.json").read_text())
    assert {r["block"] for r in rows} == {"text.tfidf", "structured"}
    examined = {r["method"] for r in rows}
    assert {
        "permutation",
        "conditional permutation",
        "drop and refit",
        "shapley",
        "cosine to behaviour",
    } <= examined
    assert {r["verdict"] for r in rows} <= {"keep", "replaceable", "no evidence", "harmful"}
    assert all(r["bytes"] > 0 and r["seconds"] is not None for r in rows)
    assert all(r["low"] <= r["value"] <= r["high"] for r in rows)
    assert found.study.evidence
    assert found.study.users == 60
    assert "text.tfidf" in (folder / "report.html").read_text()


@pytest.mark.integration
def test_shares_add_up_to_the_gain_over_no_block(folder: Path) -> None:
    rows = importance(folder, QUICK).rows
    shares = [r.value for r in rows if r.method == "shapley"]
    lost = [r.value for r in rows if r.method == "drop and refit"]
    # of two blocks, shares are means of what is lost first and last: sum = whole - none >= any one
    # loss
    assert sum(shares) >= max(lost) - 1e-9


@pytest.mark.integration
def test_the_same_question_has_the_same_answer(folder: Path) -> None:
    first, again = (importance(folder, QUICK).rows for _ in range(2))
    by_drop = [[r.value for r in rows if r.method == "drop and refit"] for rows in (first, again)]
    assert by_drop[0] == by_drop[1]


@pytest.mark.integration
def test_fields_and_columns_of_named_blocks(folder: Path) -> None:
    found = importance(folder, ImportanceOptions(by="fields", budget=300.0))
    assert {r.block for r in found.rows} == {
        "text.tfidf",
        "structured/price",
        "structured/genres",
    }
    columns = importance(folder, ImportanceOptions(by="columns", budget=300.0))
    names = {r.block for r in columns.rows}
    assert "structured/genres=garden" in names
    assert "structured/price" in names


@pytest.mark.integration
def test_command_prints_a_table_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["importance", str(folder), "--budget", "5m", "-q"]) == 0
    printed = capsys.readouterr().out
    assert "Does the model use it?" in printed
    assert "verdict" in printed
    assert main(["importance", str(folder), "--budget", "300", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["metric"] == "ndcg@10"
    assert {t["block"] for t in printed["told"]} == {"text.tfidf", "structured"}


@pytest.mark.integration
@pytest.mark.parametrize(
    ("options", "code"),
    [
        (ImportanceOptions(model="nobody"), "no model"),
        (ImportanceOptions(model="ids"), "no block"),
        (ImportanceOptions(metric="coverage@10"), "whole lists"),
        (ImportanceOptions(model="words"), "1 block"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    folder: Path, options: ImportanceOptions, code: str
) -> None:
    with pytest.raises(PalateError) as refused:
        importance(folder, options)
    assert code in refused.value.message()


@pytest.mark.integration
def test_one_block_alone_can_be_parted_into_columns(folder: Path) -> None:
    with pytest.raises(Refused) as refused:
        importance(folder, ImportanceOptions(model="fields"))
    assert "fields or columns" in refused.value.next_step
    found = importance(folder, ImportanceOptions(model="fields", by="fields", budget=300.0))
    assert {r.block for r in found.rows} == {"structured/price", "structured/genres"}


@pytest.mark.integration
def test_blocks_without_named_columns_cannot_be_parted(folder: Path) -> None:
    with pytest.raises(Refused, match="named columns"):
        importance(folder, ImportanceOptions(model="words", by="columns"))


def test_a_folder_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match="no run here"):
        importance(tmp_path)
    assert main(["importance", str(tmp_path), "-q"]) == 2
    assert "next: palate run" in capsys.readouterr().err


@pytest.mark.integration
def test_few_users_are_refused_with_exit_code_2(
    tmp_path: Path,
    frames: tuple[pl.DataFrame, pl.DataFrame],
    table: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = frames[0].filter(pl.col("user_id").is_in([f"u{n}" for n in range(40)]))
    folder = _run((log, frames[1]), table, tmp_path / "few")
    assert main(["importance", str(folder), "-q"]) == 2
    said = capsys.readouterr().err
    assert "40 users are too few" in said
    assert "next: " in said
    assert main(["importance", str(folder), "-q", "--force", "--budget", "300"]) == 0
    assert "NOT EVIDENCE" in capsys.readouterr().out


@pytest.mark.integration
def test_no_signal_is_refused(tmp_path: Path, table: dict[str, Any]) -> None:
    random = np.random.default_rng(5)
    rows = [
        (f"u{u}", f"i{i}", t)
        for u in range(80)
        for t, i in enumerate(random.permutation(75)[:8].tolist())
    ]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    titles = [f"{random.integers(100)} {random.integers(100)}" for _ in range(75)]
    items = pl.DataFrame(
        {"item_id": [f"i{n}" for n in range(75)], "title": titles, "price": random.random(75)}
    )
    settled = {
        **table["blocks"],
        "structured": {"part": "structured.fields.v1", "fields": ["price"]},
    }
    folder = _run((log, items), {**table, "blocks": settled}, tmp_path / "noise")
    with pytest.raises(Refused, match="no better than") as refused:
        importance(folder)
    assert refused.value.next_step


@pytest.mark.integration
@pytest.mark.parametrize("spread", [False, True])
def test_a_block_that_knows_the_test_is_found_and_said(
    tmp_path: Path, table: dict[str, Any], spread: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(9)
    n_users, n_items = 300, 240
    last = random.choice(n_items, n_users, p=random.dirichlet(np.full(n_items, 0.3)))
    rows = []
    for u in range(n_users):
        others = random.permutation(np.delete(np.arange(n_items), last[u]))[:6].tolist()
        rows += [(f"u{u}", f"i{i}", t) for t, i in enumerate([*others, int(last[u])])]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    known = np.log1p(np.bincount(last, minlength=n_items)) + 0.05 * random.standard_normal(n_items)
    fields: dict[str, Any] = {
        "item_id": [f"i{n}" for n in range(n_items)],
        "title": ["a thing"] * n_items,
    }
    if spread:
        turn = np.linalg.qr(random.standard_normal((12, 12)))[0]
        mixed = (
            np.concatenate([known[:, None], random.standard_normal((n_items, 11))], axis=1) @ turn
        )
        fields |= {f"f{j}": mixed[:, j] for j in range(12)}
    else:
        fields["f0"] = known
    table = {
        **table,
        "blocks": {
            "leaky": {"part": "structured.fields.v1", "fields": [f for f in fields if f[0] == "f"]}
        },
    }
    table["models"] = {
        "ids": {"part": "model.cooccurrence.v1"},
        "fields": {"part": "model.text_kernel.v1", "block": "leaky"},
        "all": {"part": "model.blend.v1", "members": ["ids", "fields"]},
    }
    folder = _run((log, pl.DataFrame(fields)), table, tmp_path / "leaky")
    assert main(["importance", str(folder), "-q"]) == 2
    said = capsys.readouterr().err
    assert "blocks.leaky" in said
    assert "contains the test" in said
    assert "next: Make" in said


def test_wide_blocks_are_asked_about_as_their_main_directions(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "MOST_NUMBERS", 100)
    monkeypatch.setattr(units, "COMPONENTS", 5)
    found = importance(folder, QUICK)
    assert any(
        f.code == "block-narrowed" and "5 main directions" in f.message
        for f in found.study.findings
    )
    assert {r.block for r in found.rows} == {"text.tfidf", "structured"}


def test_too_many_columns_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "MOST_UNITS", 2)
    with pytest.raises(Refused, match="too many to be examined one by one"):
        importance(folder, ImportanceOptions(by="columns"))


def test_a_budget_that_nothing_fits_into_is_refused(folder: Path) -> None:
    with pytest.raises(Refused, match="and the budget is") as refused:
        importance(folder, ImportanceOptions(budget=0.001))
    assert "--budget" in refused.value.next_step


@pytest.fixture(scope="module")
def known(
    tmp_path_factory: pytest.TempPathFactory,
    frames: tuple[pl.DataFrame, pl.DataFrame],
    table: dict[str, Any],
) -> Path:
    """A finished run that says itself what is lost without each block."""
    more = {**table, "evaluate": {"metrics": ["ndcg@10"], "controls": False}}
    return _run(frames, more, tmp_path_factory.mktemp("runs") / "known")


def test_the_run_says_what_its_models_take(known: Path) -> None:
    run = open_run(known)
    costs = recorded_costs(run, "all")
    assert 0 < costs.rebuild < costs.refit
    assert costs.case > 0
    assert recorded_costs(run, "ids") == Costs(0.0, recorded_costs(run, "ids").case, 0.0)


def test_too_little_time_for_any_question_leaves_the_answers_of_the_run(
    known: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Costs(rebuild=50.0, case=0.0, refit=500.0)
    monkeypatch.setattr("palate.study.importance.importance.recorded_costs", lambda *_: slow)
    found = importance(known, ImportanceOptions(budget=60.0))
    rows = open_run(known).rows(files.COMPARISONS)
    by_run = {r.b_variant.changed: r for r in rows if r.purpose == "ablation" and r.slice == "all"}
    assert {row.method for row in found.rows} == {DROPPED}
    for row in found.rows:
        same = by_run[(row.block,)]
        assert (row.value, row.low, row.p, row.found.answer) == (
            (same.difference, same.low, same.p_adjusted, same.verdict.answer)
        )
    assert [left.method for left in found.study.left_out] == [PERMUTED, CONDITIONAL, SHARED_OUT]
    assert "about 250 s more, and the budget is 60 s" in found.study.left_out[0].why
    assert (found.study.users, found.study.evidence) == (60, True)
    # a run without answers of its own has nothing to say so soon
    with pytest.raises(Refused, match="about 250 s more, and the budget is 60 s"):
        importance(folder, ImportanceOptions(budget=60.0))


def test_a_model_that_does_not_fit_into_memory_is_refused(folder: Path) -> None:
    with pytest.raises(Refused, match="GiB") as refused:
        importance(folder, ImportanceOptions(memory_gib=0.4))
    assert "--memory" in refused.value.next_step


@pytest.mark.integration
def test_the_block_behind_a_user_encoder_can_be_dropped(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    recipe = {
        "name": "small",
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "read": {"part": "text.hashing.v1", "dims": 32, "fields": ["title"]},
            "other": {"part": "text.tfidf.v1", "fields": ["title", "genres"]},
        },
        "users": {"mean": {"part": "behaviour.pooled.v1", "block": "read"}},
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "two": {
                "part": "model.two_sided.v1",
                "users": ["mean"],
                "blocks": ["read", "other"],
            },
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 0, "map_items": 0},
    }
    palate.run(palate.read(*frames), recipe, folder=tmp_path / "run")
    found = importance(tmp_path / "run", ImportanceOptions(model="two", budget=300, force=True))
    dropped = {row.block for row in found.rows if row.method == "drop and refit"}
    assert dropped == {"read", "other"}


@pytest.mark.integration
def test_errors_of_the_run_are_said_again_and_no_answer_is_evidence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "run"
    shutil.copytree(folder, place)
    said = "The times are of two units."
    with replacing(place, (files.SUMMARY.name,)) as written:
        summary = replace(files.SUMMARY.read(place), errors=(said,))
        files.SUMMARY.write(written, summary)
    assert importance(folder, QUICK).study.evidence
    found = importance(place, QUICK)
    assert not found.study.evidence
    assert said in [f.message for f in found.study.findings]
    assert main(["select", str(place), "--out", str(tmp_path / "r.toml"), "--budget", "60"]) == 0
    assert f"error: {said}" in capsys.readouterr().out
    assert said in (tmp_path / "r.toml").read_text(encoding="utf-8")
