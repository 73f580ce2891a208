"""What the pointwise comparison gives: one frozen row a figure."""

from __future__ import annotations

from dataclasses import dataclass

from palate.model.pointwise_classifiers import RowModel
from palate.study.pointwise.cases import Drawn
from palate.tables.variant import meaningless

TRADITIONAL = "traditional"
"""The block of features that need no content."""


@dataclass(frozen=True)
class FeatureSet:
    """The features of the trade, and the content beside them.

    Attributes:
        content: Names of the blocks beside them.
        permuted: Whether their rows were handed to the wrong items.

    >>> FeatureSet(("text",), permuted=True).name
    'traditional + text~permuted'
    """

    content: tuple[str, ...] = ()
    permuted: bool = False

    @property
    def blocks(self) -> tuple[str, ...]:
        """All blocks of the set, as the rows of the cases name them."""
        if not self.permuted:
            return (TRADITIONAL, *self.content)
        return (TRADITIONAL, *(meaningless(name, "permuted") for name in self.content))

    @property
    def name(self) -> str:
        """The name that tables show; never read back."""
        beside = self.blocks[1:] if len(self.content) < 2 else ("all content",)
        return " + ".join((TRADITIONAL, *beside))


@dataclass(frozen=True)
class PointwiseScore:
    """One metric of one model on one set of features.

    Attributes:
        model: The model.
        features: Its features.
        slice: Which rows.
        metric: e.g. `auc`.
        value: The figure.
        low: Lower end of its 95 % interval over users.
        high: Upper end.
        n_rows: Rows of the slice.
        n_users: Whose they are.
        threshold: From which probability on a row is a yes.
    """

    model: RowModel
    features: FeatureSet
    slice: str
    metric: str
    value: float
    low: float
    high: float
    n_rows: int
    n_users: int
    threshold: float


@dataclass(frozen=True)
class PointwiseLift:
    """The same against the traditional features alone.

    Attributes:
        model: The model.
        features: Its features.
        slice: Which rows.
        metric: e.g. `auc`.
        base: The figure with traditional features alone.
        value: The figure.
        difference: By how much it is higher.
        low: Lower end of its 95 % interval over users.
        high: Upper end.
        p: Its p value.
        relative: The difference as a share of the base; NaN where that is 0.
    """

    model: RowModel
    features: FeatureSet
    slice: str
    metric: str
    base: float
    value: float
    difference: float
    low: float
    high: float
    p: float
    relative: float


@dataclass(frozen=True)
class PointwiseFacts:
    """Rows and share of yes of each part, how the other items were drawn, cuts of time."""

    train_rows: int
    validation_rows: int
    test_rows: int
    share_of_yes: float
    drawn: Drawn
    cuts: tuple[float, ...]


@dataclass(frozen=True)
class PointwiseComparison:
    """What came out: all figures, lifts over the traditional features, and facts of the rows."""

    rows: tuple[PointwiseScore, ...]
    lifts: tuple[PointwiseLift, ...]
    facts: PointwiseFacts
