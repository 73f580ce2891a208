"""What is written is what is read: one type a file, and damage is said with file and place."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.explain.importance.verdict import judged
from palate.runs import documents as d
from palate.runs import feature_rows as f
from palate.runs import files
from palate.runs import importance_rows as i
from palate.runs.attribute_rows import AnsweredItem, AttributeSummary, CountedValue
from palate.runs.choice_rows import Attempt, Choice
from palate.runs.files import RunFile, plain
from palate.runs.frames import frame
from palate.runs.rows import (
    Ablation,
    Comparison,
    Importance,
    MemberWeight,
    RuleWeight,
    Score,
    Stage,
    Step,
    Validated,
)
from palate.runs.slate_rows import Change, FrontierPoint, SlateStudy
from palate.study.search.result import SEARCH, SearchResult, TestFigure, Tried
from palate.study.search.trials import Finished
from palate.tables.estimate import Estimate
from palate.tables.importance_problem import ImportanceEstimate
from palate.tables.variant import Variant
from palate.testing.explainer import known_problem

BOTH, IDS = Variant("both"), Variant("ids")
DEALT = Variant("both", "permuted", ("text", "image"))
TRIAL = Finished(1, "complete", 0.3, {"model": "both", "models.both.k": 5, "l": [1.5]}, ("a",), 2.0)
ITEM = d.Item("7", "Alien")

FULL: dict[str, tuple[RunFile[Any], Any]] = {
    file.name: (file, content)
    for file, content in (
        (
            files.LEADERBOARD,
            (
                Score("both", "all", "ndcg@10", 0.1, 0.0, 0.2, 9, 1.5, "model", BOTH),
                Score(DEALT.name, "all", "ndcg@10", None, None, None, 0, 1, "control", DEALT),
                Score(
                    *("BPR", "all", "ndcg@10", 0.1, None, None, None, None, "published"),
                    Variant("BPR", "published"),
                    "a paper",
                ),
            ),
        ),
        (
            files.COMPARISONS,
            (
                Comparison(
                    *("both", DEALT.name, "ndcg@10", "target 0"),
                    *(0.1, 0.05, 0.2, 0.975, 0.001, 0.01, 9, "lift"),
                    BOTH,
                    DEALT,
                ),
            ),
        ),
        (
            files.IMPORTANCE,
            (
                Importance(
                    *("text", "add", "What?", "ndcg@10", 0.1, 0.05, 0.2, 0.975, 0.01),
                    *("keep", 2.5, 100, BOTH, 0.1),
                ),
            ),
        ),
        (
            files.ABLATION,
            (
                Ablation("ids only", ("ids",), "ndcg@10", 0.1, 0.0, 0.2, IDS),
                Ablation(
                    *("alone", ("text",), "ndcg@10", 0.1, 0.0, 0.2),
                    Variant("alone", "combination", ("text",)),
                    *(0.01, 0.0, 0.02, 0.5, 1.0, 0.95),
                ),
            ),
        ),
        (files.TIMINGS, (Stage("read", 1.5, 200.0), Stage("split", 0.1))),
        (
            files.CHOICE,
            Choice(
                *("ndcg@10", 300.0, 12.5, "ease", ("One.",)),
                (
                    Attempt("ease", "model.ease.v1", "l2 500.0", "all", 9, 0.1, 0.01, 2.0, "best"),
                    Attempt("slist", "", "", "all", outcome="not tried", why="no order"),
                ),
            ),
        ),
        (files.CURVES, {"sasrec": (Step(10, 1, 2.0, 0.5), Step(20, 2, 3.0, None, 0.1))}),
        (
            files.SUMMARY,
            d.Summary(
                *("demo", "2026-01-01", "0.1.0", 2),
                d.Protocol("p", "d", (d.PublishedFigure("BPR", "ndcg@10", 0.1, "s"),)),
                *("ndcg@10", "ids", "both", (d.Figure("a", "b", "c"),), "One.", ("Two.",)),
                *("both", "gain in slices", ("target 1-5",)),
                (d.Earned("words", ("words",), False, 0.1, 0.0, 0.2, 0.1, "keep", 3),),
                (d.Beaten("popularity", 0.1, 0.05, 0.2, 0.01, True, "Use popularity.", 6),),
                ("w",),
            ),
        ),
        (files.VALIDATION, (Validated("both", "ndcg@10", 0.1, 0.0, 0.0, 0.0, 0.05, 2000),)),
        (files.WEIGHTS, (MemberWeight("both", "text", 0.5, ("text",)),)),
        (
            files.DATA,
            d.Data(
                counts=d.Counts(3, 4, 5, 0, 0.5, 1.0, 2, 1.0, 2, 17, "2020-01-01", "rank"),
                values={"counts": {"1": 5, "2": 3}, "max": 2.5},
                actions={"view": 3},
                text=(d.Coverage("title", 1.0, 3.0),),
                fields=(d.FieldFacts("title", "text", 1.0, 3.0, 9),),
                user_fields=("age",),
                name="ml",
                cleaning=("c",),
                guesses=("g",),
                findings=(d.Fault("a", "error", "m", "w", 3, ("e",), "x"),),
                split=d.SplitSummary("split.ratio.v1", 8, 1, 1, 0, ("n",)),
                sources={"file": "ab"},
            ),
        ),
        (files.MAP, d.Map("text", "SVD", "genre", (d.Point("7", "Alien", 0.1, -0.2, 3, "w"),))),
        (
            files.RECOMMENDATIONS,
            d.Recommendations(
                "both",
                ("ids", "text"),
                (
                    d.UserList(
                        *("u", (ITEM,), (ITEM,)),
                        (
                            d.Recommended(
                                *("7", "Alien", 0.5, 1, True, 3, (d.Term("ids", 0.5),)),
                                (d.Reason("8", "Dune", 0.2, 1.0),),
                            ),
                        ),
                    ),
                ),
            ),
        ),
        (
            files.ATTRIBUTES,
            (
                AttributeSummary(
                    *("llm", "kind", "answers.taught.v1", 9, 8, 1, 0.5, 2.0, 0.1),
                    (CountedValue("wine", 5),),
                    (AnsweredItem("7", "Alien", "wine", 0.9, "red"),),
                ),
            ),
        ),
        (
            files.FUSION,
            d.Fusion("R = a", (d.Coefficient("a", 1.0, "n"),), (d.Gate(0, 1.0), d.Gate(5, 0.5))),
        ),
        (
            files.STUDY,
            i.ImportanceStudy(
                *("both", "ndcg@10", "blocks", 10, 9, False, (d.Fault("few"),)),
                (i.LeftOut("shapley", "slow"),),
                (i.SimilarPair("a", "b", 0.5),),
                (i.BlockAdvice("text", "keep", "pay", "It helps.", 0.1, 2.0, 8),),
                (i.Swarm("text", (i.Dot(0.1, 0.5),)),),
                (i.Words("Alien", "u", "text", (i.Piece("space", 0.1), i.Piece(" "))),),
                (i.Because("u", "Alien", ("Because.",)),),
                1.5,
            ),
        ),
        (
            files.RULES,
            (
                RuleWeight("ruled", "rule.x", "if a then never", 0.0, 0.0, 0.0, 0.0, 0),
                RuleWeight("ruled", "rule.y", "if b then up 1", 2.0, 1.5, 1.2, None, 90),
            ),
        ),
        (
            files.FEATURES,
            f.FeatureStudy(
                *("ranked", "ndcg@10", 300, 310),
                (f.FeatureTry("match(a, b)", "confirmed", 0.01, 0.002, 0.001, True, 2.5),),
                *(("match(a, b)",), ("lift(a, b)",), "One was found.", 9.5),
                *("answers.chat.v1", ("lift(a, b)",)),
            ),
        ),
        (
            files.SLATES,
            SlateStudy(
                *("knn", "slate.mmr.v1", "text", "genres", 10, 100, 0.01, 0.4, 900, 950),
                (FrontierPoint(0.0, 0.1, 0.5, None, 0.2), FrontierPoint(0.1, 0.1, 0.6, None, 0.3)),
                FrontierPoint(0.0, 0.1, 0.5, None, 0.2),
                FrontierPoint(0.1, 0.09, 0.6, None, 0.3),
                (Change("NDCG", -0.5, -1.0, 0.1),),
            ),
        ),
        (
            SEARCH,
            SearchResult(
                *("ndcg@10", Tried(1, 1, 0, 0), 2.0, 3.0, "both", TRIAL, None, (TRIAL,)),
                TestFigure(0.2, 0.1, 0.3),
                0.1,
            ),
        ),
    )
}


def test_every_file_of_a_run_is_tried_here() -> None:
    known = {one.name for one in vars(files).values() if isinstance(one, RunFile)}
    assert set(FULL) == {*known, SEARCH.name}


@pytest.mark.parametrize("name", FULL)
def test_what_is_written_is_read_back(name: str, tmp_path: Path) -> None:
    file, content = FULL[name]
    file.write(tmp_path, content)
    assert file.read(tmp_path) == content
    assert file.text(file.read(tmp_path)) == (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FULL)
def test_no_field_is_left_out_of_the_file(name: str) -> None:
    for row in _every_row(FULL[name][1]):
        assert list(plain(row)) == [f.name for f in fields(row)]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@pytest.mark.parametrize("row", [Score, Comparison, Importance, Ablation, Stage, Step])
@given(data=st.data())
def test_any_row_is_read_back(row: Any, data: st.DataObject) -> None:
    file = RunFile("rows.json", tuple[row, ...], "a test writes it")
    # a level is always a number: a row without one is refused
    one = data.draw(st.from_type(row))
    drawn = (replace(one, level=0.1) if row is Importance else one,)
    # text that cannot be shown and numbers that are none are replaced once, and then stay
    once = file.parse(json.loads(file.text(drawn)))
    assert file.parse(json.loads(file.text(once))) == once
    if all(_harmless(value) for value in _leaves(drawn)):
        assert once == drawn


@pytest.mark.parametrize(
    ("name", "change", "place"),
    [
        ("leaderboard.json", {"variant": None}, "0.variant"),
        ("leaderboard.json", {"kind": "champion"}, "0.kind"),
        ("leaderboard.json", {"value": "much"}, "0.value"),
        ("comparisons.json", {"purpose": "spite"}, "0.purpose"),
        ("comparisons.json", {"a_variant": {"of": "x", "kind": "odd"}}, "0.a_variant.kind"),
        ("importance.json", {"verdict": "keeps"}, "0.verdict"),
        ("importance.json", {"level": None}, "0.level"),
        ("ablation.json", {"variant": {}}, "0.variant.of"),
        ("timings.json", {"seconds": [1]}, "0.seconds"),
    ],
)
def test_damage_names_file_and_place(
    name: str, change: dict[str, Any], place: str, tmp_path: Path
) -> None:
    file, content = FULL[name]
    file.write(tmp_path, content)
    rows = json.loads((tmp_path / name).read_text())
    (tmp_path / name).write_text(json.dumps([{**rows[0], **change}, *rows[1:]]))
    with pytest.raises(BadInput, match=rf"{name} is not as expected at {place}") as caught:
        file.read(tmp_path)
    assert "run the recipe again" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "key"), [("leaderboard.json", "variant"), ("comparisons.json", "confidence")]
)
def test_rows_of_an_older_palate_are_refused(name: str, key: str, tmp_path: Path) -> None:
    file, content = FULL[name]
    old = [{k: v for k, v in row.items() if k != key} for row in plain(content)]
    (tmp_path / name).write_text(json.dumps(old))
    with pytest.raises(BadInput, match=rf"at 0\.{key}: Field required"):
        file.read(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "timings.json").write_text(content)
    with pytest.raises(BadInput, match=r"timings\.json cannot be read"):
        files.TIMINGS.read(tmp_path)


def test_a_missing_file_says_that_the_run_did_not_finish(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"did not finish: leaderboard\.json is missing"):
        files.LEADERBOARD.read(tmp_path)


def test_numbers_are_those_of_json() -> None:
    row = Stage("read", np.float64(1.5), float("inf"))
    assert plain((row, {"a": np.int64(3), 1: [float("nan")]}, Path("x"))) == [
        {"stage": "read", "seconds": 1.5, "peak_mb": None},
        {"a": 3, "1": [None]},
        "x",
    ]
    assert type(plain(np.int32(3))) is int


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    files.LEADERBOARD.write(tmp_path, FULL["leaderboard.json"][1])
    assert '"n_users": 9,' in files.LEADERBOARD.text(files.LEADERBOARD.read(tmp_path))


def test_a_frame_says_what_each_model_is() -> None:
    found = frame(FULL["comparisons.json"][1])
    assert found.columns[:2] == ["a", "b"]
    (row,) = found.to_dicts()
    told = {k: row[f"b_variant_{k}"] for k in ("of", "kind", "changed")}
    assert told == {"of": "both", "kind": "permuted", "changed": "text, image"}
    assert row["a_variant_changed"] == ""
    assert frame([]).is_empty()
    with pytest.raises(TypeError, match="no row of a run"):
        frame([{"a": 1}])


def test_a_judged_answer_becomes_a_row() -> None:
    mean = Estimate(1.0, 0.5, 1.5, 0.001, 0.25, 90)
    estimate = ImportanceEstimate("a", "permutation", "?", "mse", mean, 0.0)
    (judged_row,) = judged([estimate], known_problem())
    row = i.importance_row(judged_row, BOTH)
    assert (row.verdict, row.found.answer, row.level) == ("replaceable", "keep", 0.1)
    assert (row.value, row.p, row.model) == (1.0, 0.001, BOTH)
    nothing = i.importance_row(replace(judged_row, p=float("nan")), BOTH)
    assert nothing.p is None
    assert nothing.found.answer == "no evidence"


def _every_row(value: Any) -> list[Any]:
    if is_dataclass(value):
        inner = [one for f in fields(value) for one in _every_row(getattr(value, f.name))]
        return [value, *inner]
    return [one for part in value for one in _every_row(part)] if isinstance(value, tuple) else []


def _leaves(value: Any) -> list[Any]:
    if is_dataclass(value):
        return [one for f in fields(value) for one in _leaves(getattr(value, f.name))]
    return [one for part in value for one in _leaves(part)] if isinstance(value, tuple) else [value]


def _harmless(value: Any) -> bool:
    if isinstance(value, str):
        return value.isprintable() and value.isascii()
    return not isinstance(value, float) or bool(np.isfinite(value))
