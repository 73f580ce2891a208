"""A closed menu of features that a recommender can make of its log and fields; ideas fill its
slots, nothing else runs.

The author of an idea (a language model, a colleague) fills in JSON slots: an operator of the menu
and its arguments. The slots are checked against the data at hand; no text of theirs is ever
executed. What is made is kept only if it passes the gate of a selector.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from palate.arrays import Doubles, Longs
from palate.errors import BadInput, PalateError, nearest
from palate.select.operators import OPERATORS, Context

Write: TypeAlias = Callable[[str], str]
"""A language model: a prompt -> its answer."""
MOST_IDEAS = 30


@dataclass(frozen=True)
class Idea:
    """One filled-in slot.

    Attributes:
        operator: A name of the menu.
        arguments: Its arguments, checked.
        why: The reason that was given, one line; shown, never used.
    """

    operator: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""

    @property
    def name(self) -> str:
        """e.g. `entropy(field=genre)`."""
        arguments = ", ".join(f"{key}={value}" for key, value in sorted(self.arguments.items()))
        return f"{self.operator}({arguments})"


def schema(context: Context) -> dict[str, Any]:
    """The slots as a JSON schema, with the fields and blocks of the data at hand as the only
    values.
    """
    choices = []
    for operator in OPERATORS.values():
        slots = {slot: {"enum": list(operator.allowed(slot, context))} for slot in operator.slots}
        if all(slot["enum"] for slot in slots.values()):
            properties = {
                "operator": {"const": operator.name},
                **slots,
                "why": {"type": "string", "maxLength": 200},
            }
            choices.append(
                {
                    "type": "object",
                    "description": operator.meaning,
                    "properties": properties,
                    "required": ["operator", *slots],
                    "additionalProperties": False,
                }
            )
    return {"type": "array", "maxItems": MOST_IDEAS, "items": {"oneOf": choices}}


def prompt(context: Context, task: str = "which item a user takes next") -> str:
    """The prompt for a language model. Field names are data: they are quoted, and stand in the
    schema only.
    """
    return (
        f"Propose features that may help to predict {task}. Choose from the menu below and nothing"
        " else; prefer few ideas that differ. Answer with one JSON array that fits this schema,"
        " without any other text.\n" + json.dumps(schema(context), ensure_ascii=False)
    )


def ideas(write: Write, context: Context) -> tuple[tuple[Idea, ...], tuple[PalateError, ...]]:
    """Ask a language model, and check every slot of its answer.

    Returns:
        The ideas that fit the menu, without repeats, and what was wrong with the others.
    """
    return parsed(write(prompt(context)), context)


def parsed(answer: str, context: Context) -> tuple[tuple[Idea, ...], tuple[PalateError, ...]]:
    """Read the first JSON array of an answer; every entry is either an idea of the menu or a
    problem.
    """
    start, end = answer.find("["), answer.rfind("]")
    try:
        entries = json.loads(answer[start : end + 1]) if start >= 0 else None
    except ValueError:
        entries = None
    if not isinstance(entries, list):
        return (), (
            BadInput(
                "the answer holds no JSON array",
                where="ideas",
                next_step="ask again, or use another model",
            ),
        )
    found: dict[str, Idea] = {}
    problems: list[PalateError] = []
    for place, entry in enumerate(entries[:MOST_IDEAS]):
        try:
            idea = checked(entry, context)
            found.setdefault(idea.name, idea)
        except BadInput as problem:
            problems.append(
                BadInput(
                    problem.what,
                    where=f"idea {place + 1}",
                    allowed=problem.allowed,
                    next_step=problem.next_step,
                )
            )
    return tuple(found.values()), tuple(problems)


def checked(entry: Any, context: Context) -> Idea:
    """One entry as an idea.

    Raises:
        BadInput: No operator of the menu, or slots that it does not have, or values that the data
            do not have.
    """
    if not isinstance(entry, dict):
        raise BadInput(f"{entry!r} is no object", allowed='{"operator": ..., slots}')
    name = entry.get("operator")
    if not isinstance(name, str) or name not in OPERATORS:
        raise BadInput(
            f'no operator "{name}"',
            allowed=", ".join(OPERATORS),
            next_step=nearest(str(name), OPERATORS),
        )
    operator = OPERATORS[name]
    given = {key: value for key, value in entry.items() if key not in ("operator", "why")}
    if set(given) != set(operator.slots):
        raise BadInput(
            f"{name} was given {', '.join(given) or 'no slots'}",
            allowed=", ".join(operator.slots) or "no slots",
        )
    for slot, value in given.items():
        allowed = operator.allowed(slot, context)
        if isinstance(value, bool) or value not in allowed:
            raise BadInput(
                f"{name} with {slot} = {value!r}",
                allowed=", ".join(map(str, allowed)) or "nothing in these data",
            )
    return Idea(name, MappingProxyType(given), " ".join(str(entry.get("why", "")).split())[:200])


def made(
    wanted: Sequence[Idea], context: Context, request: Longs, items: Longs
) -> dict[str, Doubles]:
    """The features of each idea for pairs (request, candidate): name -> float64 [n_rows, 1].

    Args:
        wanted: Ideas that were checked.
        context: The training log, histories of the requests, fields and blocks.
        request: int64 [n_rows], which history of the context the row is about.
        items: int64 [n_rows], the candidate.
    """
    out = {}
    for idea in wanted:
        values = OPERATORS[idea.operator].make(context, request, items, idea.arguments)
        out[idea.name] = np.asarray(values, np.float64)[:, None]
    return out
