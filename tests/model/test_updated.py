"""Counting on gives what counting all gives: any log, cut anywhere, in any order of arrival."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.errors import BadInput, Refused
from palate.growth import GrowingScorer
from palate.model.cooccurrence import Cooccurrence, CooccurrenceSettings
from palate.model.item_knn import ItemKnn, ItemKnnSettings, ItemKnnV2, ItemKnnV2Settings
from palate.model.popularity import Popularity, RecentPopularity
from palate.model.recent_window import DAY
from palate.model.sorted_events import SortedEvents
from palate.stages import Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training, Vocabulary
from palate.testing.logs import made_log

EMPTY = Histories.of_items(Ragged.of([[]]))

MODELS: dict[str, Callable[[], Any]] = {
    "popularity": Popularity,
    "popularity of users": lambda: Popularity(Popularity.Settings(count="users")),
    "recent, by days": lambda: RecentPopularity(RecentPopularity.Settings(days=2.0)),
    "recent, by share": lambda: RecentPopularity(RecentPopularity.Settings(days=None, share=0.3)),
    "recent, all": lambda: RecentPopularity(RecentPopularity.Settings(days=None, share=1.0)),
    "co-occurrence": Cooccurrence,
    "co-occurrence, near": lambda: Cooccurrence(
        CooccurrenceSettings(window=2, gap_power=0.3, backward=0.0)
    ),
    "co-occurrence, few": lambda: Cooccurrence(CooccurrenceSettings(window=3, neighbours=2)),
    "knn 1": lambda: ItemKnn(ItemKnnSettings(neighbours=2, shrink=1.5)),
    "knn 2": lambda: ItemKnnV2(ItemKnnV2Settings(neighbours=2)),
    "knn 2, alike": lambda: ItemKnnV2(ItemKnnV2Settings(neighbours=2, user_weights="alike")),
    "knn 2, jaccard": lambda: ItemKnnV2(ItemKnnV2Settings(neighbours=3, similarity="jaccard")),
}


@dataclass(frozen=True)
class Arrival:
    """A log in the order of arrival, where it is cut, and how many items there are by then."""

    log: Interactions
    cuts: tuple[int, ...]
    n_known: tuple[int, ...]

    def parts(self) -> list[Interactions]:
        edges = [0, *self.cuts, len(self.log)]
        return [self.log.take(np.arange(a, b)) for a, b in pairwise(edges)]


@st.composite
def arrivals(draw: st.DrawFn) -> Arrival:
    n_users, n_items = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    event = st.tuples(st.integers(0, n_users - 1), st.integers(0, n_items - 1), st.integers(0, 9))
    rows = draw(st.lists(event, min_size=0, max_size=40))
    user, item, day = np.array(rows, np.int32).reshape(-1, 3).T
    times = draw(st.sampled_from(["none", "in order", "late", "exact"]))
    time = day.astype(np.int64) * DAY
    if times == "in order":
        time = np.sort(time)
    log = Interactions(
        Vocabulary.of(range(n_users)),
        Vocabulary.of(range(n_items)),
        user,
        item,
        np.ones(len(user), np.float32),
        None if times == "none" else time,
        order=1000 * time + (7 * np.arange(len(user)) % 5) if times == "exact" else None,
    )
    cuts = tuple(sorted(draw(st.lists(st.integers(0, len(rows)), min_size=1, max_size=4))))
    early = draw(st.integers(1, n_items))
    seen = [int(item[:cut].max(initial=0)) + 1 for cut in (*cuts, len(rows))]
    return Arrival(log, cuts, (*(max(early, n) for n in seen[:-1]), n_items))


def training(log: Interactions) -> Training:
    cases = Cases(EMPTY, EMPTY.items, Ragged.of([[0]]))
    return Training(log, FeatureTable(log.items), cases)


def known(log: Interactions, n_items: int) -> Interactions:
    return replace(log, items=Vocabulary(log.items.ids[:n_items]))


def histories(n_items: int) -> Histories:
    rows = [[i % n_items, (3 * i + 1) % n_items] for i in range(n_items)]
    return Histories.of_items(Ragged.of([*rows, [], list(range(n_items)), [0, 0]]))


def grown(model: Any, n_items: int) -> Any:
    assert isinstance(model, GrowingScorer)
    return model.grow(FeatureTable(Vocabulary.of(range(n_items))))


def same(one: Scorer, other: Scorer, n_items: int) -> None:
    asked = histories(n_items)
    np.testing.assert_array_equal(one.score(asked), other.score(asked))
    few = asked.take(np.array([n_items + 1, 0]))
    np.testing.assert_array_equal(one.score(few), other.score(few))


@pytest.mark.parametrize("name", MODELS)
@given(arrival=arrivals())
@settings(max_examples=60, deadline=None)
def test_counted_on_it_is_what_it_would_be_if_all_were_counted(name: str, arrival: Arrival) -> None:
    log, (first, *rest) = arrival.log, arrival.parts()
    model = MODELS[name]().fit(training(known(first, arrival.n_known[0])))
    for part, n_items in zip(rest, arrival.n_known[1:], strict=True):
        model = grown(model, n_items).updated(known(part, n_items))
    same(model, MODELS[name]().fit(training(log)), log.n_items)


@pytest.mark.parametrize("name", MODELS)
@given(arrival=arrivals())
@settings(max_examples=25, deadline=None)
def test_so_it_is_when_it_was_stored_between(name: str, arrival: Arrival) -> None:
    log, (first, *rest) = arrival.log, arrival.parts()
    whole = MODELS[name]().fit(training(first))
    for part in rest:
        whole = MODELS[name]().load(whole.state(), {}).updated(part)
    same(whole, MODELS[name]().fit(training(log)), log.n_items)
    again = MODELS[name]().load(whole.state(), {})
    same(again, whole, log.n_items)


def fitted(name: str) -> tuple[Any, Interactions]:
    log = made_log(3, n_users=8, n_items=12, repeats=True)
    return MODELS[name]().fit(training(log)), log


@pytest.mark.parametrize("name", MODELS)
def test_what_was_stored_without_its_events_loads_and_says_that_it_cannot_be_updated(
    name: str,
) -> None:
    model, log = fitted(name)
    kept = {"counts", "prior", "B.data", "B.indices", "B.indptr", "B.shape"}
    old = Artefact({n: a for n, a in model.state().arrays.items() if n in kept}, {})
    again = MODELS[name]().load(old, {})
    same(again, model, log.n_items)
    with pytest.raises(Refused, match=r"cannot be updated.*\n.*fit it again"):
        again.updated(log)


@pytest.mark.parametrize("name", MODELS)
def test_an_unknown_item_is_refused_before_anything_changes(name: str) -> None:
    model, log = fitted(name)
    before = model.score(histories(log.n_items))
    more = replace(log, items=log.items.grown(["new"]), item=np.full(len(log), log.n_items))
    with pytest.raises(BadInput, match="grow the model"):
        model.updated(more)
    np.testing.assert_array_equal(model.score(histories(log.n_items)), before)


@pytest.mark.parametrize("name", [n for n in MODELS if n != "popularity"])
def test_events_without_the_times_that_the_log_had_are_refused(name: str) -> None:
    model, log = fitted(name)
    with pytest.raises(BadInput, match="events without time"):
        model.updated(replace(log, time=None))


def test_events_without_the_exact_order_that_the_log_had_are_refused() -> None:
    log = made_log(3, n_users=8, n_items=40)
    assert log.time is not None
    exact = replace(log, order=1000 * log.time)
    with pytest.raises(BadInput, match="exact time"):
        Cooccurrence().fit(training(exact)).updated(log)


@pytest.mark.parametrize("name", ["co-occurrence", "knn 2"])
def test_what_was_counted_is_stored_and_not_counted_again(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, log = fitted(name)
    again = MODELS[name]().load(model.updated(log).state(), {})
    monkeypatch.setattr(SortedEvents, "everything", lambda _: pytest.fail("counted again"))
    again.updated(log.take(np.arange(3)))
