"""For whom: the test targets by how often training saw them, and the users by how well they are
known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Longs, Mask
from palate.tables import Split
from palate.tables.slice_names import FREQUENCIES, SHORT, SliceName

WHOLE = SliceName("all").name
"""Name of the slice that holds every target."""


@dataclass(frozen=True)
class Slice:
    """A part of the test targets.

    Attributes:
        name: Short stable name, e.g. `"target 1-5"`.
        title: What it is, in words.
        targets: bool [n_targets], which targets of the test cases (flat, case after case) are in
            it.
    """

    name: str
    title: str
    targets: Mask


def slices(split: Split) -> tuple[Slice, ...]:
    """The slices that every report shows, from the split alone: the same for every model.

    A metric of a slice counts only the slice's targets, at their ranks among all candidates; cases
    without one drop out. Slices that hold nothing are left out.

    Returns:
        `all`; `target 0`, `target 1-5`, `target 6-20`, `target >20` by events of the target in the
        training part; then `new users` (no training event), or, if there are none, `users <=5
        events` (in the history).
    """
    test = split.test.open("measure")
    counts = split.train.item_counts()[test.targets.values]
    found = [Slice(WHOLE, "all test targets", np.ones(len(counts), np.bool_))]
    found += [
        Slice(one.name, _title(one.low, one.high), _between(counts, one.low, one.high))
        for one in FREQUENCIES
    ]
    found.append(_new_users(split))
    return tuple(s for s in found if s.name == WHOLE or s.targets.any())


def _between(counts: Longs, low: int, high: int | None) -> Mask:
    return (counts >= low) & (counts <= (np.iinfo(np.int64).max if high is None else high))


def _title(low: int, high: int | None) -> str:
    if high == 0:
        return "targets without any training event"
    return (
        f"targets with {low} to {high} training events"
        if high
        else f"targets with {low} training events or more"
    )


def _new_users(split: Split) -> Slice:
    case = split.test.open("measure").targets.row_of_value()
    users = split.test.open("measure").histories.users
    trained = np.bincount(split.train.user, minlength=split.train.n_users) > 0
    new = (users < 0) | ~trained[users]
    if new.any():
        name = SliceName("new users").name
        return Slice(name, "users without any training event", new[case])
    short = split.test.open("measure").histories.items.lengths() <= SHORT
    return Slice(
        SliceName("short histories", 0, SHORT).name,
        f"users with at most {SHORT} events in their history",
        short[case],
    )
