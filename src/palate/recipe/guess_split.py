"""Which split suits a log, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import numpy as np
import polars as pl

from palate.arrays import Mask
from palate.data.clean import once
from palate.data.column_values import looks_like_rating
from palate.data.likes import Likes, likes_of
from palate.data.order import Order, order_of
from palate.data.splits.time import Time
from palate.data.typed import one_number
from palate.tables import Interactions

ENOUGH_USERS: Final = 500
"""A split by time with so many test users who have a history is worth it in any case ..."""

FEW_USERS: Final = 200
"""... and one with so many where they are at least half of the test users."""

MOST_UNSEEN: Final = 0.2
"""With a larger share of test targets that training never saw, a split tells little of warm
items."""

MANY_AGAIN: Final = 0.25
"""With so large a share of events that take an item again, after others, repeats are what people
come for: groceries, music, supplies."""

_LIKED: Final = 0.7
_LONG_ENOUGH: Final = 3
_MANY_LONG_ENOUGH: Final = 1000
_REAL_SHARES: Final = (0.04, 0.25)


@dataclass(frozen=True)
class GuessedSplit:
    """A split that suits the log.

    Attributes:
        split: The recipe's section `[split]`.
        clean: The recipe's section `[clean]`; empty where nothing is to be cleaned.
        why: What it was decided from (likes, seen, cleaning, split) -> why, in sentences.
    """

    split: dict[str, Any]
    clean: dict[str, Any] = field(default_factory=dict)
    why: dict[str, list[str]] = field(default_factory=dict)

    @property
    def reasons(self) -> tuple[str, ...]:
        """All sentences."""
        return tuple(chain.from_iterable(self.why.values()))


def guessed_split(log: Interactions) -> GuessedSplit:
    """A split by time where that tells enough, else the last event of each user, else chance.

    Args:
        log: The whole log.

    Cost: that of `order_of`, and a few counts.
    """
    whole, likes, order = log, likes_of(log.value), order_of(log)
    clean: dict[str, Any] = {}
    if likes is not None and likes.shown:
        clean["min_value"] = likes.least
        log = log.take(log.value >= np.float32(likes.least))
    repeated = 0.0 if likes is not None or not order.real else taken_again(log)
    many = repeated >= MANY_AGAIN
    log, again, cleaned = (log, {}, []) if many else _once(log, likes)
    seen = {"seen": "allow"} if many else {}
    if order.real:
        table, whys = _ordered(log, order, likes)
    else:
        table, whys = {"part": "split.ratio.v1"}, ["Each user's events are split at random."]
    why = {
        "likes": [likes.reason] if likes else _stars(whole),
        "seen": [_allowed(repeated)] if many else [],
        "cleaning": cleaned,
        "split": [order.reason, *whys],
    }
    return GuessedSplit({**table, **_settings(likes), **seen}, clean | again, why)


def _ordered(
    log: Interactions, order: Order, likes: Likes | None
) -> tuple[dict[str, Any], list[str]]:
    whys = []
    if order.by_time:
        why_not = against_time(log, likes)
        if not why_not:
            table = {"part": "split.time.v1", "cold_users": "drop"}
            newest = _tested_share(log)
            return table, [
                "It is split by time: training first, the newest"
                f" {newest:.0%} of the events test; users without a training event are left out."
            ]
        whys = [f"No split by time is made, though it is nearest to live use: {why_not}."]
    counts = np.bincount(log.user[_liked(log, likes)], minlength=log.n_users)
    long_enough = int((counts >= _LONG_ENOUGH).sum())
    if (
        np.median(counts[counts > 0] if counts.any() else 0) >= _LONG_ENOUGH
        or long_enough >= _MANY_LONG_ENOUGH
    ):
        whys.append(
            "The last event of each user is for the test, the one before it for validation."
        )
        return {"part": "split.leave_last_out.v1"}, whys
    whys.append("Most users have too few events to leave two out: each user's newest share tests.")
    return {"part": "split.ratio.v1", "order": "time"}, whys


def _stars(log: Interactions) -> list[str]:
    """What a log of ratings may say instead; nothing where its values are no ratings."""
    values = pl.Series(log.value)
    if log.action is not None or not looks_like_rating(values):
        return []
    low, high = one_number(values.min()), one_number(values.max())
    liked = next(v for v in sorted(set(values.to_list())) if v >= _LIKED * high)
    return [
        f"Ratings lie between {low:g} and {high:g}, and each counts as a like, since somebody chose"
        f" the item; to learn only from what was liked: clean.min_value = {liked:g}."
    ]


def _tested_share(log: Interactions) -> float:
    """Share of the events that a split by time would test on; 0 without times."""
    return 0.0 if log.time is None else float((log.time >= Time().cuts(log.time)[1]).mean())


def against_time(log: Interactions, likes: Likes | None = None) -> str:
    """Why the log should not be split by time, as the end of a sentence; empty if nothing speaks
    against it.

    It counts users and items before and after the two cuts and looks at nothing else.

    Args:
        log: A log with timestamps.
        likes: What counts as liked.
    """
    if log.time is None:
        return "it has no times"
    liked = _liked(log, likes)
    first, second = Time().cuts(log.time)
    test, train = log.time >= second, liked & (log.time < first)
    share = _tested_share(log)
    if not _REAL_SHARES[0] <= share <= _REAL_SHARES[1]:
        return f"so many events share their time that the test would hold {share:.0%} of them"
    parts = (
        ("validation", liked & ~test & (log.time >= first)),
        ("test", liked & test),
    )
    trained = np.bincount(log.user[train], minlength=log.n_users) > 0
    for name, part in parts:
        if why := _few(log, part, trained, name):
            return why
    warm = log.item[parts[1][1] & trained[log.user]]
    unseen = float((np.bincount(log.item[train], minlength=log.n_items)[warm] == 0).mean())
    if unseen > MOST_UNSEEN:
        return f"{unseen:.0%} of the test targets would be of items that training never saw"
    return ""


def _liked(log: Interactions, likes: Likes | None) -> Mask:
    return np.ones(len(log), np.bool_) if likes is None else log.value >= np.float32(likes.least)


def _few(log: Interactions, part: Mask, trained: Mask, name: str) -> str:
    users = np.unique(log.user[part])
    n = int(trained[users].sum())
    if n >= ENOUGH_USERS or (n >= FEW_USERS and 2 * n >= len(users)):
        return ""
    enough = f"{ENOUGH_USERS:,} such users are needed, or {FEW_USERS:,} if they are half of all"
    return (
        f"of the {len(users):,} users in its {name} part {n:,} would have earlier events to"
        f" learn from, and {enough}"
    )


def taken_again(log: Interactions) -> float:
    """Share of the events that take an item which their user had before, with something else in
    between; 0 to 1.
    """
    order = log.in_time_order()
    order = order[np.argsort(log.user[order], kind="stable")]
    pair = log.user[order].astype(np.int64) * log.n_items + log.item[order]
    apart = pair[np.append(True, pair[1:] != pair[:-1])] if len(pair) else pair
    return float(1 - len(np.unique(apart)) / len(apart)) if len(apart) else 0.0


def _allowed(share: float) -> str:
    return (
        f"{share:.0%} of the events take an item that their user had before, with others in"
        ' between: items of a history may be recommended again (seen = "allow"; "mask" recommends'
        " only what is new)."
    )


def _once(log: Interactions, likes: Likes | None) -> tuple[Interactions, dict[str, Any], list[str]]:
    """The log with each pair of user and item once, the cleaning that makes it so, and why."""
    # what somebody thought last counts as his opinion, what he took first as his choice, and a
    # purchase says more than the view before it
    last = likes is not None and not likes.shown
    highest = likes is None and log.action is not None and len(np.unique(log.value)) > 1
    rule = "highest" if highest else "last" if last else "first"
    rows = np.flatnonzero(once(log, f"user-item-{rule}"))
    repeats = len(log) - len(rows)
    if not repeats:
        return log, {}, []
    kept = "one that counts most" if highest else f"{rule} one"
    why = (
        f"{repeats:,} of {len(log):,} events are of a user and an item that met before: of each"
        f" pair the {kept} is kept, since an item that was seen is not recommended again."
    )
    return log.take(rows), {"drop_duplicates": f"user-item-{rule}"}, [why]


def _settings(likes: Likes | None) -> dict[str, Any]:
    if likes is None:
        return {}
    # what was shown and not taken is cleaned away; what was disliked stays, to mask its item
    found = {"relevant_min": likes.least}
    return found if likes.shown else found | {"train_min": likes.least}
