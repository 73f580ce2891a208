"""How likely positions are looked at, against known truths."""

from __future__ import annotations

import numpy as np
import pytest

from palate.data.worlds.looked_at import seen_lists
from palate.errors import BadInput, Refused
from palate.evaluate.causal.positions import examination
from palate.seeding import generator


@pytest.mark.parametrize("bias", [0.0, 0.5, 1.0])
def test_the_truth_is_found(bias: float) -> None:
    seen = seen_lists(generator(1, "tests", "positions"), bias=bias)
    found = examination(seen.position, seen.item, seen.clicked)
    assert found[0] == 1
    assert np.abs(found - seen.examination).max() < 0.1


def test_the_share_of_clicks_is_not_the_truth() -> None:
    """The control: what stands first because it is good makes raw shares too steep."""
    rng = np.random.default_rng(3)
    n, good = 20_000, np.linspace(0.9, 0.1, 5)
    item = np.argsort(-(2 * good + rng.gumbel(size=(n, 5)) / 3), axis=1).astype(np.int32)
    looked = np.array([1, 0.8, 0.7, 0.6, 0.5])
    clicked = rng.random((n, 5)) < looked * good[item]
    position = np.tile(np.arange(1, 6, dtype=np.int32), n)
    found = examination(position, item.ravel(), clicked.ravel())
    shares = clicked.mean(axis=0) / clicked.mean(axis=0)[0]
    assert np.abs(found - looked).max() < 0.06
    assert np.abs(shares - looked).max() > 0.15


class TestRefusals:
    def test_items_that_never_move(self) -> None:
        place = np.tile(np.array([1, 2], np.int32), 50)
        with pytest.raises(Refused, match="no item in common"):
            examination(place, place - 1, np.ones(100, np.bool_))

    def test_a_position_without_clicks(self) -> None:
        place = np.tile(np.array([1, 2], np.int32), 50)
        with pytest.raises(Refused, match="no click at position 2"):
            examination(place, np.zeros(100, np.int32), place == 1)

    def test_positions_from_nought(self) -> None:
        nought = np.zeros(3, np.int32)
        with pytest.raises(BadInput, match="from 1 on"):
            examination(nought, nought, nought > 0)
