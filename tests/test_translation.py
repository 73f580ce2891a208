"""What palate says in another language: recognised, filled, and never half."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.translation import PLACE, Translator, entries_of, language_of, translator

ROOT = Path(__file__).parents[1] / "src" / "palate"
TEXT = (resources.files("palate") / "translations" / "zh.po").read_text("utf-8")
ENTRIES = dict(entries_of(TEXT))
ZH = Translator(ENTRIES)
WHOLE = (
    "report",
    "choose",
    "study/causal",
    "study/offpolicy",
    "evaluate/causal",
    "evaluate/offpolicy",
    "study/labelling",
    "serve/labelling",
)
"""Rooms whose sentences are all in the catalogue."""
FILES = ("pipeline/within_budget.py",)
LONG = 4
"""Words of a run without a place from which on it has to stand in an entry."""


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "The features raise ndcg@10 over all test users: +5.0 %, most for items never seen in"
            " training (+9.1 %).",
            "特征提高了全部测试用户的 ndcg@10：+5.0 %，对训练集中从未出现的物品最明显（+9.1 %）。",
        ),
        (
            "No use was found for the features: ids+features gave them no weight on the validation"
            " cases.",
            "特征没有用处：ids+features 在验证样本上给它们的权重为零。",
        ),
        (
            "No evidence that the features of all help: ndcg@10 +1.0 %, 95 % interval, corrected"
            " for 5 comparisons, -1.0 % to +3.0 %, over all test users.",
            "没有证据表明all 的特征有用：ndcg@10 +1.0 %，95 % 置信区间（按 5 次比较校正）-1.0 % 到"
            " +3.0 %（全部测试用户）。",
        ),
        (
            "Earned by block text.tfidf; nothing shows that the language model adds to it.",
            "功劳属于特征块 text.tfidf；没有证据表明语言模型还有贡献。",
        ),
        ("44,852 events of 8,923 users with 96 items", "8,923 个用户对 96 件物品的 44,852 个事件"),
        ("  report: runs/a b/report.html", "  报告：runs/a b/report.html"),
        ("All test users", "全部测试用户"),
        (
            "too early to say: 3 held-out labels, 0 fits.",
            "为时尚早：3 个留出标签，0 次拟合。",
        ),
        (
            "featured 1 in place of 0 changes click by +0.1 (+0.05 to +0.2); without holding"
            " anything fixed it looks like +0.314. No effect is shown.",
            "featured 由 0 改为 1，使 click 变化 +0.1（+0.05 到 +0.2）；若不固定任何列，"
            "看起来是 +0.314。没有显示出效应。",
        ),
        (
            "warning: Features took 23 of the 40 s of the budget, so the run may take longer than"
            " that; texts that were encoded are kept for the next one.",
            "警告：特征用去了 40 秒预算中的 23 秒，所以运行可能超时；"
            "已编码的文本会留给下一次使用。",
        ),
        ("The lift vanishes. Somebody wrote this.", "The lift vanishes. Somebody wrote this."),
    ],
)
def test_sentences(english, chinese):
    assert ZH.text(english) == chinese


def test_names_are_left_alone_even_where_they_are_words():
    said = ZH.text("features reaches ndcg@10 0.1234; no model uses features.")
    assert said == "features 的 ndcg@10 为 0.1234；没有模型使用特征。"


def test_what_no_entry_fits_stays_and_its_neighbours_do_not():
    said = ZH.text("Nobody knows this. Nothing is lost without it.")
    assert said == "Nobody knows this. 没有它也没有损失。"


@given(st.text())
def test_any_text_is_taken(text):
    assert isinstance(ZH.text(text), str)


@given(st.lists(st.text("0123456789.,%+- ", max_size=12), max_size=4).map("\n".join))
def test_numbers_stay(text):
    assert ZH.text(text) == text


def test_a_page_keeps_names_code_and_scripts():
    page = (
        '<html lang="en"><p title="all users">all users <bdi>all users</bdi></p>'
        '<script>say("all users")</script><code>all users</code><b>all &amp; users</b></html>'
    )
    assert ZH.page(page, "zh") == (
        '<html lang="zh"><p title="全部用户">全部用户 <bdi>all users</bdi></p>'
        '<script>say("all users")</script><code>all users</code><b>all &amp; users</b></html>'
    )


def test_translations_are_escaped():
    assert Translator({"a": "<b>"}).page("<p>a</p>", "zh") == "<p>&lt;b&gt;</p>"


@pytest.mark.parametrize("english", list(ENTRIES))
def test_places_agree_and_nothing_is_empty(english):
    chinese = ENTRIES[english]
    assert sorted(PLACE.findall(english)) == sorted(PLACE.findall(chinese))
    assert chinese.strip()
    assert english.strip() == english


def test_no_entry_stands_twice():
    keys = [key for key, _ in entries_of(TEXT)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", ["PALATE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"])
def test_the_environment_names_the_language(name):
    assert language_of({name: "zh_CN.UTF-8"}) == "zh"
    assert language_of({name: "zh-TW"}) == "zh"
    assert language_of({name: "C.UTF-8"}) == "en"
    assert language_of({"PALATE_LANG": "en", name: "en_GB"} | {"LANG": "zh_CN"}) == "en"


def test_an_unknown_language_is_refused():
    assert translator("en") is None
    with pytest.raises(BadInput, match="zh"):
        translator("fr")


def _pieces(text: str) -> Iterator[str]:
    """Runs without a place, of at least so many words."""
    for piece in re.split(r"\{[^{}]*\}|\n", text.replace("\u202f", " ")):
        bare = piece.strip(" .;:,()\"'")
        if len(re.findall(r"[A-Za-z]{2,}", bare)) >= LONG:
            yield bare


def _sentences(file: Path) -> Iterator[str]:
    """The texts of a module, docstrings aside, with their places in braces."""
    tree = ast.parse(file.read_text("utf-8"))
    aside = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            aside |= {id(n) for n in ast.walk(node) if n is not node}
    for node in ast.walk(tree):
        if id(node) in aside:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _template(file: Path) -> Iterator[str]:
    text = file.read_text("utf-8")
    for call in re.findall(r"\{%(.*?)%\}", text, re.DOTALL):
        yield from re.findall(r'"([^"]*)"', call)
    plain = re.sub(r"\{#.*?#\}|<(style|script).*?</\1>", "", text, flags=re.DOTALL)
    yield from re.findall(r'(?:aria-label|placeholder|title)="([^"{}]*)"', plain)
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]*>", "\n", plain, flags=re.DOTALL)
    yield from plain.splitlines()


SOURCES = {
    **{
        str(file.relative_to(ROOT)): file
        for room in WHOLE
        for file in sorted((ROOT / room).glob("*.py"))
    },
    **{name: ROOT / name for name in FILES},
}


TEMPLATES = {file.name: file for file in sorted((ROOT / "report").glob("*.html.jinja"))}


@pytest.mark.parametrize("name", [*SOURCES, *TEMPLATES])
def test_every_sentence_has_an_entry(name):
    said = list(_sentences(SOURCES[name])) if name in SOURCES else list(_template(TEMPLATES[name]))
    known = "\n".join(ENTRIES)
    missing = [
        piece
        for text in said
        for piece in _pieces(text)
        if piece not in known and not {"<", ">"} & set(piece)
    ]
    assert not missing, f"add to translations/zh.po: {missing}"
