"""Every route of the service, described once for both clients; a test compares them with the
service's own description.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Sequence
from typing import Final

import msgspec

from palate.client.wanted import (
    Route,
    Wanted,
    asks,
    asks_with,
    changes,
    encoded,
    of_one,
    of_one_with,
    reads,
    removes,
    sends,
)
from palate.serve.engine.answers import Answer, RowsAnswer
from palate.serve.http.bodies import (
    EventBody,
    ExperimentBody,
    ItemBody,
    KeyBody,
    LiveQuery,
    ModelBody,
    NextBody,
    RankBody,
    RecommendBody,
    RowsBody,
    SearchBody,
    SimilarQuery,
    UserBody,
    WordsQuery,
)
from palate.serve.http.replies import (
    DriftReply,
    Erased,
    EventsReply,
    ExperimentReply,
    ExperimentsReply,
    Health,
    ItemReply,
    ItemsReply,
    KeyReply,
    KeysReply,
    Live,
    ModelReply,
    ModelsReply,
    NewKeyReply,
    Ready,
    UserReply,
    WordsReply,
)

_EVENTS: Final = "/v1/events"
_ITEMS, _ITEM = "/v1/items", "/v1/items/{id}"
_KEYS: Final = "/v1/keys"
_MODELS, _MODEL = "/v1/models", "/v1/models/{id}"
_USERS, _USER = "/v1/users", "/v1/users/{id}"


def _with_id(event: EventBody) -> EventBody:
    """Named before the first attempt, so that a second one counts nothing twice."""
    return event if event.event_id else msgspec.structs.replace(event, event_id=uuid.uuid4().hex)


def _events(events: Sequence[EventBody]) -> Wanted[EventsReply]:
    content = encoded([_with_id(event) for event in events])
    return Wanted("POST", _EVENTS, reads(EventsReply), content)


def _items(items: Sequence[ItemBody]) -> Wanted[ItemsReply]:
    return Wanted("POST", _ITEMS, reads(ItemsReply), encoded(items), repeatable=False)


def _roll_back() -> Wanted[ModelReply]:
    return Wanted("POST", f"{_MODELS}/roll-back", reads(ModelReply), repeatable=False)


SEND_EVENT: Final = sends(
    "POST",
    _EVENTS,
    "Take in what somebody did; the answer comes when it is on the disk.",
    EventBody,
    EventsReply,
    complete=_with_id,
)
SEND_EVENTS: Final = Route(
    "POST",
    _EVENTS,
    "Take in a batch of events, all of them or none.",
    _events,
    inspect.signature(_events),
    EventsReply,
    EventBody,
)
RECOMMEND: Final = sends(
    "POST",
    "/v1/recommendations",
    "The best items for a user, or for somebody with a history.",
    RecommendBody,
    Answer,
)
NEXT_PAGE: Final = sends(
    "POST",
    "/v1/recommendations/next",
    "The items after those of an answer, none of them twice.",
    NextBody,
    Answer,
)
ROWS: Final = sends("POST", "/v1/rows", "Lists with titles, no item twice.", RowsBody, RowsAnswer)
RANK: Final = sends("POST", "/v1/rank", "Candidates in order for somebody.", RankBody, Answer)
SIMILAR: Final = of_one_with(
    "/v1/items/{id}/similar",
    "What is recommended to who took that item alone.",
    SimilarQuery,
    Answer,
)
SEARCH: Final = sends("POST", "/v1/search", "Items whose texts match.", SearchBody, Answer)

CREATE_ITEM: Final = sends("POST", _ITEMS, "Add an item.", ItemBody, ItemsReply, repeatable=False)
CREATE_ITEMS: Final = Route(
    "POST",
    _ITEMS,
    "Add items, all of them or none.",
    _items,
    inspect.signature(_items),
    ItemsReply,
    ItemBody,
)
GET_ITEM: Final = of_one("GET", _ITEM, "An item as it is now.", ItemReply)
CHANGE_ITEM: Final = changes(_ITEM, "Other values for some fields; the others stay.", ItemReply)
HIDE_ITEM: Final = of_one("POST", _ITEM + "/hide", "Never recommend it from now on.", ItemReply)
SHOW_ITEM: Final = of_one("POST", _ITEM + "/show", "Recommend a hidden item again.", ItemReply)
PIN_ITEM: Final = of_one(
    "POST", _ITEM + "/pin", "Let it lead the lists that it may be on.", ItemReply
)
UNPIN_ITEM: Final = of_one(
    "POST", _ITEM + "/unpin", "Let it stand where its score puts it.", ItemReply
)
ITEM_WORDS: Final = of_one_with(
    _ITEM + "/words", "The words of an item's texts that matter.", WordsQuery, WordsReply
)
DELETE_ITEM: Final = removes(_ITEM, "Take an item away; events with it stay.")

CREATE_USER: Final = sends(
    "POST", _USERS, "Keep what is known of a user.", UserBody, UserReply, repeatable=False
)
GET_USER: Final = of_one("GET", _USER, "A user, and what they did lately.", UserReply)
CHANGE_USER: Final = changes(_USER, "Other values for some fields; the others stay.", UserReply)
ERASE_USER: Final = of_one(
    "DELETE", _USER, "Forget a user and all their events.", Erased, repeatable=False
)

LIST_KEYS: Final = asks(_KEYS, "What is known of every key.", KeysReply, reads(KeysReply))
CREATE_KEY: Final = sends(
    "POST",
    _KEYS,
    "A new key, which is shown this once.",
    KeyBody,
    NewKeyReply,
    repeatable=False,
)
REVOKE_KEY: Final = of_one("DELETE", _KEYS + "/{id}", "Refuse a key from now on.", KeyReply)

FIGURES: Final = asks_with("/v1/live", "What happens now.", LiveQuery, Live)

DRIFT: Final = asks(
    "/v1/drift", "How far what happens is from what was learnt.", DriftReply, reads(DriftReply)
)
LIST_EXPERIMENTS: Final = asks(
    "/v1/experiments",
    "Every experiment with its figures.",
    ExperimentsReply,
    reads(ExperimentsReply),
)
START_EXPERIMENT: Final = sends(
    "POST",
    "/v1/experiments",
    "Split users between deployed models from now on.",
    ExperimentBody,
    ExperimentReply,
    repeatable=False,
)
END_EXPERIMENT: Final = of_one(
    "DELETE",
    "/v1/experiments/{id}",
    "Split no more; the figures stay.",
    ExperimentReply,
    repeatable=False,
)

LIST_MODELS: Final = asks(_MODELS, "The deployed models.", ModelsReply, reads(ModelsReply))
DEPLOY_MODEL: Final = sends(
    "POST",
    _MODELS,
    "Check a run in the folder of runs, and deploy it.",
    ModelBody,
    ModelReply,
    repeatable=False,
)
ROLL_BACK: Final = Route(
    "POST",
    f"{_MODELS}/roll-back",
    "Let the model answer again that answered before.",
    _roll_back,
    inspect.signature(_roll_back),
    ModelReply,
)
ANSWER_WITH_MODEL: Final = of_one(
    "POST", _MODEL + "/deploy", "Let a deployed model answer from now on.", ModelReply
)
SHADOW_MODEL: Final = of_one(
    "POST", _MODEL + "/shadow", "Ask a deployed model besides, shown to no one.", ModelReply
)
REST_MODEL: Final = of_one("POST", _MODEL + "/rest", "Ask a deployed model no more.", ModelReply)
DELETE_MODEL: Final = removes(_MODEL, "Take a model away that does not answer.")

LIVE: Final = asks("/health/live", "Whether the process is there.", Health, reads(Health))
READY: Final = asks("/health/ready", "Whether it answers.", Ready, reads(Ready))
METRICS: Final = asks("/metrics", "Counters for Prometheus.", str, bytes.decode)
