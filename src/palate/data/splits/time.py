"""Split the log at two times that are the same for all users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt

from palate.arrays import Longs, Mask
from palate.data.splits.assemble import TEST, TRAIN, VALIDATION, Rules, assemble
from palate.data.splits.liked import Liked
from palate.errors import BadRecipe, Refused
from palate.tables import Interactions, Split


@dataclass(frozen=True)
class TimeSettings(Liked):
    """Settings of `split.time.v1`."""

    validation_share: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of the events, just before the test, that validates; not used where `validation_from`
    is given."""
    test_share: Annotated[float, Gt(0), Lt(1)] = 0.1
    """Share of the events, the newest ones, that tests; not used where `test_from` is given."""
    validation_from: int | str | None = None
    """Moment from which events validate: seconds since 1970 (the log's own unit), or a date such as
    "1998-03-01"."""
    test_from: int | str | None = None
    """Moment from which events test, likewise."""
    cold_users: Literal["keep", "drop"] = "keep"
    """Whether users without a training event give cases."""
    cold_items: Literal["keep", "drop"] = "keep"
    """Whether targets without a training event stay among the targets."""
    candidates: Literal["all", "train"] = "all"
    """Whether all items compete, or only those with a training event."""
    test_history: Literal["train+validation", "train"] = "train+validation"
    """What a test case looks back on: everything before the test, or the training events alone."""
    n_validation_users: Annotated[int, Ge(1)] | None = None
    """Most validation cases, chosen by the seed. None: all."""


class Time:
    """Training before one time, validation up to the next, test after it: what a live service
    would face.

    Events at the very time of a cut fall on its later side, all together, so shares are met as
    nearly as ties allow. Users and items that training has never seen are kept by default, because
    a live service meets them.

    Needs timestamps that are shared by all users; positions inside each user's own sequence are
    refused.

    Cost: one sort of the log.

    Meng et al., Exploring data splitting strategies for the evaluation of recommendation models,
    RecSys 2020.
    """

    Settings = TimeSettings

    def __init__(self, settings: TimeSettings | None = None) -> None:
        self.settings = settings or TimeSettings()

    def split(self, log: Interactions, seed: int) -> Split:
        """Part the log; the seed only chooses validation cases, if they are capped.

        Raises:
            Refused: The log has no times, or only positions inside each user's sequence, or nothing
                is left.
            BadRecipe: A time is not a date, or validation does not begin before the test.
        """
        s = self.settings
        times = _shared_times(log)
        validation_from, test_from = self.cuts(times)
        mark = np.where(
            times >= test_from, TEST, np.where(times >= validation_from, VALIDATION, TRAIN)
        )
        rules = Rules(
            liked=s,
            known_items_only=s.candidates == "train",
            drop_cold_items=s.cold_items == "drop",
            drop_cold_users=s.cold_users == "drop",
            test_sees_validation=s.test_history == "train+validation",
            n_validation_users=s.n_validation_users,
        )
        cuts = (
            f"Training ends before {_shown(validation_from)}, the test begins at"
            f" {_shown(test_from)}."
        )
        return assemble(
            log, mark, rules, seed, notes=(cuts, *self._cold(log, mark == TRAIN, mark == TEST))
        )

    def cuts(self, times: Longs) -> tuple[int, int]:
        """From when on events validate, and from when on they test.

        Args:
            times: int64 [n_rows], seconds since 1970.

        Raises:
            BadRecipe: A time is not a date, or validation does not begin before the test.
        """
        s = self.settings
        ordered = np.sort(times)
        test_from = _seconds(s.test_from, "split.test_from")
        if test_from is None:
            test_from = _cut(ordered, s.test_share * len(ordered))
        validation_from = _seconds(s.validation_from, "split.validation_from")
        if validation_from is None:
            before = ordered[ordered < test_from]
            wanted = s.validation_share * len(ordered)
            validation_from = _cut(before, wanted) if wanted and len(before) else test_from
        if validation_from > test_from:
            raise BadRecipe(
                f"validation begins at {_shown(validation_from)}, after the test at"
                f" {_shown(test_from)}",
                where="split.validation_from",
                allowed="a time before split.test_from",
            )
        return validation_from, test_from

    def _cold(self, log: Interactions, train: Mask, test: Mask) -> list[str]:
        s, target = self.settings, test.copy()
        if s.relevant_min is not None:
            target &= log.value >= s.relevant_min
        known_item, known_user = np.zeros(log.n_items, np.bool_), np.zeros(log.n_users, np.bool_)
        known_item[log.item[train]] = True
        known_user[log.user[train]] = True
        cold_events = int((~known_item[log.item[target]]).sum())
        cold_users = int((~known_user[np.unique(log.user[target])]).sum())
        kept = {"keep": "kept", "drop": "left out"}
        return [
            (
                f"{cold_events:,} test events with items that training has not seen:"
                f" {kept[s.cold_items]}."
            ),
            f"{cold_users:,} test users whom training has not seen: {kept[s.cold_users]}.",
        ]


def _shared_times(log: Interactions) -> Longs:
    """The log's times, if they are timestamps that all users share."""
    if log.time is None:
        raise Refused(
            "a split by time needs times, and the log has none",
            where="split",
            next_step=(
                "name the column of times under [data], or use split.leave_last_out.v1, which needs"
                " order alone"
            ),
        )
    if not log.has_timestamps():
        raise Refused(
            "the times are each user's own count 0, 1, 2 ..., not timestamps that users share",
            where="split",
            next_step='use split.leave_last_out.v1, or split.ratio.v1 with order = "time"',
        )
    return log.time


def _cut(ordered: Longs, wanted: float) -> int:
    """The time with as nearly `wanted` of the `ordered` [n] times at or after it as ties allow; 0
    if n is 0.
    """
    n = len(ordered)
    if not n:
        return 0
    early = ordered[max(n - max(round(wanted), 1), 0)]
    behind = np.searchsorted(ordered, early, side="right")
    if behind == n:
        return int(early)
    late = ordered[behind]
    too_many = n - np.searchsorted(ordered, early, side="left") - wanted
    too_few = wanted - (n - behind)
    return int(late if too_many > too_few or early == ordered[0] else early)


def _seconds(given: int | str | None, where: str) -> int | None:
    if not isinstance(given, str):
        return given
    try:
        seconds = datetime.fromisoformat(given)
    except ValueError as cause:
        raise BadRecipe(
            f'"{given}" is not a date', where=where, allowed="1998-03-01, or seconds since 1970"
        ) from cause
    return int((seconds if seconds.tzinfo else seconds.replace(tzinfo=UTC)).timestamp())


def _shown(seconds: int) -> str:
    """A date where the number is one of the years 1980 to 2100, else the number."""
    if 315_532_800 <= seconds < 4_102_444_800:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return str(seconds)
