"""What every adapter of blocks has to keep."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from palate.arrays import dense
from palate.errors import BadInput, PalateError
from palate.stages import Adapter
from palate.tables import Block, Training
from palate.testing.scorer import made_training
from palate.testing.stored import (
    grown,
    refuses_other_states,
    size_of,
    stored,
    with_more_items,
)


class AdapterContract:
    """Give the adapter by overriding the fixture `part`, unfitted and quick."""

    @pytest.fixture
    def part(self) -> Adapter:
        """The adapter that is tried, unfitted."""
        raise NotImplementedError("give the adapter: override the fixture `part`")

    @pytest.fixture
    def training(self) -> Training:
        """What it is fitted on."""
        return made_training()

    @pytest.fixture(params=[0, 1])
    def block(self, request: pytest.FixtureRequest, training: Training) -> Block:
        """What is adapted, once dense and once sparse."""
        blocks: list[Block] = list(training.features.blocks.values())
        return blocks[int(request.param)]

    def test_one_finite_row_for_each_item_and_absent_ones_zero(
        self, part: Adapter, block: Block, training: Training
    ) -> None:
        """Shape, presence and name are kept."""
        adapted = part.fit(block, training).transform(block)
        assert adapted.matrix.shape[0] == block.matrix.shape[0]
        assert np.isfinite(dense(adapted.matrix)).all()
        assert not dense(adapted.matrix)[~block.present].any()
        assert np.array_equal(adapted.present, block.present)
        assert adapted.name == block.name

    def test_the_origin_tells_of_it(self, part: Adapter, block: Block, training: Training) -> None:
        """Another step, and another key for what was learnt from other behaviour."""
        adapted = copy.deepcopy(part).fit(block, training).transform(block)
        assert len(adapted.origin.steps) == len(block.origin.steps) + 1
        log = training.log
        turned = replace(training, log=replace(log, item=log.item[::-1].copy()))
        assert (
            copy.deepcopy(part).fit(block, turned).transform(block).origin.key()
            != adapted.origin.key()
        )

    def test_same_seed_same_numbers_and_inputs_left_alone(
        self, part: Adapter, block: Block, training: Training
    ) -> None:
        """Nothing random but by the seed; neither the block nor the log is changed."""
        before = dense(block.matrix).copy(), training.log.item.copy()
        first = copy.deepcopy(part).fit(block, training).transform(block)
        second = copy.deepcopy(part).fit(block, training).transform(block)
        assert np.array_equal(dense(first.matrix), dense(second.matrix))
        assert np.array_equal(before[0], dense(block.matrix))
        assert np.array_equal(before[1], training.log.item)

    def test_each_item_is_shaped_by_itself(
        self, part: Adapter, block: Block, training: Training
    ) -> None:
        """A new item gets the same vector whatever stands beside it."""
        part.fit(block, training)
        whole = dense(part.transform(block).matrix)
        few = replace(block, matrix=block.matrix[3:6], present=block.present[3:6])
        assert np.allclose(dense(part.transform(few).matrix), whole[3:6], atol=1e-5)

    def test_numbers_that_are_none_are_refused(
        self, part: Adapter, block: Block, training: Training
    ) -> None:
        """NaN in the block."""
        matrix = dense(block.matrix).copy()
        matrix[0, 0] = np.nan
        with pytest.raises(BadInput):
            part.fit(replace(block, matrix=matrix), training)

    def test_stored_and_loaded_it_gives_the_same_bytes(
        self, part: Adapter, block: Block, training: Training, tmp_path: Path
    ) -> None:
        """For the items of `fit`, and for those that came later."""
        fresh = copy.deepcopy(part)
        fitted = part.fit(block, training)
        loaded = fresh.load(stored(fitted.state(), tmp_path / "state"))
        for some in (block, grown(block, 5)):
            expected, found = fitted.transform(some), loaded.transform(some)
            assert dense(found.matrix).tobytes() == dense(expected.matrix).tobytes()
            assert found.origin.key() == expected.origin.key()

    def test_its_state_does_not_grow_with_the_items(
        self, part: Adapter, block: Block, training: Training
    ) -> None:
        """Ten times the items, of which the new ones teach nothing, do not take the room of one
        number each.
        """
        n_more = 10 * len(block.present)
        one = copy.deepcopy(part).fit(block, training).state()
        more = with_more_items(training, n_more)
        other = copy.deepcopy(part).fit(grown(block, n_more), more).state()
        assert size_of(other) < size_of(one) + 4 * n_more

    def test_other_states_are_refused(
        self, part: Adapter, block: Block, training: Training
    ) -> None:
        """Another part's, and one that is not whole."""
        state = copy.deepcopy(part).fit(block, training).state()
        refuses_other_states(lambda spoilt: copy.deepcopy(part).load(spoilt), state)

    def test_before_fit_it_has_no_state(self, part: Adapter) -> None:
        """An error of ours."""
        with pytest.raises(PalateError, match="fit"):
            part.state()
