"""Lists of some users with the reasons: what made each score, and which of the user's items it
rests on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from palate.report import wording
from palate.report.svg import Scale, drawing, element
from palate.runs.documents import Item, Recommendations, Recommended, Term, UserList

MOST_USERS = 40
MOST_HISTORY = 12


@dataclass(frozen=True)
class Slot:
    """One recommended item, ready to be set."""

    item: Recommended
    title: str
    score: str
    seen: str
    is_new: bool
    bar: Markup | None
    tip: str
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Panel:
    """One user.

    Attributes:
        summary: How good the list was, in a sentence.
        history: The last items, newest first.
        earlier: How many more there are.
    """

    user: str
    summary: str
    history: tuple[str, ...]
    earlier: int
    targets: tuple[tuple[str, bool], ...]
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Lists:
    """All panels, and the names of the score's terms in the order of their colours."""

    model: str
    members: tuple[str, ...]
    terms: tuple[str, ...]
    panels: tuple[Panel, ...]
    left_out: int


def lists(found: Recommendations | None) -> Lists | None:
    """Arrange the lists; None if there are none."""
    if found is None or not found.users:
        return None
    names = tuple(dict.fromkeys(t.name for u in found.users for i in u.items for t in i.terms))
    panels = tuple(_panel(user, names) for user in found.users[:MOST_USERS])
    return Lists(found.model, found.members, names, panels, max(len(found.users) - MOST_USERS, 0))


def _panel(user: UserList, names: Sequence[str]) -> Panel:
    scale = _score_scale(user.items)
    hits = {item.id for item in user.items if item.hit}
    history = tuple(_title(item) for item in user.history[:MOST_HISTORY])
    targets = tuple((_title(item), item.id in hits) for item in user.targets)
    slots = tuple(_slot(item, rank, names, scale) for rank, item in enumerate(user.items, 1))
    return Panel(
        user.user,
        _fared(user, len(hits)),
        history,
        max(len(user.history) - MOST_HISTORY, 0),
        targets,
        slots,
    )


def _fared(user: UserList, hits: int) -> str:
    if not user.targets:
        return "Nothing was held back for this user."
    items = "item" if len(user.targets) == 1 else "items"
    return f"{hits} of {len(user.targets)} held-back {items} among the {len(user.items)} shown."


def _title(item: Item) -> str:
    return wording.short(item.title or item.id, 90)


def _score_scale(items: Sequence[Recommended]) -> Scale:
    ends = [0.0]
    for item in items:
        values = [t.value for t in item.terms if t.value is not None]
        ends += [sum(v for v in values if v > 0), sum(v for v in values if v < 0)]
    low, high = min(ends), max(ends)
    return Scale(low, high if high > low else low + 1.0, ())


def _slot(item: Recommended, rank: int, names: Sequence[str], scale: Scale) -> Slot:
    seen = ""
    if item.train_count is not None:
        times = wording.count(item.train_count)
        seen = (
            "never seen in training" if item.train_count == 0 else f"seen {times} times in training"
        )
    tip = "\n".join(
        f"{t.name}: {t.value:+.3g}".replace("-", wording.MINUS)
        for t in item.terms
        if t.value is not None
    )
    reasons = tuple(
        (wording.short(r.title or r.id, 60), _whole_percent(r.share)) for r in item.reasons
    )
    score = "" if item.score is None else f"{item.score:.3g}".replace("-", wording.MINUS)
    bar = _bar(item.terms, names, scale, item.title or item.id) if tip else None
    title = wording.short(item.title or item.id, 120)
    return Slot(
        item if item.rank else _ranked(item, rank),
        title,
        score,
        seen,
        item.train_count == 0,
        bar,
        tip,
        reasons,
    )


def _whole_percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}{wording.THIN}%"


def _ranked(item: Recommended, rank: int) -> Recommended:
    return Recommended(
        item.id, item.title, item.score, rank, item.hit, item.train_count, item.terms, item.reasons
    )


def _bar(terms: Sequence[Term], names: Sequence[str], scale: Scale, title: str) -> Markup:
    """The score as a bar stacked from its terms; what counts against the item runs to the left of
    0.
    """
    right = left = 0.0
    pieces = [element("line", x1=scale.at(0.0), x2=scale.at(0.0), y1=-1, y2=11, class_="zero")]
    for term in terms:
        value = term.value or 0.0
        start, end = (right, right + value) if value >= 0 else (left + value, left)
        right, left = (end, left) if value >= 0 else (right, start)
        width = f"{scale.share(end) - scale.share(start):.2f}%"
        pieces.append(
            element(
                "rect",
                x=scale.at(start),
                width=width,
                y=1,
                height=8,
                class_=f"term t{names.index(term.name) % 6}",
            )
        )
    return drawing(f"{wording.short(title, 60)}: score by term", 10, *pieces, class_="bar")
