"""Popularity: the same list for everybody, of what most people chose."""

from __future__ import annotations

import copy
from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Gt, Le

from palate.arrays import Doubles, Floats, Rows
from palate.capabilities import Baseline, Costed, Described, KeepsEvents, Updatable
from palate.growth import check_grown, padded
from palate.model.counted import check_events, not_kept
from palate.model.debias import InversePropensity
from palate.model.item_item import fitted
from palate.model.recent_window import Recency, RecentWindow
from palate.model.sorted_events import without_events
from palate.model.tally import Tally
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Interactions, Training
from palate.work import LogSize, Work


class SameForAll(Baseline, Costed, ABC):
    """Base of models that give every case the same scores; authors write what learns them.

    Attributes:
        counts_: float32 [n_items], the scores.
    """

    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "untouched"
    counts_: Floats

    @classmethod
    def work(cls, settings: Any, size: LogSize) -> Work:
        """One pass over the events, one over the items for each case."""
        return Work(size.events + size.items, size.items, 8.0 * size.items)

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], the counts in every row."""
        return np.tile(fitted(self, "counts_"), (len(histories), 1))

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values], zeros: no event of the history changes the score."""
        return np.zeros(len(histories.items.values))

    def grow(self, features: FeatureTable) -> Self:
        """The same counts, 0 for new items."""
        check_grown(features, len(fitted(self, "counts_")))
        more = copy.copy(self)
        more.counts_ = padded(self.counts_, len(features.items))
        return more


class Popularity(SameForAll, Updatable, KeepsEvents, Described):
    """Score = number of training events (or users) of the item, over all time.

    The baseline that every other model must beat. Where tastes move, `model.recent_popularity.v1`
    is the stronger one. New events are counted on exactly.

    Args:
        settings: See `Popularity.Settings`.

    Cost: one pass over the log; [n_cases, n_items] numbers for the scores.
    """

    does: ClassVar[str] = "what most people took: the same for everybody."

    @dataclass(frozen=True)
    class Settings:
        """How events are counted."""

        count: Literal["events", "users"] = "events"
        """Every event counts, or only one for each user and item."""

    tally_: Tally | None

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.Settings()

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Count."""
        self._take(Tally.of(training.log, by_user=self.settings.count == "users"))
        return self

    def updated(self, events: Interactions) -> Self:
        """The same model with these events counted too.

        Cost: the events, and with `"users"` their users' own histories.
        """
        fitted(self, "counts_")
        if self.tally_ is None:
            raise not_kept()
        check_events(events, len(self.counts_))
        more = copy.copy(self)
        more._take(self.tally_.plus(events, len(self.counts_)))
        return more

    def state(self) -> Artefact:
        """The counts, and what they were counted from."""
        counts = {"counts": fitted(self, "counts_")}
        return Artefact({**counts, **({} if self.tally_ is None else self.tally_.arrays())}, {})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the counts; there are no members."""
        self.counts_ = np.asarray(state.arrays["counts"])
        self.tally_ = Tally.restored(state.arrays, by_user=self.settings.count == "users")
        return self

    def without_events(self, state: Artefact) -> Artefact:
        """The state with the counts alone."""
        return without_events(state)

    def _take(self, tally: Tally) -> None:
        self.tally_, self.counts_ = tally, tally.counts.astype(np.float32)


class RecentPopularity(SameForAll, Updatable, KeepsEvents, Described):
    """Score = number of the item's events in the last days of the training part, or in its last
    share of events.

    Ties, such as the many items without a recent event, are settled by the count over all time. New
    events are counted on exactly, and those that are no longer recent are left out.

    Args:
        settings: See `RecentPopularity.Settings`.

    Cost: one sort of the log by time.
    """

    does: ClassVar[str] = "what most people took lately."

    @dataclass(frozen=True)
    class Settings:
        """What is recent."""

        days: Annotated[float, Gt(0)] | None = 7.0
        """Events of the last so many days count; None, or a log without times: the last `share` of
        the events."""
        share: Annotated[float, Gt(0), Le(1)] = 0.1
        """Share of the events, newest first, used where `days` cannot be."""

    window_: RecentWindow | None

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.Settings()

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Count the recent events, and all."""
        self._take(RecentWindow.of(training.log, self._recency()))
        return self

    def updated(self, events: Interactions) -> Self:
        """The same model with these events counted too.

        Cost: the events, those that they make old, and one sort of the items.
        """
        fitted(self, "counts_")
        if self.window_ is None:
            raise not_kept()
        check_events(events, len(self.counts_))
        more = copy.copy(self)
        more._take(self.window_.plus(events, len(self.counts_)))
        return more

    def state(self) -> Artefact:
        """The counts, and what they were counted from."""
        counts = {"counts": fitted(self, "counts_")}
        return Artefact({**counts, **({} if self.window_ is None else self.window_.arrays())}, {})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the counts; there are no members."""
        self.counts_ = np.asarray(state.arrays["counts"])
        self.window_ = RecentWindow.restored(state.arrays, self._recency())
        return self

    def without_events(self, state: Artefact) -> Artefact:
        """The state with the counts alone."""
        return without_events(state)

    def _take(self, window: RecentWindow) -> None:
        self.window_ = window
        self.counts_ = _settled(window.recent.astype(np.float64), window.always.astype(np.float64))

    def _recency(self) -> Recency:
        return Recency(self.settings.days, self.settings.share)


@dataclass(frozen=True)
class RecentPopularityV2Settings:
    """How fast events lose weight."""

    half_life: Annotated[float, Gt(0)] = 0.3
    """An event after which so large a share of all events came counts half of the last one; the
    same for a log of days and one of years."""
    debias: InversePropensity | None = None
    """Further weights of the events, against position bias; None: all alike."""


class RecentPopularityV2(SameForAll, Described):
    """Score = number of the item's events, each counting 2^-(share of events that came after it /
    half_life).

    Where the log has no timestamps that all users share there is no last event of all, and every
    event counts the same; version 1 takes positions in users' own sequences for seconds. One event
    more changes the weights of all, so that this version cannot be updated, only fitted again.

    Args:
        settings: See `RecentPopularityV2Settings`.

    Cost: one sort of the log by time.
    """

    does: ClassVar[str] = "what most people took lately."
    Settings = RecentPopularityV2Settings

    def __init__(self, settings: RecentPopularityV2Settings | None = None) -> None:
        self.settings = settings or RecentPopularityV2Settings()

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Count the events, the later ones more."""
        log = training.log
        weights = np.ones(len(log))
        if log.time is not None and log.has_timestamps():
            # Events of one time are equally old, so what came after is counted by the time.
            ordered = np.sort(log.time)
            after = len(log) - np.searchsorted(ordered, log.time, side="right")
            weights = np.exp2(-after / (self.settings.half_life * len(log)))
        if self.settings.debias is not None:
            weights = weights * self.settings.debias.weights(log)
        counts = np.bincount(log.item, weights, minlength=log.n_items)
        self.counts_ = np.asarray(counts, np.float32)
        return self

    def state(self) -> Artefact:
        """The counts."""
        return Artefact({"counts": fitted(self, "counts_")}, {})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the counts; there are no members."""
        self.counts_ = np.asarray(state.arrays["counts"])
        return self


def _settled(recent: Doubles, always: Doubles) -> Floats:
    # Whole numbers plus a fraction below a half would be rounded away by float32 for large counts,
    # so the place in the joint order is the score: exact for up to 2^24 distinct pairs.
    pairs = np.stack([recent, always], axis=1)
    return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1].ravel(), np.float32)
