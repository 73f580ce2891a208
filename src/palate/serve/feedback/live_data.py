"""All that a service was given and answered, read at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from palate.errors import BadInput
from palate.event_store import EventStore
from palate.serve.data_folder import EVENTS, opened_lists, opened_log, opened_records
from palate.serve.records.items import ItemRecord
from palate.serve.served.feature_rows import FeatureRow
from palate.serve.served.lists import ServedList
from palate.serve.stores import StoreSettings
from palate.tables import Event


@dataclass(frozen=True, eq=False)
class LiveData:
    """What a service was given, and what it answered.

    Attributes:
        events: The log, in the order in which it came.
        items: Id -> what was said of an item since the run.
        erased: Whether a user was forgotten.
        lists: Lists that were served and are still kept.
        rows: Digest -> a row of features of their items.
    """

    events: Sequence[Event]
    items: Mapping[str, ItemRecord]
    erased: Callable[[str], bool]
    lists: Sequence[ServedList]
    rows: Mapping[bytes, FeatureRow]


def read_live(folder: Path | None, where: StoreSettings) -> LiveData:
    """Read the folder of a service that rests, or a copy of it; or the PostgreSQL of several
    processes, which may go on meanwhile.

    Args:
        folder: Of the service.
        where: Else the address of its PostgreSQL.

    Raises:
        BadInput: It is no such folder.
        Conflict: A service uses it.
        Unavailable: The server does not answer.

    Cost: some microseconds an event and a list; all of it in memory.
    """
    if folder is not None and not (folder / EVENTS).is_file():
        raise BadInput(
            "there is no log of a service",
            where=str(folder),
            next_step="give --data of palate serve",
        )
    with ExitStack() as opened:
        store = opened_log(folder, where)
        opened.callback(store.close)
        records = opened_records(folder, where)
        opened.callback(records.close)
        served = opened_lists(folder, where)
        opened.callback(served.close)
        return LiveData(
            _events(store),
            {record.item: record for record in records.items().records},
            records.erased,
            list(served.lists()),
            {row.digest: row for row in served.feature_rows()},
        )


def _events(store: EventStore) -> list[Event]:
    events, after = list[Event](), 0
    while found := store.read(after):
        events += [one.event for one in found]
        after = found[-1].offset
    return events
