"""What a part says of itself beside its stage: what its settings name of the same recipe, which
files, fields and models they name, which parts it is made of, whether it takes new events without
learning again, orders candidates by itself or packs rows, and whether a splitter looks at the order
of events.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, final

from palate.arrays import Doubles, Floats, Ragged, Rows
from palate.errors import Refused
from palate.store import Artefact
from palate.work import LogSize, Work

if TYPE_CHECKING:  # a capability names the tables that it is about, and stands below them
    from polars import DataFrame

    from palate.stages import Scorer
    from palate.tables import Catalogue, Interactions
    from palate.tables.fusion import RuleReading


@dataclass(frozen=True)
class Reads:
    """What the settings of one part name of the same recipe.

    Attributes:
        blocks: Blocks that are named, in order.
        members: Models that it is made of, the one that it is measured against first.
        users: User encoders.
        every_block: It names none and reads all blocks of the recipe (a fuser: all that encoders
            make).
        first: It names none and reads the recipe's first block, or the first of texts.
        every_member: It names none and is made of all models that stand before it.
        spares_blocks: It does without some of its blocks as long as one is left.
        spares_all: It goes on without any block, as a model of behaviour alone.
        more_than_members: With one member left it is more than that member: it adds popularity, or
            learns an order of its own.
    """

    blocks: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    every_block: bool = False
    first: Literal["", "block", "texts"] = ""
    every_member: bool = False
    spares_blocks: bool = False
    spares_all: bool = False
    more_than_members: bool = False

    @classmethod
    def optional_block(cls, name: str | None) -> Reads:
        """What a model of behaviour names that may read one block.

        Args:
            name: Of the block; None or empty for none.

        >>> Reads.optional_block("text").first_block, Reads.optional_block("").first_block
        ('text', None)
        """
        return cls(blocks=(name,) if name else (), spares_all=True)

    @property
    def first_block(self) -> str | None:
        """The first block that is named; None where none is."""
        return next(iter(self.blocks), None)


class Related(ABC):
    """A scorer, user encoder or fuser whose settings name blocks, models or user encoders."""

    @classmethod
    @abstractmethod
    def reads(cls, settings: Any) -> Reads:
        """What these settings name."""


class Narrowed(Related):
    """A scorer that goes on when some of what it reads is gone."""

    @classmethod
    @abstractmethod
    def narrowed(cls, settings: Any, left: Reads) -> Any:
        """The settings with what is left named in place of what `reads` gave.

        Args:
            settings: Those of the part.
            left: Blocks, members and user encoders, each by name.
        """


class ReadsOneBlock(Related):
    """A part whose setting `block` names one block; without a name it is the recipe's first."""

    @final
    @classmethod
    def reads(cls, settings: Any) -> Reads:
        """That block."""
        return Reads(blocks=(settings.block,)) if settings.block else Reads(first="block")


class NamesModel(ABC):
    """An encoder whose vectors are a language model's, which its settings name: a folder, a name on
    a hub, or what an endpoint calls it.
    """

    @classmethod
    @abstractmethod
    def model_of(cls, settings: Any) -> str:
        """What these settings call it."""


class TakesOperators:
    """A second stage whose settings have `operators`, which `palate features` finds."""


class SplitsAtRandom(ABC):
    """A splitter that can do without an order of events; any other is taken to need one."""

    @property
    @abstractmethod
    def at_random(self) -> bool:
        """Whether the split is the same whatever the times of the events."""


class LearnsOnce(ABC):
    """A model of which what it learns does not depend on how histories are looked at."""

    @abstractmethod
    def under(self, settings: Any) -> Any:
        """The same fitted model under settings that differ from its own only in how histories are
        looked at, without learning again; None where more differs.
        """


class Costed(ABC):
    """A scorer that knows what it takes before it is fitted."""

    @classmethod
    @abstractmethod
    def work(cls, settings: Any, size: LogSize) -> Work:
        """Operations and bytes under these settings. They need be right only in how they grow: what
        one operation takes is measured for each part.
        """


class Bounded(ABC):
    """A scorer whose matrices grow with the square of the items."""

    @classmethod
    @abstractmethod
    def bounded(cls, settings: Any, n_items: int) -> tuple[str, Mapping[str, Any]] | None:
        """The part and the settings that stand in for it where they would not fit; None where they
        fit.

        Raises:
            Refused: They would not, and nothing stands in.
        """


class Updatable(ABC):
    """A scorer that, once it is fitted, takes new events without learning again.

    Attributes:
        updates: `"exactly"`: afterwards it is what `fit` on all events, old and new, would make of
            it; `"in part"`: some of what it learnt stays as it was.
    """

    updates: ClassVar[Literal["exactly", "in part"]] = "exactly"

    @abstractmethod
    def updated(self, events: Interactions) -> Self:
        """The same scorer with these events too; this one stays as it is and may go on answering.

        Args:
            events: In the order in which they came, each of them once. Rows are those of the log of
                `fit`; new users stand behind its users, and new items behind its items once the
                scorer has grown (`palate.growth`).

        Raises:
            BadInput: An item is not in the catalogue, or the events lack a column that the log has.
            Refused: The scorer was stored without what it needs to go on.
        """


class ScoresInto(ABC):
    """A scorer that writes its scores into memory that is there, because fresh memory for each
    chunk of cases takes as long as looking at its scores; and that several threads may ask at a
    time.
    """

    @abstractmethod
    def score_into(self, histories: Any, room: Floats | None) -> Floats:
        """What `score` gives, float32 [n_cases, n_items].

        Args:
            histories: [n_cases].
            room: float32, what an earlier call gave, to be written over; taken where it has a row
                for each case. None: there is none.
        """


class PartialScores(Protocol):
    """Some histories, ready to be held against single items."""

    def of(self, case: Rows, item: Rows) -> Floats:
        """What the scorer gives each `item` [n] for the history of its `case` [n], up to rounding.

        Args:
            case: int32, ascending.
            item: int32.

        Returns:
            float32 [n].
        """
        ...

    def promising(self, most: int, factor: Floats | None = None) -> Ragged:
        """int32 [n_cases], items that may be among the best of each case, ascending, none twice.

        Args:
            most: How many of each list that is looked at, >= 1.
            factor: float32 [n_items], what each item's score is multiplied by; None: 1.
        """
        ...


class ScoresSome(ABC):
    """A scorer that tells the scores of some items without those of all others: quick where
    candidates are given, and where they are looked for first (`palate.two_stage`).
    """

    @abstractmethod
    def partly(self, histories: Any) -> PartialScores:
        """Histories, ready to be held against single items; several threads may ask at a time."""


class Packs(ABC):
    """A transform that stores rows in fewer bytes."""

    @abstractmethod
    def packed_bytes(self, X: Floats) -> int:
        """Bytes of one row of X, float32 [n, d], after packing; n of two is enough."""


class ReadsUsers(ABC):
    """An encoder whose settings name fields of the users, which models that read its block need."""

    @classmethod
    @abstractmethod
    def user_fields(cls, settings: Any) -> tuple[str, ...]:
        """Those fields."""


class FollowsRules(ABC):
    """A scorer that changes the scores of another one by rules that people wrote."""

    @abstractmethod
    def member(self) -> Scorer:
        """The fitted scorer whose scores are changed."""

    @abstractmethod
    def rule_readings(self) -> tuple[RuleReading, ...]:
        """How much each rule counts."""

    @abstractmethod
    def rule_effects(self, histories: Any, item: Rows) -> Mapping[str, Doubles]:
        """Rule -> float64 [n_cases], what it adds to the member's score of each case's `item`.

        Args:
            histories: [n_cases].
            item: int32 [n_cases].
        """


class Baseline:
    """A scorer that gives everybody one list, or a list by chance: it learns nothing that could
    fail, and others are held against it.
    """


class Reranks:
    """A scorer that learns an order of its own for the best items of its members, so that it may
    beat its first member without any content.
    """


class Described:
    """A scorer that says in a sentence what it does, for people who read a report.

    Attributes:
        does: What it suggests, or how it learns: the end of a sentence that begins with its name.
    """

    does: ClassVar[str]


class ReadsFields:
    """An encoder whose setting `fields` names fields of the catalogue; one that ends in `?` may be
    missing.
    """


class KeepsIds(ABC):
    """An encoder whose state names items by their ids, so that a run which forgets an item has to
    change the state too.
    """

    @abstractmethod
    def without_ids(self, state: Artefact, ids: Collection[str]) -> Artefact:
        """The state with a name that leads nowhere in place of each of these ids."""


class KeepsEvents(ABC):
    """A scorer whose state holds events one by one, by the row of the user, so that a run which
    forgets somebody has to change the state too.
    """

    @abstractmethod
    def without_events(self, state: Artefact) -> Artefact:
        """The state without them: it scores as before, and goes no further."""


class ReadsFiles:
    """An encoder that reads files.

    Attributes:
        reads_files: Names of the settings that name them; relative paths start at the recipe.
    """

    reads_files: ClassVar[tuple[str, ...]]


class MadeOf(ABC):
    """A part that is made of other parts, which some of its settings name: tables with the key
    `part`, empty for none. The registry builds them and hands them in.

    Attributes:
        inner: Setting -> the stages that its part may be of.
    """

    inner: ClassVar[Mapping[str, tuple[str, ...]]]
    inner_parts: Mapping[str, Any]

    @final
    def with_parts(self, parts: Mapping[str, Any]) -> Self:
        """The same part, with the parts that its settings name."""
        made = copy.copy(self)
        made.inner_parts = dict(parts)
        return made

    @final
    def part(self, setting: str) -> Any:
        """The part that a setting names; None where its table is empty.

        Raises:
            Refused: It was built without.
        """
        if "inner_parts" not in vars(self):
            raise Refused(
                f"{type(self).__name__} was built without the parts that its settings name",
                where=setting,
                next_step="palate.registry.spec(table, stage).build() hands them in, or with_parts",
            )
        return self.inner_parts.get(setting)


@dataclass(frozen=True)
class Knowledge:
    """What a language model may have read before it was asked anything.

    Attributes:
        model: Its name.
        until: Last day of the texts that it learnt from, as `2026-01-31`; empty if unknown.
    """

    model: str
    until: str = ""


class KnowsUntil(ABC):
    """A part whose answers rest on what a language model once read, besides the text before it."""

    @abstractmethod
    def knowledge(self) -> Knowledge | None:
        """Which model, and until when; None where no such model answers."""


class TellsTables(ABC):
    """A fitted encoder that can tell in tables, for people, what it made of the items."""

    @abstractmethod
    def tables(self, catalogue: Catalogue) -> Mapping[str, DataFrame]:
        """Name of a table -> its rows, with the column `item_id` first."""
