"""The state on disk, so that a start need not read the whole log again.

A snapshot saves time and nothing else: one that is missing, damaged, of other settings or older
than an erasure is passed over, and the log is read from its beginning.

It is written in parts while events come in, some users or items at a time, each part with the
offset up to which it stands. What reads it brings every part up to one offset, from the log.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec

from palate.data.writers.whole import whole_file
from palate.event_store import EventStore
from palate.serve.state.counter import Counter
from palate.serve.state.live import Folded, LiveState, StateSettings, replay
from palate.serve.state.user import UserState

_LOG: Final = logging.getLogger("palate.serve")
_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 8
_PART: Final = 128
"""Users or items of a part: no reader or writer of the state waits for longer than these take."""


class Erased(Exception):
    """Events were erased while the state was written; some of them may be in it."""


@dataclass(frozen=True)
class Head:
    """What stands first.

    Attributes:
        erasures: How many times the log had been erased from.
        offset: No part stands for less of the log.
        settings: What is remembered.
        version: Of this form.
    """

    erasures: int
    offset: int
    settings: StateSettings
    version: Literal[2] = 2


@dataclass(frozen=True)
class Part:
    """Some users or items, as the log has them up to an offset."""

    offset: int
    users: dict[str, UserState] = field(default_factory=dict)
    items: dict[str, dict[str, Counter]] = field(default_factory=dict)


def write_snapshot(
    path: Path, state: LiveState, store: EventStore, rest: Callable[[], None] = lambda: None
) -> None:
    """Put the state in place of an older one, in one step. Events may come in meanwhile.

    Args:
        path: The file.
        state: The state.
        store: The log that it follows.
        rest: Called between two parts, so that others may go on.

    Raises:
        OSError: The disk is full or broken; the older one stays.
        Erased: Events were erased meanwhile; the older one stays.
    """
    erasures, digest = store.erasures(), hashlib.sha256()
    with whole_file(path) as file:
        for message in _messages(state, erasures):
            encoded = msgspec.msgpack.encode(message)
            framed = len(encoded).to_bytes(_LENGTH_BYTES, "big") + encoded
            digest.update(framed)
            file.write(framed)
            rest()
        file.write(digest.digest())
        if store.erasures() != erasures:
            raise Erased


def _messages(state: LiveState, erasures: int) -> Iterator[Head | Part]:
    users, items, offset = state.names()
    yield Head(erasures, offset, state.settings)
    for start in range(0, len(users), _PART):
        yield Part(*state.some_users(users[start : start + _PART]))
    for start in range(0, len(items), _PART):
        upto, found = state.some_items(items[start : start + _PART])
        yield Part(upto, items=found)


def drop_snapshot(path: Path) -> None:
    """Take it away, since a user's events were erased that are in it.

    One that the disk does not let go is passed over by the next start, and replaced by the next.
    """
    _drop(path)
    _drop_unfinished(path)


def opened_state(path: Path, store: EventStore, settings: StateSettings) -> Folded:
    """The state of the whole log: the snapshot, if there is a good one, and what came after it."""
    _drop_unfinished(path)
    folded = _read(path, store, settings) or Folded(settings)
    replay(folded, store)
    return folded


def _drop_unfinished(path: Path) -> None:
    """What a process was killed over while it wrote, see `palate.data.writers.whole`."""
    for left in path.parent.glob(f".{path.name}.*"):
        _drop(left)


def _drop(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("%s cannot be deleted: %s", path, error)


def _read(path: Path, store: EventStore, settings: StateSettings) -> Folded | None:
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        _LOG.warning("%s cannot be read; the log is read from its beginning: %s", path, error)
        return None
    framed, digest = stored[:-_DIGEST_BYTES], stored[-_DIGEST_BYTES:]
    if hashlib.sha256(framed).digest() != digest:
        _LOG.warning("%s is damaged; the log is read from its beginning", path)
        return None
    frames = _frames(framed)
    try:
        head = msgspec.msgpack.decode(next(frames), type=Head)
        good = head.erasures == store.erasures() and head.settings == settings
        if not good or head.offset > store.last_offset():
            return None
        decoder = msgspec.msgpack.Decoder(Part)
        parts = [decoder.decode(frame) for frame in frames]
    except (StopIteration, msgspec.ValidationError):  # another version of palate wrote it
        return None
    return _together(head, parts, store)


def _frames(framed: bytes) -> Iterator[memoryview]:
    view, start = memoryview(framed), 0
    while start < len(view):
        end = start + _LENGTH_BYTES
        length = int.from_bytes(view[start:end], "big")
        yield view[end : end + length]
        start = end + length


def _together(head: Head, parts: list[Part], store: EventStore) -> Folded:
    """All parts, brought up to the offset of the last one."""
    folded = Folded(head.settings, head.offset)
    users_at, items_at = dict[str, int](), dict[str, int]()
    for part in parts:
        folded.users |= part.users
        folded.items |= part.items
        if part.offset > head.offset:
            users_at |= dict.fromkeys(part.users, part.offset)
            items_at |= dict.fromkeys(part.items, part.offset)
    _bring_up(folded, store, users_at, items_at)
    return folded


def _bring_up(
    folded: Folded, store: EventStore, users_at: Mapping[str, int], items_at: Mapping[str, int]
) -> None:
    last = max((*users_at.values(), *items_at.values()), default=folded.offset)
    while folded.offset < last and (events := store.read(folded.offset)):
        for event in events:
            if event.offset > users_at.get(event.event.user, 0):
                folded.add_to_user(event)
            if event.offset > items_at.get(event.event.item, 0):
                folded.add_to_item(event)
        folded.offset = events[-1].offset
