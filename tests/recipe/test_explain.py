"""`palate init --explain`: every choice has a reason, figures and the keys that change it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from palate.cli.main import main
from palate.recipe.explain import Choice
from palate.recipe.init import init
from palate.recipe.keys import key_parts
from palate.recipe.recipe import load

ABOUT = ("split", "likes", "seen", "cleaning", "blocks", "fields", "encoder", "models")
CLICKS = "user_id,item_id,rating\n" + "".join(
    f"u{u},{(u + n) % 9},{(-1) ** n * (1 + n)}\n" for u in range(30) for n in range(5)
)
ITEMS = "item_id,title,colour\n" + "".join(
    f"{i},warm pot {i} &amp; lid,{('red', 'blue')[i % 2]}\n" for i in range(9)
)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clicks.csv").write_text(CLICKS)
    (tmp_path / "items.csv").write_text(ITEMS)
    return tmp_path


def choices(*overrides: str, files: tuple[str, ...] = ("clicks.csv", "items.csv")) -> list[Choice]:
    made = init([*map(Path, files)], Path("recipe.toml"), overrides=overrides, explain=True)
    return list(made.choices)


def test_every_choice_has_a_reason_and_keys_that_a_recipe_knows(files: Path) -> None:
    found = choices()
    assert tuple(choice.about for choice in found) == ABOUT
    assert all(choice.chosen and choice.why and choice.keys for choice in found)
    assert all(key_parts(key) for choice in found for key in choice.keys)
    by_name = {choice.about: choice for choice in found}
    assert "150 events of 30 users with 9 items" in by_name["split"].figures[0]
    assert by_name["likes"].chosen == "relevant_min = 1.0, train_min = 1.0"
    assert "above 0 are read as liked" in by_name["likes"].why[0]
    assert by_name["cleaning"].chosen == "strip_html = true"
    assert by_name["fields"].figures == ('"colour": category, 2 different',)
    assert any(f.startswith('"title": text, 100% of the items') for f in by_name["blocks"].figures)


def test_every_reason_of_the_recipe_is_given_once(files: Path) -> None:
    found = choices()
    given = [why for choice in found for why in choice.why]
    for reason in load(Path("recipe.toml")).reasons:
        assert given.count(reason) == 1, reason


def test_what_the_caller_named_is_said_so(files: Path) -> None:
    by_name = {choice.about: choice for choice in choices("split.part=split.leave_last_out.v1")}
    assert by_name["split"].chosen == "split.leave_last_out.v1"
    assert by_name["split"].why[0].startswith("You named split.part")
    assert not by_name["seen"].why[0].startswith("You named")


def test_a_log_alone_has_choices_too(files: Path) -> None:
    by_name = {choice.about: choice for choice in choices(files=("clicks.csv",))}
    assert by_name["blocks"].chosen == by_name["encoder"].chosen == "none"


def test_the_command_prints_them_and_gives_them_as_json(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "clicks.csv", "items.csv", "--explain"]) == 0
    given = capsys.readouterr().out
    assert "split: " in given
    assert "  change  split.part" in given
    assert main(["init", "clicks.csv", "items.csv", "--explain", "--force", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [choice["about"] for choice in document["choices"]] == [*ABOUT]
    assert main(["init", "clicks.csv", "items.csv", "--force", "--json"]) == 0
    assert "choices" not in json.loads(capsys.readouterr().out)
