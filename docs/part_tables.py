"""Tables of all parts and their settings, from the code itself."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from pathlib import Path
from typing import Annotated, Any, Literal, Union

import annotated_types

from palate import config, registry, stages
from palate.parts import PARTS

_PLAIN = {
    int: "whole number",
    float: "number",
    bool: "true or false",
    str: "text",
    Path: "path",
    type(None): "left out",
}
_BOUNDS = (
    (annotated_types.Ge, "ge", "from {}"),
    (annotated_types.Gt, "gt", "above {}"),
    (annotated_types.Le, "le", "up to {}"),
    (annotated_types.Lt, "lt", "below {}"),
    (annotated_types.MinLen, "min_length", "at least {} entries"),
    (annotated_types.MaxLen, "max_length", "at most {} entries"),
)


def all_parts() -> str:
    """Every stage with its interface's purpose, every part with its settings."""
    sections = []
    for stage, parts in PARTS.items():
        if parts:
            purpose = first_line(
                {n.lower(): m for n, m in vars(stages).items()}[stage.replace("_", "")]
            )
            sections.append(
                f"## {stage}\n\n{purpose}\n\n" + "\n\n".join(part(name) for name in sorted(parts))
            )
    return "\n\n".join(sections)


def names() -> str:
    """One line a stage: its parts' names."""
    rows = [
        f"| {stage} | {', '.join(f'`{n}`' for n in sorted(parts))} |"
        for stage, parts in PARTS.items()
        if parts
    ]
    return "| stage | parts |\n|---|---|\n" + "\n".join(rows)


def part(name: str) -> str:
    """One part: what it is, then a table of its settings."""
    part_class = registry.part_class(name)
    settings = part_class.Settings
    lines = [f"### `{name}`", "", first_line(part_class), ""]
    if dataclasses.fields(settings):
        lines += ["| setting | takes | default | meaning |", "|---|---|---|---|", *rows(settings)]
    else:
        lines += ["No settings."]
    return "\n".join(lines)


def rows(settings: type[Any], above: str = "") -> list[str]:
    """One table row a setting; settings inside settings follow the one that holds them."""
    hints = typing.get_type_hints(settings, include_extras=True)
    meanings = field_docs(settings)
    out = []
    for field in dataclasses.fields(settings):
        hint = hints[field.name]
        cells = [f"`{above}{field.name}`", takes(hint), default(field), meanings[field.name]]
        out.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            out += rows(hint, f"{above}{field.name}.")
    return out


def field_docs(settings: type[Any]) -> dict[str, str]:
    """Field -> the text under it, as one line; inherited fields too."""
    found: dict[str, str] = {}
    for owner in reversed(settings.__mro__):
        if dataclasses.is_dataclass(owner):
            body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
            assert isinstance(body, ast.ClassDef)
            for node, after in zip(body.body, [*body.body[1:], None], strict=True):
                if isinstance(node, ast.AnnAssign) and isinstance(after, ast.Expr):
                    found[ast.unparse(node.target)] = " ".join(
                        str(ast.literal_eval(after.value)).split()
                    )
    return found


def default(field: dataclasses.Field[Any]) -> str:
    """A default as a recipe would write it."""
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "needed"
    return "left out" if value is None else f"`{_toml(value)}`"


def takes(hint: Any) -> str:
    """A type in the words of somebody who writes a recipe."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        bounds = [
            form.format(getattr(mark, attribute))
            for mark in _unpacked(arguments[1:])
            for kind, attribute, form in _BOUNDS
            if isinstance(mark, kind) and getattr(mark, attribute) is not None
        ]
        return " ".join([takes(arguments[0]), *bounds])
    if origin is Literal:
        return ", ".join(f"`{_toml(a)}`" for a in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(takes(a) for a in arguments)
    if origin in (tuple, list):
        return f"list of {takes(arguments[0])}"
    if origin is not None or dataclasses.is_dataclass(hint):
        return "table"
    return _PLAIN.get(hint, "any value")


def first_line(documented: Any) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join((inspect.getdoc(documented) or "").partition("\n\n")[0].split())


def _unpacked(marks: tuple[Any, ...]) -> list[Any]:
    return [
        one for m in marks for one in (m if isinstance(m, annotated_types.GroupedMetadata) else [m])
    ]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _toml(config.resolved(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    return f'"{value}"' if isinstance(value, (str, Path)) else repr(value)
