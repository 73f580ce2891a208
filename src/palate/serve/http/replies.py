"""What the service answers, as JSON; lists are `palate.serve.engine.answers.Answer`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from palate.serve.engine.words import Word


class KeptEvent(Struct):
    """What became of an event."""

    event_id: str
    offset: int
    """Its number in the log; 0: the log is away, and the event is kept on this process's disk until
    it is back."""
    new: bool
    """False: an event of this id was there already."""


class EventsReply(Struct):
    """The events are on the disk, and the next list knows of them."""

    accepted: int
    duplicates: int
    events: list[KeptEvent]
    degraded: bool = False
    """Whether the log is away; the events are on a disk all the same."""


class Times(Struct):
    """How often something happened: in all, and with older events counting less."""

    count: int
    lately: float


class ItemReply(Struct):
    """An item as it is now."""

    item: str
    fields: dict[str, Any]
    hidden: bool
    since_run: dict[str, Times]
    """Action -> how often since the run."""
    title: str
    """What people call it; empty where no field says so."""
    pinned: bool
    """Whether it leads the lists that it may be on."""


class WordsReply(Struct):
    """The words of an item's texts, the one that matters most first."""

    item: str
    words: list[Word]


class ItemsReply(Struct):
    """Items as they are now."""

    items: list[ItemReply]


class HistoryEvent(Struct):
    """One thing that a user did since the run."""

    item: str
    action: str
    time: int
    value: float
    title: str = ""


class TitledItem(Struct):
    """An item, and what people call it."""

    item: str
    title: str


class UserReply(Struct):
    """A user as of now."""

    user: str
    fields: dict[str, Any]
    history: list[HistoryEvent]
    """Recent events since the run, oldest first."""
    since_run: dict[str, Times]
    """Action -> how often since the run."""
    in_run: int
    """Events in the run's own log."""
    taken: list[TitledItem]
    """The last items of the whole history that lists are made for, the run's log included, oldest
    first."""


class KeyReply(Struct):
    """What is known of a key."""

    id: str
    """Its name for people and logs; not secret."""
    roles: list[str]
    label: str
    created: int
    """Seconds since 1970."""
    revoked: bool


class KeysReply(Struct):
    """All keys."""

    required: bool
    """Whether requests need one: so it is where there were keys when the service started."""
    keys: list[KeyReply]


class NewKeyReply(Struct):
    """A key, shown this once."""

    secret: str
    """What goes behind `Authorization: Bearer`."""
    key: KeyReply


class Second(Struct):
    """What happened in one second."""

    time: int
    """Seconds since 1970."""
    requests: int
    failed: int
    """Requests answered with a status of 500 and more."""
    events: int
    p50: float | None
    """Milliseconds to a list, the median; null: none was made."""
    p99: float | None


class Live(Struct):
    """What happens now; rates and times are of the last minute."""

    time: int
    requests_per_second: float
    events_per_second: float
    failed: int
    degraded: int
    """Lists of recommendations that the model could not make, since the start."""
    lists: int
    p50: float | None
    """Milliseconds to a list, the median; null: none was made."""
    p99: float | None
    coverage: float
    """Share of the catalogue that was on one of the last lists of recommendations."""
    new_share: float | None
    """Share of what was on them that came after the run; null: there were none."""
    looked_at: int
    """Lists of recommendations that these two are of: the last 1,000 at most."""
    items: int
    new_items: int
    """Items that came after the run."""
    hidden_items: int
    pinned_items: int
    users: int
    """Users with an event since the run."""
    offset: int
    """Of the last event."""
    learnt_offset: int
    """Of the last event that the model has learnt from."""
    learns: bool
    """Whether the model learns from events."""
    model: str
    encoded: bool
    """False: the content of some new items could not be encoded yet."""
    uptime: float
    """Seconds since the start."""
    seconds: list[Second]
    """The last five minutes, second by second; in a stream those since the figures before."""


class Erased(Struct):
    """A user's fields and events are gone from the service."""

    user: str
    events: int
    in_run: int
    """Events of the run's log, which are not used any more but still lie there: `Run.forget` takes
    them out."""


class ShadowReply(Struct):
    """How a model does that is asked besides, since the start."""

    lists: int
    failed: int
    overlap: float
    """Mean share of the shown items that it has too."""
    milliseconds: float
    """Mean time of a list."""
    slowest: float
    """Milliseconds."""


class ModelReply(Struct):
    """A deployed model."""

    name: str
    run: str
    """Name of its run directory."""
    model: str
    """Its name in the run."""
    use: Literal["answering", "shadow", "ready"]
    since: int
    """When it was deployed, seconds since 1970."""
    items: int
    learns: bool
    """Whether it learns from new events."""
    shadow: ShadowReply | None = None
    """Since it was first asked besides; null for one that never was."""


class ModelsReply(Struct):
    """The deployed models."""

    answering: str
    """Name of the one that answers."""
    models: list[ModelReply]


class VariantReply(Struct):
    """How a variant of an experiment does."""

    model: str
    share: float
    """Of the users, as planned."""
    users: int
    lists: int
    successes: int
    """Lists that led to an action."""
    actions: int
    rate: float | None
    """Share of lists that led to an action."""
    low: float | None
    """Lower end of the rate's 95 % interval over users, for one look."""
    high: float | None
    difference: float | None
    """From the rate of the first variant, less what was to be expected of these users before."""
    difference_low: float | None
    """Lower end of an interval that holds at every look; null while users are few."""
    difference_high: float | None
    p: float | None
    """Below .05 just where that interval leaves 0 out, at every look."""
    guard: float | None
    """Difference of the share of lists that led to an action that guards."""
    guard_low: float | None
    """Lower end of its interval; above 0 the variant is stopped."""
    verdict: Literal["too early", "better", "worse", "no difference shown", "stopped"]


class ExperimentReply(Struct):
    """An experiment and what came of it."""

    name: str
    running: bool
    started: int
    """Seconds since 1970."""
    actions: list[str]
    guards: list[str]
    """Actions that no variant may bring more of."""
    users: int
    planned_users: int
    split_p: float | None
    """Chance of such shares of users if the split is right; below .001 believe no figure."""
    variants: list[VariantReply]


class ExperimentsReply(Struct):
    """Every experiment."""

    experiments: list[ExperimentReply]


class StabilityReply(Struct):
    """A distribution now beside that of the run."""

    psi: float
    """Population stability index; 0 where both are alike."""
    of_noise: float | None
    """What it stays below in 999 of 1,000 times where nothing changed; null without events."""
    alarm: bool
    """Whether it is above 0.25 and above what noise does."""


class DriftReply(Struct):
    """How far what happens now is from what the model learnt of."""

    model: str
    events: int
    """Live events that were looked at, the last ones."""
    lists: int
    blocks: dict[str, StabilityReply]
    """Block -> where the items of the events lie in it."""
    scores: StabilityReply | None
    """The best score of each list; null without lists."""
    unknown_items: float
    """Share of the events whose item the run does not have."""
    unknown_users: float
    alarms: list[str]


class Health(Struct):
    """How the service is."""

    status: Literal["live", "ready"]


class Ready(Struct):
    """The service answers."""

    status: Literal["ready"]
    model: str
    items: int
    users: int
    """Users with an event since the run."""
    offset: int
    """Of the last event that was taken into account."""
    encoded: bool
    """False: the content of some new items could not be encoded yet."""
    away: list[str] = []
    """Servers that do not answer, `store` or `state`; it answers all the same."""
    spooled: int = 0
    """Events that wait on this process's disk for the log."""


class Problem(Struct, omit_defaults=True):
    """What is wrong, where, what is allowed, and what to do next (RFC 9457)."""

    title: str
    status: int
    what: str
    where: str = ""
    allowed: str = ""
    next_step: str = ""
    request: str = ""
    """Id of the request, as in the service's log."""
    type: str = "about:blank"
