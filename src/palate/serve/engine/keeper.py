"""What one model answers from: its view of now, and who makes the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, final

import numpy as np

from palate.arrays import Rows
from palate.data.titles import named_by
from palate.runs.open import OpenedRun
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.items import Items, items_now
from palate.serve.engine.list_settings import ListSettings
from palate.serve.engine.view import View, view_of
from palate.serve.records.items import ItemRecord
from palate.stages import Scorer
from palate.tables import Histories

RecordsOfItems: TypeAlias = Mapping[str, ItemRecord]


@final
class ViewKeeper:
    """The view of a model; the next one is made beside it and takes its place as a whole.

    Args:
        opened: The run.
        model: The model.
        records: What was said of items up to now; called whenever a view is made.
        renewed: Called with each new view before anybody sees it.
        lists: How lists are made.
        recent: Gives histories that were requested lately.
        encoding: How encoders are asked for new items.
    """

    def __init__(
        self,
        opened: OpenedRun,
        model: str,
        records: Callable[[], RecordsOfItems],
        renewed: Callable[[View], None],
        lists: ListSettings,
        recent: Callable[[], Sequence[Histories]],
        encoding: Encoding,
    ) -> None:
        self._opened, self._model, self._records = opened, model, records
        self._renewed, self._lists, self._encoding = renewed, lists, encoding
        self._recent = recent
        self._made: tuple[RecordsOfItems, Items] | None = None
        self._making = threading.Lock()  # a view is of what was said later than the one before
        self._showing = threading.Lock()
        self._forgotten: Rows = np.asarray(opened.forgotten_items, np.int32)
        self._title_field = named_by(opened.data.catalogue, opened.recipe.report.title_field)
        self._scorer = opened.scorer(model)
        self.view = self._view_of(self._items())
        renewed(self.view)

    def renew(self, content: bool = True) -> None:
        """Make the view of now.

        Args:
            content: Whether items came or their fields changed; else the model stays as it is.
        """
        with self._making:
            items = self._items()
            if content or len(items.catalogue) != len(self.view.items.catalogue):
                view = self._view_of(items)
            else:
                view = replace(self.view, items=items)
            self._renewed(view)
            self._show(view)

    def hide(self) -> None:
        """Leave out what was hidden or deleted by now, of the items that the view has: it does not
        wait for a view that is being made, whose new items may take long to be encoded.
        """
        self._show(None)

    def _show(self, view: View | None) -> None:
        """From now on answer with this view, or that of before, as to what is hidden by now."""
        with self._showing:
            view = view or self.view
            items = view.items.available(self._records(), self._forgotten)
            self.view = replace(view, items=items)

    def answer_with(self, scorer: Scorer) -> None:
        """From now on answer with this model, for the run's items, in place of the one before; it
        returns when that is so.
        """
        self._scorer = scorer
        self.renew()

    def _view_of(self, items: Items) -> View:
        return view_of(
            self._opened,
            self._model,
            items,
            self._scorer,
            self._encoding,
            self._lists,
            self._recent(),
        )

    def _items(self) -> Items:
        records = self._records()
        if self._made is None or self._made[0] is not records:
            run = self._opened.data.catalogue
            items = items_now(run, records, self._forgotten, self._title_field)
            self._made = (records, items)
        return self._made[1]
