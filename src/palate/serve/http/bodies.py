"""What clients send, as JSON; anything else is refused with the position of what is wrong."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from palate.serve.keys import Role

MOST_EVENTS, MOST_ITEMS, MOST_LISTED, MOST_NAMED = 1000, 256, 1000, 1000

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=512)]
"""An id is a text, whatever it was in the source."""

Text: TypeAlias = Annotated[str, Meta(max_length=65_536)]
Word: TypeAlias = Annotated[str, Meta(max_length=64)]

# JSON does not tell 10 from 10.0, and neither do these: a whole number may be written either way
Whole: TypeAlias = Annotated[float, Meta(ge=1, le=2_147_483_647, multiple_of=1)]
Length: TypeAlias = Annotated[float, Meta(ge=1, le=MOST_LISTED, multiple_of=1)]
Time: TypeAlias = Annotated[float, Meta(ge=-62_135_596_800, le=253_402_300_799, multiple_of=1)]
Number: TypeAlias = Annotated[float, Meta(ge=-3.4e38, le=3.4e38)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Stated: TypeAlias = Annotated[str, Meta(max_length=1024)]
Probability: TypeAlias = Annotated[float, Meta(ge=1e-30, le=1)]

Plain: TypeAlias = Text | bool | int | float
Value: TypeAlias = Text | bool | int | float | Annotated[list[Text], Meta(max_length=1000)] | None
Fields: TypeAlias = Annotated[dict[Id, Value], Meta(max_length=200)]
Context: TypeAlias = Annotated[dict[Id, Plain], Meta(max_length=100)]
Ids: TypeAlias = Annotated[list[Id], Meta(max_length=MOST_NAMED)]


class EventBody(Struct, forbid_unknown_fields=True):
    """Somebody did something with an item, or was shown it."""

    user: Id
    item: Id
    action: Word = ""
    """What was done: view, click, like, cart, buy, rate, skip, impression, or any other word."""
    event_id: Id | None = None
    """Your name for the event: sent twice, it counts once."""
    time: Time | None = None
    """Whole seconds since 1970 UTC; that of arrival where it is missing."""
    value: Number | None = None
    """Rating or weight; that of the action in the run's recipe, else 1."""
    request_id: Annotated[str, Meta(max_length=512)] = ""
    """Of the answer that showed the item."""
    position: Whole | None = None
    """Place of the item in that answer, from 1 on."""
    propensity: Probability | None = None
    context: Context = {}


EventsBody: TypeAlias = (
    EventBody | Annotated[list[EventBody], Meta(min_length=1, max_length=MOST_EVENTS)]
)


class RangeBody(Struct, forbid_unknown_fields=True):
    """Numbers from min to max, both of them in it."""

    min: Number | None = None
    max: Number | None = None


Filters: TypeAlias = Annotated[
    dict[Id, Text | bool | int | float | Annotated[list[Plain], Meta(max_length=1000)] | RangeBody],
    Meta(max_length=50),
]


class RecommendBody(Struct, forbid_unknown_fields=True):
    """For whom a list is wanted, and of what."""

    user: Id | None = None
    """Whose; without user and history it is what is popular."""
    history: Ids | None = None
    """Items that somebody took, oldest first, in place of what is known."""
    k: Length = 10
    candidates: Ids | None = None
    """The only items that may be recommended."""
    exclude: Ids = []
    filters: Filters = {}
    """Field -> a value, a list of values, or {"min": ..., "max": ...}."""
    seen: Literal["mask", "allow"] | None = None
    """Whether items of the history are left out; as the run's recipe says where it is missing."""
    explain: bool = True
    context: Context = {}
    """What else is known: of somebody without a history, what is popular in it, if the log knows
    it."""
    diversity: Share = 0
    """From 0, the best items, to 1, items that are as unlike each other as can be; each keeps its
    score."""
    interests: Stated = ""
    """What somebody says that they like, in words, for as long as nothing else is known of them."""


class NextBody(Struct, forbid_unknown_fields=True):
    """A list that is to go on."""

    request_id: Annotated[str, Meta(min_length=1, max_length=512)]
    """Of the answer whose list it is."""
    k: Length | None = None
    """How many items; as many as before where it is missing."""
    explain: bool | None = None
    """As before where it is missing."""


class RowsBody(Struct, forbid_unknown_fields=True):
    """For whom rows with titles are wanted."""

    user: Id | None = None
    history: Ids | None = None
    rows: Annotated[float, Meta(ge=1, le=20, multiple_of=1)] = 6
    """How many rows, at most."""
    k: Annotated[float, Meta(ge=1, le=100, multiple_of=1)] = 10
    """How many items of a row, at most."""
    candidates: Ids | None = None
    exclude: Ids = []
    filters: Filters = {}
    seen: Literal["mask", "allow"] | None = None
    explain: bool = True
    context: Context = {}
    diversity: Share = 0
    interests: Stated = ""


class RankBody(Struct, forbid_unknown_fields=True):
    """Items to put in order for somebody."""

    candidates: Annotated[list[Id], Meta(min_length=1, max_length=MOST_NAMED)]
    user: Id | None = None
    history: Ids | None = None
    explain: bool = True
    context: Context = {}


class SearchBody(Struct, forbid_unknown_fields=True):
    """Words to find items by."""

    text: Annotated[str, Meta(min_length=1, max_length=4096)]
    k: Length = 10
    exclude: Ids = []
    filters: Filters = {}
    explain: bool = True


class SimilarQuery(Struct, forbid_unknown_fields=True):
    """Parameters of a list of similar items."""

    k: Length = 10
    explain: bool = True


class WordsQuery(Struct, forbid_unknown_fields=True):
    """Parameters of the words of an item."""

    k: Length = 10
    """Words of each block."""


class LiveQuery(Struct, forbid_unknown_fields=True):
    """Parameters of a stream of figures."""

    every: Annotated[float, Meta(ge=0.25, le=60)] = 1.0
    """Seconds from one message to the next."""
    count: Whole | None = None
    """Messages until the stream ends; without it, it goes on."""


class ItemBody(Struct, forbid_unknown_fields=True):
    """A new item."""

    item: Id
    fields: Fields = {}


ItemsBody: TypeAlias = (
    ItemBody | Annotated[list[ItemBody], Meta(min_length=1, max_length=MOST_ITEMS)]
)


class FieldsBody(Struct, forbid_unknown_fields=True):
    """Fields that get other values; null empties one."""

    fields: Fields


class KeyBody(Struct, forbid_unknown_fields=True):
    """A key that is wanted."""

    roles: Annotated[list[Role], Meta(min_length=1, max_length=3)]
    label: Annotated[str, Meta(max_length=200)] = ""
    """What it is for."""


class ModelBody(Struct, forbid_unknown_fields=True):
    """A run to deploy."""

    run: Id
    """Its folder, below the folder of runs that the service was started with."""
    model: Annotated[str, Meta(max_length=512)] | None = None
    """Of the run; that of its headline where it is missing."""
    name: Annotated[str, Meta(max_length=64)] | None = None
    """What it is called here; the name of the folder where it is missing."""
    use: Literal["answering", "shadow", "ready"] = "answering"
    """Whether it answers, is asked besides and shown to no one, or waits."""


class VariantBody(Struct, forbid_unknown_fields=True):
    """A deployed model and the share of users who get it."""

    model: Annotated[str, Meta(min_length=1, max_length=64)]
    share: Probability


class ExperimentBody(Struct, forbid_unknown_fields=True):
    """Users to be split between deployed models."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")]
    variants: Annotated[list[VariantBody], Meta(min_length=2, max_length=10)]
    """The first one is what the others are compared with; shares add up to 1."""
    planned_users: Annotated[float, Meta(ge=10, le=1_000_000, multiple_of=1)]
    """Users for whom intervals are tuned; later ones do not count."""
    actions: Annotated[list[Word], Meta(max_length=20)] = []
    """What counts as success; everything but impressions and skips where it is empty."""
    guards: Annotated[list[Word], Meta(max_length=20)] = []
    """Actions that no variant may bring more of, such as skip: one that clearly does is stopped."""


class UserBody(Struct, forbid_unknown_fields=True):
    """What is known of a user besides what they do."""

    user: Id
    fields: Fields = {}
