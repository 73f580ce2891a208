"""What the code says about its own structure: layers, interfaces, decisions."""

from __future__ import annotations

import inspect
import re
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

from palate import stages

_BRACKETS = str.maketrans("", "", "()")


def layers(root: Path) -> str:
    """The layers of the import contract, the highest first, each package with the first line of its
    docstring.
    """
    tool = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    (contract,) = (c for c in tool["importlinter"]["contracts"] if c["type"] == "layers")
    lines = []
    for layer in contract["layers"]:
        names = [
            name.strip().removeprefix("palate.") for name in layer.translate(_BRACKETS).split("|")
        ]
        there = [name for name in names if _file(root, name)]
        if there:
            lines.append(" | ".join(there))
    table = [
        f"| `{name}` | {_purpose(root, name)} |" for line in lines for name in line.split(" | ")
    ]
    return (
        "```text\n"
        + "\n".join(lines)
        + "\n```\n\n| | what it is for |\n|---|---|\n"
        + "\n".join(table)
    )


def interfaces() -> str:
    """Every protocol of stages.py: what it turns into what, and its methods."""
    rows = []
    for name, member in vars(stages).items():
        if inspect.isclass(member) and member.__module__ == stages.__name__:
            methods = [
                n
                for n, m in vars(member).items()
                if inspect.isfunction(m) and not n.startswith("_")
            ]
            purpose = (inspect.getdoc(member) or "").partition("\n")[0]
            rows.append(f"| `{name}` | {purpose} | {', '.join(f'`{m}`' for m in methods)} |")
    return "| interface | what it is | methods |\n|---|---|---|\n" + "\n".join(rows)


def decisions(root: Path) -> str:
    """A list of all decisions with their titles."""
    files = sorted((root / "docs" / "decisions").glob("[0-9]*.md"))
    titles = [
        re.sub(r"^# [0-9]+\. ", "", f.read_text(encoding="utf-8").partition("\n")[0]) for f in files
    ]
    return "\n".join(
        f"- [{file.name[:4]}]({file.name}): {title}"
        for file, title in zip(files, titles, strict=True)
    )


def generators(root: Path) -> dict[str, Any]:
    """Name of a generated part -> what makes it."""
    return {
        "layers": partial(layers, root),
        "stages": interfaces,
        "decisions": partial(decisions, root),
    }


def _file(root: Path, name: str) -> Path | None:
    base = root / "src" / "palate"
    return next(
        (f for f in (base / f"{name}.py", base / name / "__init__.py") if f.is_file()), None
    )


def _purpose(root: Path, name: str) -> str:
    file = _file(root, name)
    assert file is not None
    text = inspect.cleandoc(
        re.sub(r'^"""', "", file.read_text(encoding="utf-8")).partition('"""')[0]
    )
    return " ".join(text.partition("\n\n")[0].split())
