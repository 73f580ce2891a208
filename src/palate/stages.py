"""The verbs: one interface for each stage, on one screen, nothing concrete.

Every part is a class with a `Settings` attribute and a constructor that takes one `Settings` and only stores
it; what is learnt ends in `_`. `palate.testing` has a contract suite for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol, Self, runtime_checkable

from palate.arrays import Doubles, Floats, Rows
from palate.store import Artefact
from palate.tables import (
    Block,
    Catalogue,
    Dataset,
    FusionReading,
    Histories,
    Interactions,
    Rankings,
    Split,
    TargetRanks,
    Training,
)


class Reader(Protocol):
    """Files, folders or frames -> a data set."""

    def read(self) -> Dataset:
        """Read everything. Raises BadInput with file and row."""
        ...


class Splitter(Protocol):
    """A log -> training part, validation cases, test cases."""

    def split(self, log: Interactions, seed: int) -> Split:
        """Part the log. Raises Refused when nothing would be left to test on."""
        ...


class Encoder(Protocol):
    """Content -> one row of numbers an item."""

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Learn words, categories and scales from the training items `rows` alone."""
        ...

    def encode(self, catalogue: Catalogue) -> Block:
        """Block [n_items, d] for every item of the catalogue."""
        ...


class Shaper(Protocol):
    """A block -> a block of better geometry."""

    def fit(self, block: Block, rows: Rows) -> Self:
        """Learn means and directions from the training items `rows` alone."""
        ...

    def shape(self, block: Block) -> Block:
        """The block, reshaped; absent items stay zero."""
        ...


class Scorer(Protocol):
    """Behaviour and features -> a score for every item.

    Attributes:
        uses_validation: Whether `fit` looks at the validation cases (a blend does, to choose its weights).
    """

    uses_validation: ClassVar[bool]

    def fit(self, training: Training) -> Self:
        """Learn from the training part (and, where `uses_validation`, weights from the validation cases)."""
        ...

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], finite, higher is better; seen items are not masked here."""
        ...

    def state(self) -> Artefact:
        """All that was learnt, as arrays and plain facts; members of a blend are not in it."""
        ...

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up what `state` gave, instead of `fit`; `members` are the loaded models that a blend names."""
        ...


@runtime_checkable
class Explainable(Protocol):
    """A scorer whose score is a sum over the history."""

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values]: what each event of each history adds to the score of that case's `item` [n_cases].

        The sum over a case's events is its score for the item, up to a constant of the case and a prior of the
        item that no history changes.
        """
        ...


@runtime_checkable
class Fused(Protocol):
    """A scorer that adds up what other scorers say."""

    def contributions_by_member(self, histories: Histories, item: Rows) -> Mapping[str, Doubles]:
        """Member -> float64 [n_values], as `Explainable.contributions`, of which they are the parts."""
        ...

    def reading(self) -> FusionReading:
        """The weights, in numbers that a person can read."""
        ...


class Tracker(Protocol):
    """Whoever wants to watch a model learn: a progress bar, TensorBoard, MLflow, Weights & Biases."""

    def row(self, values: Mapping[str, float | None]) -> None:
        """Called for every row of the curve: `step`, `epoch`, `seconds`, `loss` and `metric`, as they are known."""
        ...


class Metric(Protocol):
    """Places of the targets -> one number a case."""

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases]; NaN for a case without targets."""
        ...


class ListMetric(Protocol):
    """Recommended lists -> one number a case, and one for all together."""

    def per_case(self, rankings: Rankings, train: Interactions) -> Doubles:
        """float64 [n_cases]; NaN for an empty list."""
        ...
