"""One model of a run in a service: all that depends on the run, over the log, the state and the
records that every model shares.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, final

import numpy as np
from msgspec.structs import replace

from palate.arrays import Doubles
from palate.errors import PalateError
from palate.event_store import EventStore, StoredEvent
from palate.pipeline.wishes import seen_rule
from palate.runs import files
from palate.runs.open import OpenedRun
from palate.serve.engine.answers import Answer, Listed, ListRequest
from palate.serve.engine.changes import CatalogueChanges
from palate.serve.engine.content import Content
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.histories import RunHistories
from palate.serve.engine.keeper import ViewKeeper
from palate.serve.engine.learning import Learner, Lessons
from palate.serve.engine.list_settings import STANDARD, ListSettings
from palate.serve.engine.nearest import VECTORS, Recall, VectorSettings
from palate.serve.engine.popularity import LivePopularity, counted_after
from palate.serve.engine.ranked import Ranked, ranked, with_pinned
from palate.serve.engine.reasons import Reasons, reasons_of
from palate.serve.engine.request_rows import chosen_rows, request_of, unknown_items
from palate.serve.engine.search import Search
from palate.serve.engine.taken_up import taken_up
from palate.serve.engine.view import View
from palate.serve.engine.words import ItemWords, Word
from palate.serve.ids import new_id
from palate.serve.records.items import no_item
from palate.serve.records.record_store import RecordStore
from palate.serve.state.service_state import ServiceState
from palate.tables import Histories, Request
from palate.tables.request import histories_of

RECENT: Final = 64
"""Histories of the latest requests, for which a new view is made ready."""


@dataclass(frozen=True, eq=False)
class Shared:
    """What all models of a service share.

    Attributes:
        events: The log.
        records: Items and users that were given since.
        state: What the log comes to, up to its end.
        changes: Changes of the catalogue.
        learn_seconds: Least seconds between two updates of a model by new events; 0: models stay as
            their runs left them.
        lists: How lists are made.
        encoding: How encoders are asked.
        vectors: How the nearest rows of blocks are found.
    """

    events: EventStore
    records: RecordStore
    state: ServiceState
    changes: CatalogueChanges
    learn_seconds: float = 0.0
    lists: ListSettings = STANDARD
    encoding: Encoding = field(default_factory=Encoding)
    vectors: VectorSettings = VECTORS


@final
class DeployedModel:
    """A model that answers for the histories of now (a `palate.serve.events.log.Follower`).

    Several threads may ask at a time.

    Args:
        opened: The run.
        model: Its model; empty for the one of the headline.
        shared: What it has in common with the others.

    Raises:
        BadInput: The run has no such model.

    Attributes:
        key: Of no other one.
    """

    def __init__(self, opened: OpenedRun, model: str, shared: Shared) -> None:
        self.opened, self.key = opened, new_id()
        self.model = model or opened.rows(files.SUMMARY).best_model
        self._state, self._records = shared.state, shared.records
        log = opened.data.interactions
        self.histories = RunHistories(log)
        self._lately: deque[Histories] = deque(maxlen=RECENT)
        self._seen = seen_rule("", opened.recipe.split)
        # a run that was fitted on this log, too, has its first events: they count once
        taken = self._taken_up = taken_up(opened, shared.events)
        since = partial(counted_after, shared.events, taken) if taken else shared.state.item_counts
        self._popularity = LivePopularity(log, self.histories.leave_out, since)
        self._keeper = ViewKeeper(
            opened,
            self.model,
            lambda: shared.changes.records,
            self._popularity_over,
            shared.lists,
            lambda: [history for history in self._lately.copy() if len(history.items.values)],
            shared.encoding,
        )
        self.content = Content(opened, self.model, shared.encoding)
        self._search = Search(opened, self.content, shared.encoding, shared.vectors)
        self._words = ItemWords(opened, shared.encoding)
        self._learner = Learner(
            opened.scorer(self.model),
            Lessons(opened.data, opened.recipe.clean, self.histories.leave_out),
            shared.events,
            shared.learn_seconds,
            self._keeper.answer_with,
            taken,
        )

    @property
    def view(self) -> View:
        """The catalogue and the model of now."""
        return self._keeper.view

    @property
    def encoded(self) -> bool:
        """Whether the content of all new items is known to the model and to searches."""
        view = self.view
        return view.encoded and not self.content.lacks(view)

    @property
    def learns(self) -> bool:
        """Whether the model learns from new events."""
        return self._learner.learns

    @property
    def learnt_offset(self) -> int:
        """Offset of the last event that the model has learnt from; 0 for none."""
        return self._learner.offset

    @property
    def recall(self) -> Recall:
        """What the index of its vectors finds of what there is."""
        return self._search.recall

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Take up new events."""
        self._popularity.follow(events)
        self._learner.follow(events)

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Go on as if these events of a user had not been."""
        self._popularity.erase(user, events)
        self._learner.erase(user, events)

    def renew(self, content: bool = True) -> None:
        """Make the view of what was said of items up to now; see `ViewKeeper.renew`."""
        self._keeper.renew(content)

    def catch_up(self) -> None:
        """Take up what came before the model followed anything."""
        self._popularity.recount()
        self._keeper.renew()

    def hide(self) -> None:
        """Leave out at once what was hidden by now; see `ViewKeeper.hide`."""
        self._keeper.hide()

    def in_run(self, item: str) -> bool:
        """Whether the run has the item and it was not taken out of it."""
        row = self.opened.data.catalogue.items.row_of.get(item)
        return row is not None and row not in self.opened.forgotten_items

    def recommend(self, wanted: ListRequest) -> Answer:
        """The best items for a user, or for somebody with a history.

        Raises:
            BadInput: A filter names a field or a value that the catalogue does not have.
        """
        return answer_of(self.recommend_many([wanted]))

    def recommend_many(self, wanted: Sequence[ListRequest]) -> list[Answer | PalateError]:
        """What `recommend` gives for each, or raises; all are worked on together, which takes much
        less time than one after the other.
        """
        view = self.view  # one for all of the answers
        requested, refused = dict[int, _Wanted](), dict[int, PalateError]()
        for number, one in enumerate(wanted):
            try:
                requested[number] = self._in_rows(one, view)
            except PalateError as error:
                refused[number] = error
        answers = dict(zip(requested, self._answers(view, list(requested.values())), strict=True))
        return [answers[n] if n in answers else refused[n] for n in range(len(wanted))]

    def search(self, text: str, wanted: ListRequest) -> Answer:
        """Items whose texts match; filters, candidates and exclusions as for a recommendation.

        Raises:
            Refused: The run has no block of texts.
            Unavailable: The encoders of all of them are away.
            BadInput: A filter names what the catalogue does not have.
        """
        view = self.view
        chosen = np.ones(len(view.items.catalogue), np.bool_)
        allowed = chosen_rows(wanted, view.items)
        if allowed is not None:
            chosen[:] = False
            chosen[allowed] = True
        chosen[view.items.unavailable] = False
        chosen[view.items.rows(list(wanted.exclude))] = False
        unknown = unknown_items(wanted.candidates or (), view.items)
        listed, whole = self._search.find(text, view, chosen, wanted.k)
        if not wanted.explain:
            listed = tuple(replace(one, reasons=()) for one in listed)
        return Answer(new_id(), "search", listed, not whole, unknown)

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

    def title(self, item: str) -> str:
        """What people call an item; empty where no field says so, or there is no such item."""
        items = self.view.items
        row = items.row(item)
        return "" if row is None else items.title(row)

    def words(self, item: str, most: int) -> list[Word]:
        """The words of an item's texts that matter; see `palate.serve.engine.words.ItemWords.of`.

        Raises:
            NotFound, Refused: As there.
        """
        return self._words.of(item, self.view.items, most)

    def taken(self, user: str, most: int) -> list[str]:
        """The last items of what is known of a user, at most `most`, oldest first: what the model
        answers for.
        """
        view = self.view
        rows = self._history(user, view).items.values[-most:]
        return list(view.items.catalogue.items.names(rows))

    def history(self, user: str) -> Histories:
        """What is known of a user, one case; an empty history for one of whom nothing is."""
        return self._history(user, self.view)

    def wanted_history(self, wanted: ListRequest) -> Histories:
        """Whose history a request is about, one case."""
        return self._wanted_history(wanted, self.view)

    def masks(self, wanted: ListRequest) -> bool:
        """Whether items of the history are left out."""
        return (wanted.seen or self._seen) == "mask"

    def popular(self) -> Doubles:
        """float64 [n_items], events of each item, in the run's log and since."""
        return self._popularity.counts()

    def close(self) -> None:
        """Learn no more; answers that were begun can be finished."""
        self._learner.close()

    def _in_rows(self, wanted: ListRequest, view: View) -> _Wanted:
        named = (*(wanted.history or ()), *(wanted.candidates or ()))
        unknown = unknown_items(named, view.items) if named else ()
        history = self._wanted_history(wanted, view)
        self._lately.append(history)
        request = request_of(wanted, history, self.masks(wanted), view.items)
        pinned = view.items.pinned if wanted.pins else frozenset()
        length = min(wanted.k, len(view.items.catalogue))
        return _Wanted(wanted, request, length, unknown, pinned)

    def _answers(self, view: View, requested: Sequence[_Wanted]) -> list[Answer]:
        if not requested:
            return []
        requests, lengths = [one.request for one in requested], [one.length for one in requested]
        lists = ranked(view, self._popularity.scorer, requests, lengths)
        lists = [
            with_pinned(view, made, one.request, one.pinned, one.length) if one.pinned else made
            for one, made in zip(requested, lists, strict=True)
        ]
        reasons = _reasons(view, requested, lists)
        return [
            Answer(
                new_id(),
                self.model if made.source == "model" else made.source,
                _listed(view, made, why, one.pinned),
                made.degraded,
                one.unknown,
            )
            for one, made, why in zip(requested, lists, reasons, strict=True)
        ]

    def _wanted_history(self, wanted: ListRequest, view: View) -> Histories:
        if wanted.history is not None:
            return self.histories.of_items(view.items.rows(list(wanted.history)))
        return self._history(wanted.user, view, wanted.until)

    def _history(self, user: str, view: View, until: int | None = None) -> Histories:
        since = self._state.history(user, self.histories.leave_out) if user else []
        if until is not None or self._taken_up:
            last = math.inf if until is None else until
            since = [done for done in since if self._taken_up < done.taken.offset <= last]
        row_of: Mapping[str, int] = view.items.catalogue.items.row_of
        return self.histories.of_user(user, since, row_of, self._records.erased(user))

    def _popularity_over(self, view: View) -> None:
        self._popularity.over(view.items.catalogue.items.row_of)


def answer_of(answers: Sequence[Answer | PalateError]) -> Answer:
    """The only one of them.

    Raises:
        PalateError: It is a refusal.
    """
    (answer,) = answers
    if isinstance(answer, PalateError):
        raise answer
    return answer


def _reasons(
    view: View, requested: Sequence[_Wanted], lists: Sequence[Ranked]
) -> list[Sequence[Reasons]]:
    """The reasons of each list, those of one scorer together; none where none are wanted."""
    found: list[Sequence[Reasons]] = [[()] * len(made.rows) for made in lists]
    wanted = [number for number, one in enumerate(requested) if one.wanted.explain]
    for scorer in {id(lists[number].scorer): lists[number].scorer for number in wanted}.values():
        some = [number for number in wanted if lists[number].scorer is scorer]
        made = reasons_of(
            scorer,
            histories_of([requested[number].request for number in some]),
            [lists[number].rows for number in some],
            [lists[number].scores for number in some],
            view.items.catalogue.items,
        )
        for number, reasons in zip(some, made, strict=True):
            found[number] = reasons
    return found


def _listed(
    view: View, made: Ranked, reasons: Sequence[Reasons], pinned: frozenset[int]
) -> tuple[Listed, ...]:
    names, rows = view.items.catalogue.items.names(made.rows), made.rows.tolist()
    return tuple(
        Listed(
            name,
            position,
            score,
            "pinned" if row in pinned else made.source,
            1.0,
            view.items.title(row),
            why,
        )
        for position, (name, row, score, why) in enumerate(
            zip(names, rows, made.scores, reasons, strict=True), start=1
        )
    )


@dataclass(frozen=True, eq=False)
class _Wanted:
    """A wanted list as the model sees it.

    Attributes:
        wanted: In outside ids.
        request: In rows.
        length: Of the list.
        unknown: Ids that the catalogue does not have.
        pinned: Rows that lead the list.
    """

    wanted: ListRequest
    request: Request
    length: int
    unknown: tuple[str, ...]
    pinned: frozenset[int]
