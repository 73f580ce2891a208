"""Changes of the catalogue: kept on the disk, and in force in every model's view, before they are
answered.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol, final

from palate.serve.group_worker import GroupWorker
from palate.serve.records.items import ItemChange, ItemRecord, after
from palate.serve.records.record_store import RecordStore


class Views(Protocol):
    """What models answer from."""

    def renew(self, content: bool = True) -> None:
        """Make the views of what was said of items up to now."""
        ...

    def hide(self) -> None:
        """Leave out at once what was hidden by now."""
        ...


@final
class CatalogueChanges:
    """What was said of items since the run, and the one thread that adds to it.

    Changes that come while views are being made are gathered, and the next views are made of all of
    them: a hundred items cost little more than one.

    Args:
        store: Where changes are kept.
        in_run: Whether the run that answers has an item.
        views: Make every model's next view.

    Attributes:
        records: Item -> what was said of it; views are made of this.
        in_force: The same as every view has it already.
    """

    def __init__(
        self, store: RecordStore, in_run: Callable[[str], bool], views: Callable[[], Views]
    ) -> None:
        self._store, self._in_run, self._views = store, in_run, views
        found = store.items()
        self._version, self._behind = found.version, False
        self.records: dict[str, ItemRecord] = {r.item: r for r in found.records}
        self.in_force = self.records
        self._knowing = threading.Lock()
        self._worker: GroupWorker[Sequence[ItemChange], list[ItemRecord]] = GroupWorker(
            self._do, "palate-catalogue", most_waiting=1000
        )

    def change(self, changes: Sequence[ItemChange]) -> Future[list[ItemRecord]]:
        """What is known of each item after the changes; all of them are made, or none.

        Raises:
            Overloaded: Too many changes are waiting.
            Unavailable: The service is shutting down.
        """
        return self._worker.submit(changes)

    def look_again(self) -> None:
        """Take up what other processes changed. What they hid or deleted is on no list that is
        begun after this returns, however long it takes to encode what they created.

        Raises:
            Unavailable: The records cannot be read.
        """
        if self._store.look_again() == self._version:
            return
        found = self._store.items(self._version)
        if self._known(found.records, found.version):
            self._behind = True
        self._views().hide()
        self.in_force = self.records
        if self._behind:
            self._worker.submit(())

    def off(self, item: str) -> bool:
        """Whether the item was hidden or deleted, as every view has it."""
        record = self.in_force.get(item)
        return record is not None and (record.hidden or record.deleted)

    def close(self) -> None:
        """Make the changes that wait, then end."""
        self._worker.close()

    def _do(self, jobs: Sequence[Sequence[ItemChange]]) -> list[list[ItemRecord] | Exception]:
        results: list[list[ItemRecord] | Exception] = [[] for _ in jobs]
        content = any(jobs) and self._kept(jobs, results)
        behind, self._behind = self._behind, False
        if any(jobs) or behind:
            self._views().renew(content or behind)
            self.in_force = self.records
        return results

    def _kept(
        self,
        jobs: Sequence[Sequence[ItemChange]],
        results: list[list[ItemRecord] | Exception],
    ) -> bool:
        """Keep the changes, and write what became of each job; whether content changed."""
        new: dict[str, ItemRecord] = {}

        def decide(elsewhere: Sequence[ItemRecord]) -> list[ItemRecord]:
            records = dict(self.records) | {record.item: record for record in elsewhere}
            changed: dict[str, ItemRecord] = {}
            for number, changes in enumerate(jobs):
                try:
                    made = self._made(changes, records)
                except Exception as error:  # of this client alone
                    results[number] = error
                    continue
                records |= {record.item: record for record in made}
                changed |= {record.item: record for record in made}
                results[number] = made
            new.update({record.item: record for record in elsewhere} | changed)
            return list(changed.values())

        version = self._store.change_items(self._version, decide)
        return self._known(list(new.values()), version)

    def _known(self, records: Sequence[ItemRecord], version: int) -> bool:
        """From now on know these, all that changed up to a version; whether an item came or got
        other content.
        """
        with self._knowing:
            if version <= self._version:  # what is known already is newer
                return False
            before = self.records
            self.records = before | {record.item: record for record in records}
            self._version = version
        return any(_other_content(record, before.get(record.item)) for record in records)

    def _made(
        self, changes: Sequence[ItemChange], records: dict[str, ItemRecord]
    ) -> list[ItemRecord]:
        mine, made = dict(records), []
        for change in changes:
            mine[change.item] = after(change, mine.get(change.item), self._in_run(change.item))
            made.append(mine[change.item])
        return made


def _other_content(record: ItemRecord, before: ItemRecord | None) -> bool:
    return not record.deleted and record.fields != ({} if before is None else before.fields)
