"""Drift is found where there is some, and not where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.event_store import NewEvent
from palate.serve.data_folder import Opened
from palate.serve.drift.drift import Drift
from palate.serve.drift.stability import edges, stability
from palate.serve.engine.answers import ListRequest
from palate.tables import Event


@pytest.fixture
def drift(opened: Opened) -> Drift:
    return Drift(opened.engine)


def take(opened: Opened, items: list[str], user: str = "u{}", action: str = "view") -> None:
    first = opened.engine.state.offset
    events = [
        NewEvent(f"{first} {n}", Event(user.format(n % 60), item, action))
        for n, item in enumerate(items)
    ]
    opened.engine.take_in(events).result(10)


def test_noise_is_below_what_noise_does() -> None:
    rng, alarms = np.random.default_rng(0), 0
    p = rng.dirichlet(np.ones(10))
    for _ in range(500):
        one = stability(rng.multinomial(1000, p), rng.multinomial(60, p))
        alarms += one.psi > one.of_noise
    assert alarms <= 8


def test_another_distribution_is_found() -> None:
    one = stability(np.array([500, 300, 200]), np.array([20, 30, 150]))
    assert one.alarm
    assert not stability(np.array([500, 300, 200]), np.array([1, 1, 2])).alarm


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=12), st.integers(0, 9))
def test_the_index_is_never_negative_and_0_for_alike(counts: list[int], seed: int) -> None:
    before = np.array(counts)
    now = np.random.default_rng(seed).permutation(before)
    assert stability(before, before).psi == 0
    assert stability(before, now).psi >= 0


def test_bins_hold_as_many_each() -> None:
    inner = edges(np.arange(1000.0))
    assert np.bincount(np.searchsorted(inner, np.arange(1000.0), "right")).tolist() == [100] * 10
    assert len(edges(np.ones(10))) == 1


def test_the_items_of_the_run_are_no_drift(opened: Opened, drift: Drift) -> None:
    log = opened.engine.opened.data.interactions
    rng = np.random.default_rng(1)
    take(opened, log.items.names(rng.choice(log.item, 600)))
    for k in range(60):
        drift.showed(opened.engine.recommend(ListRequest(f"u{k}")))
    found = drift.figures()
    assert (found.events, found.lists) == (600, 60)
    assert found.alarms == ()
    assert (found.unknown_items, found.unknown_users) == (0, 0)
    assert found.scores is not None


def test_items_of_one_kind_are(opened: Opened, drift: Drift) -> None:
    take(opened, [f"i{5 * (n % 15)}" for n in range(600)])  # of one theme in five
    found = drift.figures()
    assert found.blocks["words"].alarm
    assert found.alarms == ("block words",)


def test_unknown_items_and_users_are_counted(opened: Opened, drift: Drift) -> None:
    take(opened, ["new"] * 50 + ["i1"] * 50, user="stranger {}")
    take(opened, ["i1"] * 900, action="impression")
    found = drift.figures()
    assert (found.events, found.unknown_items, found.unknown_users) == (100, 0.5, 1.0)
    assert "unknown items" in found.alarms


def test_scores_of_another_height_are_found(opened: Opened, drift: Drift) -> None:
    import dataclasses

    import msgspec

    answer = opened.engine.recommend(ListRequest("u1"))
    high = dataclasses.replace(
        answer, items=(msgspec.structs.replace(answer.items[0], score=99.0),)
    )
    for _ in range(200):
        drift.showed(high)
    assert "scores" in drift.figures().alarms


def test_without_events_there_is_nothing_to_say(drift: Drift) -> None:
    found = drift.figures()
    assert (found.events, found.alarms, found.scores) == (0, (), None)
    assert found.blocks["words"].psi == 0


def test_somebody_who_does_not_wait_gets_the_last_figures(drift: Drift) -> None:
    assert drift.lately() is None
    drift.figures()
    assert drift.lately() == drift.last
