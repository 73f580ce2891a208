"""A user as the mean of the items in the history, newer ones counting more, one mean for each kind
of event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Matrix, dense, inverse, l2_normalised
from palate.capabilities import ReadsOneBlock
from palate.encode.behaviour.actions import check_actions
from palate.errors import BadInput, BadRecipe, Refused
from palate.part_state import PartState, fitted, state_of
from palate.stages import FitContext, ItemSpace
from palate.store import Artefact
from palate.tables import Coded, Histories, Training

DAY = 86_400


@dataclass(frozen=True)
class PooledSettings:
    """Settings of `behaviour.pooled.v1`."""

    block: str = ""
    """The block whose rows are pooled; empty: the recipe's first."""

    half_life: Annotated[float, Gt(0)] | None = None
    """Days after which an event counts half as much, from the newest of the history back; None:
    time does not count."""

    half_life_events: Annotated[float, Gt(0)] | None = None
    """Events after which an event counts half as much; None: the order does not count."""

    last: Annotated[int, Ge(1)] | None = None
    """Only the newest so many events count; None: all."""

    kinds: Mapping[str, float] = field(default_factory=dict)
    """Kinds of events, name = least value, e.g. `{disliked = 0, liked = 4}`: a mean for each; none:
    one of all."""

    actions: tuple[str, ...] = ()
    """Actions of the log, e.g. `["view", "buy"]`: a mean for each, in place of `kinds`, and other
    events do not count; none: not distinguished."""

    normalise: bool = True
    """Scale the items' rows to length one first, so that long rows do not speak louder."""


class Pooled(ReadsOneBlock):
    """Z_U = the weighed mean of Z_I over the history, by the weights' sum.

    Quick, in the items' own space, and hard to beat; without half-lives it does not depend on the
    order at all. For what an average cannot say (which came last, how a taste moved), use
    `behaviour.tokens.v1`.

    Args:
        settings: See `PooledSettings`.

    Cost: one product of a sparse matrix [n_cases, n_items] with the block.
    """

    Settings = PooledSettings
    name: ClassVar[str] = "behaviour.pooled.v1"

    def __init__(self, settings: PooledSettings = PooledSettings()) -> None:
        self.settings = settings

    def fit(self, space: ItemSpace, training: Training, context: FitContext = FitContext()) -> Self:
        """Take the block; nothing is learnt from behaviour.

        Raises:
            Refused: There is a half-life in days, and the log has no timestamps.
                Or actions are distinguished, and the log has none.
            BadRecipe: Two kinds of events begin at the same value, both kinds and actions are
                distinguished, or the log has no such action.
        """
        if self.settings.half_life is not None and not training.log.has_timestamps():
            raise Refused(
                "the log has no times that can be counted in days",
                where="half_life",
                next_step="use half_life_events, or give the log a column of times",
            )
        if len(set(self.settings.kinds.values())) < len(self.settings.kinds):
            raise BadRecipe(
                "two kinds begin at the same value",
                where="kinds",
                allowed="a least value for each kind",
            )
        if self.settings.actions and self.settings.kinds:
            raise BadRecipe(
                "events are distinguished by their value and by their action",
                where="actions",
                next_step="leave out kinds or actions",
            )
        check_actions(training.log, self.settings.actions, "actions")
        return self._over(space)

    def encode(self, histories: Histories) -> Floats:
        """float32 [n_cases, m d], a row of d numbers for each of `pieces`; zeros where there was no
        such event.
        """
        n_items = self.rows_.shape[0]
        values = histories.items.values
        if len(values) and values.max() >= n_items:
            raise BadInput(f"item {values.max()} of a block of {n_items} items", where="histories")
        weights = self._weights(histories) * self.present_[values]
        pieces = [
            self._pooled(histories, weights * (self._kind(histories) == i))
            for i in range(len(self.pieces()))
        ]
        return np.ascontiguousarray(np.concatenate(pieces, axis=1))

    def space(self) -> ItemSpace:
        """The space of the block."""
        return self._space

    def pieces(self) -> tuple[str, ...]:
        """The actions as the settings list them, or the kinds of events, the one of the least value
        first; one without a name where neither are distinguished.
        """
        kinds = self.settings.kinds
        return self.settings.actions or tuple(sorted(kinds, key=lambda name: kinds[name])) or ("",)

    def state(self) -> Artefact:
        """Nothing besides the space.

        Raises:
            Refused: The encoder has not been fitted.
        """
        fitted(self, "rows_")
        return state_of(self)

    def load(self, state: Artefact, space: ItemSpace) -> Self:
        """Take the block.

        Raises:
            BadInput: It is the state of another part or other settings.
        """
        PartState.of(self, state)
        return self._over(space)

    def _over(self, space: ItemSpace) -> Self:
        self._space = space
        matrix = space.block.matrix
        self.rows_: Matrix = l2_normalised(matrix) if self.settings.normalise else matrix
        self.present_ = space.block.present
        return self

    def _weights(self, histories: Histories) -> Doubles:
        s, ages = self.settings, histories.ages()
        weights = np.ones(len(ages))
        if s.half_life_events is not None:
            weights *= 0.5 ** (ages / s.half_life_events)
        if s.half_life is not None and histories.times is not None:
            weights *= 0.5 ** (seconds_back(histories) / (DAY * s.half_life))
        if s.last is not None:
            weights[ages >= s.last] = 0
        return np.asarray(weights, np.float64)

    def _kind(self, histories: Histories) -> Longs:
        """int64 [n_values], which of `pieces` each event belongs to; -1 for one below every least
        value, or of another action.
        """
        if self.settings.actions:
            said = histories.actions or Coded.unsaid(len(histories.values))
            return said.positions_in(self.settings.actions)
        kinds = self.settings.kinds
        if not kinds:
            return np.zeros(len(histories.values), np.int64)
        least = np.asarray([kinds[name] for name in self.pieces()])
        return np.asarray(np.searchsorted(least, histories.values, side="right") - 1, np.int64)

    def _pooled(self, histories: Histories, weights: Doubles) -> Floats:
        index = (histories.items.row_of_value(), histories.items.values)
        W = sparse.csr_matrix((weights, index), shape=(len(histories), self.rows_.shape[0]))
        # Summed item by item in the items' order, so that the order of the events leaves no trace
        # in the last bits.
        W.sum_duplicates()
        share = inverse(np.asarray(W.sum(axis=1), np.float64).ravel())
        scaled = sparse.csr_matrix(sparse.diags(share) @ W, dtype=np.float32)
        return dense(scaled @ self.rows_)


def seconds_back(histories: Histories) -> Longs:
    """int64 [n_values], seconds from each event to the newest of its history."""
    times = histories.times
    if times is None or not len(times):
        return np.zeros(len(histories.items.values), np.int64)
    case = histories.items.row_of_value()
    newest = np.full(len(histories), np.iinfo(np.int64).min)
    np.maximum.at(newest, case, times)
    return np.asarray(newest[case] - times, np.int64)
