"""Part each user's events, each item's, or all of them, by shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt

from palate.arrays import Longs, Rows
from palate.capabilities import SplitsAtRandom
from palate.data.splits.assemble import HIDDEN, TRAIN, Rules, assemble
from palate.data.splits.liked import Liked
from palate.data.splits.sequences import counts, positions_in
from palate.seeding import generator
from palate.tables import Interactions, Split


@dataclass(frozen=True)
class RatioSettings(Liked):
    """Settings of `split.ratio.v1`."""

    ratios: tuple[Annotated[float, Gt(0)], Annotated[float, Ge(0)], Annotated[float, Gt(0)]] = (
        0.8,
        0.1,
        0.1,
    )
    """Shares of training, validation and test; they are scaled to sum to one."""
    group: Literal["user", "item", "all"] = "user"
    """Whose events are split by these shares: each user's, each item's, or the whole log's."""
    order: Literal["random", "time"] = "random"
    """Which events of a group come first and so are trained on."""
    rounding: Literal["train", "test"] = "train"
    """Which part gets the rest: training, with one event at least for the others (RecBole), or test
    (recommenders)."""
    candidates: Literal["all", "train"] = "all"
    """Whether all items compete, or only those with a training event."""
    cold_items: Literal["keep", "drop"] = "keep"
    """Whether targets without a training event stay among the targets."""
    cold_users: Literal["keep", "drop"] = "keep"
    """Whether users without a training event give cases."""
    test_history: Literal["train", "train+validation"] = "train"
    """What a test case looks back on; the items of both parts are masked in any case."""
    new_items: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the items, drawn by the seed, that lose their training events: what a catalogue with
    new items meets."""
    n_validation_users: Annotated[int, Ge(1)] | None = None
    """Most validation cases, chosen by the seed. None: all."""


class Ratio(SplitsAtRandom):
    """A share of the events for training, validation and test, at random or by time.

    With the defaults it is RecBole's `RS [0.8, 0.1, 0.1]` grouped by user: each user's events are
    shuffled, a tenth (rounded down, but at least one while training keeps one) is the test, a tenth
    the validation.

    At random, a model trains on a user's later events and is tested on earlier ones: use
    `split.time.v1` or `split.leave_last_out.v1` where order matters. Events of equal pairs (user,
    item) may fall on both sides; clean them away first, or they count as misses.

    Cost: two sorts of the log.

    >>> from palate.tables import Vocabulary
    >>> log = Interactions(Vocabulary.of(["u"]), Vocabulary.of(range(10)), np.zeros(10, np.int32),
    ...                    np.arange(10, dtype=np.int32), np.ones(10, np.float32))
    >>> split = Ratio().split(log, seed=1)
    >>> parts = (split.validation, split.test.open("inspect"))
    >>> len(split.train), *(part.targets.lengths().tolist() for part in parts)
    (8, [1], [1])

    Zhao et al., RecBole: towards a unified, comprehensive and efficient framework, CIKM 2021.
    """

    Settings = RatioSettings

    def __init__(self, settings: RatioSettings | None = None) -> None:
        self.settings = settings or RatioSettings()

    @property
    def at_random(self) -> bool:
        """Whether shares are drawn by the seed."""
        return self.settings.order == "random"

    def split(self, log: Interactions, seed: int) -> Split:
        """Part the log.

        Raises:
            Refused: Nothing is left to train on or to test on.
        """
        s = self.settings
        group, n_groups = self._groups(log)
        shuffled = generator(seed, "split", "ratio").permutation(len(log))
        order = log.in_time_order() if s.order == "time" else shuffled
        place = positions_in(group, order, n_groups).place
        parts = counts(np.bincount(group, minlength=n_groups), s.ratios, s.rounding)
        mark = (place[:, None] >= np.cumsum(parts, axis=1)[group][:, :2]).sum(axis=1)
        new = self._new_items(log, seed)
        mark[np.isin(log.item, new) & (mark == TRAIN)] = HIDDEN
        notes = (
            (f"{len(new):,} items lost their training events, to be predicted as new ones.",)
            if len(new)
            else ()
        )
        rules = Rules(
            liked=s,
            known_items_only=s.candidates == "train",
            drop_cold_items=s.cold_items == "drop",
            drop_cold_users=s.cold_users == "drop",
            test_sees_validation=s.test_history == "train+validation",
            n_validation_users=s.n_validation_users,
        )
        return assemble(log, mark, rules, seed, withheld=new, notes=notes)

    def _new_items(self, log: Interactions, seed: int) -> Rows:
        known = np.unique(log.item)
        n_new = round(self.settings.new_items * len(known))
        return np.sort(generator(seed, "split", "new items").permutation(known)[:n_new]).astype(
            np.int32
        )

    def _groups(self, log: Interactions) -> tuple[Rows | Longs, int]:
        if self.settings.group == "user":
            return log.user, log.n_users
        if self.settings.group == "item":
            return log.item, log.n_items
        return np.zeros(len(log), np.int64), 1
