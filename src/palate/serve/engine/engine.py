"""What a service does, without the web: it takes in events and items, and answers with lists."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Final, final

import numpy as np

from palate.arrays import Rows
from palate.event_store import Appended, EventStore, NewEvent
from palate.pipeline.wishes import seen_rule
from palate.recommend import ExhaustiveRecommender
from palate.runs import files
from palate.runs.open import OpenedRun
from palate.serve.engine.answers import Answer, Listed, ListRequest, Source
from palate.serve.engine.histories import RunHistories
from palate.serve.engine.keeper import CatalogueKeeper
from palate.serve.engine.learning import Learner
from palate.serve.engine.popularity import LivePopularity
from palate.serve.engine.reasons import reasons_of
from palate.serve.engine.request_rows import chosen_rows, request_of, unknown_items
from palate.serve.engine.search import Search
from palate.serve.engine.view import View
from palate.serve.events.log import EventLog, Follower
from palate.serve.records.items import ItemChange, ItemRecord, no_item
from palate.serve.records.store import Records
from palate.serve.state.live import LiveState
from palate.stages import Scorer
from palate.tables import Histories, Request

_LOG: Final = logging.getLogger("palate.serve")


@dataclass(frozen=True, eq=False)
class Parts:
    """What an engine is put together of.

    Attributes:
        opened: The run.
        events: The log.
        records: Items and users that were given since.
        state: What the log comes to, up to its end.
        followers: What else is made of new events, after the state.
        model: The model that answers; empty for the one of the headline.
        learn_seconds: Least seconds between two updates of the model by new events; 0: it stays as
            the run left it.
    """

    opened: OpenedRun
    events: EventStore
    records: Records
    state: LiveState
    followers: Sequence[Follower] = ()
    model: str = ""
    learn_seconds: float = 0.0


@final
class Engine:
    """A run that answers for the histories of now.

    Several threads may ask at a time; events are taken in by one thread, and changes of the
    catalogue by another.

    Args:
        parts: What it is made of.

    Raises:
        BadInput: The run has no such model.
    """

    def __init__(self, parts: Parts) -> None:
        opened = self.opened = parts.opened
        self.state, self.records = parts.state, parts.records
        self.model = parts.model or opened.rows(files.SUMMARY).best_model
        self.histories = RunHistories(opened.data.interactions)
        self._seen = seen_rule("", opened.recipe.split)
        self._popularity = LivePopularity(
            opened.data.interactions, parts.state, self.histories.leave_out
        )
        self._keeper = CatalogueKeeper(opened, self.model, parts.records, self._renewed)
        self._search = Search(opened)
        self._learner = Learner(
            opened.scorer(self.model),
            opened.data.interactions,
            parts.events,
            self.histories.leave_out,
            parts.learn_seconds,
            self._keeper.answer_with,
        )
        own: tuple[Follower, ...] = (parts.state, self._popularity, self._learner)
        self._log = EventLog(parts.events, (*own, *parts.followers), most_waiting=2000)

    @property
    def view(self) -> View:
        """The catalogue and the model of now."""
        return self._keeper.view

    @property
    def learns(self) -> bool:
        """Whether the model learns from new events."""
        return self._learner.learns

    @property
    def learnt_offset(self) -> int:
        """Offset of the last event that the model has learnt from; 0 for none."""
        return self._learner.offset

    def waiting(self) -> int:
        """Appends that wait now."""
        return self._log.waiting()

    def value_of(self, action: str) -> float:
        """What an event counts whose sender does not say it: as in the run's recipe, else 1."""
        return float(self.opened.recipe.data.action_values.get(action, 1.0))

    def take_in(self, events: Sequence[NewEvent]) -> Future[list[Appended]]:
        """Keep events; what is read after the result knows of them.

        Raises:
            Overloaded, Unavailable: See `palate.serve.events.log.EventLog.append`.
        """
        return self._log.append(events)

    def change_items(self, changes: Sequence[ItemChange]) -> Future[list[ItemRecord]]:
        """Create, change, hide or delete items: all of them or none; after the result it is so.

        Raises:
            BadInput: A field that the catalogue does not have, or a value of another type.
            Overloaded, Unavailable: See `palate.serve.engine.keeper.CatalogueKeeper.change`.
        """
        return self._keeper.change(changes)

    def item(self, item: str) -> dict[str, Any]:
        """Field -> value of an item.

        Raises:
            NotFound: There is none.
        """
        items = self.view.items
        row = items.row(item)
        if row is None:
            raise no_item(item)
        return items.fields(row)

    def hidden(self, item: str) -> bool:
        """Whether an item is kept and never recommended."""
        record = self._keeper.record(item)
        return record is not None and record.hidden

    def events_in_run(self, user: str) -> int:
        """Events of the user in the run's own log; 0 for one who was erased."""
        return 0 if self.records.erased(user) else self.histories.n_events(user)

    def erase_user(self, user: str) -> Future[list[Appended]]:
        """Forget a user: fields, events, counters, and what the run's log says of them."""
        self.records.erase_user(user)
        return self._log.erase(user)

    def history(self, user: str) -> Histories:
        """What is known of a user, one case; an empty history for one of whom nothing is."""
        return self._history(user, self.view)

    def recommend(self, wanted: ListRequest) -> Answer:
        """The best items for a user, or for somebody with a history.

        Raises:
            BadInput: A filter names a field or a value that the catalogue does not have.
        """
        return self._settled(lambda view: self._recommended(wanted, view))

    def rank(self, wanted: ListRequest) -> Answer:
        """The candidates in order; those that are hidden or unknown are left out, and so is nothing
        else.
        """
        length = max(len(wanted.candidates or ()), 1)
        return self.recommend(replace(wanted, k=length, seen=wanted.seen or "allow"))

    def similar(self, item: str, wanted: ListRequest) -> Answer:
        """What the model recommends to who took that item alone.

        Raises:
            NotFound: There is no such item.
        """
        if self.view.items.row(item) is None:
            raise no_item(item)
        return self.recommend(replace(wanted, history=(item,), seen="mask"))

    def search(self, text: str, wanted: ListRequest) -> Answer:
        """Items whose texts match; filters, candidates and exclusions as for a recommendation.

        Raises:
            Refused: The run has no block of texts.
            BadInput: A filter names what the catalogue does not have.
        """
        return self._settled(lambda view: self._searched(text, wanted, view))

    def close(self) -> None:
        """Do what is waiting, and take in no more."""
        self._log.close()
        self._learner.close()
        self._keeper.close()

    def _settled(self, answered: Any) -> Answer:
        """An answer that holds in the view of now: one that was begun before an item was hidden,
        and lists it, is made again.
        """
        while True:
            view = self.view
            answer: Answer = answered(view)
            now = self.view
            if now is view or not any(self._off(one.item, now) for one in answer.items):
                return answer

    def _off(self, item: str, view: View) -> bool:
        row = view.items.row(item)
        return row is None or row in view.items.unavailable_set

    def _recommended(self, wanted: ListRequest, view: View) -> Answer:
        named = (*(wanted.history or ()), *(wanted.candidates or ()))
        unknown = unknown_items(named, view.items)
        history = self._wanted_history(wanted, view)
        rule = wanted.seen or self._seen
        request = request_of(wanted, history, rule == "mask", view.items)
        k = min(wanted.k, len(view.items.catalogue))
        scorer, source, rows, scores, degraded = self._ranked(view, request, k)
        listed = _listed(view, rows, scores, source)
        if wanted.explain:
            names = view.items.catalogue.items
            reasons = reasons_of(scorer, history, rows, [one.score for one in listed], names)
            listed = [replace(one, reasons=r) for one, r in zip(listed, reasons, strict=True)]
        model = self.model if source == "model" else source
        return Answer(uuid.uuid4().hex, model, tuple(listed), degraded, unknown)

    def _ranked(
        self, view: View, request: Request, k: int
    ) -> tuple[Scorer, Source, Rows, list[float], bool]:
        """By the model; by popularity for somebody of whom nothing is known, or if it fails."""
        degraded = False
        if len(request.history.items.values):
            try:
                return view.scorer, "model", *_top(view.scorer, view, request, k), False
            except Exception:  # whatever a model may raise: people get a list all the same
                _LOG.exception("the model %s cannot answer", self.model)
                degraded = True
        popular = self._popularity.scorer()
        return popular, "popularity", *_top(popular, view, request, k), degraded

    def _searched(self, text: str, wanted: ListRequest, view: View) -> Answer:
        chosen = np.ones(len(view.items.catalogue), np.bool_)
        allowed = chosen_rows(wanted, view.items)
        if allowed is not None:
            chosen[:] = False
            chosen[allowed] = True
        chosen[view.items.unavailable] = False
        chosen[view.items.rows(list(wanted.exclude))] = False
        unknown = unknown_items(wanted.candidates or (), view.items)
        listed = self._search.find(text, view, chosen, wanted.k)
        if not wanted.explain:
            listed = tuple(replace(one, reasons=()) for one in listed)
        return Answer(uuid.uuid4().hex, "search", listed, unknown=unknown)

    def _wanted_history(self, wanted: ListRequest, view: View) -> Histories:
        if wanted.history is not None:
            return self.histories.of_items(view.items.rows(list(wanted.history)))
        return self._history(wanted.user, view)

    def _history(self, user: str, view: View) -> Histories:
        since = self.state.history(user, self.histories.leave_out) if user else []
        row_of: Mapping[str, int] = view.items.catalogue.items.row_of
        return self.histories.of_user(user, since, row_of, self.records.erased(user))

    def _renewed(self, view: View) -> None:
        self._popularity.over(view.items.catalogue.items.row_of)


def _top(scorer: Scorer, view: View, request: Request, k: int) -> tuple[Rows, list[float]]:
    """The rows that may be recommended, best first, with their scores."""
    found = ExhaustiveRecommender(scorer, len(view.items.catalogue)).recommend([request], k)
    kept = found.items[0] >= 0
    return found.items[0][kept], [float(score) for score in found.scores[0][kept]]


def _listed(view: View, rows: Rows, scores: Sequence[float], source: Source) -> list[Listed]:
    names = view.items.catalogue.items.names(rows)
    return [
        Listed(name, position, score, source, title=view.items.title(int(row)))
        for position, (name, row, score) in enumerate(
            zip(names, rows, scores, strict=True), start=1
        )
    ]
