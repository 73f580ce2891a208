"""A user as a text: the history written out, newest last, and read by the language model that read
the items.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Self

import numpy as np
from annotated_types import Ge

from palate.arrays import Floats, Longs, l2_normalised
from palate.capabilities import ReadsOneBlock
from palate.encode.behaviour.actions import check_actions
from palate.encode.behaviour.wording import (
    EventWords,
    action_of,
    ago,
    check_template,
    first_words,
    joined,
    said,
)
from palate.errors import BadInput, BadRecipe, Refused
from palate.part_state import PartState, fitted, state_of
from palate.stages import FitContext, ItemSpace
from palate.store import Artefact
from palate.tables import Histories, Training


@dataclass(frozen=True)
class TokensSettings:
    """Settings of `behaviour.tokens.v1`."""

    block: str = ""
    """A block of texts, whose encoder and geometry read the history too; empty: the recipe's
    first."""

    tokens: Annotated[int, Ge(4)] = 192
    """Most tokens of a history, as its encoder counts them; what does not fit is left out from the
    oldest on."""

    last: Annotated[int, Ge(1)] = 50
    """Most events of a history, the newest ones."""

    item_words: Annotated[int, Ge(1)] = 24
    """Most words of an item's text."""

    template: str = "{action} {item}, {time}"
    """How one event is said; `{action}` and `{time}` are empty where nothing is known."""

    separator: str = "; "
    """What stands between two events."""

    opening: str = ""
    """What stands before the first event."""

    actions: Mapping[str, float] = field(default_factory=dict)
    """Words for what was done, word = least value, e.g. `{disliked = 0, liked = 4}`; none: not
    said."""

    action_words: Mapping[str, str] = field(default_factory=dict)
    """Words for the log's actions, action = word, e.g. `{view = "looked at", buy = "bought"}`, in
    place of `actions`; of another action nothing is said."""

    times: bool = True
    """Say how long before the newest event each one was, where the log has timestamps."""

    normalise: bool = True
    """Scale each row to length one."""


class Tokens(ReadsOneBlock):
    """Z_U = the language model's vector of the history as a text, in the same space as the items'
    Z_I.

    Sees order, actions and times, which a mean cannot (`behaviour.pooled.v1`, which is far
    quicker). Histories that were read once are not read again: rows go through the row cache by
    their text.

    Args:
        settings: See `TokensSettings`.

    Cost: each distinct history is one text of up to `tokens` tokens for the encoder of the block:
    of MiniLM about a hundred histories of 90 tokens a second and core; and up to a dozen runs of
    the tokeniser, which fit it into the budget, some 4 ms together.

    Paper: S. Geng et al., Recommendation as language processing (P5), RecSys 2022.
    """

    Settings = TokensSettings
    name: ClassVar[str] = "behaviour.tokens.v1"

    def __init__(self, settings: TokensSettings = TokensSettings()) -> None:
        self.settings = settings

    def fit(self, space: ItemSpace, training: Training, context: FitContext = FitContext()) -> Self:
        """Take the space, and see whether the training part has timestamps.

        Raises:
            Refused: The block is not of texts, or actions have words, and the log has none.
            BadRecipe: The template cannot be filled, both values and actions have words, or the log
                has no such action.
        """
        check_template(self.settings.template, "template")
        if self.settings.actions and self.settings.action_words:
            raise BadRecipe(
                "what was done is said by the value and by the action",
                where="action_words",
                next_step="leave out actions or action_words",
            )
        check_actions(training.log, self.settings.action_words, "action_words")
        return self._over(space, training.log.has_timestamps())

    def encode(self, histories: Histories) -> Floats:
        """float32 [n_cases, d]; zeros where there is no event with an item of which something is
        known.
        """
        vectors, present = self._space.encode([text or None for text in self.texts(histories)])
        rows = np.where(present[:, None], vectors, np.float32(0))
        return np.asarray(l2_normalised(rows) if self.settings.normalise else rows, np.float32)

    def texts(self, histories: Histories) -> list[str]:
        """Each history as its encoder reads it, newest last, within the budget; empty where nothing
        is known.
        """
        events = [self._events(histories, case) for case in range(len(histories))]
        full = [case for case, chosen in enumerate(events) if chosen]
        sizes = np.asarray([len(events[case]) for case in full], np.int64)
        fitting = self._largest(sizes, lambda i, n: self._text(events[full[i]][-n:]))
        texts = [""] * len(events)
        for i, case in enumerate(full):
            texts[case] = self._text(events[case][-max(int(fitting[i]), 1) :])
        alone = [i for i in range(len(full)) if fitting[i] == 0]
        for i, text in zip(alone, self._cut([texts[full[i]] for i in alone]), strict=True):
            texts[full[i]] = text
        return texts

    def space(self) -> ItemSpace:
        """The space of the block."""
        return self._space

    def pieces(self) -> tuple[str, ...]:
        """One, without a name."""
        return ("",)

    def state(self) -> Artefact:
        """Whether the training part had timestamps.

        Raises:
            Refused: The encoder has not been fitted.
        """
        return state_of(self, facts={"clock": fitted(self, "has_times_")})

    def load(self, state: Artefact, space: ItemSpace) -> Self:
        """Take up what was found out.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        return self._over(space, PartState.of(self, state).fact("clock", bool))

    def _over(self, space: ItemSpace, has_times: bool) -> Self:
        self._space, self.has_times_ = space, has_times
        self._items = [
            first_words(text, self.settings.item_words) if text else "" for text in space.texts()
        ]
        limit = space.limit()
        self._budget = self.settings.tokens if limit is None else min(self.settings.tokens, limit)
        return self

    def _events(self, histories: Histories, case: int) -> list[str]:
        start, end = histories.items.offsets[case], histories.items.offsets[case + 1]
        start = max(start, end - self.settings.last)
        items = histories.items.values[start:end]
        if len(items) and items.max() >= len(self._items):
            raise BadInput(
                f"item {items.max()} of a block of {len(self._items)} items", where="histories"
            )
        back = [""] * len(items)
        if self.settings.times and self.has_times_ and histories.times is not None:
            newest = histories.times[start:end].max(initial=0)
            back = [ago(int(newest - t)) for t in histories.times[start:end]]
        chosen = zip(items.tolist(), self._done(histories, int(start), int(end)), back, strict=True)
        return [
            said(EventWords(self._items[i], done, when), self.settings.template)
            for i, done, when in chosen
            if self._items[i]
        ]

    def _done(self, histories: Histories, start: int, end: int) -> list[str]:
        """What is said to have been done in the events from `start` to `end`."""
        words = self.settings.action_words
        if not words:
            values = histories.values[start:end].tolist()
            return [action_of(value, self.settings.actions) for value in values]
        if histories.actions is None:
            return [""] * (end - start)
        names = histories.actions.take(np.arange(start, end)).texts()
        return ["" if name is None else words.get(name, "") for name in names]

    def _text(self, events: Sequence[str]) -> str:
        return joined(self.settings.opening, events, self.settings.separator)

    def _largest(self, sizes: Longs, text: Callable[[int, int], str]) -> Longs:
        """int64 [n], the largest size up to `sizes` [n] whose text fits the budget; 0 where none
        does.
        """
        low, high = np.zeros_like(sizes), sizes.copy()
        middle = high.copy()  # most histories fit whole, which one look tells
        while (open_ := np.flatnonzero(low < high)).size:
            counts = self._space.count([text(int(i), int(middle[i])) for i in open_])
            fits = counts <= self._budget
            low[open_[fits]] = middle[open_[fits]]
            high[open_[~fits]] = middle[open_[~fits]] - 1
            middle = (low + high + 1) // 2
        return low

    def _cut(self, texts: Sequence[str]) -> list[str]:
        """Texts of one event that alone is too long, cut off after some word."""
        words = [text.split() for text in texts]
        sizes = np.asarray([len(w) for w in words], np.int64)
        fitting = self._largest(sizes, lambda i, n: " ".join(words[i][:n]))
        if len(fitting) and not fitting.all():
            raise Refused(
                f"not a single word of a history fits into {self._budget} tokens",
                where="tokens",
                next_step="raise tokens, or shorten the opening",
            )
        return [" ".join(w[:n]) for w, n in zip(words, fitting.tolist(), strict=True)]
