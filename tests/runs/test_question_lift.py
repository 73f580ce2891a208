"""What questions are worth and take, worked out by hand."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from palate.errors import BadInput
from palate.runs import question_lift
from palate.runs.question_lift import QuestionLift, next_batch, question_lifts

RECIPE = """
split = {part = "split.ratio.v1"}
[models.popularity]
part = "model.popularity.v1"
[blocks.llm]
part = "attributes.llm.v1"
want = {kind = {kind = "text"}, mood = {kind = "scale"}}
[blocks.other]
part = "attributes.llm.v1"
want = {maker = {kind = "text"}}
"""


def row(block: str, method: str, low: float | None, value: float = 0.01) -> SimpleNamespace:
    return SimpleNamespace(
        block=block, method=method, metric="ndcg@10", value=value, low=low, high=0.02
    )


def lifts(monkeypatch: pytest.MonkeyPatch, *rows: SimpleNamespace) -> dict[str, QuestionLift]:
    table = pl.DataFrame(
        {
            "block": ["llm"] * 4 + ["other"],
            "attribute": ["kind", "mood", "kind", "mood", "maker"],
            "seconds": [0.1, 0.2, 0.3, 0.2, 0.5],
            "cost": [0.001, 0.0, 0.003, 0.0, 0.0],
        }
    )
    monkeypatch.setattr(question_lift, "attributes_of", lambda run, chosen: table)
    monkeypatch.setattr(question_lift.files, "read", lambda run: SimpleNamespace(importance=rows))
    return {lift.attribute: lift for lift in question_lifts(Path("run"))}


def test_a_question_whose_lower_end_is_not_above_0_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = lifts(
        monkeypatch,
        row("llm/kind", "drop and refit", 0.005),
        row("llm/kind", "permutation", -0.1),
        row("llm/mood", "permutation", 0.0),
        row("other", "drop and refit", 0.001),
    )
    assert {n: f.verdict for n, f in found.items()} == {
        "kind": "keep",
        "mood": "drop",
        "maker": "keep",  # the only one of its block
    }
    assert found["kind"].ms == pytest.approx(200)
    assert found["kind"].cost == pytest.approx(2)
    assert found["kind"].per(found["kind"].cost) == pytest.approx((0.005, 0.0025, 0.01))
    assert found["mood"].per(found["mood"].cost) is None


def test_what_was_not_estimated_is_neither_kept_nor_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = lifts(monkeypatch, row("llm/kind", "permutation", 0.1), row("llm/mood", "x", 0.1))
    assert found["mood"].verdict == found["maker"].verdict == "not estimated"
    with pytest.raises(BadInput, match="nothing is known") as caught:
        lifts(monkeypatch)
    assert "--fields" in caught.value.next_step


def test_the_next_batch_has_the_questions_that_are_left(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    kept = QuestionLift("llm", "kind", "ndcg@10", 0.1, 0.05, 0.2, 1.0, 0.0, "keep")
    gone = dataclasses.replace(kept, attribute="mood", low=-0.1, verdict="drop")
    last = dataclasses.replace(gone, block="other", attribute="maker")
    toml = next_batch(tmp_path, [kept, gone, last])
    assert "# llm: without mood" in toml
    assert "# other: no question is left" in toml
    blocks = tomllib.loads(toml)["blocks"]
    assert list(blocks) == ["llm"]
    assert list(blocks["llm"]["want"]) == ["kind"]
