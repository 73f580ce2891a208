"""What each model of a run does, a plain sentence each."""

from __future__ import annotations

import tomllib

from palate.capabilities import Described
from palate.errors import PalateError
from palate.registry import part_class
from palate.report.terms import Term


def model_terms(recipe: str | None) -> tuple[Term, ...]:
    r"""The models of a run and what they do, models of one kind together; without those that do not
    say it, and those of plugins that are not installed.

    Args:
        recipe: The run's `recipe.toml`; None without one.

    >>> model_terms('[models.a]\npart = "model.ease.v2"\n[models.b]\npart = "model.ease.v1"')
    (('a, b', 'learns for each pair of items how much one speaks for the other.'),)
    """
    try:
        models = tomllib.loads(recipe or "").get("models", {})
    except tomllib.TOMLDecodeError:
        return ()
    found: dict[str, list[str]] = {}
    for name, table in models.items():
        does = _does(str(table.get("part", "")))
        if does:
            found.setdefault(does, []).append(name)
    return tuple((", ".join(names), does) for does, names in found.items())


def _does(part: str) -> str:
    try:
        kind = part_class(part)
    except PalateError:
        return ""
    return kind.does if issubclass(kind, Described) else ""
