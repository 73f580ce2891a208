"""What the pages say is tried: code blocks run, commands parse, recipes are understood, links and
names lead somewhere.

A block that cannot be run stands under a comment `<!-- not run: reason -->`.
"""

from __future__ import annotations

import pkgutil
import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"(?P<before>[^\n]*)\n```(?P<language>\w*)\n(?P<code>.*?)```", re.DOTALL)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    line: int


def blocks(page: Path, *languages: str) -> list[Block]:
    text = "\n" + page.read_text(encoding="utf-8")
    return [
        Block(found["language"], found["code"], text.count("\n", 0, found.start("code")))
        for found in BLOCK.finditer(text)
        if found["language"] in languages and not found["before"].startswith("<!-- not run:")
    ]


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of: clicks and items, as CSV and as Parquet."""
    random = np.random.default_rng(0)
    n_events, words = 1500, ["red", "blue", "warm", "cold", "old", "new", "soft", "loud"]
    user, kind = random.integers(0, 60, n_events), random.integers(0, 2, n_events)
    clicks = pl.DataFrame(
        {
            "user_id": user,
            "item_id": (
                np.where(kind == 0, user % 2, random.integers(0, 2, n_events))
                + 2 * random.integers(0, 30, n_events)
            ),
            "timestamp": np.arange(n_events) + 1_600_000_000,
        }
    ).unique(["user_id", "item_id"], maintain_order=True)
    items = pl.DataFrame(
        {
            "item_id": range(60),
            "title": [f"{words[i % 2]} {words[2 + i % 6]} thing" for i in range(60)],
            "description": [
                f"a {words[i % 2]} thing that is {words[2 + i % 5]}" for i in range(60)
            ],
        }
    )
    for name, frame in (("clicks", clicks), ("items", items)):
        frame.write_csv(tmp_path / f"{name}.csv")
        frame.write_parquet(tmp_path / f"{name}.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@each_page
def test_python_blocks_run(page: Path, request: pytest.FixtureRequest) -> None:
    found = blocks(page, "python")
    if found:
        request.getfixturevalue("examples")
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in found:
        code = compile("\n" * block.line + block.code, str(page), "exec")
        exec(code, names)


@each_page
def test_commands_are_understood(page: Path) -> None:
    from palate.cli.main import build_parser

    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in blocks(page, "", "bash", "sh", "console"):
        for line in block.code.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["palate"]:
                build_parser().parse_args(words[1:])
            elif words[:1] == ["make"]:
                assert set(words[1:]) <= targets, line


@each_page
def test_recipes_are_understood(page: Path) -> None:
    from palate.recipe.recipe import parse

    for block in blocks(page, "toml"):
        table = tomllib.loads(block.code)
        if {"data", "models"} <= set(table):
            parse(table, ROOT)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


@each_page
def test_names_of_modules_and_files_exist(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for name in set(re.findall(r"`(palate(?:\.\w+)+)`", text)):
        assert _resolves(name), name
    for path in set(
        re.findall(r"`((?:src|docs|tests|benchmarks|recipes|examples)/[\w./-]+)`", text)
    ):
        assert re.search(r"\b[A-Z]{3,}\b", path) or (ROOT / path).exists(), path
    for path in set(re.findall(r"`(palate/[\w./-]+)`", text)):
        assert (ROOT / "src" / path).exists(), path


def _resolves(name: str) -> bool:
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True
