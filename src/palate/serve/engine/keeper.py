"""Changes of the catalogue: kept on the disk, and in force, before they are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import final

import numpy as np

from palate.arrays import Rows
from palate.runs.open import OpenedRun
from palate.serve.engine.items import Items, check_fields, items_now
from palate.serve.engine.view import View, view_of
from palate.serve.group_worker import GroupWorker
from palate.serve.records.items import Change, Create, ItemChange, ItemRecord, after
from palate.serve.records.store import Records
from palate.stages import Scorer


@final
class CatalogueKeeper:
    """The view of now, and the one thread that makes the next one.

    Changes that come while a view is being made are gathered, and the next one is made of all of
    them: a hundred items cost little more than one.

    Args:
        opened: The run.
        model: The model that answers.
        records: Where changes are kept.
        renewed: Called with each new view before anybody sees it.
    """

    def __init__(
        self, opened: OpenedRun, model: str, records: Records, renewed: Callable[[View], None]
    ) -> None:
        self._opened, self._model, self._store, self._renewed = opened, model, records, renewed
        self._records, self._scorer = records.items(), opened.scorer(model)
        self.view = view_of(opened, model, self._items(self._records), self._scorer)
        renewed(self.view)
        self._learnt = self._scorer
        self._worker: GroupWorker[Sequence[ItemChange], list[ItemRecord]] = GroupWorker(
            self._do, "palate-catalogue", most_waiting=1000
        )

    def change(self, changes: Sequence[ItemChange]) -> Future[list[ItemRecord]]:
        """What is known of each item after the changes; all of them are made, or none.

        Raises:
            Overloaded: Too many changes are waiting.
            Unavailable: The service is shutting down.
        """
        for change in changes:
            if isinstance(change, Create | Change):
                check_fields(self._opened.data.catalogue, change.fields)
        return self._worker.submit(changes)

    def answer_with(self, scorer: Scorer) -> None:
        """From now on answer with this model, for the run's items, in place of the one before; it
        returns when that is so.
        """
        self._learnt = scorer
        self._worker.submit(()).result()

    def record(self, item: str) -> ItemRecord | None:
        """What was said of the item since the run; None for nothing."""
        return self._records.get(item)

    def close(self) -> None:
        """Make the changes that wait, then end."""
        self._worker.close()

    def _do(self, jobs: Sequence[Sequence[ItemChange]]) -> list[list[ItemRecord] | Exception]:
        records, results = dict(self._records), list[list[ItemRecord] | Exception]()
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
            self._records = records
        scorer, self._scorer = self._scorer, self._learnt
        if changed or self._scorer is not scorer:
            content = any(_of_content(change) for changes in jobs for change in changes)
            self._renew(content or self._scorer is not scorer)
        return results

    def _made(
        self, changes: Sequence[ItemChange], records: dict[str, ItemRecord]
    ) -> list[ItemRecord]:
        run, mine = self._opened.data.catalogue.items.row_of, dict(records)
        forgotten = set(self._opened.forgotten_items.tolist())
        made = []
        for change in changes:
            row = run.get(change.item)
            in_run = row is not None and row not in forgotten
            mine[change.item] = after(change, mine.get(change.item), in_run)
            made.append(mine[change.item])
        return made

    def _renew(self, rows: bool) -> None:
        items = self._items(self._records)
        if rows:
            view = view_of(self._opened, self._model, items, self._scorer)
        else:  # the same rows: the model stays
            view = replace(self.view, items=items)
        self._renewed(view)
        self.view = view

    def _items(self, records: dict[str, ItemRecord]) -> Items:
        data, recipe = self._opened.data, self._opened.recipe
        forgotten: Rows = np.asarray(self._opened.forgotten_items, np.int32)
        return items_now(data.catalogue, records, forgotten, recipe.report.title_field)


def _of_content(change: ItemChange) -> bool:
    return isinstance(change, Create | Change)
