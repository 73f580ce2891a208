"""Linear: a model of a few named coefficients, learnt by logistic regression on next items."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Doubles, Floats, Rows, inverse, l2_normalised
from palate.capabilities import Described, Narrowed, Reads
from palate.errors import BadRecipe
from palate.growth import appended, check_grown, padded
from palate.model.history_weights import LATEST_FIRST, HistoryWeights
from palate.model.item_item import check_items, fitted, popularity_prior
from palate.model.logistic import fit_logistic
from palate.model.restored import restored
from palate.model.similarity import Factored
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Training


@dataclass(frozen=True)
class LinearSettings:
    """Blocks, examples and ridge."""

    blocks: tuple[str, ...] = ()
    """Blocks of features, one coefficient each; empty: all of the recipe."""
    negatives: Annotated[int, Ge(1)] = 20
    """Items drawn at random against each event that happened."""
    n_examples: Annotated[int, Ge(1)] = 20_000
    """Most events that are learnt from, drawn by seed."""
    l2: Annotated[float, Gt(0)] = 1.0
    """Ridge on the coefficients but not on the constant."""
    query: HistoryWeights = LATEST_FIRST
    """How much each event of a history counts."""


class Linear(Narrowed, Described):
    """Score = sum over blocks of a_block <Z_U, Z_I> + b popularity(item) + c.

    Z_U is the history's weighed sum of the rows of a block, by the weights' sum; Z_I the row of the
    candidate, of length one; popularity is log(1 + n) / log(1 + largest n). The coefficients are
    those of a logistic regression on the last event of training users, against items drawn at
    random, so each can be read: what a unit more of it adds to the log-odds. Made to be read, not
    to win: for the best list use `model.blend.v1`.

    Args:
        settings: See `LinearSettings`.

    Attributes:
        coefficients_: Block -> a, `"popularity"` -> b and `"constant"` -> c.

    Cost: n_examples times negatives products of rows, and a logistic regression of a few columns.
    """

    does: ClassVar[str] = "adds up what each feature says, with weights that were learnt."
    Settings = LinearSettings
    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "scored"
    coefficients_: dict[str, float]
    kernels_: dict[str, Factored]
    popularity_: Floats

    def __init__(self, settings: LinearSettings | None = None) -> None:
        self.settings = settings or LinearSettings()

    @classmethod
    def reads(cls, settings: LinearSettings) -> Reads:
        """Its blocks."""
        return Reads(blocks=settings.blocks, every_block=not settings.blocks, spares_blocks=True)

    @classmethod
    def narrowed(cls, settings: LinearSettings, left: Reads) -> LinearSettings:
        """The settings with what is left named."""
        return replace(settings, blocks=left.blocks)

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn the coefficients from the training part.

        Raises:
            BadRecipe: There is no block.
            Refused: No training user has two events.
        """
        names = self.settings.blocks or tuple(training.features.blocks)
        if not names:
            raise BadRecipe(
                "this model needs a block of features", where="blocks", next_step="add a block"
            )
        rows = {name: l2_normalised(training.features.block(name).finite()) for name in names}
        self.kernels_ = {name: Factored(E, E) for name, E in rows.items()}
        self.popularity_ = popularity_prior(training.log.item_counts())
        solved = fit_logistic(
            training,
            context.seed,
            self.settings.n_examples,
            self.settings.negatives,
            self.settings.l2,
            lambda before: partial(self._inputs, before),
        )
        self.coefficients_ = dict(
            zip((*names, "popularity", "constant"), solved.tolist(), strict=True)
        )
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same coefficients with the rows of new items, which have no popularity."""
        fitted(self, "coefficients_")
        check_grown(features, len(self.popularity_))
        rows = {n: appended(k.L, features.block(n)) for n, k in self.kernels_.items()}
        more = copy.copy(self)
        more.kernels_ = {name: Factored(E, E) for name, E in rows.items()}
        more.popularity_ = padded(self.popularity_, len(features.items))
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]; popularity and constant alone where there is no history."""
        form: dict[str, float] = fitted(self, "coefficients_")
        check_items(histories, len(self.popularity_))
        W = self.settings.query.matrix(histories, len(self.popularity_))
        share = inverse(np.asarray(W.sum(axis=1), np.float64).ravel()).astype(np.float32)
        total = np.tile(
            np.float32(form["popularity"]) * self.popularity_ + np.float32(form["constant"]),
            (W.shape[0], 1),
        )
        for name, kernel in self.kernels_.items():
            total += np.float32(form[name]) * share[:, None] * kernel.spread(W)
        return np.asarray(total, np.float32)

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values], through all blocks; popularity and constant make up the rest of the
        score.
        """
        form: dict[str, float] = fitted(self, "coefficients_")
        weights = self._shares(histories)
        target = np.asarray(item, np.int32)[histories.items.row_of_value()]
        parts = [
            form[name] * kernel.pairs(histories.items.values, target)
            for name, kernel in self.kernels_.items()
        ]
        return np.asarray(weights * np.sum(parts, axis=0), np.float64)

    def state(self) -> Artefact:
        """Coefficients, rows of the blocks and popularity."""
        form: dict[str, float] = fitted(self, "coefficients_")
        arrays = {
            f"{i}.{key}": a
            for i, k in enumerate(self.kernels_.values())
            for key, a in k.arrays().items()
        }
        facts = {"blocks": list(self.kernels_), "coefficients": dict(form)}
        return Artefact({**arrays, "popularity": self.popularity_}, facts)

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the coefficients; there are no members."""
        kernels: dict[str, Any] = {}
        for i, name in enumerate(state.facts["blocks"]):
            own = f"{i}."
            kernels[name] = restored(
                {k[len(own) :]: a for k, a in state.arrays.items() if k.startswith(own)}
            )
        self.kernels_, self.popularity_ = kernels, np.asarray(state.arrays["popularity"])
        self.coefficients_ = {
            name: float(value) for name, value in state.facts["coefficients"].items()
        }
        return self

    def _shares(self, histories: Histories) -> Doubles:
        """float64 [n_values], weights of the events that sum to one in each history."""
        weights, case = self.settings.query.weights(histories), histories.items.row_of_value()
        sums = np.bincount(case, weights=weights, minlength=len(histories))
        return np.asarray(weights * inverse(sums)[case], np.float64)

    def _inputs(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_cases, n_blocks + 2], what each coefficient multiplies for each case's
        `item`.
        """
        weights, case = self._shares(histories), histories.items.row_of_value()
        columns = [
            np.bincount(
                case,
                weights * kernel.pairs(histories.items.values, item[case]),
                minlength=len(histories),
            )
            for kernel in self.kernels_.values()
        ]
        return np.stack([*columns, self.popularity_[item], np.ones(len(item))], axis=1)
