"""Random scores: the floor under every comparison."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Floats
from palate.capabilities import Baseline, Described
from palate.growth import check_grown
from palate.model.item_item import fitted
from palate.seeding import seed_of
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Training

Words = NDArray[np.uint64]


class RandomScores(Baseline, Described):
    """Score = a number from [0, 1) that depends on the seed, the case and the item, and on nothing
    else.

    A case is its user and its history, so the same question gets the same answer in any order and
    company.

    Args:
        settings: See `RandomScores.Settings`.

    Cost: [n_cases, n_items] hashes.
    """

    does: ClassVar[str] = "anything, by chance."

    @dataclass(frozen=True)
    class Settings:
        """Nothing to set: the seed is the run's."""

    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "untouched"
    seed_: int
    n_items_: int

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.Settings()

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Keep the seed and the number of items."""
        self.seed_, self.n_items_ = (
            seed_of(context.seed, "model.random"),
            training.log.n_items,
        )
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same with random scores for new items too."""
        fitted(self, "seed_")
        check_grown(features, self.n_items_)
        more = copy.copy(self)
        more.n_items_ = len(features.items)
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], uniform on [0, 1)."""
        keys = _mixed(_identity(histories) ^ np.uint64(fitted(self, "seed_")))
        items = _mixed(np.arange(self.n_items_, dtype=np.uint64))
        # 24 bits are what float32 holds exactly.
        return (
            (_mixed(keys[:, None] ^ items[None, :]) >> np.uint64(40)) / np.float64(1 << 24)
        ).astype(np.float32)

    def state(self) -> Artefact:
        """Seed and number of items."""
        return Artefact({}, {"seed": fitted(self, "seed_"), "n_items": self.n_items_})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the seed; there are no members."""
        self.seed_, self.n_items_ = int(state.facts["seed"]), int(state.facts["n_items"])
        return self


def _identity(histories: Histories) -> Words:
    """uint64 [n_cases], a hash of the user and of the events in their order."""
    events = _mixed(
        histories.items.values.astype(np.uint64)
        + (histories.ages().astype(np.uint64) << np.uint64(32))
    )
    # The sum wraps around, which is what is wanted; each event is hashed with its place, so order
    # counts.
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(events, dtype=np.uint64)])
    offsets = histories.items.offsets
    users = histories.users.astype(np.int64).astype(np.uint64)
    return _mixed(sums[offsets[1:]] - sums[offsets[:-1]]) ^ _mixed(users)


def _mixed(x: Words) -> Words:
    """SplitMix64 of each word: nearby words come out unlike (Steele, Lea and Flood 2014)."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
