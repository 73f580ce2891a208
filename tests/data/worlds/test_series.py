"""A world whose lists have an order and complements: what people do, and what a list brings."""

from __future__ import annotations

import numpy as np
import pytest

from palate.data.worlds.series import SeriesWorld
from palate.seeding import generator


def test_people_go_through_series_in_order() -> None:
    world = SeriesWorld(structure=1.0, n_users=50)
    steps = world.people(generator(0, "series")).events // world.n_variants
    goes_on = np.diff(steps) == 1
    ended = (steps[:, :-1] % world.n_steps) == world.n_steps - 1
    # a step of which no variant is left breaks a series off
    assert (goes_on | ended).mean() > 0.95


def test_without_structure_the_next_step_is_no_likelier_than_others() -> None:
    world = SeriesWorld(structure=0.0, n_users=400)
    events = world.people(generator(0, "series")).events
    series, step = np.divmod(events // world.n_variants, world.n_steps)
    same = series[:, 1:] == series[:, :-1]
    moves = np.diff(step)[same]
    assert abs((moves == 1).mean() - (moves == -1).mean()) < 0.02


def test_no_item_twice_and_the_same_seed_the_same_people() -> None:
    world = SeriesWorld(n_users=20)
    once, again = (world.people(generator(3, "series")) for _ in range(2))
    assert (once.events == again.events).all()
    assert all(len(set(row)) == world.per_user for row in once.events.tolist())


@pytest.mark.parametrize(
    ("structure", "items", "value"),
    [
        # one series of three steps in two variants; the history ends with its step 0
        (1.0, [2, 4], 2.0),  # the next step, then the one after it
        (1.0, [4, 2], 0.0),  # the other way round
        (1.0, [2, 3], 1.0),  # a step, then another variant of it
        (0.5, [4, 2], 1.0),
        (0.5, [2, 3], 1.25),
        (0.0, [4, 2], 2.0),  # everything is to one's taste
        (1.0, [-1, -1], 0.0),
    ],
)
def test_what_a_list_brings(structure: float, items: list[int], value: float) -> None:
    world = SeriesWorld(structure, n_series=1, n_steps=3, n_variants=2, n_users=1, per_user=1)
    people = world.people(generator(0, "series"))
    people.events[0, 0] = 0
    assert people.value(np.array([items]), 1).round(6).tolist() == [value]


def test_log_and_what_came_later() -> None:
    people = SeriesWorld(n_users=5).people(generator(1, "series"))
    assert len(people.log(10)) == 50
    assert people.later(10, 12)[2].tolist() == people.events[2, 10:12].tolist()
