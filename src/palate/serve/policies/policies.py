"""All policies of a service: who draws for which model, and what they learn from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, final
from weakref import WeakKeyDictionary

import numpy as np

from palate.event_store import EventStore, StoredEvent
from palate.serve.engine.answers import Answer, Listed, ListRequest
from palate.serve.engine.deployed import DeployedModel
from palate.serve.policies.draws import Changed, Draw, KeptDraws
from palate.serve.policies.live_policy import LivePolicy
from palate.serve.repeated import Repeated
from palate.store import Artefact
from palate.tables.rewards import Rewards

EVERY: Final = 1.0
"""Seconds between two looks at what came."""
UNCLAIMED: Final = 7 * 86_400.0
"""Seconds after which draws of a policy that is not there any more are dropped."""


@dataclass
class _Waiting:
    """What came since the last look."""

    drawn: list[Draw] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)


@final
class Policies:
    """Draws lists for models whose run has a `[policy]`, and lets the policies learn from the log
    (a `palate.serve.events.log.Follower`).

    A list is learnt from once: what came of it within the policy's `delay` is its reward. Draws,
    what was learnt and the place in the log are kept in one transaction, so that a process that was
    killed goes on where the file stands; lists that were drawn in its last second are not learnt
    from.

    Args:
        path: The file of draws; `:memory:` for none.
        events: The log.
        every: Seconds between two looks; 0: only when `look` is called.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        path: Path,
        events: EventStore,
        every: float = EVERY,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._events, self._every, self._now = path, events, every, now
        self._kept: KeptDraws | None = None  # made when a model has a policy, and not before
        self._repeated: Repeated | None = None
        self._of: WeakKeyDictionary[DeployedModel, LivePolicy | None] = WeakKeyDictionary()
        self._by_key: dict[str, LivePolicy] = {}
        self._lock, self._looking, self._opening = (threading.Lock() for _ in range(3))
        self._waiting = _Waiting()
        self._pending: dict[str, Draw] = {}
        self._unwritten: set[str] = set()
        self._settled: set[str] = set()
        self._learnt: dict[str, Artefact] = {}
        self._offset = 0

    def of(self, model: DeployedModel) -> LivePolicy | None:
        """The policy that draws the lists of a model; None: its best items are shown."""
        if model not in self._of:
            with self._opening:
                if model not in self._of:
                    self._of[model] = self._opened(model)
        return self._of[model]

    def drawn(
        self,
        policy: LivePolicy,
        wanted: ListRequest,
        answer: Answer,
        pool: Sequence[Listed],
        before: int,
    ) -> tuple[Listed, ...]:
        """The list of an answer, drawn, and kept to be learnt from.

        Args:
            policy: Draws it.
            wanted: What was requested.
            answer: The answer.
            pool: All items that may be shown.
            before: Items on earlier pages.
        """
        made = policy.drawn(wanted, pool, answer.request_id, before)
        if made.drawn and policy.learns:
            none = np.zeros(len(made.drawn))
            one = Draw(
                *(answer.request_id, policy.key, wanted.user, self._now()),
                *(made.drawn, made.features, none),
            )
            with self._lock:
                self._waiting.drawn.append(one)
        return made.items

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Events that answer a list are kept for the next look."""
        if self._kept is not None:
            with self._lock:
                self._waiting.events += events

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Forget a user's lists, before they are learnt from; sums that were learnt before name no
        one, and stay.
        """
        if user and self._kept is not None:
            with self._lock:
                self._waiting.erased.add(user)
            self.look()
            self._kept.overwrite_deleted()

    def look(self) -> None:
        """Take up what came, learn from what is due, and keep it.

        Raises:
            Unavailable: It cannot be kept; it is tried again at the next look.
        """
        with self._looking:
            with self._lock:
                came, self._waiting = self._waiting, _Waiting()
            for one in came.drawn:
                self._pending[one.request] = one
                self._unwritten.add(one.request)
            self._reward(came.events)
            self._forget(came.erased)
            self._settle()
            self._write()

    def close(self) -> None:
        """Keep what came, and let the file go."""
        if self._repeated is not None:
            self._repeated.close()
        if self._kept is not None:
            try:
                self.look()
            finally:
                self._kept.close()

    def _opened(self, model: DeployedModel) -> LivePolicy | None:
        recipe = model.opened.recipe.policy
        if recipe is None or recipe.settings.model not in ("", model.model):
            return None
        policy = LivePolicy(model, recipe)
        kept = self._kept or self._begun()
        with self._looking:
            state = self._learnt.get(policy.key) or kept.learnt(policy.key)
            if state is not None:
                policy.load(state)
            self._by_key[policy.key] = policy
            if self._repeated is None and self._every:
                self._repeated = Repeated(self.look, "palate-policies", self._every)
            while some := self._events.read(self._offset):  # what came of kept draws since
                self._reward(some)
        return policy

    def _begun(self) -> KeptDraws:
        kept = KeptDraws(self._path)
        self._pending = {one.request: one for one in kept.draws()}
        offset = kept.offset()
        self._offset = self._events.last_offset() if offset is None else offset
        self._kept = kept
        return kept

    def _reward(self, events: Sequence[StoredEvent]) -> None:
        for stored in events:
            self._offset = max(self._offset, stored.offset)
            event = stored.event
            one = self._pending.get(event.request or "")
            policy = None if one is None else self._by_key.get(one.policy)
            if one is None or policy is None or event.item not in one.items:
                continue
            reward = policy.reward_of(event.action)
            place = one.items.index(event.item)
            if reward > one.rewards[place]:
                rewards = one.rewards.copy()
                rewards[place] = reward
                self._pending[one.request] = replace(one, rewards=rewards)
                self._unwritten.add(one.request)

    def _forget(self, users: set[str]) -> None:
        gone = [one.request for one in self._pending.values() if one.user in users]
        self._settled.update(gone)
        for request in gone:
            del self._pending[request]

    def _settle(self) -> None:
        """Learn from all draws that are due, those of one policy together."""
        now, due = self._now(), dict[str, list[Draw]]()
        for one in self._pending.values():
            policy = self._by_key.get(one.policy)
            if policy is None and now - one.time > UNCLAIMED:
                self._settled.add(one.request)
            elif policy is not None and now - one.time >= policy.recipe.settings.delay:
                due.setdefault(one.policy, []).append(one)
        for key, draws in due.items():
            policy = self._by_key[key]
            state = policy.learn(rewards_of(draws, policy.recipe.settings.looks == "cascade"))
            if state is not None:
                self._learnt[key] = state
            self._settled.update(one.request for one in draws)
        for request in self._settled:
            self._pending.pop(request, None)

    def _write(self) -> None:
        if self._kept is None or not (self._unwritten or self._settled):
            return
        draws = [self._pending[name] for name in self._unwritten if name in self._pending]
        self._kept.put(Changed(draws, self._settled, self._learnt, self._offset))
        self._unwritten, self._settled, self._learnt = set(), set(), {}


def rewards_of(draws: Sequence[Draw], cascade: bool) -> Rewards:
    """What came of lists, item by item.

    Args:
        draws: The lists, at least one.
        cascade: Whether people look from the top down and end with the last thing that they take:
            what stands below it says nothing.
    """
    lengths = [_looked_at(one) if cascade else len(one.items) for one in draws]
    when = [np.full(n, int(one.time), np.int64) for one, n in zip(draws, lengths, strict=True)]
    return Rewards(
        np.concatenate([one.features[:n] for one, n in zip(draws, lengths, strict=True)]),
        np.concatenate([one.rewards[:n] for one, n in zip(draws, lengths, strict=True)]),
        None,
        np.concatenate(when),
    )


def _looked_at(one: Draw) -> int:
    taken = np.flatnonzero(one.rewards)
    return int(taken[-1]) + 1 if len(taken) else len(one.items)
