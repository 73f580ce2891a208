"""`init` on dirty files: it writes what they need, and takes any key of a recipe."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from palate.cli.main import main
from palate.errors import BadInput, BadRecipe
from palate.recipe.init import init
from palate.recipe.recipe import load

CLICKS = "user_id,item_id\n" + "".join(
    f"u{u},{(u + n) % 9:03}\n" for u in range(30) for n in range(5)
)
ITEMS = "item_id,title\n" + "".join(f"{i},red pot {i} &amp; lid\n" for i in range(9))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clicks.csv").write_text(CLICKS)
    (tmp_path / "items.csv").write_text(ITEMS)
    return tmp_path


def made(*overrides: str) -> Mapping[str, Any]:
    out = Path("recipe.toml")
    init([Path("clicks.csv"), Path("items.csv")], out, force=True, overrides=overrides)
    load(out)
    return tomllib.loads(out.read_text(encoding="utf-8"))


def test_the_recipe_holds_what_the_findings_need(files: Path) -> None:
    table = made()
    assert table["data"]["same_ids"] == ["leading-zeros"]
    assert table["clean"]["strip_html"] is True
    assert any("same_ids" in line for line in table["reasons"])
    assert any("strip_html" in line for line in table["reasons"])


def test_ids_that_would_merge_items_are_not_read_alike(files: Path) -> None:
    (files / "items.csv").write_text(ITEMS + "01,another pot\n")
    assert "same_ids" not in made()["data"]


def test_reading_ids_alike_can_be_switched_off(files: Path) -> None:
    table = made("same_ids=[]")
    assert not table["data"].get("same_ids")


def test_any_key_of_a_recipe_is_an_option(files: Path) -> None:
    table = made(
        "min_user_events=2",
        "evaluate.seeds=3",
        "name=mine",
        'split.part="split.ratio.v1"',
        "clean.strip_html=false",
    )
    assert table["clean"]["min_user_events"] == 2
    assert table["clean"]["strip_html"] is False
    assert table["evaluate"]["seeds"] == 3
    assert table["name"] == "mine"
    assert table["split"] == {"part": "split.ratio.v1"}


def test_a_key_that_is_none_is_refused_before_anything_is_written(files: Path) -> None:
    with pytest.raises(BadRecipe, match="timeformat"):
        made("data.timeformat=x")
    with pytest.raises(BadRecipe, match="nonsense"):
        made("nonsense=1")
    assert not (files / "recipe.toml").exists()


def test_a_message_leads_to_the_recipe_within_two_commands(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dated = "user_id,item_id,date\n" + "".join(
        f"u{u},{(u + n) % 9},0{1 + n}/0{1 + u % 9}/2020\n" for u in range(30) for n in range(5)
    )
    (files / "clicks.csv").write_text(dated)
    assert main(["init", "clicks.csv", "items.csv"]) == 2
    told = capsys.readouterr().err
    assert 'time_format = "%d/%m/%Y"' in told
    assert main(["init", "clicks.csv", "items.csv", "time_format=%d/%m/%Y"]) == 0
    assert load(Path("recipe.toml")).data.time_format == "%d/%m/%Y"
    with pytest.raises(BadInput, match="there already"):
        init([Path("clicks.csv")], Path("recipe.toml"))


def test_wrongly_decoded_and_invisible_characters_are_cleaned(files: Path) -> None:
    wrong = "théière".encode().decode("latin-1")
    (files / "items.csv").write_text(ITEMS + f"10,{wrong}\n11,a\u200bb\n", encoding="utf-8")
    clean = made()["clean"]
    assert (clean["repair_text"], clean["collapse_space"]) == (True, True)


DONE = ("浏览", "购买")
CHINESE_CLICKS = "用户,商品,行为,时间\n" + "".join(
    f"用户{u},{(u * 3 + n * n) % 9},{DONE[n % 2]},2020年1月{1 + n}日 {u % 24}:00\n"
    for u in range(30)
    for n in range(5)
)
CHINESE_ITEMS = "商品,标题,价格\n" + "".join(
    f'{i},红色的茶壶{i}号和杯子,"{i},5元"\n' for i in range(9)
)


def test_chinese_files_in_their_own_encoding(files: Path) -> None:
    (files / "clicks.csv").write_bytes(CHINESE_CLICKS.encode("gb18030"))
    (files / "items.csv").write_bytes(CHINESE_ITEMS.encode("gb18030"))
    table = made()
    assert table["data"]["action_values"] == {"浏览": 1.0, "购买": 5.0}
    assert any("Chinese" in line for line in table["reasons"])
    assert any("timestamps" in line for line in table["reasons"])
    assert made('action_values={"浏览"=1,"购买"=9}')["data"]["action_values"]["购买"] == 9
