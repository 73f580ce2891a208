"""What a policy can do besides: learn from what came of what it showed, and say what it expects;
and what a slate can. They say so by inheriting the class, as other parts do
(`palate.capabilities`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

from palate.arrays import Doubles, Floats
from palate.store import Artefact

if TYPE_CHECKING:  # a capability names the tables that it is about, and stands below them
    from palate.tables.rewards import Rewards


class LearnsFromRewards(ABC):
    """A policy that learns from rewards, in batches of any size that may come late.

    What it knows depends on the rewards alone, not on their order or on how they were split into
    batches. Before any came it explores.
    """

    @abstractmethod
    def updated(self, rewards: Rewards) -> Self:
        """The same policy with these rewards too; this one stays as it is and may go on choosing.

        Raises:
            BadInput: The features have another width than those that it learnt from.
        """

    @abstractmethod
    def state(self) -> Artefact:
        """What was learnt; a policy without any reward has a state too."""

    @abstractmethod
    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave. Raises BadInput where it does not belong."""


class ExpectsRewards(ABC):
    """A policy that says what it expects, and how sure it is of that."""

    @abstractmethod
    def expected(self, features: Floats) -> tuple[Doubles, Doubles]:
        """float64 [n], float64 [n]: the expected reward of candidates with features [n, d], or of
        mixtures of candidates, and its standard error; on the scale on which the policy adds up
        features. A constant belongs to no difference: features that are a difference of two
        mixtures give the difference.
        """


class TradesAccuracy:
    """A slate with one setting from 0, by score alone, to 1, without regard to the score.

    Attributes:
        trade: Name of the setting.
        falls: Name of the setting that says with which power of its rank a candidate is taken the
            less; empty: there is none.
    """

    trade: ClassVar[str]
    falls: ClassVar[str] = ""
