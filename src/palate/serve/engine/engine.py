"""What a service does, without the web: it takes in events and items, and answers with lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, final

from palate.errors import PalateError
from palate.event_store import Appended, EventStore, NewEvent, StoredEvent
from palate.runs.open import OpenedRun
from palate.serve.engine.again import Again
from palate.serve.engine.alike import Alike
from palate.serve.engine.answers import Answer, ListRequest
from palate.serve.engine.changes import CatalogueChanges
from palate.serve.engine.deployed import DeployedModel, Shared, answer_of
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.items import check_fields
from palate.serve.engine.list_settings import STANDARD, ListSettings
from palate.serve.engine.models import DeployedModels
from palate.serve.engine.nearest import VECTORS, VectorSettings
from palate.serve.engine.scrubber import Scrubber
from palate.serve.engine.view import View
from palate.serve.events.log import EventLog, Follower
from palate.serve.records.items import Change, Create, FieldValue, ItemChange, ItemRecord, no_item
from palate.serve.records.record_store import RecordStore
from palate.serve.state.recent import RecentEvents
from palate.serve.state.service_state import ServiceState
from palate.serve.stores import Servers
from palate.tables import Histories

A = TypeVar("A", Answer, Answer | PalateError)


@dataclass(frozen=True, eq=False)
class Parts:
    """What an engine is put together of, besides runs.

    Attributes:
        events: The log.
        records: Items and users that were given since.
        state: What the log comes to, up to its end.
        followers: What else is made of new events, after the state and the models.
        learn_seconds: Least seconds between two updates of a model by new events; 0: it stays as
            the run left it.
        servers: What stands behind the stores.
        lists: How lists are made.
        encoding: How encoders are asked.
        again_seconds: Between two tries of what could not be encoded.
        vectors: How the nearest rows of blocks are found.
    """

    events: EventStore
    records: RecordStore
    state: ServiceState
    followers: Sequence[Follower] = ()
    learn_seconds: float = 0.0
    servers: Servers = field(default_factory=Servers)
    lists: ListSettings = STANDARD
    encoding: Encoding = field(default_factory=Encoding)
    again_seconds: float = 5.0
    vectors: VectorSettings = VECTORS


@final
class Engine:
    """Models that answer for the histories of now, over one log, one state and one catalogue.

    Several threads may ask at a time; events are taken in by one thread, and changes of the
    catalogue by another.

    Args:
        parts: What it is made of.
        opened: The run that answers.
        model: Its model; empty for the one of the headline.

    Raises:
        BadInput: The run has no such model.
    """

    def __init__(self, parts: Parts, opened: OpenedRun, model: str = "") -> None:
        self.state, self.records, self.servers = parts.state, parts.records, parts.servers
        self._changes = CatalogueChanges(parts.records, self._in_run, lambda: self.models)
        self._shared = Shared(
            parts.events,
            parts.records,
            parts.state,
            self._changes,
            parts.learn_seconds,
            parts.lists,
            parts.encoding,
            parts.vectors,
        )
        self.models = DeployedModels(self.opened_model(opened, model))
        self.recent = RecentEvents(parts.events, self.answering.histories.leave_out)
        own: tuple[Follower, ...] = (parts.state, self.models, self.recent)
        self._log = EventLog(
            parts.events, (*own, *parts.followers), 2000, position=parts.state.offset
        )
        self._alike = Alike()
        self._again = Again(lambda: not self.encoded, self.models.renew, parts.again_seconds)

    @property
    def encoded(self) -> bool:
        """Whether the content of all new items is known to every model."""
        return all(model.encoded for model in self.models.every)

    @property
    def answering(self) -> DeployedModel:
        """The model that answers now."""
        return self.models.answering

    @property
    def opened(self) -> OpenedRun:
        """The run of the model that answers."""
        return self.answering.opened

    @property
    def scrubber(self) -> Scrubber:
        """What its recipe leaves out of what comes in."""
        return Scrubber(self.opened.recipe.protect.kinds)

    @property
    def model(self) -> str:
        """The name of the model that answers, in its run."""
        return self.answering.model

    @property
    def view(self) -> View:
        """The catalogue and the model that answers, as they are now."""
        return self.answering.view

    @property
    def learns(self) -> bool:
        """Whether the model that answers learns from new events."""
        return self.answering.learns

    @property
    def learnt_offset(self) -> int:
        """Offset of the last event that the model has learnt from; 0 for none."""
        return self.answering.learnt_offset

    def opened_model(self, opened: OpenedRun, model: str = "") -> DeployedModel:
        """A model over what this engine has; it answers when `models` has it.

        Raises:
            BadInput: The run has no such model.
        """
        return DeployedModel(opened, model, self._shared)

    def events_after(self, offset: int, most: int) -> list[StoredEvent]:
        """The first `most` events of the log whose offset is above `offset`."""
        return self._shared.events.read(offset, most)

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
        return self._log.append(self.scrubber.events(events))

    def change_items(self, changes: Sequence[ItemChange]) -> Future[list[ItemRecord]]:
        """Create, change, hide or delete items: all of them or none; after the result it is so.

        Raises:
            BadInput: A field that the catalogue does not have, or a value of another type.
            Overloaded, Unavailable: See `palate.serve.engine.changes.CatalogueChanges.change`.
        """
        for change in changes:
            if isinstance(change, Create | Change):
                check_fields(self.opened.data.catalogue, change.fields)
        return self._changes.change(self.scrubber.changes(changes))

    def keep_user(self, user: str, fields: Mapping[str, FieldValue]) -> None:
        """Keep what is known of a user, in place of what was known."""
        self.records.put_user(user, self.scrubber.fields(fields))

    def look_at_items(self) -> None:
        """Take up what other processes changed of items, or erased of users, if any do.

        Raises:
            Unavailable: The records cannot be read.
        """
        self._changes.look_again()

    def look_at_log(self) -> None:
        """Take up what other processes appended and erased, if any do; it returns when it is so.

        Raises:
            Unavailable: The log cannot be read.
        """
        self._log.look_again()

    def item(self, item: str) -> dict[str, Any]:
        """Field -> value of an item.

        Raises:
            NotFound: There is none.
        """
        return self.answering.item(item)

    def hidden(self, item: str) -> bool:
        """Whether an item is kept and never recommended."""
        record = self._changes.in_force.get(item)
        return record is not None and record.hidden

    def pinned(self, item: str) -> bool:
        """Whether an item leads the lists that it may be on."""
        record = self._changes.in_force.get(item)
        return record is not None and record.pinned

    def events_in_run(self, user: str) -> int:
        """Events of the user in the run's own log; 0 for one who was erased."""
        return 0 if self.records.erased(user) else self.answering.histories.n_events(user)

    def erase_user(self, user: str) -> Future[list[Appended]]:
        """Forget a user: fields, events, counters, and what the run's log says of them."""
        self.records.erase_user(user)
        return self._log.erase(user)

    def history(self, user: str) -> Histories:
        """What is known of a user, one case; an empty history for one of whom nothing is."""
        return self.answering.history(user)

    def model_of(self, wanted: ListRequest) -> DeployedModel:
        """The model that answers a request."""
        return self.models.of(wanted.by)

    def recommend(self, wanted: ListRequest) -> Answer:
        """The best items for a user, or for somebody with a history.

        Raises:
            BadInput: A filter names a field or a value that the catalogue does not have.
        """
        return answer_of(self.recommend_many([wanted]))

    def recommend_many(self, wanted: Sequence[ListRequest]) -> list[Answer | PalateError]:
        """What `recommend` gives for each, or raises; worked on together, in less time."""
        answers = dict[int, Answer | PalateError]()
        # what was begun before an item was hidden, and lists it, is made again
        while left := [n for n in range(len(wanted)) if n not in answers]:
            made = self._made([wanted[number] for number in left])
            answers |= {n: one for n, one in zip(left, made, strict=True) if not self._stale(one)}
        return [self._as_degraded(answers[number]) for number in range(len(wanted))]

    def may_list(self, item: str) -> bool:
        """Whether the item is neither hidden nor deleted, as every view has it."""
        return not self._changes.off(item)

    def rank(self, wanted: ListRequest) -> Answer:
        """The candidates in order, see `ranking`."""
        return self.recommend(ranking(wanted))

    def similar(self, item: str, wanted: ListRequest) -> Answer:
        """What the model recommends to who took that item alone; of an item that it does not know,
        items of like content.

        Raises:
            NotFound: There is no such item.
        """
        request = self.like(item, wanted)
        if not self.may_be_unknown(item):
            return self.recommend(request)
        return self._settled(
            lambda model: self._alike.answer(model, item, wanted) or model.recommend(request)
        )

    def may_be_unknown(self, item: str) -> bool:
        """Whether the model may know nothing of an item; see `Alike.may_be_unknown`."""
        return self._alike.may_be_unknown(self.answering, item)

    def like(self, item: str, wanted: ListRequest) -> ListRequest:
        """The request for what is recommended to who took that item alone.

        Raises:
            NotFound: There is no such item.
        """
        if self.view.items.row(item) is None:
            raise no_item(item)
        return replace(wanted, history=(item,), seen="mask", pins=False)

    def search(self, text: str, wanted: ListRequest) -> Answer:
        """Items whose texts match; filters, candidates and exclusions as for a recommendation.

        Raises:
            Refused: The run has no block of texts.
            Unavailable: The encoders of all of them are away.
            BadInput: A filter names what the catalogue does not have.
        """
        return self._settled(lambda model: model.search(text, wanted))

    def close(self) -> None:
        """Do what is waiting, and take in no more."""
        self._log.close()
        self._again.close()
        self._changes.close()
        self.models.close()

    def _in_run(self, item: str) -> bool:
        return self.answering.in_run(item)

    def _settled(self, answered: Callable[[DeployedModel], Answer], by: str = "") -> Answer:
        """An answer of one model that holds as items are now: one that was begun before an item was
        hidden, and lists it, is made again.
        """
        while True:
            answer = answered(self.models.of(by))
            if not self._stale(answer):
                return self._as_degraded(answer)

    def _made(self, wanted: Sequence[ListRequest]) -> list[Answer | PalateError]:
        """Lists, those of one model together."""
        models = [self.model_of(one) for one in wanted]
        found = dict[int, Answer | PalateError]()
        for model in dict.fromkeys(models):
            some = [number for number, one in enumerate(models) if one is model]
            made = model.recommend_many([wanted[number] for number in some])
            found |= dict(zip(some, made, strict=True))
        return [found[number] for number in range(len(wanted))]

    def _as_degraded(self, answer: A) -> A:
        """The answer, and that it is a substitute while servers are away."""
        if not isinstance(answer, Answer) or answer.degraded or not self.servers.away():
            return answer
        return replace(answer, degraded=True)

    def _stale(self, answer: Answer | PalateError) -> bool:
        """Whether it lists an item that may not be recommended any more."""
        return isinstance(answer, Answer) and any(
            self._changes.off(one.item) for one in answer.items
        )


def ranking(wanted: ListRequest) -> ListRequest:
    """The request for all of the candidates in order; those that are hidden or unknown are left
    out, and so is nothing else.
    """
    length = max(len(wanted.candidates or ()), 1)
    return replace(wanted, k=length, seen=wanted.seen or "allow", pins=False)
