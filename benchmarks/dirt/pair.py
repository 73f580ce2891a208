"""Files as somebody has them, and what a right recipe makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dirt.shop import Event, Shop

LAST = ("split.leave_last_out.v1",)
ORDERED = (*LAST, "split.time.v1")
ANY_SPLIT = (*ORDERED, "split.ratio.v1", "split.cold_users.v1")


def as_written(text: str) -> str:
    """An id as it stands."""
    return text


@dataclass(frozen=True)
class Truth:
    """What a right recipe makes of a pair of files; written down before palate was run on it.

    Attributes:
        good: (user, item) -> second of the event (UTC), of all that counts as liked, used or
            bought; None where nobody can know the second.
        not_good: (user, item) that must not be left when the data are cleaned: refunds, what was
            disliked, what was only shown.
        most: How many events the clean log has at most; None: as many as it likes.
        names: Item -> words that must stand, letter by letter, in what its block of texts reads.
        split: Parts that suit.
        slack: Seconds by which times may be off; all alike, so that the order is always right.
        multilingual: Whether an encoder that only knows English would be wrong.
        n_users: How many people there are, under all of their spellings; None: not counted.
        kinds: How many kinds of events the log must tell apart, with a value each.
        recipe: Dotted key -> the values of it that are right, where more than one would give the
            same data, or none.
        fold: Makes one spelling of the ids of files, of this truth and of palate.
    """

    good: Mapping[tuple[str, str], int | None]
    not_good: frozenset[tuple[str, str]] = frozenset()
    most: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    split: tuple[str, ...] = LAST
    slack: int = 0
    multilingual: bool = False
    n_users: int | None = None
    kinds: int = 0
    recipe: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    fold: Callable[[str], str] = as_written


@dataclass(frozen=True)
class Pair:
    """Files to give to `palate init`, with what is true of them.

    Attributes:
        name: Of the folder and the row.
        what: What is the matter with them, in a sentence.
        write: Writes the files into a folder.
        files: Arguments of the commands, in this order.
        truth: What a right recipe makes of them.
        user: Somebody to recommend for, as the log spells it.
        knows: What the person at the keyboard knows and says when a message names the key, e.g.
            {"data.time_zone": "Asia/Shanghai"}.
        mend: Exports the files anew in the way that a message asks for, if it says `asks`.
        asks: Words one of which the message must have before `mend` is done.
    """

    name: str
    what: str
    write: Callable[[Path], None]
    files: tuple[str, ...]
    truth: Truth
    user: str
    knows: Mapping[str, str] = field(default_factory=dict)
    mend: Callable[[Path], None] | None = None
    asks: tuple[str, ...] = ()


def liked(
    shop: Shop,
    user: Callable[[int], str],
    item: Callable[[int], str],
    *,
    least: int = 1,
    keep: Callable[[Event], bool] = lambda event: True,
) -> dict[tuple[str, str], int | None]:
    """The events of at least `least` stars, as `Truth.good`."""
    return {
        (user(e.user), item(e.item)): e.at for e in shop.events if e.rating >= least and keep(e)
    }


def disliked(
    shop: Shop, user: Callable[[int], str], item: Callable[[int], str], *, most: int
) -> frozenset[tuple[str, str]]:
    """The events of at most `most` stars, as `Truth.not_good`."""
    return frozenset((user(e.user), item(e.item)) for e in shop.events if e.rating <= most)


def delimited(
    rows: Iterable[Sequence[object]], separator: str = ",", *, quote_all: bool = False
) -> str:
    """Rows as text, quoted where it must be; None is empty."""

    def cell(value: object) -> str:
        text = "" if value is None else str(value)
        if quote_all or any(mark in text for mark in (separator, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text

    return "".join(separator.join(map(cell, row)) + "\n" for row in rows)


def names_of(world: Shop, item: str = "{}") -> dict[str, str]:
    """Item as it is written -> its name."""
    return {item.format(row): name for row, name in enumerate(world.names)}
