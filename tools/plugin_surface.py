"""Writes tests/architecture/plugin_surface.txt: every name that plugins may import, with its
signatures.

A test compares the file with the code. A change on purpose writes the file again and is noted in
CHANGELOG.md.

    python tools/plugin_surface.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "tests" / "architecture" / "plugin_surface.txt"

ANNOTATION = re.compile(r"""((?:\w: )|(?:-> ))['"]([^'"]*)['"]""")


def surface() -> str:
    """One line a name, and below a class one line a field, property or method."""
    from palate import plugin

    lines = []
    for name in sorted(plugin.__all__):
        lines += _described(name, getattr(plugin, name))
    for stage, place in sorted(plugin.CONTRACTS.items()):
        lines.append(f"contract of {stage}: {place}")
    return "\n".join(lines) + "\n"


def _described(name: str, thing: Any) -> Iterator[str]:
    if inspect.isclass(thing) and not thing.__module__.startswith("palate"):
        yield f"{name}: {thing.__name__}"  # of another library, which keeps its own promises
    elif inspect.isclass(thing):
        yield f"{name}{_signature(thing)}"
        for member in sorted(_members(thing)):
            yield f"    {name}.{member}"
    elif inspect.isfunction(thing):
        yield f"{name}{_signature(thing)}"
    else:  # a constant or an alias of a type; what a mapping holds is said elsewhere
        yield f"{name}: {type(thing).__name__}"


def _members(kind: type[Any]) -> Iterator[str]:
    """Fields, properties and methods of the class itself, without private ones."""
    for field, hint in vars(kind).get("__annotations__", {}).items():
        if not field.startswith("_"):
            yield f"{field}: {hint}"
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"{name}: {inspect.signature(member.fget).return_annotation}"
        elif isinstance(member, (classmethod, staticmethod)):
            yield f"{name}{_signature(member.__func__)}"
        elif inspect.isfunction(member):
            yield f"{name}{_signature(member)}"


def _signature(thing: Any) -> str:
    if inspect.isclass(thing) and getattr(thing, "_is_protocol", False):
        return " (interface)"
    text = str(inspect.signature(thing))
    return ANNOTATION.sub(r"\1\2", text)  # annotations are strings, and shown in quotes


if __name__ == "__main__":
    FILE.write_text(surface(), encoding="utf-8")
