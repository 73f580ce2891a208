"""A Chinese shop from its files to a report, labels and attributes, all in Chinese."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.report.test_page_in_chinese import PROSE, shown
from tests.untranslated import english

from palate.cli.main import main
from palate.encode.labels.label_file import read_labels

GOODS = {
    "茶具": "紫砂茶壶 手工 陶瓷 茶杯 茶盘 套装",
    "手机": "iPhone 手机壳 充电线 屏幕 蓝牙耳机 Pro版",
    "图书": "长篇小说 精装 作者签名 历史故事 读书笔记",
}
BLOCKS = """
[blocks.kind]
part = "labels.semi_supervised.v1"
fields = ["标题"]
encoder = {part = "text.hashing.v1", dims = 512}
labels = "labels.jsonl"
want."种类" = {kind = "label", of = ["茶具", "手机", "图书"], describe = "是哪一种商品"}
teacher = {part = "answers.dictionary.v1"}
[blocks.topics]
part = "attributes.llm.v1"
fields = ["标题"]
provider = {part = "answers.zero_shot.v1", encoder = {part = "text.hashing.v1", dims = 512}}
want."主题" = {kind = "labels", of = ["茶壶", "耳机", "小说"], describe = "与什么有关"}
"""
NAMES = ("micro-F1", "iPhone", "Pro")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files with Chinese names of columns, dates and goods; the cache is a folder of the test."""
    rng = np.random.default_rng(0)
    kinds = rng.choice(list(GOODS), 90)
    titles = [
        f"{k} " + " ".join(rng.choice(GOODS[k].split(), 4)) + f" {n}号" for n, k in enumerate(kinds)
    ]
    places = rng.choice(["京", "沪"], 90)
    items = {"商品": [f"货{n}" for n in range(90)], "标题": titles, "产地": places}
    pl.DataFrame(items).write_csv(tmp_path / "商品.csv")
    rows = [
        (f"客{u}", f"货{i}", f"2026年{1 + n}月{1 + u % 28}日")
        for u in range(120)
        for n, i in enumerate(
            rng.choice(np.flatnonzero(kinds == list(GOODS)[u % 3]), 6, replace=False)
        )
    ]
    table = pl.DataFrame(rows, schema=["用户", "商品", "时间"], orient="row")
    (tmp_path / "日志.csv").write_bytes(table.write_csv().encode("gb18030"))
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PALATE_LANG", "zh")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return found.out + found.err


@pytest.mark.slow
def test_from_files_to_labels(shop: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["init", "日志.csv", "商品.csv", "--out", "店.toml"]) == 0
    assert not english(said(capsys))
    with Path("店.toml").open("a", encoding="utf-8") as recipe:
        recipe.write(BLOCKS)
    label = ["label", "店.toml", "--block", "kind", "--held-out", "10"]
    assert main([*label, "--by", "teacher", "--budget", "40"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n茶具\n9\ns\nu\n2\nq\n"))
    assert main([*label, "--budget", "45"]) == 0
    for block in said(capsys).split("写入配方："):
        assert not english(block.partition("[blocks")[0], *NAMES)
    assert len(read_labels(shop / "labels.jsonl")) >= 42
    assert main(["run", "店.toml", "--out", "run", "--budget", "20s"]) == 0
    assert not english(said(capsys), *NAMES)
    page = Path("run/report.html").read_text("utf-8")
    assert not [t for t in shown(page) if PROSE.search(t) and "palate" not in t]
    assert main(["attributes", "show", "run", "--block", "kind", "--item", "货1"]) == 0
    assert "种类" in said(capsys)
