"""The state of a service of several processes: users in Valkey, counters of items in each process,
and behind both the log, which has everything.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from typing import Final, final

from palate.event_store import EventStore, StoredEvent
from palate.serve.refusals import Unavailable
from palate.serve.state.counter import Counter
from palate.serve.state.live import ItemCounters, count, counts_of, uncount
from palate.serve.state.user import Done, UserState
from palate.serve.state.valkey import Position, ValkeyStates

_LOG: Final = logging.getLogger("palate.serve")
_CHUNK: Final = 5_000
"""Events that are folded at a time."""
_GRACE_SECONDS: Final = 1.0
"""How long who erased somebody may take to take them out of the state."""
_MOST_LAST: Final = 10_000
"""Users whose state of last time is kept in case that no server answers."""


@final
class SharedState:
    """`palate.serve.state.service_state.ServiceState` over Valkey and the log.

    A user's state is that of Valkey where it goes as far as this process knows the log; else it is
    folded from the user's events in the log, which takes longer and says the same. Where the log is
    away too, it is what was known last. Events that this process took in while the log was away
    are always in it.

    Args:
        states: Valkey.
        log: The log.
        pending: Gives the events of a user that the log does not have yet.

    Raises:
        Unavailable: A server does not answer.
    """

    def __init__(
        self,
        states: ValkeyStates,
        log: EventStore,
        pending: Callable[[str], Sequence[StoredEvent]] = lambda user: (),
    ) -> None:
        self._states, self._log, self._pending = states, log, pending
        self._lock = threading.RLock()
        self._items: ItemCounters = {}
        self._counted = self._offset = self._n_users = 0
        self._erasures = log.erasures()
        self._wrong_since: float | None = None
        self._last: OrderedDict[str, UserState] = OrderedDict()
        self._open()

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Take up new events, in Valkey as well if it is there and not far behind."""
        try:
            self._fold(events)
        except Unavailable as error:
            _LOG.warning("events are in the log and not yet in the state: %s", error.what)
        with self._lock:
            for stored in events:
                if stored.offset > self._counted:
                    count(self._items, stored, self.half_life)
            self._offset = events[-1].offset
            self._counted = max(self._counted, self._offset)

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Go on as if these events of a user had not been; without a user: take up what another
        process erased.

        Raises:
            Unavailable: Another process erased it, and the state has it still.
        """
        self._erasures = erasures = self._log.erasures()
        if not user:
            with self._lock:
                self._last.clear()
            self._load_items(erasures)
            return
        if not events:  # the log counts no erasure where there was nothing
            return
        with self._lock:
            self._last.pop(user, None)
            for stored in events:
                if stored.offset <= self._counted:
                    uncount(self._items, stored, self.half_life)
        try:
            self._states.erase(user, events, erasures)
        except Unavailable as error:
            _LOG.warning("the state will be folded again, for an erasure: %s", error.what)

    def history(self, user: str, leave_out: Collection[str] = ()) -> list[Done]:
        """The user's recent events, oldest first, without those of some kinds."""
        return self._user(user).history(leave_out)

    def user_counters(self, user: str) -> Mapping[str, Counter]:
        """How often the user did what; empty for a user without events."""
        return self._user(user).counters

    def item_counters(self, item: str) -> Mapping[str, Counter]:
        """How often what was done with the item; empty for one without events."""
        with self._lock:
            return deepcopy(self._items.get(item, {}))

    def item_counts(self, leave_out: Collection[str] = ()) -> tuple[dict[str, int], int]:
        """Item -> its events, without those of some kinds; and the offset up to which they are
        counted.
        """
        with self._lock:
            return counts_of(self._items, leave_out), self._counted

    @property
    def half_life(self) -> float:
        """Of the counters, in seconds."""
        return self._states.settings.half_life

    @property
    def offset(self) -> int:
        """Offset of the last event that was taken up."""
        return self._offset

    @property
    def n_users(self) -> int:
        """Users with an event, as of the last look."""
        return self._n_users

    def look_again(self, seconds: float = 0.3) -> None:
        """Bring the state in Valkey to the end of the log, for so many seconds at most, and begin
        it again where it cannot be mended.

        Raises:
            Unavailable: A server does not answer.
        """
        until = time.monotonic() + seconds
        self._n_users = self._states.n_users()
        while self._forward() and time.monotonic() < until:
            pass

    def _open(self) -> None:
        while self._forward():
            pass
        while True:  # else another process is about to take out what it erased
            try:
                self._load_items(self._log.erasures())
                break
            except Unavailable:
                time.sleep(0.05)
                self._forward()
        self._offset = self._counted
        self._n_users = self._states.n_users()

    def _forward(self) -> bool:
        """Fold the next events of the log into Valkey; whether there may be more."""
        erasures = self._log.erasures()
        position = self._good_position(erasures)
        if position is None:
            return False
        events = self._log.read(position.offset, _CHUNK)
        if events:
            self._states.fold(position.offset, events, erasures)
        return len(events) == _CHUNK

    def _good_position(self, erasures: int) -> Position | None:
        """How far the state goes, if all that was erased from the log is out of it. One that has
        something of it for long is begun again: who was to mend it has ended.
        """
        position = self._states.position()
        if position is not None and position.without == erasures:
            self._wrong_since = None
            return position
        now = time.monotonic()
        self._wrong_since = self._wrong_since or now
        if position is not None and now - self._wrong_since < _GRACE_SECONDS:
            return None
        level = logging.INFO if position is None else logging.WARNING
        _LOG.log(level, "the state is folded from the log, from its beginning")
        self._wrong_since = None
        self._states.begin(position, erasures)
        return self._states.position()

    def _fold(self, events: Sequence[StoredEvent]) -> None:
        """Into Valkey, behind what other processes appended before; if that is much, or something
        was erased meanwhile, it is left to `look_again`.
        """
        after = self._offset
        for start in range(0, len(events), _CHUNK):
            chunk = events[start : start + _CHUNK]
            position = self._states.fold(after, chunk, self._erasures)
            after = chunk[-1].offset
            if position is None or position.offset < after:
                self._forward()
                return

    def _load_items(self, erasures: int) -> None:
        """The counters of Valkey, and what the log has behind them up to where this process is."""
        position, items = self._states.items()
        if position is None or position.without != erasures:
            raise Unavailable("the state has what was erased still", next_step="try again later")
        counted = position.offset
        while counted < self._offset and (events := self._log.read(counted, _CHUNK)):
            for stored in events:
                count(items, stored, self.half_life)
            counted = events[-1].offset
        with self._lock:
            self._items, self._counted = items, max(counted, self._offset)

    def _user(self, user: str) -> UserState:
        state = self._of_server(user) or self._of_log(user)
        if state is None:
            with self._lock:
                state = deepcopy(self._last.get(user)) or UserState()
        else:
            self._remember(user, state)
        pending = self._pending(user)
        if pending:
            state = deepcopy(state)
            for stored in pending:
                state.add(stored, self._states.settings.recent, self.half_life)
        return state

    def _of_server(self, user: str) -> UserState | None:
        """None where the server is away, or does not go as far as this process."""
        try:
            position, state = self._states.user(user)
        except Unavailable:
            return None
        if position is None or position.offset < self._offset or position.without < self._erasures:
            return None
        return state or UserState()

    def _of_log(self, user: str) -> UserState | None:
        """None where the log is away."""
        try:
            events = self._log.of_user(user)
        except Unavailable:
            return None
        state = UserState()
        for stored in events:
            state.add(stored, self._states.settings.recent, self.half_life)
        return state

    def _remember(self, user: str, state: UserState) -> None:
        with self._lock:
            self._last[user] = state
            self._last.move_to_end(user)
            if len(self._last) > _MOST_LAST:
                self._last.popitem(last=False)
