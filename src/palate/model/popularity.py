"""Popularity: the same list for everybody, of what most people chose."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Gt, Le
from numpy.typing import NDArray

from palate.arrays import Doubles, Floats, Rows
from palate.capabilities import Baseline, Costed
from palate.growth import check_grown, padded
from palate.model.item_item import fitted
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Interactions, Training
from palate.work import LogSize, Work

DAY = 86_400


class Counts(Baseline, Costed, ABC):
    """Base of models that give every case the same scores; authors write `count`.

    Attributes:
        counts_: float32 [n_items], the scores.
    """

    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "untouched"
    settings: Any
    counts_: Floats

    @classmethod
    def work(cls, settings: Any, size: LogSize) -> Work:
        """One pass over the events, one over the items for each case."""
        return Work(size.events + size.items, size.items, 8.0 * size.items)

    @abstractmethod
    def count(self, log: Interactions) -> Floats:
        """float32 [n_items], the score of each item."""

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Count."""
        self.counts_ = self.count(training.log)
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same counts, 0 for new items."""
        check_grown(features, len(fitted(self, "counts_")))
        more = copy.copy(self)
        more.counts_ = padded(self.counts_, len(features.items))
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], the counts in every row."""
        return same_for_all(fitted(self, "counts_"), histories)

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values], zeros: no event of the history changes the score."""
        return np.zeros(len(histories.items.values))

    def state(self) -> Artefact:
        """The counts."""
        return Artefact({"counts": fitted(self, "counts_")}, {})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the counts; there are no members."""
        self.counts_ = np.asarray(state.arrays["counts"])
        return self


class Popularity(Counts):
    """Score = number of training events (or users) of the item, over all time.

    The baseline that every other model must beat. Where tastes move, `model.recent_popularity.v1`
    is the stronger one.

    Args:
        settings: See `Popularity.Settings`.

    Cost: one pass over the log; [n_cases, n_items] numbers for the scores.
    """

    @dataclass(frozen=True)
    class Settings:
        """How events are counted."""

        count: Literal["events", "users"] = "events"
        """Every event counts, or only one for each user and item."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.Settings()

    def count(self, log: Interactions) -> Floats:
        """float32 [n_items], events of each item, or its users."""
        users = (
            np.asarray(log.matrix().sum(axis=0)).ravel() if self.settings.count == "users" else None
        )
        return np.asarray(log.item_counts() if users is None else users, np.float32)


class RecentPopularity(Baseline):
    """Score = number of the item's events in the last days of the training part, or in its last
    share of events.

    Ties, such as the many items without a recent event, are settled by the count over all time.

    Args:
        settings: See `RecentPopularity.Settings`.

    Cost: one sort of the log by time.
    """

    @dataclass(frozen=True)
    class Settings:
        """What is recent."""

        days: Annotated[float, Gt(0)] | None = 7.0
        """Events of the last so many days count; None, or a log without times: the last `share` of
        the events."""
        share: Annotated[float, Gt(0), Le(1)] = 0.1
        """Share of the events, newest first, used where `days` cannot be."""

    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "untouched"
    counts_: Floats

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.Settings()

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Count the recent events, and all."""
        log = training.log
        always = log.item_counts().astype(np.float64)
        recent = np.bincount(log.item[self._recent(log)], minlength=log.n_items)
        self.counts_ = _settled(recent.astype(np.float64), always)
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same counts, 0 for new items."""
        check_grown(features, len(fitted(self, "counts_")))
        more = copy.copy(self)
        more.counts_ = padded(self.counts_, len(features.items))
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], the counts in every row."""
        return same_for_all(fitted(self, "counts_"), histories)

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values], zeros: no event of the history changes the score."""
        return np.zeros(len(histories.items.values))

    def state(self) -> Artefact:
        """The counts."""
        return Artefact({"counts": fitted(self, "counts_")}, {})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the counts; there are no members."""
        self.counts_ = np.asarray(state.arrays["counts"])
        return self

    def _recent(self, log: Interactions) -> NDArray[np.int64]:
        order = log.in_time_order()
        if self.settings.days is None or log.time is None or not len(log):
            return order[len(order) - int(np.ceil(self.settings.share * len(order))) :]
        recent = log.time[order] > log.time.max() - self.settings.days * DAY
        return np.asarray(order[recent], np.int64)


@dataclass(frozen=True)
class RecentPopularityV2Settings:
    """How fast events lose weight."""

    half_life: Annotated[float, Gt(0)] = 0.3
    """An event after which so large a share of all events came counts half of the last one; the
    same for a log of days and one of years."""


class RecentPopularityV2(Counts):
    """Score = number of the item's events, each counting 2^-(share of events that came after it /
    half_life).

    Where the log has no timestamps that all users share there is no last event of all, and every
    event counts the same; version 1 takes positions in users' own sequences for seconds.

    Args:
        settings: See `RecentPopularityV2Settings`.

    Cost: one sort of the log by time.
    """

    Settings = RecentPopularityV2Settings

    def __init__(self, settings: RecentPopularityV2Settings | None = None) -> None:
        self.settings = settings or RecentPopularityV2Settings()

    def count(self, log: Interactions) -> Floats:
        """float32 [n_items], events of each item, the later ones counting more."""
        weights = np.ones(len(log))
        if log.time is not None and log.has_timestamps():
            # Events of one time are equally old, so what came after is counted by the time.
            ordered = np.sort(log.time)
            after = len(log) - np.searchsorted(ordered, log.time, side="right")
            weights = np.exp2(-after / (self.settings.half_life * len(log)))
        counted = np.bincount(log.item, weights, minlength=log.n_items)
        return np.asarray(counted, np.float32)


def _settled(recent: Doubles, always: Doubles) -> Floats:
    # Whole numbers plus a fraction below a half would be rounded away by float32 for large counts,
    # so the place in the joint order is the score: exact for up to 2^24 distinct pairs.
    pairs = np.stack([recent, always], axis=1)
    return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1].ravel(), np.float32)


def same_for_all(scores: Floats, histories: Histories) -> Floats:
    """float32 [n_cases, n_items], `scores` [n_items] once for each case."""
    return np.tile(scores, (len(histories), 1))
