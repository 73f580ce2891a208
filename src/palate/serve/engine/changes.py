"""Changes of the catalogue: kept on the disk, and in force in every model's view, before they are
answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import final

from palate.serve.group_worker import GroupWorker
from palate.serve.records.items import Change, Create, ItemChange, ItemRecord, after
from palate.serve.records.store import Records


@final
class CatalogueChanges:
    """What was said of items since the run, and the one thread that adds to it.

    Changes that come while views are being made are gathered, and the next views are made of all of
    them: a hundred items cost little more than one.

    Args:
        store: Where changes are kept.
        in_run: Whether the run that answers has an item.
        renew: Makes every model's next view; given whether content changed.

    Attributes:
        records: Item -> what was said of it; views are made of this.
        in_force: The same as every view has it already.
    """

    def __init__(
        self, store: Records, in_run: Callable[[str], bool], renew: Callable[[bool], None]
    ) -> None:
        self._store, self._in_run, self._renew = store, in_run, renew
        self.records: Mapping[str, ItemRecord] = store.items()
        self.in_force = self.records
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

    def off(self, item: str) -> bool:
        """Whether the item was hidden or deleted, as every view has it."""
        record = self.in_force.get(item)
        return record is not None and (record.hidden or record.deleted)

    def close(self) -> None:
        """Make the changes that wait, then end."""
        self._worker.close()

    def _do(self, jobs: Sequence[Sequence[ItemChange]]) -> list[list[ItemRecord] | Exception]:
        records, results = dict(self.records), list[list[ItemRecord] | Exception]()
        changed: dict[str, ItemRecord] = {}
        for changes in jobs:
            try:
                made = self._made(changes, records)
            except Exception as error:  # of this client alone
                results.append(error)
                continue
            records |= {record.item: record for record in made}
            changed |= {record.item: record for record in made}
            results.append(made)
        if changed:
            self._store.put_items(list(changed.values()))
            self.records = records
            self._renew(any(_of_content(change) for changes in jobs for change in changes))
            self.in_force = records
        return results

    def _made(
        self, changes: Sequence[ItemChange], records: dict[str, ItemRecord]
    ) -> list[ItemRecord]:
        mine, made = dict(records), []
        for change in changes:
            mine[change.item] = after(change, mine.get(change.item), self._in_run(change.item))
            made.append(mine[change.item])
        return made


def _of_content(change: ItemChange) -> bool:
    return isinstance(change, Create | Change)
