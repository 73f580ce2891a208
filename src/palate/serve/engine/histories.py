"""A person's history: what the run's log says, and behind it what came since."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final, final

import numpy as np

from palate.arrays import Ragged, Rows
from palate.serve.state.user import Done
from palate.tables import Histories, Interactions
from palate.tables.coded import UNSAID, Coded

NO_INTEREST: Final = ("impression", "skip")
"""Actions that say nothing for an item, so that they are no part of a history; they are kept in the
log. A run whose own log has one of them has learnt what it means, and there it is."""


@final
class RunHistories:
    """Histories of the run's users, arranged once, so that one of them is found without reading the
    log.

    Args:
        log: The run's log.
    """

    def __init__(self, log: Interactions) -> None:
        self._users = log.users
        self._all = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
        self._nothing = self._all.take(np.empty(0, np.int64))
        names = () if log.action is None else log.action.names
        self._code_of = {name: code for code, name in enumerate(names)}
        self._naming = threading.Lock()
        self.leave_out = tuple(action for action in NO_INTEREST if action not in names)

    def of_user(
        self, user: str, since: Sequence[Done], row_of: Mapping[str, int], erased: bool = False
    ) -> Histories:
        """One case: everything that the user did, oldest first.

        Args:
            user: The user's id.
            since: Events after the run, oldest first; those with unknown items are passed over.
            row_of: Item -> row.
            erased: What the run's log says of the user is not to be used.
        """
        row = -1 if erased else self._users.row_of.get(user, -1)
        known = self._all.one(row) if row >= 0 else self._nothing
        new = [done for done in since if done.taken.item in row_of]
        if row >= 0 and not new:
            return known
        items = np.array([row_of[d.taken.item] for d in new], np.int32)
        values = np.array([d.taken.value for d in new], np.float32)
        history = Histories(
            np.array([row], np.int32),
            Ragged.of([np.concatenate([known.items.values, items])]),
            np.concatenate([known.values, values]),
            None
            if known.times is None
            else np.concatenate([known.times, np.array([d.taken.time for d in new], np.int64)]),
            None if known.actions is None else self._with_actions(known.actions, new),
        )
        return _in_order(history)

    def _with_actions(self, known: Coded, new: Sequence[Done]) -> Coded:
        """The actions with those of new events, by names that all histories share."""
        missing = {done.action for done in new if done.action} - self._code_of.keys()
        if missing:
            with self._naming:
                for action in sorted(missing - self._code_of.keys()):
                    self._code_of = {**self._code_of, action: len(self._code_of)}
        code_of = self._code_of
        codes = [code_of[done.action] if done.action else UNSAID for done in new]
        wide = np.int16 if len(code_of) <= np.iinfo(np.int16).max else np.int32
        both = np.concatenate([known.codes, np.array(codes, wide)])
        return Coded(both, tuple(code_of))

    def n_events(self, user: str) -> int:
        """Events of a user in the run's log."""
        row = self._users.row_of.get(user)
        return 0 if row is None else len(self._all.items[row])

    def of_items(self, rows: Rows) -> Histories:
        """One case: items that somebody took, oldest first, and nothing else is known."""
        return Histories.of_items(Ragged.of([rows]))


def _in_order(history: Histories) -> Histories:
    """The same with late arrivals where they belong."""
    times = history.times
    if times is None or not (np.diff(times) < 0).any():
        return history
    order = np.argsort(times, kind="stable")
    return Histories(
        history.users,
        Ragged.of([history.items.values[order]]),
        history.values[order],
        times[order],
        None if history.actions is None else history.actions.take(order),
    )
