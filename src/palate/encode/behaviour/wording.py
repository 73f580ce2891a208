"""A history in words: what was done with which item and how long before the newest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from palate.errors import BadRecipe

SLOTS = ("action", "item", "time")
_SLOT = re.compile(r"\{([^{}]*)\}")
_STEPS = (
    (730, 365, "years"),
    (365, 365, "a year"),
    (60, 30, "months"),
    (30, 30, "a month"),
    (14, 7, "weeks"),
    (7, 7, "a week"),
    (2, 1, "days"),
    (1, 1, "a day"),
)


@dataclass(frozen=True)
class EventWords:
    """One event, ready to be said.

    Attributes:
        item: The item's text.
        action: A word for what was done; may be empty.
        time: How long before the newest; may be empty.
    """

    item: str
    action: str = ""
    time: str = ""


def said(event: EventWords, template: str) -> str:
    """The event by the template; a blank that an empty word leaves behind is dropped.

    >>> said(EventWords("red wine", "liked"), "{action} {item}, {time}")
    'liked red wine'
    """
    values = {"action": event.action, "item": event.item, "time": event.time}
    text = _SLOT.sub(lambda found: values[found[1]], template)
    return " ".join(text.split()).strip(" ,;:")


def check_template(template: str, where: str) -> None:
    """Say so if a template cannot be filled.

    Raises:
        BadRecipe: It names something else, or does not name the item.
    """
    named = _SLOT.findall(template)
    unknown = [name for name in named if name not in SLOTS]
    if unknown or "item" not in named or re.search(r"[{}]", _SLOT.sub("", template)):
        raise BadRecipe(
            f"{template!r} cannot be filled",
            where=where,
            allowed=(
                f"words around {', '.join('{' + name + '}' for name in SLOTS)}, {{item}} among them"
            ),
        )


def ago(seconds: int) -> str:
    """How long before the newest event, in words.

    >>> [ago(days * 86400) for days in (0, 1, 3, 8, 45, 800)]
    ['the same day', 'a day before', '3 days before', 'a week before', 'a month before', '2 years
    before']
    """
    days = max(int(seconds), 0) // 86_400
    for least, unit, word in _STEPS:
        if days >= least:
            return f"{word} before" if word.startswith("a ") else f"{days // unit} {word} before"
    return "the same day"


def action_of(value: float, actions: Mapping[str, float]) -> str:
    """The word of the largest least value that `value` reaches; empty where it reaches none.

    >>> action_of(4.5, {"disliked": 0, "liked": 4, "loved": 5})
    'liked'
    """
    reached = [name for name, least in actions.items() if value >= least]
    return max(reached, key=lambda name: actions[name], default="")


def first_words(text: str, n: int) -> str:
    """At most n words of a text."""
    words = text.split()
    return text if len(words) <= n else " ".join(words[:n])


def joined(opening: str, events: Sequence[str], separator: str) -> str:
    """The events one after the other, oldest first."""
    values = separator.join(events)
    return f"{opening} {values}".strip()
