"""The verbs: one interface for each stage, on one screen, nothing concrete.

Every part is a class with a `Settings` attribute and a constructor that takes one `Settings` and
only stores it; what is learnt ends in `_`. `palate.testing` has a contract suite for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np

from palate.arrays import Doubles, Floats, Longs, Mask, Rows
from palate.execute import Executor, Inline
from palate.language_model import LanguageModel, TextSource
from palate.progress import Tracker
from palate.store import Artefact
from palate.tables import (
    Block,
    Catalogue,
    Dataset,
    FusionReading,
    Histories,
    Interactions,
    Rankings,
    Request,
    Split,
    TargetRanks,
    Training,
)
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem
from palate.tables.labelled_rows import LabelledRows
from palate.tables.offers import Offers
from palate.tables.questions import Answers, Question
from palate.tables.slate import SlateCandidates


@dataclass(frozen=True, eq=False)
class FitContext:
    """What a part gets beside the data when it learns: services, and other fitted parts.

    Attributes:
        seed: Seed for whatever is random.
        tracker: Receives the training curve of a neural model; None: nothing does.
        members: Fitted scorers of the same recipe, by name: a blend is made of them.
        users: Fitted encoders of histories, by name: how a two-sided model sees a user.
        texts: Texts and language models of the blocks that have them, for models that read.
        executor: Where work in chunks is done.
    """

    seed: int = 0
    tracker: Tracker | None = None
    members: Mapping[str, Scorer] = field(default_factory=dict)
    users: Mapping[str, UserEncoder] = field(default_factory=dict)
    texts: Mapping[str, TextSource] = field(default_factory=dict)
    # not shown: how many threads there are is the machine's business
    executor: Executor = field(default_factory=Inline, repr=False)


NewItems: TypeAlias = Literal["scored", "untouched", "ignored"]
"""Items that came after `fit` are scored by their content, or like items that no one has touched;
or the scorer has no notion of them."""


class Reader(Protocol):
    """Files, folders or frames -> a data set."""

    def read(self) -> Dataset:
        """Read everything. Raises BadInput with file and row."""
        ...


class Splitter(Protocol):
    """A log -> training part, validation cases, test cases."""

    def split(self, log: Interactions, seed: int) -> Split:
        """Split the log. Raises Refused when nothing would be left to test on."""
        ...


class Storable(Protocol):
    """A part whose `fit` can be kept, and taken up again by another process."""

    def state(self) -> Artefact:
        """What `fit` learnt, as arrays and plain facts; of weights on disk the digest alone."""
        ...

    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `fit`. Raises BadInput where it does not belong."""
        ...


class Encoder(Storable, Protocol):
    """Content -> one row of numbers an item."""

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Learn words, categories and scales from the training items `rows` alone."""
        ...

    def encode(self, catalogue: Catalogue) -> Block:
        """Block [n_items, d] for every item of the catalogue, be it that of `fit` or another."""
        ...


class Provider(Protocol):
    """Texts and questions -> answers, each by its text and the questions alone, which
    `palate.encode.attributes.checked` looks at before it is kept.
    """

    @property
    def identity(self) -> str:
        """All that changes an answer but text and questions: model as served, prompt, settings."""
        ...

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """(place in `texts`, answers) of distinct texts, as known; others are asked again."""
        ...


class Policy(Protocol):
    """What there is to show -> how likely each of it is shown next; see `palate.policy.drawn`."""

    def probabilities(self, offers: Offers, rng: np.random.Generator) -> Doubles:
        """float64 [n, m], rows that add up to 1: those given what a policy draws from `rng`."""
        ...


class Slate(Protocol):
    """Scored candidates -> a list of some of them, in the order in which they are shown."""

    def order(self, candidates: SlateCandidates, k: int) -> Rows:
        """int32 [min(k, n)], candidates, none twice. Raises BadInput where it lacks a thing."""
        ...


class BlockTransform(Storable, Protocol):
    """A block -> a block of better geometry."""

    def fit(self, block: Block, rows: Rows) -> Self:
        """Learn means and directions from the training items `rows` alone."""
        ...

    def transform(self, block: Block) -> Block:
        """The block, reshaped; absent items stay zero."""
        ...


@runtime_checkable
class Portable(Protocol):
    """A fitted encoder whose model lies in files, which must go along with its state."""

    def save_model(self, folder: Path) -> None:
        """Write the files of its model into an empty folder."""
        ...


@runtime_checkable
class Tunable(Encoder, Portable, Protocol):
    """An encoder of text whose language model can be trained further."""

    def texts(self, catalogue: Catalogue) -> list[str | None]:
        """What is encoded of each item; None for an item without content."""
        ...

    def language_model(self) -> LanguageModel:
        """A copy of the model in fp32 that may be trained."""
        ...

    def with_model(self, folder: Path) -> Self:
        """The same encoder, unfitted, with the model of `folder`."""
        ...


class Tuner(Protocol):
    """An encoder -> the same with weights tuned to this catalogue, or to training behaviour.

    Attributes:
        uses_behaviour: Whether `tune` looks at interactions, not only at the items' content.
    """

    uses_behaviour: ClassVar[bool]

    def tune(
        self,
        encoder: Tunable,
        catalogue: Catalogue,
        training: Training,
        context: FitContext = FitContext(),
    ) -> Encoder:
        """Tune on content and behaviour of the training part alone; weights go into the cache."""
        ...

    def reopen(self, encoder: Tunable, folder: Path) -> Encoder:
        """What `tune` gave, from the folder that its `save_model` filled; `load` comes next."""
        ...


class Adapter(Storable, Protocol):
    """A block -> a block that agrees better with what people did; it learns from behaviour."""

    def fit(self, block: Block, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn from the training part (and stop early by the validation cases)."""
        ...

    def transform(self, block: Block) -> Block:
        """The block, adapted, for known items or for new ones; absent items stay zero."""
        ...


class Fuser(Storable, Protocol):
    """Several blocks of the same items -> one block."""

    def fit(
        self, blocks: Mapping[str, Block], training: Training, context: FitContext = FitContext()
    ) -> Self:
        """Learn from the training part (and stop early by the validation cases)."""
        ...

    def fuse(self, blocks: Mapping[str, Block]) -> Block:
        """One block, present where any of `blocks` is; items that `fit` did not see come last."""
        ...


class ItemSpace(Protocol):
    """A block, and what puts further texts into the space of its rows."""

    @property
    def block(self) -> Block:
        """The block of the items."""
        ...

    def texts(self) -> Sequence[str | None]:
        """What was encoded of each item; None: nothing. Raises Refused for a block not of texts."""
        ...

    def encode(self, texts: Sequence[str | None]) -> tuple[Floats, Mask]:
        """float32 [n, d], bool [n], by the same encoder and geometry. Raises Refused as `texts`."""
        ...

    def count(self, texts: Sequence[str]) -> Longs:
        """int64 [n], tokens of each text as the encoder counts them, those cut off included."""
        ...

    def limit(self) -> int | None:
        """Most tokens that the encoder reads of a text; None: all."""
        ...


class UserEncoder(Protocol):
    """Histories -> Z_U, rows in the space of a block; of a user only the history is known."""

    def fit(self, space: ItemSpace, training: Training, context: FitContext = FitContext()) -> Self:
        """Look at the items' block and at what kind of log the training part is."""
        ...

    def encode(self, histories: Histories) -> Floats:
        """float32 [n_cases, m d]: m rows side by side, see `pieces`; zeros: nothing is known."""
        ...

    def space(self) -> ItemSpace:
        """The space that it was fitted on."""
        ...

    def pieces(self) -> tuple[str, ...]:
        """What each of the m rows is of, e.g. a kind of events; an only one has an empty name."""
        ...

    def state(self) -> Artefact:
        """What `fit` found out, besides the space."""
        ...

    def load(self, state: Artefact, space: ItemSpace) -> Self:
        """Take up what `state` gave, instead of `fit`."""
        ...


class Scorer(Protocol):
    """Behaviour and features -> a score for every item.

    Attributes:
        uses_validation: Whether `fit` looks at the validation cases (a blend does, to choose its
            weights).
        new_items: What it does with items that came after `fit`; see `palate.growth`.
    """

    uses_validation: ClassVar[bool]

    @property
    def new_items(self) -> NewItems:
        """See above; the same before and after `fit`."""
        ...

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn from the training part (where `uses_validation`, weights from validation cases)."""
        ...

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], finite, higher is better; seen items are not masked here."""
        ...

    def state(self) -> Artefact:
        """All that was learnt, as arrays and plain facts; members of a blend are not in it."""
        ...

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up what `state` gave, instead of `fit`; `members` are loaded: a blend names them."""
        ...


class Recommender(Protocol):
    """Requests -> lists; `palate.recommend` wraps any scorer."""

    def recommend(self, requests: Sequence[Request], k: int) -> Rankings:
        """The first k items of each request that may be recommended, best first."""
        ...


@runtime_checkable
class TwoSided(Protocol):
    """A scorer that reads histories through user encoders, which its state does not hold."""

    def with_users(self, users: Mapping[str, UserEncoder]) -> Self:
        """Take up the fitted user encoders by name; after `load`, before `score`."""
        ...


@runtime_checkable
class AdditiveScorer(Protocol):
    """A scorer whose score is a sum over the history."""

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values]: what each event of a history adds to the score of its `item`
        [n_cases]: in sum the score, up to a constant of the case and a prior of the item that no
        history changes.
        """
        ...


@runtime_checkable
class EnsembleScorer(Protocol):
    """A scorer that adds up what other scorers say."""

    def contributions_by_member(self, histories: Histories, item: Rows) -> Mapping[str, Doubles]:
        """Member -> float64 [n_values], whose sum is what `AdditiveScorer.contributions` gives."""
        ...

    def reading(self) -> FusionReading:
        """The weights, in numbers that a person can read."""
        ...


class Metric(Protocol):
    """Ranks of the targets -> one number a case."""

    @property
    def label(self) -> str:
        """What recipes call it, e.g. `ndcg@10`."""
        ...

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases]; NaN for a case without targets."""
        ...


class ListMetric(Protocol):
    """Recommended lists -> one number a case, whose mean is the number of all together."""

    @property
    def label(self) -> str:
        """What recipes call it, e.g. `ndcg@10`."""
        ...

    def per_case(self, rankings: Rankings, train: Interactions) -> Doubles:
        """float64 [n_cases]; NaN for an empty list."""
        ...


class Explainer(Protocol):
    """A fitted model and a metric -> the importance of each of its blocks."""

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block, in the problem's order. Raises Refused where it does not apply."""
        ...


class Selector(Protocol):
    """Training rows -> the blocks (or columns, each a block) to keep."""

    def fit(self, labelled: LabelledRows, seed: int) -> Self:
        """Learn from training rows alone which blocks help."""
        ...

    def kept(self) -> tuple[str, ...]:
        """Names of the blocks to keep, in the rows' order."""
        ...
