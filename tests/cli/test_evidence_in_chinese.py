"""`palate causal` and `palate ope` in Chinese: tables, sentences, doubts and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.untranslated import english

from palate.cli.main import main
from palate.data.worlds.causes import GRAPH, CauseWorld
from palate.seeding import generator

CAUSAL = ("--treatment", "featured", "--outcome", "click", "--graph", GRAPH, "--by", "segment")
NAMES = ("featured", "click", "popularity", "activity", "segment", "rank_score", "linear")


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return found.out + found.err


def causes(tmp_path: Path, n: int, confounding: float = 1.0) -> str:
    path = tmp_path / "shown.csv"
    CauseWorld(n_users=n, confounding=confounding).log(generator(3, "zh")).write_csv(path)
    return str(path)


def rounds(tmp_path: Path, n: int, chance: tuple[float, float] = (0.5, 0.5)) -> str:
    rng = generator(0, "rounds in Chinese")
    item = rng.choice(2, n, p=chance)
    table = {
        "user_id": [f"u{k}" for k in np.arange(n) % (n // 10)],
        "item_id": [f"i{k}" for k in item],
        "reward": rng.integers(0, 2, n),
        "propensity": np.array(chance)[item],
    }
    path = tmp_path / "rounds.csv"
    pl.DataFrame(table).write_csv(path)
    return str(path)


def test_an_effect(tmp_path: Path, capsys) -> None:
    log = causes(tmp_path, 100)
    assert main(["--lang", "zh", "causal", log, *CAUSAL, "--models", "linear"]) == 0
    said = shown(capsys)
    assert not english(said, *NAMES, log)
    for words in ("使 click 变化", "假设\uff1a", "安慰剂处理", "各分组的效应", "segment = a"):
        assert words in said


@pytest.mark.parametrize("forced", [False, True])
def test_rows_that_cannot_tell(tmp_path: Path, capsys, forced: bool) -> None:
    log = causes(tmp_path, 100, confounding=8.0)
    words = ["--lang", "zh", "causal", log, *CAUSAL, "--models", "linear", "--no-refuters"]
    assert main(words + ["--force"] * forced) == (0 if forced else 2)
    said = shown(capsys)
    assert not english(said, *NAMES, log)
    assert ("不是证据\uff1a" if forced else "这些数据行说不出来\uff1a") in said


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ("featured -> click; activity -> featured; activity -> x; x -> click", "请对"),
        ("hidden -> featured; hidden -> click", "日志中没有它"),
        ("click -> featured", "而不是相反"),
        ("featured -> click -> featured", "成为自己的原因"),
        ("popularity -> click", "不在图中"),
    ],
)
def test_graphs_that_are_refused(tmp_path: Path, capsys, edges: str, words: str) -> None:
    log = causes(tmp_path, 30)
    args = ["--treatment", "featured", "--outcome", "click", "--graph", edges]
    main(["--lang", "zh", "causal", log, *args, "--adjust", "activity" if "x" in edges else ""])
    said = shown(capsys)
    assert not english(said, *NAMES, "hidden", "palate: graph")
    assert words in said or "x" in edges


@pytest.mark.parametrize(
    ("n", "chance", "words"),
    [
        (4000, (0.5, 0.5), "每轮会带来"),
        (200, (0.5, 0.5), "证据较弱\uff1a"),
        (60, (0.9, 0.1), "这份日志说不出对日志中的物品一视同仁会带来什么\uff1a"),
    ],
)
def test_a_policy(tmp_path: Path, capsys, n: int, chance: tuple[float, float], words: str) -> None:
    log = rounds(tmp_path, n, chance)
    main(["--lang", "zh", "ope", log, "--policy", "uniform"])
    said = shown(capsys)
    assert not english(said, log)
    assert words in said


def test_a_log_without_propensities(tmp_path: Path, capsys) -> None:
    log = rounds(tmp_path, 100)
    pl.read_csv(log).drop("propensity").write_csv(log)
    assert main(["--lang", "zh", "ope", log, "--policy", "uniform"]) == 2
    assert "没有哪一列像是" in (said := shown(capsys))
    assert not english(said, log, "user_id, item_id, reward")
