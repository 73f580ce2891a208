"""A user's taste in the words of the items' attributes: the history is read by the provider that
read the items.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
from annotated_types import Ge, Le

from palate.arrays import Floats, dense, l2_normalised
from palate.capabilities import ReadsOneBlock
from palate.encode.behaviour.wording import first_words
from palate.errors import BadInput
from palate.part_state import PartState, fitted, state_of
from palate.stages import FitContext, ItemSpace
from palate.store import Artefact
from palate.tables import Histories, Training


@dataclass(frozen=True)
class ProfileSettings:
    """Settings of `behaviour.profile.v1`."""

    block: str = ""
    """A block of attributes, or of texts, whose encoder reads the history too; empty: the recipe's
    first."""

    last: Annotated[int, Ge(1)] = 20
    """Items of a history that are read at most, the newest ones."""

    every: Annotated[int, Ge(1)] = 5
    """A history is read again after so many further events, and not after each; what came since
    then counts by its items' own attributes."""

    item_words: Annotated[int, Ge(1)] = 16
    """Most words of an item's text."""

    opening: str = "Somebody likes: "
    """What stands before the items."""

    items_share: Annotated[float, Ge(0), Le(1)] = 0.5
    """How much the mean of the items' own attributes counts beside what is read of all together; 1:
    nothing is read, and no provider is needed."""

    normalise: bool = True
    """Scale each row to length one."""


class Profile(ReadsOneBlock):
    """Z_U = what the provider of the items' attributes says of the newest items together, and the
    mean of their own attributes.

    Over a block of attributes (`attributes.llm.v1`) the columns keep their names: how much somebody
    is for each option. Every distinct history is one text for the provider, kept in the row cache,
    and put to it again only when it has grown by `every` events. Without a provider that reads,
    `items_share = 1`; for vectors without names `behaviour.tokens.v1` says order and times too.

    Args:
        settings: See `ProfileSettings`.

    Cost: that of the block's encoder, for one text of about `last` times `item_words` words a
        history; all users of a log together are as many texts.
    """

    Settings = ProfileSettings
    name: ClassVar[str] = "behaviour.profile.v1"

    def __init__(self, settings: ProfileSettings = ProfileSettings()) -> None:
        self.settings = settings

    def fit(self, space: ItemSpace, training: Training, context: FitContext = FitContext()) -> Self:
        """Take the space; nothing is learnt from behaviour.

        Raises:
            Refused: The block is not of texts.
        """
        return self._over(space)

    def encode(self, histories: Histories) -> Floats:
        """float32 [n_cases, d]; zeros where there is no item of which something is known."""
        share = np.float32(self.settings.items_share)
        rows = share * self._pooled(histories)
        if share < 1:
            vectors, present = self._space.encode([text or None for text in self.texts(histories)])
            rows = rows + (1 - share) * np.where(present[:, None], vectors, np.float32(0))
        return np.asarray(l2_normalised(rows) if self.settings.normalise else rows, np.float32)

    def texts(self, histories: Histories) -> list[str]:
        """Each history as the provider reads it, newest last; empty where nothing is known."""
        found = []
        for case in range(len(histories)):
            items = self._items_of(histories, case)
            # a text changes with every `every`-th event alone, so that it is seldom read again
            read = len(items) - len(items) % self.settings.every or len(items)
            words = [self._words[i] for i in items[:read][-self.settings.last :] if self._words[i]]
            found.append(self.settings.opening + "; ".join(words) if words else "")
        return found

    def space(self) -> ItemSpace:
        """The space of the block."""
        return self._space

    def pieces(self) -> tuple[str, ...]:
        """One, without a name."""
        return ("",)

    def state(self) -> Artefact:
        """Nothing besides the space.

        Raises:
            Refused: The encoder has not been fitted.
        """
        fitted(self, "rows_")
        return state_of(self)

    def load(self, state: Artefact, space: ItemSpace) -> Self:
        """Take up the space.

        Raises:
            BadInput: It is the state of another part or other settings.
        """
        PartState.of(self, state)
        return self._over(space)

    def _over(self, space: ItemSpace) -> Self:
        self._space = space
        self._words = [
            first_words(text, self.settings.item_words) if text else "" for text in space.texts()
        ]
        self.rows_ = dense(space.block.matrix)
        self.present_ = space.block.present
        return self

    def _items_of(self, histories: Histories, case: int) -> list[int]:
        start, end = histories.items.offsets[case], histories.items.offsets[case + 1]
        items = histories.items.values[start:end]
        if len(items) and items.max() >= len(self._words):
            raise BadInput(
                f"item {items.max()} of a block of {len(self._words)} items", where="histories"
            )
        known: list[int] = items.tolist()
        return known

    def _pooled(self, histories: Histories) -> Floats:
        """float32 [n_cases, d]: the mean of the newest items' rows, absent ones left out."""
        rows = np.zeros((len(histories), self.rows_.shape[1]), np.float32)
        for case in range(len(histories)):
            items = np.asarray(self._items_of(histories, case)[-self.settings.last :], np.int64)
            items = items[self.present_[items]]
            if len(items):
                rows[case] = self.rows_[items].mean(axis=0)
        return rows
