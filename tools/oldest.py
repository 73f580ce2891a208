"""Writes constraints-oldest.txt: every lower bound of pyproject.toml as the only version allowed.

`make oldest` installs by it, so that a bound that is too low fails a test and not a user.

    python tools/oldest.py           writes the file again
    python tools/oldest.py --check   exits with 1 if it is stale
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "constraints-oldest.txt"
HEAD = "# Made by tools/oldest.py from the lower bounds of pyproject.toml; not to be edited.\n"
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(\[[\w,]+\])?\s*>=\s*(?P<version>[\d.]+)\s*(;|$)")


def constraints(project: dict[str, object]) -> str:
    """The text of the file for the table `[project]`.

    Raises:
        ValueError: A requirement has no plain lower bound, or two of one package differ.
    """
    found: dict[str, str] = {}
    for requirement in _requirements(project):
        match = REQUIREMENT.match(requirement)
        if match is None:
            raise ValueError(f"pyproject.toml: {requirement!r} needs a lower bound, name>=1.2")
        name, version = match["name"].lower(), match["version"]
        if found.setdefault(name, version) != version:
            raise ValueError(f"pyproject.toml: {name} has two bounds, {found[name]} and {version}")
    return HEAD + "".join(f"{name}=={found[name]}\n" for name in sorted(found))


def _requirements(project: dict[str, object]) -> Iterable[str]:
    own = f"{project['name']}["  # an extra may name other extras of palate itself
    extras: dict[str, list[str]] = project["optional-dependencies"]  # type: ignore[assignment]
    for group in (project["dependencies"], *extras.values()):
        yield from (r for r in group if not r.startswith(own))  # type: ignore[attr-defined]


def main(arguments: list[str]) -> int:
    """Write the file, or say whether it is as it should be."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = constraints(project)
    if arguments == ["--check"]:
        fresh = FILE.is_file() and FILE.read_text(encoding="utf-8") == text
        if not fresh:
            print(f"{FILE.name} is stale; run python tools/oldest.py")
        return 0 if fresh else 1
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
