"""What the pages say is tried: code and commands run in the order of the page, recipes are
understood, links and names lead somewhere.

A block that cannot be run stands under a comment `<!-- not run: reason -->`.
"""

from __future__ import annotations

import json
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

COMMANDS = ("", "bash", "sh", "console")
"""Languages of the blocks that hold commands."""

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
    user, kind = random.integers(0, 90, n_events), random.random(n_events)
    clicks = pl.DataFrame(
        {
            "user_id": user,
            "item_id": (
                np.where(kind < 0.8, user % 6, random.integers(0, 6, n_events))
                + 6 * random.integers(0, 40, n_events)
            ),
            "timestamp": np.arange(n_events) + 1_600_000_000,
        }
    ).unique(["user_id", "item_id"], maintain_order=True)
    items = pl.DataFrame(
        {
            "item_id": range(240),
            "price": random.integers(3, 90, 240),
            "title": [f"{words[i % 2]} {words[2 + i % 6]} thing" for i in range(240)],
            "description": [
                f"a {words[i % 2]} thing that is {words[2 + i % 6]}" for i in range(240)
            ],
        }
    )
    for name, frame in (("clicks", clicks), ("items", items)):
        frame.write_csv(tmp_path / f"{name}.csv")
        frame.write_parquet(tmp_path / f"{name}.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


NOT_RUN = {
    "make": "installs, or takes minutes; that the targets exist is tried below",
    "pip": "a package index is no part of a test; benchmarks/speed/install.py measures it",
    ".venv/bin/python": "runs tests of this repository",
    "palate prove": "takes minutes; tests/study/test_prove.py tries it with few worlds",
    "palate serve": "goes on until it is stopped; tests/serve/http/test_page.py runs it",
    "palate mcp": "talks to an assistant; tests/assistant tries it",
    "palate events import feedback": "of another service; tests/serve/events reads some",
    "palate feedback": "needs the folder of a service; tests/serve/feedback tries it",
    "palate run next": "the same",
    "palate refit": "needs one too; tests/serve/refit tries it",
    "curl": "asks a running service; tests/serve/http/test_page.py does",
    "palate search": "takes minutes; tests/cli/test_search.py runs one",
}
"""First words of a command -> why it is not run here."""


def commands(block: Block) -> list[tuple[list[str], int]]:
    """The words of each command of a block, and the exit code that its comment names, else 0."""
    lines = block.code.replace("\\\n", " ").splitlines()
    found = [(shlex.split(line.removeprefix("$ "), comments=True), line) for line in lines]
    return [
        (words, int(code[1]) if (code := re.search(r"# exit code (\d)", line)) else 0)
        for words, line in found
        if words
    ]


def run_command(words: list[str], expected: int) -> None:
    """Run a command as the command line does, within seconds; none but those of NOT_RUN is left
    out.
    """
    from palate.cli.main import main

    if any(" ".join(words).startswith(start) for start in NOT_RUN):
        return
    assert words[0] == "palate", words
    # only a run that chooses its models can be told how long to look for them
    chooses = words[1] == "run" and "[choose]" in Path(words[2]).read_text(encoding="utf-8")
    brief = ["--budget", "5s"] if chooses or words[1] in ("importance", "select") else []
    args = [*words[1:], *([] if "--budget" in words else brief)]
    assert main(args) == expected, args


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without the extras, so that a run takes seconds."""
    monkeypatch.setattr("palate.recipe.guess_blocks.usable", lambda: False)
    monkeypatch.setattr("palate.recipe.guess_blocks.model_for", lambda languages, n=0: None)
    monkeypatch.setattr("palate.choose.portfolio.has", lambda module: False)


@each_page
def test_blocks_run_in_the_order_of_the_page(
    page: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    found = blocks(page, "python", *COMMANDS)
    if notebook(page).exists():
        return  # its cells are the same blocks, and are run as they stand
    if found:
        request.getfixturevalue("light")
        request.getfixturevalue("examples")
    if any("runs/demo" in block.code for block in found):
        run_command(["palate", "init", "clicks.csv", "items.csv", "--out", "demo.toml"], 0)
        run_command(["palate", "run", "demo.toml"], 0)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in found:
        if block.language in COMMANDS:
            for words, expected in commands(block):
                run_command(words, expected)
        else:
            code = compile("\n" * block.line + block.code, str(page), "exec")
            exec(code, names)


def notebook(page: Path) -> Path:
    return page.with_suffix(".ipynb")


NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda p: p.name)
def test_cells_of_a_notebook_run(
    file: Path, light: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), str(file), "exec"), names)


@each_page
def test_commands_are_understood(page: Path) -> None:
    from palate.cli.main import build_parser

    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in blocks(page, *COMMANDS):
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
