"""What every selector must keep."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from palate import config
from palate.data.worlds import linear
from palate.errors import BadInput, Refused
from palate.tables.labelled_rows import LabelledRows


def reordered(examples: LabelledRows, seed: int = 1) -> LabelledRows:
    """The same blocks in another order."""
    names = list(examples.names)
    return examples.only([names[j] for j in np.random.default_rng(seed).permutation(len(names))])


class SelectorContract:
    """Suite for selectors; a subclass gives a fixture `part`, an unfitted selector."""

    @pytest.fixture
    def part(self) -> Any:
        """What is tried."""
        raise NotImplementedError("give the part: override the fixture `part`")

    @pytest.fixture
    def rows(self) -> LabelledRows:
        """Rows of a linear world in four blocks, of which two matter."""
        world = linear(5, n_users=40, rows_per_user=10)
        groups = {
            "noise": ["noise0", "noise1"],
            "pair": ["driver0", "driver1", "driver2"],
            "copy": ["copy3"],
            "one": ["driver3"],
        }
        return world.examples.grouped(groups)

    def test_settings_are_a_frozen_dataclass_that_a_recipe_can_hold(self, part: Any) -> None:
        """Settings come back from what a recipe would hold."""
        settings = type(part).Settings()
        assert dataclasses.is_dataclass(settings)
        assert config.parse(type(settings), config.resolved(settings)) == settings

    def test_keeps_some_of_the_given_in_their_order(self, part: Any, rows: LabelledRows) -> None:
        """What is kept is part of what was given."""
        kept = part.fit(rows, 1).kept()
        assert [name for name in rows.names if name in kept] == list(kept)
        assert "pair" in kept

    def test_same_seed_same_choice_whatever_the_order_of_the_blocks(
        self, part: Any, rows: LabelledRows
    ) -> None:
        """The order of columns tells nothing."""
        first = set(type(part)(part.settings).fit(rows, 1).kept())
        assert set(type(part)(part.settings).fit(rows, 1).kept()) == first
        assert set(type(part)(part.settings).fit(reordered(rows), 1).kept()) == first

    def test_scale_of_a_block_is_of_no_matter(self, part: Any, rows: LabelledRows) -> None:
        """Grams for kilograms."""
        first = set(type(part)(part.settings).fit(rows, 1).kept())
        scaled = dataclasses.replace(
            rows, blocks={n: X * 1000 if n == "pair" else X for n, X in rows.blocks.items()}
        )
        again = set(type(part)(part.settings).fit(scaled, 1).kept())
        assert len(first & again) >= 0.85 * len(first | again)

    def test_does_not_touch_its_input(self, part: Any, rows: LabelledRows) -> None:
        """The rows stay as they were."""
        before = rows.matrix().copy()
        part.fit(rows, 1)
        assert np.array_equal(rows.matrix(), before)

    def test_refusals(self, part: Any, rows: LabelledRows) -> None:
        """No answer before fitting, none without rows."""
        with pytest.raises(Refused):
            type(part)(part.settings).kept()
        with pytest.raises(BadInput):
            part.fit(rows.take(np.empty(0, np.int64)), 1)
