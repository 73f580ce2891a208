"""`palate label`: in the terminal, by a teacher, from a recipe and from a run."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.cli import label
from palate.cli.asking import options_of
from palate.cli.main import main
from palate.encode.labels.label_file import read_labels
from palate.study.labelling.strategies import STRATEGIES

RECIPE = """
[data]
interactions = "clicks.csv"
items = "items.csv"
[split]
part = "split.leave_last_out.v1"
[blocks.kind]
part = "labels.semi_supervised.v1"
fields = ["title"]
want.kind = {kind = "label", of = ["wine", "shoes"], describe = "what it is"}
encoder = {part = "text.hashing.v1", dims = 256}
labels = "labels.jsonl"
teacher = {part = "answers.dictionary.v1"}
[models.alike]
part = "model.text_kernel.v2"
block = "kind"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    goods = [("wine", "old red wine"), ("shoes", "soft running shoes")]
    titles = [f"{goods[i % 2][1]} {i}" for i in range(80)]
    pl.DataFrame({"item_id": range(80), "title": titles}).write_csv(tmp_path / "items.csv")
    user = np.repeat(np.arange(60), 8)
    clicks = pl.DataFrame(
        {"user_id": user, "item_id": rng.integers(0, 80, 480), "timestamp": np.arange(480)}
    )
    clicks.unique(["user_id", "item_id"], maintain_order=True).write_csv(tmp_path / "clicks.csv")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def said(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def record(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_in_the_terminal(shop: Path, monkeypatch, capsys) -> None:
    said(monkeypatch, "1", "shoes", "9", "s", "u", "\uff12", "q", "1")
    source = str(shop / "recipe.toml")
    assert main(["label", source, "--held-out", "2"]) == 0
    kept = read_labels(shop / "labels.jsonl")
    # what was skipped was taken back, and is a label now
    assert [one.values for one in kept] == [("wine",), ("shoes",), ("shoes",)]
    shown = capsys.readouterr()
    assert "1 wine   2 shoes" in shown.err
    assert "1 to 2; s, u or q" in shown.err
    assert "kind: what it is" in shown.err
    assert "3 labels, 0 skipped, of 200 at most" in shown.out
    assert "[blocks.kind]" in shown.out


def test_the_section_that_is_printed_has_what_the_block_says(
    shop: Path, monkeypatch, capsys
) -> None:
    (shop / "recipe.toml").write_text(RECIPE.replace("[models", "strength = 0.5\n[models"))
    said(monkeypatch, "q")
    assert main(["label", str(shop / "recipe.toml")]) == 0
    printed = capsys.readouterr().out.partition("In a recipe:")[2]
    block = tomllib.loads(printed)["blocks"]["kind"]
    assert block["strength"] == 0.5
    assert block["teacher"]["part"] == "answers.dictionary.v1"
    assert block["labels"].endswith("labels.jsonl")
    assert "alpha" not in block


def test_it_goes_on_where_it_was_left_and_the_recipe_reads_it(
    shop: Path, monkeypatch, capsys
) -> None:
    titles = pl.read_csv(shop / "items.csv")["title"]
    source = str(shop / "recipe.toml")
    for _ in range(2):
        said(monkeypatch, *["wine"] * 10)
        assert main(["label", source, "--held-out", "5", "--json"]) == 0
    capsys.readouterr()
    kept = read_labels(shop / "labels.jsonl")
    assert len({one.item for one in kept}) == 20
    named = [(one.item, "wine" if "wine" in titles[int(one.item)] else "shoes") for one in kept]
    lines = [json.dumps({"item": i, "question": "kind", "values": [k]}) for i, k in named]
    (shop / "labels.jsonl").write_text("\n".join(lines) + "\n")
    assert main(["run", source, "--out", str(shop / "run"), "--quiet"]) == 0
    assert main(["attributes", "show", str(shop / "run"), "--json"]) == 0


def test_a_teacher_answers_in_place_of_a_person(shop: Path, capsys) -> None:
    source = str(shop / "recipe.toml")
    args = ["label", source, "--by", "teacher", "--budget", "40", "--held-out", "15", "--json"]
    assert main(args) == 0
    found = record(capsys)
    assert (found["given"], found["held_out"]) == (40, 15)
    assert found["curve"][-1]["f1"] > 0.9
    titles = pl.read_csv(shop / "items.csv")["title"]
    for one in read_labels(shop / "labels.jsonl"):
        assert one.by == "answers.dictionary.v1"
        assert one.values[0] in titles[int(one.item)]


def test_a_question_that_no_block_has_and_a_run(shop: Path, monkeypatch, capsys) -> None:
    bare = RECIPE.partition("[blocks.kind]")[0] + '[models.pop]\npart = "model.popularity.v1"\n'
    (shop / "bare.toml").write_text(bare)
    assert main(["run", str(shop / "bare.toml"), "--out", str(shop / "run"), "--quiet"]) == 0
    monkeypatch.setattr("palate.study.labelling.prepare.usable", lambda: False)
    said(monkeypatch, "1,2", "0", "q")
    args = [
        "label",
        str(shop / "run"),
        "--ask",
        "mood=glad\uff0csad",
        "--several",
        "--held-out",
        "1",
    ]
    assert main(args) == 0
    kept = read_labels(shop / "run.labels.jsonl")
    assert [one.values for one in kept] == [("glad", "sad"), ()]
    assert 'kind = "labels"' in capsys.readouterr().out
    assert main(["label", str(shop / "run")]) == 2
    assert "no block of labels" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["--block", "knd"], "no block of labels"),
        (["--question", "mood"], "not wanted"),
        (["--ask", "mood"], "is no question"),
        (["--ask", "kind=a,b"], "already"),
        (["--budget", "0"], "too few"),
    ],
)
def test_what_cannot_be_meant_is_refused(shop: Path, capsys, args: list[str], fault: str) -> None:
    assert main(["label", str(shop / "recipe.toml"), *args]) == 2
    assert fault in capsys.readouterr().err


def test_without_a_teacher_nobody_answers_in_place_of_a_person(shop: Path, capsys) -> None:
    text = RECIPE.replace('teacher = {part = "answers.dictionary.v1"}\n', "")
    (shop / "recipe.toml").write_text(text)
    assert main(["label", str(shop / "recipe.toml"), "--by", "teacher"]) == 2
    assert "no teacher" in capsys.readouterr().err


def test_choices_are_those_of_the_study() -> None:
    assert ("auto", *STRATEGIES) == label.STRATEGIES


@pytest.mark.parametrize(
    ("said", "kind", "found"),
    [
        ("1", "label", ["red"]),
        ("BLUE", "label", ["blue"]),
        ("1,2", "label", None),
        ("1\u3001\uff12", "labels", ["red", "blue"]),
        ("", "label", None),
        ("", "labels", None),
        ("0", "labels", []),
        ("0", "label", None),
        ("3", "label", None),
    ],
)
def test_lines_are_understood_or_not(said: str, kind: str, found: Any) -> None:
    assert options_of(said, ("red", "blue"), kind) == found
