"""Notebooks made from pages: the text as it stands, Python as cells, commands as calls of them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

PAGES = ("first-hour", "first-hour.zh")
"""Pages under docs/ that have a notebook beside them."""

_BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_EXPECTED = re.compile(r"# exit code (\d)")


def notebook(page: str) -> str:
    """The page as a notebook, in the format of Jupyter (nbformat 4.5), as JSON.

    Args:
        page: Markdown; its blocks of Python and of commands become cells.
    """
    cells: list[dict[str, Any]] = []
    end = 0
    for found in _BLOCK.finditer(page):
        _add(cells, "markdown", page[end : found.start()])
        code = found[2] if found[1] == "python" else _calls(found[2])
        _add(cells, "code", code)
        end = found.end()
    _add(cells, "markdown", page[end:])
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def stale(docs: Path) -> list[tuple[Path, str]]:
    """(notebook, new text) of each one that is not what its page says."""
    made = {docs / f"{name}.ipynb": docs / f"{name}.md" for name in PAGES}
    texts = {
        file: notebook(page.read_text(encoding="utf-8"))
        for file, page in made.items()
        if page.exists()
    }
    return [
        (file, text)
        for file, text in texts.items()
        if not file.exists() or file.read_text(encoding="utf-8") != text
    ]


def _add(cells: list[dict[str, Any]], kind: str, text: str) -> None:
    if not text.strip():
        return
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{len(cells)}", "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    cells.append(cell | {"source": text.strip("\n").splitlines(keepends=True)})


def _calls(block: str) -> str:
    """The commands of a block as calls of the command line's own function."""
    calls = ["from palate.cli.main import main", ""]
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        if words:
            code = _EXPECTED.search(line)
            listed = ", ".join(f'"{word}"' for word in words[1:])
            calls.append(f"assert main([{listed}]) == {code[1] if code else 0}")
    return "\n".join(calls)
