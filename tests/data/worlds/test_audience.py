"""People whose preferences are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.data.worlds.audience import (
    ARRIVING,
    AUDIENCES,
    CHANGING,
    STATIONARY,
    Audience,
    AudienceSettings,
    with_ids,
)
from palate.errors import BadInput

SMALL = AudienceSettings(n_users=5, n_items=6, visits=3, k=2)


def best(audience: Audience) -> np.ndarray:
    a = np.where(audience.there, audience.attraction(), -1.0)
    return np.argsort(-a, axis=1)[:, : audience.settings.k].astype(np.int32)


@pytest.mark.parametrize("name", AUDIENCES)
def test_the_best_lists_have_no_regret_and_all_others_some(name: str) -> None:
    audience = Audience(AUDIENCES[name], 1)
    assert audience.shown(best(audience)).regret == pytest.approx(0, abs=1e-9)
    came = audience.shown(best(audience)[:, ::-1][:, [0, 1, 1]])
    assert (came.best >= came.expected - 1e-12).all()


@pytest.mark.parametrize("name", AUDIENCES)
def test_the_best_list_is_the_best_of_all(name: str) -> None:
    """Against every list of two."""
    settings = replace(AUDIENCES[name], n_items=5, k=2, visits=1, arrivals=0.0)
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    regrets = []
    for pair in pairs:
        audience = Audience(settings, 4)
        regrets.append(audience.shown(np.array([pair], np.int32)).regret)
    assert min(regrets) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("settings", [STATIONARY, ARRIVING], ids=["cascade", "positions"])
def test_clicks_are_as_expected(settings: AudienceSettings) -> None:
    """Mean clicks of 400 steps against what was expected, in standard errors."""
    audience, off = Audience(replace(settings, arrivals=0.0), 2), []
    for _ in range(400):
        lists = np.tile(np.array([3, 1, 2], np.int32), (settings.visits, 1))
        came = audience.shown(lists)
        off.append((came.clicks.sum(axis=1) - came.expected).mean())
    assert abs(np.mean(off)) < 3.3 * np.std(off) / np.sqrt(len(off))


def test_the_same_seed_gives_the_same() -> None:
    once, again = (Audience(CHANGING, 3) for _ in range(2))
    for _ in range(3):
        lists = best(once)
        assert np.array_equal(once.offers().features, again.offers().features)
        assert np.array_equal(once.shown(lists).clicks, again.shown(lists).clicks)


def test_items_come_later_and_are_not_allowed_before() -> None:
    audience = Audience(replace(ARRIVING, n_items=20, steps=30), 1)
    assert audience.offers().open[0].sum() == 10
    came = []
    for _ in range(30):
        came.append(audience.shown(best(audience)))
    assert audience.offers().open.all()
    assert sum(c.new for c in came) == sum(c.found for c in came) > 0


def test_a_cascade_is_looked_at_down_to_the_first_click() -> None:
    audience = Audience(SMALL, 5)
    for _ in range(20):
        came = audience.shown(best(audience))
        assert (came.clicks.sum(axis=1) <= 1).all()
        first = np.where(came.clicks.any(axis=1), came.clicks.argmax(axis=1) + 1, 2)
        assert len(came.rewards) == first.sum()
        assert came.rewards.reward.sum() == came.clicks.sum()


def test_who_saw_an_item_is_tired_of_it_for_a_while() -> None:
    audience = Audience(replace(SMALL, n_users=1, fatigue=1.0), 1)
    before = audience.attraction()[0]
    audience.shown(np.tile(np.array([0, 1], np.int32), (3, 1)))
    after = audience.attraction()[0]
    assert (after[:2] < before[:2]).all()
    assert after[2:] == pytest.approx(before[2:])


def test_preferences_turn() -> None:
    audience = Audience(replace(SMALL, n_users=1, drift=0.5), 1)
    before = audience.attraction()
    audience.shown(best(audience))
    assert np.abs(audience.attraction() - before).max() > 0.001


def test_ids_in_place_of_features() -> None:
    assert Audience(with_ids(SMALL), 1).offers().features.shape == (3, 6, 6)


class TestRefusals:
    def test_an_item_that_has_not_come(self) -> None:
        audience = Audience(ARRIVING, 1)
        late = int(np.flatnonzero(~audience.there)[0])
        with pytest.raises(BadInput, match="not come"):
            audience.shown(np.full((20, 3), late, np.int32))

    def test_lists_of_another_length(self) -> None:
        with pytest.raises(BadInput, match="lists"):
            Audience(SMALL, 1).shown(np.zeros((3, 5), np.int32))

    def test_lists_longer_than_there_are_items(self) -> None:
        with pytest.raises(BadInput, match="as many as"):
            Audience(replace(SMALL, k=7), 1)
