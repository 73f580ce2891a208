"""Live events as questions with known answers: what somebody had done before, and what came
then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from palate.arrays import Ragged, Rows
from palate.data.splits.liked import Liked
from palate.pipeline.wishes import seen_rule
from palate.runs.open import OpenedRun
from palate.seeding import generator
from palate.serve.engine.histories import RunHistories
from palate.serve.feedback.live_data import LiveData
from palate.serve.state.user import Done, Taken
from palate.tables import Cases, Histories
from palate.tables.coded import Coded

MOST_OF_A_USER: Final = 20
"""Cases of one user; many more of one would say much of that one and little of the others."""


@dataclass(frozen=True)
class _Target:
    """An event that is to be foreseen, by its place among its user's."""

    user: str
    place: int


@dataclass(frozen=True, eq=False)
class LiveCases:
    """The cases, and what could not be one.

    Attributes:
        cases: One for each event that the run's model could have foreseen.
        users: Different users among them.
        unknown_items: Events with items that came after the run, which its model does not know.
        repeated: Events with items that are never recommended again, since they had them before.
        first: Events of people of whom nothing was known before.
    """

    cases: Cases
    users: int
    unknown_items: int
    repeated: int
    first: int


def live_cases(opened: OpenedRun, live: LiveData, most: int) -> LiveCases:
    """What people did since the run, as cases of the run's models.

    A history is what the run's log and the live log say up to the event. Of somebody whom the run
    does not know there is one case, the latest, since the units that intervals are taken over are
    the users that the run knows, and each unknown one.

    Args:
        opened: The run.
        live: The log.
        most: Most cases, drawn by the run's seed.
    """
    maker = _Maker(opened, live)
    wanted = maker.wanted
    if len(wanted) > most:
        drawn = generator(opened.recipe.seed, "live cases").choice(len(wanted), most, replace=False)
        wanted = [wanted[number] for number in np.sort(drawn)]
    users = len({target.user for target in wanted})
    return LiveCases(maker.cases(wanted), users, maker.unknown_items, maker.repeated, maker.first)


class _Maker:
    """Goes over the live log once, then makes the cases that are wanted."""

    def __init__(self, opened: OpenedRun, live: LiveData) -> None:
        self._histories = RunHistories(opened.data.interactions)
        self._erased = live.erased
        self._row_of: Mapping[str, int] = opened.data.catalogue.items.row_of
        self._allow = seen_rule("", opened.recipe.split) == "allow"
        settings = opened.recipe.split.settings
        self._least = settings.relevant_min if isinstance(settings, Liked) else None
        self._users = opened.data.interactions.users.row_of
        self._forgotten = set(opened.forgotten_items.tolist())
        self.unknown_items = self.repeated = self.first = 0
        self._done: dict[str, list[Done]] = defaultdict(list)
        for number, event in enumerate(live.events):
            if event.action not in self._histories.leave_out:
                taken = Taken(event.time or 0, number, event.item, event.value)
                self._done[event.user].append(Done(taken, event.action))
        for done in self._done.values():
            done.sort(key=lambda one: one.taken)
        self.wanted = [target for user in self._done for target in self._targets(user)]

    def cases(self, wanted: Sequence[_Target]) -> Cases:
        """One for each target."""
        histories = [self._history(target.user, target.place) for target in wanted]
        targets = [self._row_of[self._item(target)] for target in wanted]
        nothing: Rows = np.empty(0, np.int32)
        seen = [nothing if self._allow else np.unique(one.items.values) for one in histories]
        return Cases(joined(histories), Ragged.of(seen), Ragged.of([[t] for t in targets]))

    def _targets(self, user: str) -> list[_Target]:
        history = self._history(user, 0).items.values.tolist()
        before, found = set(history), list[_Target]()
        for place, done in enumerate(self._done[user]):
            row = self._row_of.get(done.taken.item)
            if row is None or row in self._forgotten:
                self.unknown_items += 1
                continue
            if self._least is None or done.taken.value >= self._least:
                if not before:
                    self.first += 1
                elif row in before and not self._allow:
                    self.repeated += 1
                else:
                    found.append(_Target(user, place))
            before.add(row)
        known = user in self._users and not self._erased(user)
        return found[-MOST_OF_A_USER if known else -1 :]

    def _item(self, target: _Target) -> str:
        return self._done[target.user][target.place].taken.item

    def _history(self, user: str, place: int) -> Histories:
        since = self._done[user][:place]
        return self._histories.of_user(user, since, self._row_of, self._erased(user))


def joined(histories: Sequence[Histories]) -> Histories:
    """Histories of one case each, one below the other."""
    if not histories:
        empty: Rows = np.empty(0, np.int32)
        return Histories(empty, Ragged.of([]), np.empty(0, np.float32))
    items = Ragged.of([one.items.values for one in histories])
    times = [one.times for one in histories if one.times is not None]
    actions = [one.actions for one in histories if one.actions is not None]
    return replace(
        Histories(
            np.concatenate([one.users for one in histories]),
            items,
            np.concatenate([one.values for one in histories]),
        ),
        times=np.concatenate(times) if len(times) == len(histories) else None,
        actions=Coded.joined(actions) if len(actions) == len(histories) else None,
    )
