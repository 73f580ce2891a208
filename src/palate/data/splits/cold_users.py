"""Withhold a share of the users wholly, as if they had come in today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Lt

from palate.arrays import Longs, Mask
from palate.data.splits.assemble import HISTORY, TEST, TRAIN, VALIDATION, Rules, assemble
from palate.data.splits.liked import Liked
from palate.data.splits.sequences import positions_in
from palate.seeding import generator
from palate.tables import Interactions, Split


@dataclass(frozen=True)
class ColdUsersSettings(Liked):
    """Settings of `split.cold_users.v1`."""

    share: Annotated[float, Gt(0), Lt(1)] = 0.1
    """Share of the users that is withheld for the test."""
    validation_share: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of the users, other ones, that is withheld for validation."""
    history_share: Annotated[float, Gt(0), Lt(1)] = 0.5
    """Share of a withheld user's events, the oldest ones, that the model may look at; the rest are
    targets."""
    max_history: Annotated[int, Ge(1)] | None = None
    """Most events of that history, the oldest ones; later ones of the share become targets. None:
    no limit."""
    min_events: Annotated[int, Ge(2)] = 2
    """Users with fewer events are never withheld."""
    n_validation_users: Annotated[int, Ge(1)] | None = None
    """Most validation cases, chosen by the seed. None: all."""


class ColdUsers:
    """Some users lose all their events to the test; their first events are the history, the later
    ones the targets.

    Models are fitted on the other users alone, so one that has a vector for each user has none here
    and must make do with the history. `max_history = 1` asks how a visitor is served after the
    first click.

    Cost: two sorts of the log.

    Liang et al., Variational autoencoders for collaborative filtering, WWW 2018 (strong
    generalisation).
    """

    Settings = ColdUsersSettings

    def __init__(self, settings: ColdUsersSettings | None = None) -> None:
        self.settings = settings or ColdUsersSettings()

    def split(self, log: Interactions, seed: int) -> Split:
        """Part the log.

        Raises:
            Refused: No user has enough events, or none is left to train on.
        """
        s = self.settings
        role = self._roles(log, seed)
        mark = role[log.user]
        mark[self._in_history(log) & (mark != TRAIN)] = HISTORY
        rules = Rules(
            liked=s,
            test_sees_validation=False,
            min_history=1,
            n_validation_users=s.n_validation_users,
        )
        n_test, n_validation = int((role == TEST).sum()), int((role == VALIDATION).sum())
        notes = (
            (
                f"{n_test:,} users are withheld for the test and {n_validation:,} others for"
                " validation."
            ),
        )
        return assemble(log, mark, rules, seed, notes=notes)

    def _roles(self, log: Interactions, seed: int) -> Longs:
        """int64 [n_users], what each user is for."""
        events = np.bincount(log.user, minlength=log.n_users)
        fit = np.flatnonzero(events >= self.settings.min_events)
        n_users = int((events > 0).sum())
        chosen = generator(seed, "split", "cold users").permutation(fit)
        n_test = max(1, round(self.settings.share * n_users))
        role = np.full(log.n_users, TRAIN)
        role[chosen[:n_test]] = TEST
        role[chosen[n_test : n_test + round(self.settings.validation_share * n_users)]] = VALIDATION
        return role

    def _in_history(self, log: Interactions) -> Mask:
        """bool [n_rows], the first events of each user; at least one, and at least one is left
        over.
        """
        found = positions_in(log.user, log.in_time_order(), log.n_users)
        length = np.clip(np.floor(found.size * self.settings.history_share + 1e-9), 1, None)
        if self.settings.max_history is not None:
            length = np.minimum(length, self.settings.max_history)
        return np.asarray(found.place < np.minimum(length, found.size - 1))
