"""Worlds of rows: the truth that is written on them is the one in them."""

from __future__ import annotations

import numpy as np
import pytest

from palate.data.worlds import WORLDS, World, copies, identifiers, linear, noise, ranking

SIZE = {"n_users": 40, "rows_per_user": 20}


@pytest.mark.parametrize("name", WORLDS)
def test_same_seed_same_world_and_no_user_on_both_sides(name: str) -> None:
    world, again, other = WORLDS[name](3), WORLDS[name](3), WORLDS[name](4)
    assert np.array_equal(world.examples.matrix(), again.examples.matrix())
    assert np.array_equal(world.examples.label, again.examples.label)
    assert not np.array_equal(world.examples.label, other.examples.label)
    assert not set(world.training().user) & set(world.held_out().user)
    assert set(world.roles) == set(world.examples.names)
    assert len(world.drivers) == 5


def test_a_driver_moves_the_label_and_nothing_else_does_beside_it() -> None:
    rows = linear(1, n_users=500).examples
    X = (rows.matrix() - rows.matrix().mean(0)) / rows.matrix().std(0)
    weights = np.linalg.lstsq(X, rows.label - rows.label.mean(), rcond=None)[0]
    for name, weight in zip(rows.names, weights, strict=True):
        assert abs(weight) > 0.7 if name.startswith("driver") else abs(weight) < 0.06


@pytest.mark.parametrize("rho", [0.5, 0.8, 0.95])
def test_copies_correlate_as_they_say(rho: float) -> None:
    rows = copies(1, rho).examples
    for j in range(5):
        pair = np.corrcoef(rows.blocks[f"driver{j}"][:, 0], rows.blocks[f"copy{j}"][:, 0])
        assert pair[0, 1] == pytest.approx(rho, abs=0.03)


def test_ranking_has_one_choice_a_request() -> None:
    rows = ranking(1, **SIZE).examples
    assert rows.request is not None
    assert np.bincount(rows.request, weights=rows.label).tolist() == [1.0] * 80
    assert np.bincount(rows.request).tolist() == [10] * 80


def test_noise_and_ids_are_many() -> None:
    assert sum(role == "noise" for role in noise(1, **SIZE).roles.values()) == 50
    ids = identifiers(1, **SIZE)
    assert sum(role == "identifier" for role in ids.roles.values()) == 6
    per_user = ids.examples.blocks["user_id"][:, 0].reshape(40, 20)
    assert np.all(per_user == per_user[:, :1])
    assert len(np.unique(per_user)) == 40


def test_order_of_columns_tells_nothing() -> None:
    def first(world: World) -> str:
        return world.roles[world.examples.names[0]]

    assert len({first(linear(seed, **SIZE)) for seed in range(30)}) > 1
