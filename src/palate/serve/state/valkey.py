"""The state in Valkey or Redis: folded once, whichever process of several does it.

Beside the states stands up to which offset of the log they go. Who folds reads states and offset,
computes, and writes all of it under the condition that no one wrote meanwhile, in one script: an
event is in the state and the offset behind it, or neither. It is the same computation as in one
process; nothing of it is written a second time in the server's language, and what the server keeps
may be encrypted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeVar, final

import msgspec
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from palate.data.address import Address
from palate.errors import BadInput
from palate.event_store import StoredEvent
from palate.serve.reach import Reach
from palate.serve.refusals import Unavailable
from palate.serve.state.counter import Counter
from palate.serve.state.live import ItemCounters, StateSettings, count, uncount
from palate.serve.state.user import UserState
from palate.serve.values import PLAIN, ValueCodec

R = TypeVar("R")

_SECONDS: Final = 1.0
"""How long an answer may take before the server counts as away."""
_TRIES: Final = 50

_EXCHANGE: Final = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
local at = 4
if ARGV[3] == '1' then redis.call('DEL', KEYS[2], KEYS[3]) end
for which = 2, 3 do
  for _ = 1, tonumber(ARGV[at]) do
    if ARGV[at + 2] == '' then redis.call('HDEL', KEYS[which], ARGV[at + 1])
    else redis.call('HSET', KEYS[which], ARGV[at + 1], ARGV[at + 2]) end
    at = at + 2
  end
  at = at + 1
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""
"""Write under the condition that the position is what it was: the old and the new position, whether
all states go first, then the number of users and each with its state, and the same for items."""


@dataclass(frozen=True)
class Position:
    """How far the state goes.

    Attributes:
        offset: Of the last event in it.
        erasures: Of the log when this state was begun.
        mended: How many erasures were taken out of it since.
        settings: How it was folded.
        version: Of this form.
    """

    offset: int
    erasures: int
    mended: int = 0
    settings: StateSettings = field(default_factory=StateSettings)
    version: Literal[1] = 1

    @property
    def without(self) -> int:
        """The erasures of the log that are in it: it is good where these are all."""
        return self.erasures + self.mended


@dataclass(frozen=True)
class KeptUser:
    """What is kept of a user.

    Attributes:
        offset: Of the user's last event.
        state: The state.
    """

    offset: int
    state: UserState


@dataclass
class _Change:
    """What is to be written: id -> bytes, none for what goes."""

    users: dict[bytes, bytes] = field(default_factory=dict)
    items: dict[bytes, bytes] = field(default_factory=dict)


@final
class ValkeyStates:
    """States of users and counters of items under one name in a Valkey or Redis.

    Args:
        address: `redis://...`, `rediss://...` (with TLS), `valkey://...`, `valkeys://...` or
            `unix://...`.
        settings: What is remembered of the log.
        codec: What is done with the states of users.
        name: The first part of every key.

    Raises:
        BadInput: The address is not understood.
    """

    def __init__(
        self,
        address: Address,
        settings: StateSettings,
        codec: ValueCodec = PLAIN,
        name: str = "palate",
    ) -> None:
        self.settings, self._address, self._codec = settings, address, codec
        self._name = name
        # braces: in a cluster all keys are on one node, where one script may write them
        self._at, self._users, self._items = map(self.name_of, ("position", "users", "items"))
        self._reach = Reach(2 * _SECONDS)
        try:
            self.client: Any = redis.Redis.from_url(
                re.sub("^valkey", "redis", address.url),
                socket_timeout=_SECONDS,
                socket_connect_timeout=_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError as error:
            raise BadInput(
                f"the address is not understood: {address.masked(str(error))}",
                where=address.masked(address.shown),
                allowed="redis://host:6379/0, rediss://... or unix://...",
            ) from error
        self._exchange = self.client.register_script(_EXCHANGE)

    @property
    def away(self) -> bool:
        """Whether it did not answer when it was last asked."""
        return self._reach.away

    def name_of(self, part: str) -> str:
        """The name of something else that is kept beside the states."""
        return f"{{{self._name}}}:{part}"

    def position(self) -> Position | None:
        """How far the state goes; None where there is none.

        Raises:
            Unavailable: The server does not answer.
            BadInput: The state was folded by other settings, or by a later palate.
        """
        return self._position(self.answer_of(lambda: self.client.get(self._at)))

    def user(self, user: str) -> tuple[Position | None, UserState | None]:
        """A user's state, and how far all states went at that time."""
        name = user.encode()

        def read() -> Any:
            pipeline = self.client.pipeline(transaction=True)
            return pipeline.get(self._at).hget(self._users, name).execute()

        at, stored = self.answer_of(read)
        return self._position(at), None if stored is None else self._user(user, stored).state

    def items(self) -> tuple[Position | None, ItemCounters]:
        """The counters of all items, and how far they go."""

        def read() -> Any:
            pipeline = self.client.pipeline(transaction=True)
            return pipeline.get(self._at).hgetall(self._items).execute()

        at, stored = self.answer_of(read)
        return self._position(at), {key.decode(): _counters(value) for key, value in stored.items()}

    def n_users(self) -> int:
        """Users with a state."""
        return int(self.answer_of(lambda: self.client.hlen(self._users)))

    def begin(self, old: Position | None, erasures: int) -> None:
        """Take all states away and begin with the log's first event, unless someone did so.

        Args:
            old: How far the state went that is to go.
            erasures: Of the log, read before this.
        """
        found = b"" if old is None else msgspec.msgpack.encode(old)
        new = Position(0, erasures, settings=self.settings)
        self._exchanged(found, new, _Change(), everything=True)

    def fold(self, after: int, events: Sequence[StoredEvent], erasures: int) -> Position | None:
        """Take up events.

        Args:
            after: An offset.
            events: All events of the log from behind it up to the last of these, at least one.
            erasures: Of the log, at the latest when the events were read or appended. Where more
                was taken out of the state since, some of the events may have been erased.

        Returns:
            How far the state goes now: up to the last of the events or farther; or nothing was
            done, since it goes less far than `after`, or more was erased.
        """
        users = list(dict.fromkeys(stored.event.user for stored in events))
        items = list(dict.fromkeys(stored.event.item for stored in events))
        for _ in range(_TRIES):
            old, known_users, known_items = self._read(users, items)
            position = self._position(old)
            if position is None or position.without > erasures:
                return position
            if not after <= position.offset < events[-1].offset:
                return position
            new = [stored for stored in events if stored.offset > position.offset]
            for stored in new:
                kept = known_users.get(stored.event.user)
                state = UserState() if kept is None else kept.state
                state.add(stored, self.settings.recent, self.settings.half_life)
                known_users[stored.event.user] = KeptUser(stored.offset, state)
                count(known_items, stored, self.settings.half_life)
            moved = replace(position, offset=events[-1].offset)
            change = _Change(
                {u.encode(): self._stored(u, known_users[u]) for u in _users(new)},
                {i.encode(): _encoded(known_items.get(i)) for i in _items(new)},
            )
            if self._exchanged(old, moved, change):
                return moved
        return self.position()

    def erase(self, user: str, events: Sequence[StoredEvent], erasures: int) -> None:
        """Go on as if these events of a user, all that there were, had not been.

        Args:
            user: The user's id.
            events: They are out of the log.
            erasures: Of the log, now.
        """
        items = list(dict.fromkeys(stored.event.item for stored in events))
        for _ in range(_TRIES):
            old, users, known = self._read([user], items)
            position = self._position(old)
            if position is None or position.erasures >= erasures:
                return  # it was begun since, and never had these events
            up_to = users[user].offset if user in users else 0
            for stored in events:
                if stored.offset <= up_to:
                    uncount(known, stored, self.settings.half_life)
            moved = replace(position, mended=position.mended + 1)
            change = _Change(
                {user.encode(): b""}, {i.encode(): _encoded(known.get(i)) for i in items}
            )
            if self._exchanged(old, moved, change):
                return

    def close(self) -> None:
        """Let the connections go."""
        with suppress(redis.RedisError):
            self.client.close()

    def answer_of(self, ask: Callable[[], R]) -> R:
        """What the server answers.

        Raises:
            Unavailable: It does not answer; for a moment it is not asked again.
        """
        if not self._reach.may_ask():
            raise self._unavailable("it was away a moment ago")
        try:
            answer = ask()
        except redis.RedisError as error:
            self._reach.failed()
            raise self._unavailable(str(error)) from error
        self._reach.answered()
        return answer

    def _unavailable(self, what: str) -> Unavailable:
        return Unavailable(
            f"the state does not answer: {self._address.masked(what)}",
            where=self._address.masked(self._address.shown),
            next_step="is Valkey or Redis running?",
        )

    def _read(
        self, users: Sequence[str], items: Sequence[str]
    ) -> tuple[bytes, dict[str, KeptUser], ItemCounters]:
        """The position as it is written, and what is kept of some users and items."""

        def read() -> Any:
            pipeline = self.client.pipeline(transaction=True)
            pipeline.get(self._at)
            pipeline.hmget(self._users, [user.encode() for user in users])
            if items:
                pipeline.hmget(self._items, [item.encode() for item in items])
            return pipeline.execute()

        at, kept, *counted = self.answer_of(read)
        known_users = zip(users, kept, strict=True)
        known_items = zip(items, counted[0], strict=True) if items else ()
        return (
            at or b"",
            {user: self._user(user, one) for user, one in known_users if one is not None},
            {item: _counters(one) for item, one in known_items if one is not None},
        )

    def _exchanged(
        self, old: bytes, new: Position, change: _Change, everything: bool = False
    ) -> bool:
        """Write it if the position is still the old one."""
        words: list[Any] = [old, msgspec.msgpack.encode(new), int(everything)]
        for part in (change.users, change.items):
            words.append(len(part))
            for name, value in part.items():
                words += (name, value)
        keys = [self._at, self._users, self._items]
        return bool(self.answer_of(lambda: self._exchange(keys=keys, args=words)))

    def _position(self, stored: bytes | None) -> Position | None:
        if not stored:
            return None
        try:
            found = msgspec.msgpack.decode(stored, type=Position)
        except msgspec.ValidationError as error:
            raise self._other("it was written by another version of palate") from error
        if found.settings != self.settings:
            raise self._other(
                f"it was folded with --recent {found.settings.recent} and"
                f" --half-life {found.settings.half_life_days:g}"
            )
        return found

    def _other(self, why: str) -> BadInput:
        return BadInput(
            f"there is another state: {why}",
            where=self._address.masked(self._address.shown),
            next_step="start every process with the same settings; or give another database, or an"
            " empty one: it is folded again from the log",
        )

    def _stored(self, user: str, kept: KeptUser) -> bytes:
        return self._codec.encode(msgspec.msgpack.encode(kept), user)

    def _user(self, user: str, stored: bytes) -> KeptUser:
        return msgspec.msgpack.decode(self._codec.decode(stored, user), type=KeptUser)


def _encoded(counters: Mapping[str, Counter] | None) -> bytes:
    return msgspec.msgpack.encode(counters) if counters else b""


def _counters(stored: bytes) -> dict[str, Counter]:
    return msgspec.msgpack.decode(stored, type=dict[str, Counter])


def _users(events: Sequence[StoredEvent]) -> dict[str, None]:
    return dict.fromkeys(stored.event.user for stored in events)


def _items(events: Sequence[StoredEvent]) -> dict[str, None]:
    return dict.fromkeys(stored.event.item for stored in events)
