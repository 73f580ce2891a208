"""A log of files into the log of a service."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from palate import store
from palate.event_store import EventStore, NewEvent
from palate.progress import Progress
from palate.serve.events.shapes import Shaped
from palate.serve.records.items import ItemRecord
from palate.serve.records.record_store import RecordStore
from palate.tables import Dataset, Interactions

BATCH: Final = 10_000


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        events: Events of the files.
        new: Those that the log did not have.
        offset: Of the last event of the log now.
    """

    events: int
    new: int
    offset: int


@dataclass(frozen=True)
class ImportedShape(Imported):
    """What came of an import from another service.

    Attributes:
        items: Items of which it says something.
        users: Users of which it does.
    """

    items: int
    users: int


def import_events(data: Dataset, into: EventStore, progress: Progress | None = None) -> Imported:
    """Append a log, oldest events first.

    An event's name is made of the source's bytes and its row, so that a second import of the same
    file, after one that broke off, adds what is missing and nothing twice.

    Args:
        data: What a reader gave.
        into: The log.
        progress: Receives how far it is.

    Raises:
        Unavailable: The disk is full; what was appended before stays.

    Cost: some 30,000 events a second.
    """
    log, done, new = data.interactions, 0, 0
    if progress is not None:
        progress.begin("import events", len(log))
    for batch in _batches(log, data.sources):
        new += sum(appended.new for appended in into.append(batch))
        done += len(batch)
        if progress is not None:
            progress.advance(done, len(log))
    return Imported(done, new, into.last_offset())


def import_shape(shaped: Shaped, into: EventStore, records: RecordStore) -> ImportedShape:
    """Keep what a file of another service says: its events, and its items and users as they stand
    at its end.

    Events have the names that they have there, or one of all that they are, so that a second import
    adds nothing. Fields that the run's catalogue does not have are kept and not used.

    Raises:
        Unavailable: The disk is full; what was kept before stays.
    """
    new = 0
    for start in range(0, len(shaped.events), BATCH):
        new += sum(one.new for one in into.append(shaped.events[start : start + BATCH]))
    if shaped.items:
        records.change_items(0, lambda others: _over(others, shaped.items))
    for user, fields in shaped.users.items():
        records.put_user(user, {**(records.user(user) or {}), **fields})
    counts = (len(shaped.items), len(shaped.users))
    return ImportedShape(len(shaped.events), new, into.last_offset(), *counts)


def _over(others: Sequence[ItemRecord], items: Mapping[str, ItemRecord]) -> list[ItemRecord]:
    """What is known of items already, with what a file says in its place."""
    known = {record.item: record for record in others}
    return [
        replace(
            known.get(item, record),
            fields={**(known[item].fields if item in known else {}), **record.fields},
            hidden=record.hidden,
            deleted=False,
        )
        for item, record in items.items()
    ]


def _batches(log: Interactions, sources: Mapping[str, str]) -> Iterator[list[NewEvent]]:
    # by what the files hold, whatever they are called
    of_files = store.digest(sorted(sources.values()))
    order = log.in_time_order()
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        yield [
            NewEvent(_name(of_files, row), event)
            for row, event in zip(rows.tolist(), log.take(rows).events(), strict=True)
        ]


def _name(of_files: str, row: int) -> str:
    return hashlib.sha256(f"{of_files} {row}".encode()).hexdigest()[:32]
