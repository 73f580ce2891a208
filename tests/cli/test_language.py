"""`--lang zh`: what people read is Chinese, what machines read is not."""

from __future__ import annotations

import json

import pytest

from palate.cli.main import main

LOG = "user,item,rating,timestamp\n" + "".join(
    f"u{i % 9},i{i % 7},{1 + i % 5},{1_600_000_000 + 86_400 * i}\n" for i in range(80)
)


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text(LOG)
    return tmp_path / "log.csv"


@pytest.mark.parametrize(
    "words", [["--lang", "zh", "init", "log.csv"], ["init", "log.csv", "--lang", "zh"]]
)
def test_init_speaks_chinese_and_writes_the_same_recipe(log, words, capsys):
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "80 个事件" in said
    assert "下一步" in said
    chinese = (log.parent / "recipe.toml").read_text()
    assert main(["init", "log.csv", "--force"]) == 0
    assert (log.parent / "recipe.toml").read_text() == chinese


def test_the_environment_is_heard_and_the_flag_goes_before_it(log, capsys, monkeypatch):
    monkeypatch.setenv("PALATE_LANG", "zh_CN.UTF-8")
    main(["data", "check", "log.csv"])
    assert "提示" in capsys.readouterr().out
    main(["--lang", "en", "data", "check", "log.csv"])
    assert "note" in capsys.readouterr().out


def test_json_is_english(log, capsys):
    main(["init", "log.csv", "--json", "--lang", "zh"])
    found = json.loads(capsys.readouterr().out)
    assert any("events of" in sentence for sentence in found["understood"])


def test_an_error_has_its_fixed_parts_in_chinese(log, capsys):
    assert main(["--lang", "zh", "run", "nowhere.toml"]) == 2
    said = capsys.readouterr().err
    assert "nowhere.toml" in said
    assert "没有这个配方" in said
    assert "下一步" in said
