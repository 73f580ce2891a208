"""What every scorer must keep that takes new events without learning again."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from palate import store
from palate.arrays import Ragged
from palate.capabilities import Updatable
from palate.errors import BadInput
from palate.growth import GrowingScorer
from palate.seeding import generator
from palate.stages import FitContext
from palate.tables import Block, Cases, FeatureTable, Histories, Interactions, Training, Vocabulary
from palate.testing.logs import made_log
from palate.testing.scorer import made_training

N_NEW = 3
"""The last items of the catalogue came after `fit`, and so did the last users."""


@dataclass(frozen=True)
class Stream:
    """A log in the order of arrival.

    Attributes:
        whole: All events, over all items.
        first: What is there when the scorer is fitted, over the items that there are by then.
        later: What comes afterwards, in pieces, over all items.
    """

    whole: Training
    first: Training
    later: tuple[Interactions, ...]


def made_stream(seed: int = 0, late: bool = False, new_items: bool = True) -> Stream:
    """Repeated events, ties of time, new users and new items.

    Args:
        seed: Seed of everything.
        late: Whether events come in any order, not in that of their times.
        new_items: Whether there are new items.
    """
    n_new = N_NEW if new_items else 0
    log = made_log(seed, n_users=25, n_items=30, repeats=True)
    if not late:
        log = log.take(log.in_time_order())
    early = (log.item < log.n_items - n_new) & (log.user < log.n_users - N_NEW)
    n_first = 2 * len(log) // 3
    is_first = early & (np.arange(len(log)) < n_first)
    log = log.take(np.concatenate([np.flatnonzero(is_first), np.flatnonzero(~is_first)]))
    given = made_training(seed)
    items = Vocabulary(given.features.items.ids[: log.n_items])
    log = replace(log, items=items)
    n_first, n_known = int(is_first.sum()), len(items) - n_new
    known = Vocabulary(items.ids[:n_known])
    first = replace(log.take(np.arange(n_first)), items=known)
    cases = _cases(first, seed)
    edges = [n_first, n_first + 1, n_first + 2, (n_first + len(log)) // 2, len(log)]
    return Stream(
        Training(log, _of_items(given.features, items), cases),
        Training(first, _of_items(given.features, known), cases),
        tuple(log.take(np.arange(a, b)) for a, b in pairwise(edges)),
    )


class UpdatableContract:
    """Give the scorer by overriding the fixture `part`, unfitted and quick; `context` where it
    needs members. New items are tried where it can grow (`palate.growth.GrowingScorer`).
    """

    @pytest.fixture
    def part(self) -> Any:
        """The scorer that is tried, unfitted."""
        raise NotImplementedError("give the scorer: override the fixture `part`")

    @pytest.fixture
    def context(self) -> FitContext:
        """What else it gets, such as members."""
        return FitContext()

    @pytest.fixture(params=[(0, False), (1, True)], ids=["in order", "late"])
    def stream(self, part: Any, request: pytest.FixtureRequest) -> Stream:
        """The events that it is tried with."""
        seed, late = request.param
        return made_stream(seed, late, isinstance(part, GrowingScorer))

    @pytest.fixture
    def histories(self, stream: Stream) -> Histories:
        """Histories of users, of somebody unknown, with new items, and none."""
        n = stream.whole.log.n_items
        return Histories.of_items(Ragged.of([[0, 1, 2], [n - 1], [], [5, n - 2, 5], [n // 2]]))

    @pytest.fixture
    def fitted(self, part: Any, stream: Stream, context: FitContext) -> Any:
        """The scorer, fitted on the first events and grown by the new items."""
        first = copy.deepcopy(part).fit(stream.first, context)
        return first.grow(stream.whole.features) if isinstance(first, GrowingScorer) else first

    def test_it_says_so(self, part: Any) -> None:
        """By its class, before it is fitted, and how far the update goes."""
        assert isinstance(part, Updatable)
        assert part.updates in ("exactly", "in part")

    def test_updated_is_fitted_on_all(
        self, part: Any, fitted: Any, stream: Stream, context: FitContext, histories: Histories
    ) -> None:
        """Piece by piece, with new users and items: what `fit` makes of all events."""
        if part.updates != "exactly":
            pytest.skip("it declares that a part of it stays as it was")
        for events in stream.later:
            fitted = fitted.updated(events)
        again = copy.deepcopy(part).fit(stream.whole, context)
        near(fitted.score(histories), again.score(histories))

    def test_one_by_one_or_all_at_once(
        self, part: Any, fitted: Any, stream: Stream, histories: Histories
    ) -> None:
        """How the events are bundled changes nothing."""
        if part.updates != "exactly":
            pytest.skip("it declares that a part of it stays as it was")
        events = joined(stream)
        one_by_one = fitted
        for row in range(len(events)):
            one_by_one = one_by_one.updated(events.take(np.array([row])))
        near(one_by_one.score(histories), fitted.updated(events).score(histories))

    def test_it_learns_something(self, fitted: Any, stream: Stream, histories: Histories) -> None:
        """The new events are not thrown away."""
        before = fitted.score(histories)
        assert not np.array_equal(fitted.updated(joined(stream)).score(histories), before)

    def test_the_scorer_stays_as_it_was(
        self, fitted: Any, stream: Stream, histories: Histories
    ) -> None:
        """It goes on answering while another one learns, and can be updated otherwise."""
        before = fitted.score(histories)
        once = fitted.updated(stream.later[-1])
        after = once.score(histories)
        once.updated(stream.later[0])
        np.testing.assert_array_equal(fitted.score(histories), before)
        np.testing.assert_array_equal(once.score(histories), after)
        near(fitted.updated(stream.later[-1]).score(histories), after)

    def test_no_events_change_nothing(
        self, fitted: Any, stream: Stream, histories: Histories
    ) -> None:
        """Nothing came, nothing is new."""
        known = fitted.updated(stream.later[-1])
        none = stream.later[0].take(np.empty(0, np.int64))
        near(known.updated(none).score(histories), known.score(histories))

    def test_stored_and_loaded_it_goes_on(
        self,
        part: Any,
        fitted: Any,
        stream: Stream,
        context: FitContext,
        histories: Histories,
        tmp_path: Path,
    ) -> None:
        """Before the first update and between two."""
        if context.members:
            pytest.skip("its members are stored on their own")
        straight = fitted
        for place, events in enumerate(stream.later):
            state = fitted.state()
            store.write(tmp_path / str(place), state.arrays, state.facts)
            stored = store.read(tmp_path / str(place))
            assert stored is not None
            fitted = copy.deepcopy(part).load(stored, {}).updated(events)
            straight = straight.updated(events)
        near(fitted.score(histories), straight.score(histories))

    def test_events_are_left_alone(self, fitted: Any, stream: Stream) -> None:
        """The caller's log does not change."""
        events = stream.later[-1]
        before = [column.copy() for column in (events.user, events.item, events.value)]
        fitted.updated(events)
        for column, kept in zip((events.user, events.item, events.value), before, strict=True):
            np.testing.assert_array_equal(column, kept)

    def test_items_outside_of_the_catalogue_are_refused(
        self, fitted: Any, stream: Stream, histories: Histories
    ) -> None:
        """The catalogue grows first; nothing of the other events is kept."""
        before, log = fitted.score(histories), joined(stream)
        item = np.append(log.item[:-1], np.int32(log.n_items))
        with pytest.raises(BadInput, match="item row"):
            fitted.updated(replace(log, items=log.items.grown(["a new one"]), item=item))
        np.testing.assert_array_equal(fitted.score(histories), before)


def joined(stream: Stream) -> Interactions:
    """All later events."""
    n = sum(len(events) for events in stream.later)
    log = stream.whole.log
    return log.take(np.arange(len(log) - n, len(log)))


def near(one: Any, other: Any) -> None:
    """Equal scores, but for the rounding of float32."""
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def _of_items(features: FeatureTable, items: Vocabulary) -> FeatureTable:
    def first(block: Block) -> Block:
        n = len(items)
        return replace(block, matrix=block.matrix[:n], present=block.present[:n])

    return FeatureTable(items, {name: first(block) for name, block in features.blocks.items()})


def _cases(log: Interactions, seed: int) -> Cases:
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    rng = generator(seed, "made stream")
    targets = Ragged.of([[int(rng.integers(log.n_items))] for _ in range(log.n_users)])
    return Cases(histories, histories.items, targets).take(histories.items.lengths() > 0)
