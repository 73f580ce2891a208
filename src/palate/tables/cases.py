"""What a model is trained and evaluated on: training part, histories, cases, split."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import (
    Doubles,
    Floats,
    Longs,
    Mask,
    Ragged,
    Rows,
    Sparse,
    flat_index,
    indices,
    offsets_of,
    order_of,
)
from palate.errors import BadInput
from palate.seeding import generator
from palate.tables.coded import Coded
from palate.tables.features import FeatureTable
from palate.tables.interactions import Interactions


@dataclass(frozen=True, eq=False)
class Histories:
    """What some users did so far: all that a model may look at when it scores.

    Attributes:
        users: int32 [n_cases], the user's row, or -1 for somebody who is not in the vocabulary.
        items: Ragged int32 [n_cases], the items of each history, oldest first.
        values: float32 [n_values], the value of each event, aligned with `items.values`.
        times: int64 [n_values], the time of each event; None where unknown.
        actions: [n_values], what was done in each event; None where the log does not say.
    """

    users: Rows
    items: Ragged
    values: Floats
    times: Longs | None = None
    actions: Coded | None = None

    def __post_init__(self) -> None:
        n_values = len(self.items.values)
        if len(self.users) != len(self.items):
            raise BadInput(
                f"{len(self.users)} users and {len(self.items)} histories",
                where="histories.users",
                allowed="one user for each history",
                next_step="give -1 for a user who is not known",
            )
        if len(self.values) != n_values or (self.times is not None and len(self.times) != n_values):
            raise BadInput(
                f"{n_values} items, but {len(self.values)} values"
                + ("" if self.times is None else f" and {len(self.times)} times"),
                where="histories.values",
                allowed="a value, and a time where times are known, for each item",
            )
        if self.actions is not None and len(self.actions) != n_values:
            raise BadInput(
                f"{n_values} items, but {len(self.actions)} actions",
                where="histories.actions",
                allowed="an action for each item, or none at all",
            )

    @classmethod
    def of(cls, log: Interactions, users: Rows) -> Histories:
        """The histories of `users` [n_cases] in `log`, in order of time.

        Users without events, and -1, get empty histories; a user may occur several times.
        """
        order = log.in_time_order()
        wanted = np.zeros(log.n_users, np.bool_)
        wanted[users[users >= 0]] = True
        order = order[wanted[log.user[order]]]
        order = order[order_of(log.user[order], log.n_users)]
        # one row more than there are users, and empty: the row of somebody who is not in the
        # vocabulary
        offsets = offsets_of(np.bincount(log.user[order], minlength=log.n_users + 1))
        rows = np.where(users >= 0, users, log.n_users)
        order = order[flat_index(offsets, rows)]
        times = None if log.time is None else log.time[order]
        actions = None if log.action is None else log.action.take(order)
        items = Ragged(log.item[order], offsets_of(np.diff(offsets)[rows]))
        return cls(np.asarray(users, np.int32), items, log.value[order], times, actions)

    @classmethod
    def of_items(cls, items: Ragged) -> Histories:
        """Histories of unknown users, of items alone."""
        return cls(np.full(len(items), -1, np.int32), items, np.ones(len(items.values), np.float32))

    def __len__(self) -> int:
        return len(self.users)

    def take(self, cases: NDArray[Any]) -> Histories:
        """The given cases (indices or a mask), in that order."""
        index = flat_index(self.items.offsets, cases)
        items = self.items.take(cases)
        return self._with(self.users[indices(cases)], items, index)

    def one(self, case: int) -> Histories:
        """One case, in a fraction of the time of `take`; its arrays are views."""
        span = slice(self.items.offsets[case], self.items.offsets[case + 1])
        items = self.items.values[span]
        return Histories(
            self.users[case : case + 1],
            Ragged(items, np.array([0, len(items)], np.int64)),
            self.values[span],
            None if self.times is None else self.times[span],
            None if self.actions is None else Coded(self.actions.codes[span], self.actions.names),
        )

    def keep(self, events: Mask) -> Histories:
        """The same cases with some of their events: those where `events` [n_values] is true."""
        kept = np.flatnonzero(events)
        lengths = np.bincount(self.items.row_of_value()[kept], minlength=len(self))
        items = Ragged(self.items.values[kept], offsets_of(lengths))
        return self._with(self.users, items, kept)

    def _with(self, users: Rows, items: Ragged, index: Longs) -> Histories:
        # every column of events goes along, by the numbers [n] that the events have here
        return Histories(
            users,
            items,
            self.values[index],
            None if self.times is None else self.times[index],
            None if self.actions is None else self.actions.take(index),
        )

    def ages(self) -> Longs:
        """int64 [n_values], steps back from the newest event of the same history: 0 for the
        newest.
        """
        lengths = self.items.lengths()
        return np.asarray(
            np.repeat(self.items.offsets[1:], lengths) - 1 - np.arange(len(self.items.values)),
            np.int64,
        )

    def matrix(self, n_items: int, weights: Floats | Doubles | None = None) -> Sparse:
        """float32 [n_cases, n_items]: sum of the weights [n_values] of each item's events.

        Without weights it is 1 where the item occurs, however often.
        """
        data = (
            np.ones(len(self.items.values), np.float32)
            if weights is None
            else np.asarray(weights, np.float32)
        )
        index = (self.items.row_of_value(), self.items.values)
        X = sparse.csr_matrix((data, index), shape=(len(self), n_items))
        if weights is None:
            X.data[:] = 1.0
        return X


@dataclass(frozen=True, eq=False)
class Cases:
    """Questions with known answers, for validation or test.

    Attributes:
        histories: What the model sees, [n_cases].
        seen: Ragged int32 [n_cases], items that are never recommended (masked); a target among them
            is unreachable and counts as a miss, as in the published code.
        targets: Ragged int32 [n_cases], the right answers; at least one each.
        values: float64 [n_targets], what each target was given, such as a rating; None where it is
            not known.
    """

    histories: Histories
    seen: Ragged
    targets: Ragged
    values: Doubles | None = None

    def __post_init__(self) -> None:
        if not len(self.histories) == len(self.seen) == len(self.targets):
            raise BadInput(
                f"{len(self.histories)} histories, {len(self.seen)} seen, {len(self.targets)}"
                " targets",
                where="cases",
                allowed="one row of each for each case",
            )
        if self.values is not None and len(self.values) != len(self.targets.values):
            raise BadInput(
                f"{len(self.values)} values of {len(self.targets.values)} targets",
                where="cases",
                allowed="one for each target",
            )

    def __len__(self) -> int:
        return len(self.histories)

    def take(self, cases: NDArray[Any]) -> Cases:
        """The given cases (indices or a mask), in that order."""
        values = self.values
        return Cases(
            self.histories.take(cases),
            self.seen.take(cases),
            self.targets.take(cases),
            None if values is None else values[flat_index(self.targets.offsets, cases)],
        )


Purpose: TypeAlias = Literal[
    "check for leaks", "rank", "measure", "explain", "importance", "check a selection", "inspect"
]
"""What test cases may be looked at for: to see that nothing of them is in the training part, to
rank and to measure fitted models, to show some lists with reasons, to ask what features are worth,
to check a selection that was made without them; `"inspect"` is for people and their notebooks."""


@dataclass(frozen=True, eq=False)
class SealedCases:
    """Test cases that nothing reads without saying what for.

    How many there are is no secret. `tests/architecture/test_sealed.py` lists every place of palate
    that opens them, with its purpose, and fails when one is added.

    Attributes:
        sealed: The cases; `open` is the way to them.
    """

    sealed: Cases = field(repr=False)

    def open(self, purpose: Purpose) -> Cases:
        """The cases.

        Args:
            purpose: What for.

        Raises:
            BadInput: There is no such purpose.
        """
        if purpose not in get_args(Purpose):
            raise BadInput(
                f'"{purpose}" is no purpose to look at test cases for',
                where="split.test",
                allowed=", ".join(get_args(Purpose)),
            )
        return self.sealed

    def of_some_users(self, most: int, seed: int) -> SealedCases:
        """All cases of at most so many users, drawn by seed; somebody unknown is a user for each
        case. The same where there are no more.
        """
        unit = self._units()
        different = np.unique(unit)
        if len(different) <= most:
            return self
        drawn = generator(seed, "test users").choice(different, most, replace=False)
        return SealedCases(self.sealed.take(np.isin(unit, drawn)))

    def n_users(self) -> int:
        """How many users ask; somebody unknown is a user for each case."""
        return len(np.unique(self._units()))

    def _units(self) -> Longs:
        users = self.sealed.histories.users
        return np.asarray(np.where(users >= 0, users, -1 - np.arange(len(users))), np.int64)

    def __len__(self) -> int:
        return len(self.sealed)


@dataclass(frozen=True, eq=False)
class Split:
    """One way to part a log.

    Attributes:
        train: What models, vocabularies of words, geometry and popularity are fitted on.
        validation: What weights and settings are chosen on.
        test: What is reported, sealed: `test.open(purpose)` gives the cases.
        withheld: int32, rows of items that were taken out of training on purpose (cold items);
            mostly empty.
        notes: Sentences about what was left out and why.
        repeats: Whether items of a history may be recommended again, so that a pair of user and
            item may stand in training and test: they are different events.
    """

    train: Interactions
    validation: Cases
    test: SealedCases
    withheld: Rows = field(default_factory=lambda: np.empty(0, np.int32))
    notes: tuple[str, ...] = ()
    repeats: bool = False


@dataclass(frozen=True, eq=False)
class Training:
    """All data that a part may learn from. The test part is not in it, and no part can reach it.

    Attributes:
        log: The training part of the log.
        features: Blocks of item features.
        validation: Cases to choose weights and settings on.
        people: What is known of the users, one row each in the order of the log's vocabulary; None
            where nothing is.
    """

    log: Interactions
    features: FeatureTable
    validation: Cases
    people: pl.DataFrame | None = None
