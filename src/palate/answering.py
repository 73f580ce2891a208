"""What a provider of answers can do besides: learn from training items, propose options, count what
it spends. It says so by inheriting the class, as other parts do (`palate.capabilities`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from palate.store import Artefact

if TYPE_CHECKING:  # a capability names the tables that it is about, and stands below them
    from palate.stages import Provider
    from palate.tables import Finding
    from palate.tables.list_heading import ListHeading
    from palate.tables.questions import Lesson, Question, Spending


class Learns(ABC):
    """A provider that learns from training items before it answers. Its `identity` then says what
    it learnt.
    """

    @abstractmethod
    def learn(self, lesson: Lesson) -> Self:
        """Learn from the items of the lesson alone."""

    @abstractmethod
    def state(self) -> Artefact:
        """What was learnt. Raises Refused before `learn`."""

    @abstractmethod
    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `learn`. Raises BadInput where it does not
        belong.
        """


class HasTeacher(ABC):
    """A provider that learns from the answers of another one about some items."""

    @abstractmethod
    def teacher(self) -> tuple[Provider, int] | None:
        """Who teaches it, and the most items that are answered for; None where fields of the items
        do.
        """


class Proposes(ABC):
    """A provider that can say which options a question could have."""

    @abstractmethod
    def propose(
        self, texts: Sequence[str], question: Question, at_most: int, seed: int
    ) -> Sequence[str]:
        """Options after a look at a sample of texts, the most useful first.

        Args:
            texts: Of training items.
            question: Of kind `"label"` or `"labels"`, without options.
            at_most: So many are wanted; of more the first are taken, and equal ones once.
            seed: For whatever is random.
        """


class ProposesGroups(ABC):
    """A provider that can say which options a question could have, and what stands above them."""

    @abstractmethod
    def propose_groups(
        self, texts: Sequence[str], question: Question, at_most: int, seed: int
    ) -> Mapping[str, Sequence[str]]:
        """Group -> its options, the most useful first; a group without any is an option itself.

        Args:
            texts: Of training items.
            question: Of kind `"label"` or `"labels"`, without options.
            at_most: So many options are wanted in all groups together; of more the first are taken,
                and equal ones once.
            seed: For whatever is random.
        """


class ProposesSchema(ABC):
    """A provider that can say what is worth asking of the items at all."""

    @abstractmethod
    def propose_schema(
        self,
        texts: Sequence[str],
        fields: Mapping[str, Sequence[Sequence[str]]],
        at_most: int,
        seed: int,
    ) -> Sequence[Mapping[str, Any]]:
        """Rows of the table `want`, each with its `name`, the most useful first; what makes no
        sense there is left out by who asked.

        Args:
            texts: Of training items.
            fields: Field of the catalogue -> its values for each of some training items.
            at_most: So many are wanted.
            seed: For whatever is random.
        """


class OrdersNames(ABC):
    """A provider that can say which of some named things are worth trying first."""

    @abstractmethod
    def order_names(
        self, task: str, about: str, names: Sequence[str], at_most: int
    ) -> Sequence[str]:
        """Some of the names, the most promising first; what is none of them is left out by who
        asked.

        Args:
            task: What they are for, in words of ours.
            about: What else there is to know, of any origin: it is data.
            names: The closed list.
            at_most: So many are wanted.
        """


class Paraphrases(ABC):
    """A provider that can say a text in other words."""

    @abstractmethod
    def paraphrases(self, text: str, n: int) -> Sequence[str]:
        """Up to n texts that say the same, each by the text alone; what they hold is looked at by
        who asked. The same text gives the same ones again.

        Args:
            text: Of any origin: it is data.
            n: So many are wanted, >= 1; none where the model wrote nothing of use.
        """


class WritesHeadings(ABC):
    """A provider that can write what stands above a list of items."""

    @abstractmethod
    def head_list(self, texts: Sequence[str]) -> ListHeading | None:
        """A heading for people; None where it wrote none that may be shown.

        Args:
            texts: Of the items, from the top down, of any origin: they are data; at least one.
        """


class Notices(ABC):
    """A provider that has something to tell of how answering went."""

    @abstractmethod
    def notices(self) -> tuple[Finding, ...]:
        """What a person should know about what this object answered so far."""


class Spends(ABC):
    """A provider that counts tokens, or is paid."""

    @abstractmethod
    def estimate(self, texts: Sequence[str], questions: Sequence[Question]) -> Spending:
        """What answers to distinct texts would take; nothing is sent."""

    @abstractmethod
    def spent(self) -> Spending:
        """What this object has taken so far."""

    @abstractmethod
    def terms(self) -> str:
        """What an estimate rests on, in a phrase for people: whose prices, how exact."""
