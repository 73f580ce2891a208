"""Who did what with which item, when and how it was shown; one row an event, in the order of the
source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Floats, Longs, Rows, Sparse, indices
from palate.errors import BadInput
from palate.tables import event_columns
from palate.tables.coded import Coded
from palate.tables.columns import ACTION, ITEM, POSITION, PROPENSITY, REQUEST, TIME, USER, VALUE
from palate.tables.event import Event
from palate.tables.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Interactions:
    """The log, in file order (which is what breaks ties of time).

    A column that the source does not have is None and costs nothing; see `Event` for what each one
    means.

    Attributes:
        users: Vocabulary of all users.
        items: Vocabulary of all items, those of the catalogue and those of the log.
        user: int32 [n_rows], row of the user.
        item: int32 [n_rows], row of the item.
        value: float32 [n_rows], rating or weight; 1 where the source has none.
        time: int64 [n_rows], seconds since 1970 UTC, or a rank that grows with time; None where
            unknown.
        action: What was done, [n_rows]; None where the source does not say.
        request: Which request showed the item, [n_rows]; None where unknown.
        position: int32 [n_rows], place in the list that was shown, from 1 on, 0 where unknown; None
            without positions.
        propensity: float32 [n_rows], probability in (0, 1] of having been shown, NaN where unknown;
            None without propensities.
        context: [n_rows], what else was known: columns of String, Int64, Float64 or Boolean; None
            without any.
        order: int64 [n_rows], grows with the time as the source has it, fractions of a second and
            all; None where `time` says as much.
    """

    users: Vocabulary
    items: Vocabulary
    user: Rows
    item: Rows
    value: Floats
    time: Longs | None = None
    action: Coded | None = None
    request: Coded | None = None
    position: Rows | None = None
    propensity: Floats | None = None
    context: pl.DataFrame | None = None
    order: Longs | None = None

    def __post_init__(self) -> None:
        columns: dict[str, Sized] = {"item": self.item, "value": self.value}
        optional = {
            "time": self.time,
            "action": self.action,
            "request": self.request,
            "position": self.position,
            "propensity": self.propensity,
            "order": self.order,
        }
        columns |= {name: column for name, column in optional.items() if column is not None}
        for name, column in columns.items():
            if len(column) != len(self.user):
                raise BadInput(
                    f"{len(self.user)} users and {len(column)} of {name}",
                    where=f"interactions.{name}",
                )
        for name, rows, n in (("user", self.user, self.n_users), ("item", self.item, self.n_items)):
            if len(rows) and not 0 <= rows.min() <= rows.max() < n:
                raise BadInput(
                    f"rows from {rows.min()} to {rows.max()} of a vocabulary of {n}",
                    where=f"interactions.{name}",
                )
        event_columns.check_columns(len(self), self.position, self.propensity, self.context)

    @classmethod
    def of_events(
        cls,
        events: Iterable[Event],
        users: Vocabulary | None = None,
        items: Vocabulary | None = None,
    ) -> Interactions:
        """The log of some events, in their order.

        Args:
            events: The events.
            users: Vocabulary of the users; None: those of the events, as they appear.
            items: Vocabulary of the items; None: those of the events, as they appear.

        Raises:
            BadInput: Some events have a time and some have none, a context holds values of several
                kinds under one name, or an id is not in the vocabulary that was given.

        >>> log = Interactions.of_events([Event("u", "a", "view"), Event("u", "b", "buy")])
        >>> log.action.counts()
        {'view': 1, 'buy': 1}
        """
        rows = list(events)
        user, item = [e.user for e in rows], [e.item for e in rows]
        users = Vocabulary.of(user) if users is None else users
        items = Vocabulary.of(item) if items is None else items
        return cls(
            users,
            items,
            users.known_rows(user, "user"),
            items.known_rows(item, "item"),
            np.array([e.value for e in rows], np.float32),
            event_columns.times_of(rows),
            event_columns.names_of([e.action for e in rows]),
            event_columns.names_of([e.request for e in rows]),
            event_columns.positions_of(rows),
            event_columns.propensities_of(rows),
            event_columns.context_of(rows),
        )

    def events(self) -> list[Event]:
        """Every row as an event, in the order of the log.

        Cost: some microseconds a row; work on the columns where there are many.
        """
        n = len(self)
        frame = self.frame()
        context = event_columns.contexts(self.context, n)

        def column(name: str, default: Any) -> list[Any]:
            return frame[name].to_list() if name in frame.columns else [default] * n

        values = zip(
            frame[USER].to_list(),
            frame[ITEM].to_list(),
            ["" if a is None else a for a in column(ACTION, "")],
            column(TIME, None),
            self.value.tolist(),
            ["" if r is None else r for r in column(REQUEST, "")],
            column(POSITION, None),
            column(PROPENSITY, None),
            context,
            strict=True,
        )
        return [Event(*row) for row in values]

    def __len__(self) -> int:
        return len(self.user)

    @property
    def n_users(self) -> int:
        """Users of the vocabulary, whether they have a row here or not."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Items of the vocabulary, whether they have a row here or not."""
        return len(self.items)

    def take(self, rows: NDArray[Any]) -> Interactions:
        """The given rows (indices or a mask); the vocabularies stay whole."""
        return replace(
            self,
            user=self.user[rows],
            item=self.item[rows],
            value=self.value[rows],
            time=None if self.time is None else self.time[rows],
            action=None if self.action is None else self.action.take(rows),
            request=None if self.request is None else self.request.take(rows),
            position=None if self.position is None else self.position[rows],
            propensity=None if self.propensity is None else self.propensity[rows],
            context=None if self.context is None else self.context[indices(rows)],
            order=None if self.order is None else self.order[rows],
        )

    @property
    def exact_time(self) -> Longs | None:
        """int64 [n_rows], what puts the events into order: `order`, or `time` where that says all;
        None without times.
        """
        return self.time if self.order is None else self.order

    def in_time_order(self) -> Longs:
        """int64 [n_rows], row numbers from old to new, by the source's own times; ties and missing
        times keep the file order.
        """
        exact = self.exact_time
        if exact is None:
            return np.arange(len(self), dtype=np.int64)
        return np.argsort(exact, kind="stable")

    def has_timestamps(self) -> bool:
        """Whether the times are timestamps that all users share, so that two users' events can be
        put in order. Whether they have dates is another question (`palate.data.times.are_dates`).

        False without times, and where they are positions in each user's own sequence: no two events
        of a user at the same time, and nine users in ten beginning at the first position or close
        to it (cleaning may have taken the very first ones away).
        """
        if self.time is None or self.exact_time is None:
            return False
        order = np.lexsort((self.exact_time, self.user))
        user, time, exact = self.user[order], self.time[order], self.exact_time[order]
        same = user[1:] == user[:-1]
        firsts = time[np.concatenate([[True], ~same])] if len(time) else time
        if len(firsts) < 2 or bool(np.any(same & (exact[1:] == exact[:-1]))):
            return True
        near = firsts - time.min() <= 2
        return not (0 <= int(time.min()) <= 2 and bool(np.any(same)) and float(near.mean()) >= 0.9)

    def matrix(self) -> Sparse:
        """float32 [n_users, n_items], 1 where the user has at least one event with the item."""
        X = sparse.csr_matrix(
            (np.ones(len(self), np.float32), (self.user, self.item)),
            shape=(self.n_users, self.n_items),
        )
        X.data[:] = 1.0
        return X

    def item_counts(self) -> Longs:
        """int64 [n_items], events of each item."""
        return np.bincount(self.item, minlength=self.n_items).astype(np.int64)

    def frame(self) -> pl.DataFrame:
        """The long table with outside ids: `user_id`, `item_id`, `rating`, and of `timestamp`,
        `action`, `request_id`, `list_position`, `propensity` and the context what there is; null
        where a row has none.
        """
        columns: dict[str, Any] = {
            USER: pl.Series(self.users.names(self.user), dtype=pl.String),
            ITEM: pl.Series(self.items.names(self.item), dtype=pl.String),
            VALUE: self.value,
        }
        if self.time is not None:
            columns[TIME] = self.time
        if self.action is not None:
            columns[ACTION] = self.action.texts()
        if self.request is not None:
            columns[REQUEST] = self.request.texts()
        if self.position is not None:
            known = pl.Series(self.position)
            columns[POSITION] = known.set(known == event_columns.UNKNOWN_POSITION, None)
        if self.propensity is not None:
            columns[PROPENSITY] = pl.Series(self.propensity).fill_nan(None)
        frame = pl.DataFrame(columns)
        return frame if self.context is None else frame.hstack(self.context)
