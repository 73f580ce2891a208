"""The contract of updates bites: scorers that break a promise fail it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from palate.arrays import Floats, Ragged
from palate.capabilities import Updatable
from palate.growth import check_grown, padded
from palate.model.counted import check_events
from palate.stages import FitContext
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Interactions, Training
from palate.testing.updatable import Stream, UpdatableContract, made_stream


class Counting(Updatable):
    """Counts events; `fault` says what it does wrong."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def fit(self, training: Training, context: FitContext = FitContext()) -> Counting:
        self.counts = training.log.item_counts().astype(np.float32)
        return self

    def grow(self, features: FeatureTable) -> Counting:
        check_grown(features, len(self.counts))
        more = copy.copy(self)
        more.counts = padded(self.counts, len(features.items))
        return more

    def updated(self, events: Interactions) -> Counting:
        if self.fault != "takes unknown items":
            check_events(events, len(self.counts))
        more = self if self.fault == "in place" else copy.copy(self)
        item = events.item[events.item < len(self.counts)]
        if self.fault == "forgets repeats":
            item = np.unique(item)
        if self.fault == "learns nothing":
            item = item[:0]
        if self.fault == "spoils events" and len(events):
            events.item[0] = 0
        more.counts = self.counts + np.bincount(item, minlength=len(self.counts))
        if self.fault == "fades":
            more.counts *= 0.9
        return more

    def score(self, histories: Histories) -> Floats:
        return np.tile(self.counts, (len(histories), 1)).astype(np.float32)

    def state(self) -> Artefact:
        return Artefact({"counts": self.counts}, {})

    def load(self, state: Artefact, members: Any) -> Counting:
        self.counts = np.asarray(state.arrays["counts"])
        if self.fault == "loses its state":
            self.counts = self.counts + 1
        return self


def failing(part: Any, stream: Stream, folder: Any) -> set[str]:
    """Tests of the suite that a scorer does not pass."""
    suite, found = UpdatableContract(), set()
    histories = Histories.of_items(Ragged.of([[0, 1], []]))
    for name in (name for name in dir(suite) if name.startswith("test_")):
        check = getattr(suite, name)
        fitted = copy.deepcopy(part).fit(stream.first).grow(stream.whole.features)
        given = {
            "part": part,
            "fitted": fitted,
            "stream": copy.deepcopy(stream),
            "context": FitContext(),
            "histories": histories,
            "tmp_path": folder / name,
        }
        wanted = check.__code__.co_varnames[1 : check.__code__.co_argcount]
        try:
            check(**{argument: given[argument] for argument in wanted})
        except (AssertionError, pytest.fail.Exception):
            found.add(name)
    return found


def test_a_good_one_passes(tmp_path: Any) -> None:
    assert failing(Counting(), made_stream(), tmp_path) == set()


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("in place", "test_the_scorer_stays_as_it_was"),
        ("forgets repeats", "test_updated_is_fitted_on_all"),
        ("forgets repeats", "test_one_by_one_or_all_at_once"),
        ("learns nothing", "test_it_learns_something"),
        ("spoils events", "test_events_are_left_alone"),
        ("fades", "test_no_events_change_nothing"),
        ("takes unknown items", "test_items_outside_of_the_catalogue_are_refused"),
        ("loses its state", "test_stored_and_loaded_it_goes_on"),
    ],
)
def test_a_scorer_that_breaks_a_promise_fails_the_contract(
    fault: str, test: str, tmp_path: Any
) -> None:
    assert test in failing(Counting(fault), made_stream(), tmp_path)
