"""The section `[rules]`: each rule becomes a block, which the models that follow rules read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from palate.errors import BadRecipe, PalateError, raise_all
from palate.rules.grammar import ALLOWED, parse

BLOCK: Final = "rules.hits.v1"
MODEL: Final = "model.rules.v1"
HIERARCHY: Final = "hierarchy"
"""The key of `[rules]` that is no rule: what lies below what."""


def block_name(rule: str) -> str:
    """What the block of a rule is called.

    >>> block_name("no_toys")
    'rule.no_toys'
    """
    return f"rule.{rule}"


def with_rules(table: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's table with a block in place of each rule.

    A model of the part `model.rules.v1` that names no blocks follows all of them.

    Args:
        table: The sections; left as it is.

    Raises:
        BadRecipe: A rule cannot be read, or its block's name is taken; several come together.
    """
    rest = {key: value for key, value in table.items() if key != "rules"}
    if "rules" not in table:
        return rest
    section = _section(table["rules"])
    hierarchy = section.get(HIERARCHY, {})
    texts = {name: text for name, text in section.items() if name != HIERARCHY}
    blocks = rest.get("blocks", {})
    raise_all([problem for name in texts if (problem := _problem(name, texts[name], blocks))])
    made = {
        block_name(name): {
            "part": BLOCK,
            "rule": text,
            **({"hierarchy": hierarchy} if hierarchy else {}),
        }
        for name, text in texts.items()
    }
    models = rest.get("models", {})
    return {
        **rest,
        "blocks": {**blocks, **made},
        "models": {name: _following(model, list(made)) for name, model in models.items()},
    }


def _section(section: Any) -> Mapping[str, Any]:
    if not isinstance(section, Mapping):
        raise BadRecipe(
            f"{section!r} is no table of rules",
            where="rules",
            next_step="write [rules] and below it NAME = 'if ... then ...'",
        )
    return section


def _problem(name: str, text: Any, blocks: Mapping[str, Any]) -> PalateError | None:
    where = f"rules.{name}"
    if not isinstance(text, str):
        return BadRecipe(f"{text!r} is no rule", where=where, allowed=ALLOWED)
    if block_name(name) in blocks:
        return BadRecipe(
            f'there is a block "{block_name(name)}" already',
            where=where,
            next_step="give the rule another name",
        )
    try:
        parse(text, where)
    except BadRecipe as problem:
        return problem
    return None


def _following(model: Any, blocks: list[str]) -> Any:
    follows = isinstance(model, Mapping) and model.get("part") == MODEL and "blocks" not in model
    return {**model, "blocks": blocks} if follows else model
