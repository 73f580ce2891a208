"""A catalogue that grew after `fit`: what a scorer says of items that training never saw.

Rows of items never move: new items stand behind those that the scorer was fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self, final, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Floats, Matrix, Ragged, l2_normalised
from palate.errors import BadInput, Refused
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Block, FeatureTable, Histories, Training


@runtime_checkable
class GrowingScorer(Protocol):
    """A scorer that can take up items which came after `fit`."""

    def grow(self, features: FeatureTable) -> Self:
        """The same scorer for more items; this one stays as it is.

        Scores of the items that it knew do not change (a ranker may put a new item before an old
        one), and `state` holds the new ones too.

        Args:
            features: Blocks of all items, those that it was fitted on first, in their order.

        Raises:
            BadInput: There are fewer items than it was fitted on, or a block has other columns.
        """
        ...


def grown(scorer: Scorer, features: FeatureTable) -> Scorer:
    """A fitted scorer for a catalogue that has grown, to recommend with.

    New items compete with the others where the scorer can tell something of them (`new_items` is
    "scored"). Where it cannot, they come after every item that it was fitted on: never recommended
    before a known one. For a scorer inside another one, see `grown_member`.

    Args:
        scorer: Fitted or loaded.
        features: Blocks of all items, those that it was fitted on first.

    Raises:
        BadInput: There are fewer items than it was fitted on, or a block has other columns.
    """
    more = grown_member(scorer, features)
    n_known = n_items_of(scorer)
    if scorer.new_items != "untouched" or len(features.items) == n_known:
        return more
    return KnownFirst(more, n_known)


def grown_member(scorer: Scorer, features: FeatureTable) -> Scorer:
    """A fitted scorer for a catalogue that has grown, to be blended or ranked with others.

    A member that knows nothing of content treats a new item like one that no one has touched, which
    is what the weights beside it were chosen for; coming last would forbid the other members to
    recommend it. Only a member that has no notion of such an item puts it last.
    """
    n_known = n_items_of(scorer)
    check_grown(features, n_known)
    if isinstance(scorer, GrowingScorer):
        return scorer.grow(features)
    if len(features.items) == n_known:
        return scorer
    return KnownOnly(scorer, n_known, len(features.items))


def n_items_of(scorer: Scorer) -> int:
    """Items that a fitted scorer gives a score to."""
    return int(scorer.score(Histories.of_items(Ragged.of([]))).shape[1])


@final
class KnownFirst:
    """A grown scorer whose new items come after all others, in one tie.

    Args:
        scorer: Gives scores of all items.
        n_known: Items that it was fitted on; the others are new.
    """

    def __init__(self, scorer: Scorer, n_known: int) -> None:
        self._scorer, self._n_known = scorer, n_known
        self.uses_validation = scorer.uses_validation  # type: ignore[misc]

    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "ignored"

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Raises Refused: what has grown is not fitted again, but its scorer is."""
        raise _not_fitted_again()

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], those of new items just below the lowest known one's."""
        scores = self._scorer.score(histories)
        scores[:, self._n_known :] = below(scores[:, : self._n_known])
        return scores

    def state(self) -> Artefact:
        """That of the scorer; grow it again after `load`."""
        return self._scorer.state()

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Raises Refused: load the scorer, then grow it."""
        raise _not_fitted_again()


@final
class KnownOnly:
    """A scorer that has no notion of a new item: new ones come last, and events with them are not
    read.

    Args:
        scorer: Gives scores of the items that it was fitted on.
        n_known: How many these are.
        n_items: How many there are now.
    """

    def __init__(self, scorer: Scorer, n_known: int, n_items: int) -> None:
        self._scorer, self._n_known, self._n_items = scorer, n_known, n_items
        self.uses_validation = scorer.uses_validation  # type: ignore[misc]

    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "ignored"

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Raises Refused: what has grown is not fitted again, but its scorer is."""
        raise _not_fitted_again()

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]; a history of new items alone is an empty one."""
        known = self._scorer.score(known_events(histories, self._n_known, self._n_items))
        new = np.broadcast_to(below(known), (len(known), self._n_items - self._n_known))
        return np.concatenate([known, new], axis=1)

    def grow(self, features: FeatureTable) -> Self:
        """The same with still more items."""
        check_grown(features, self._n_items)
        return type(self)(self._scorer, self._n_known, len(features.items))

    def state(self) -> Artefact:
        """That of the scorer; grow it again after `load`."""
        return self._scorer.state()

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Raises Refused: load the scorer, then grow it."""
        raise _not_fitted_again()


def below(scores: Floats) -> Floats:
    """float32 [n_cases, 1], the greatest number below all of a case's scores; 0 where there is
    none.
    """
    lowest = scores.min(axis=1, keepdims=True, initial=np.inf)
    least = np.finfo(np.float32).min
    under = np.maximum(np.nextafter(lowest, np.float32(-np.inf)), least)
    return np.where(np.isfinite(lowest), under, 0).astype(np.float32)


def known_events(histories: Histories, n_known: int, n_items: int) -> Histories:
    """The histories without events of new items.

    Raises:
        BadInput: An item row is outside 0 .. n_items - 1.
    """
    rows = histories.items.values
    wrong = rows[(rows < 0) | (rows >= n_items)]
    if len(wrong):
        raise BadInput(
            f"a history holds item row {int(wrong[0])}",
            where="histories",
            allowed=f"0 to {n_items - 1}",
        )
    return histories.keep(rows < n_known)


def check_grown(features: FeatureTable, n_known: int) -> None:
    """Refuse a catalogue that lost items.

    Raises:
        BadInput: There are fewer items than `n_known`.
    """
    if len(features.items) < n_known:
        raise BadInput(
            f"a catalogue of {len(features.items)} items for a model of {n_known}",
            where="features",
            allowed=f"at least those {n_known}, first and in their order",
            next_step="keep the rows of items that are gone, or fit again",
        )


def appended(known: Matrix, block: Block) -> Matrix:
    """Rows of length one [n_items, d]: `known` [n_known, d] as they are, behind them those of the
    block's new items.

    Raises:
        BadInput: The block has other columns, or numbers that are not finite.
    """
    new = new_rows(block, *known.shape)
    if sparse.issparse(known):
        return sparse.csr_matrix(sparse.vstack([known, sparse.csr_matrix(new)]), dtype=np.float32)
    return np.concatenate([known, new.toarray() if sparse.issparse(new) else new])


def new_rows(block: Block, n_known: int, width: int) -> Matrix:
    """Rows of length one [n_items - n_known, width] of the block's new items.

    Raises:
        BadInput: The block has other columns, or numbers that are not finite.
    """
    if block.width != width:
        raise BadInput(
            f"{block.width} columns where the model was fitted on {width}",
            where=f"blocks.{block.name}",
            next_step="encode the new items with the encoder that was fitted then",
        )
    return l2_normalised(block.finite()[n_known:])


def padded(values: NDArray[Any], n_items: int) -> NDArray[Any]:
    """The values [n_known, ...] with zeros behind them, [n_items, ...]."""
    more = np.zeros((n_items - len(values), *values.shape[1:]), values.dtype)
    return np.concatenate([values, more])


def _not_fitted_again() -> Refused:
    return Refused(
        "this is a scorer that has grown with its catalogue",
        next_step="fit or load the scorer itself, then call palate.growth.grown",
    )
