"""What every fuser of blocks has to keep."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Floats, Mask, dense
from palate.errors import BadInput, PalateError
from palate.stages import Fuser
from palate.tables import Block, Training
from palate.testing.scorer import made_training
from palate.testing.stored import (
    grown,
    refuses_other_states,
    size_of,
    stored,
    with_more_items,
)


class FuserContract:
    """Give the fuser by overriding the fixture `part`, unfitted and quick."""

    @pytest.fixture
    def part(self) -> Fuser:
        """The fuser that is tried, unfitted."""
        raise NotImplementedError("give the fuser: override the fixture `part`")

    @pytest.fixture
    def training(self) -> Training:
        """What it is fitted on."""
        return made_training()

    @pytest.fixture
    def blocks(self, training: Training) -> Mapping[str, Block]:
        """A sparse and a dense block: some items have the one alone, some the other, the last
        none.
        """
        words, vectors = training.features.blocks.values()
        item = np.arange(len(words.present))
        return {
            "words": _without(words, item % 7 == 1),
            "vectors": _without(vectors, item % 7 == 2),
        }

    def test_one_finite_row_for_each_item_that_has_any_block(
        self, part: Fuser, blocks: Mapping[str, Block], training: Training
    ) -> None:
        """Rows of zeros for an item without all of them."""
        fused = part.fit(blocks, training).fuse(blocks)
        there = np.any([block.present for block in blocks.values()], axis=0)
        matrix = dense(fused.matrix)
        assert matrix.shape[0] == len(there)
        assert np.isfinite(matrix).all()
        assert np.array_equal(fused.present, there)
        assert not matrix[~there].any()

    def test_an_absent_block_has_no_say_and_takes_nothing_away(
        self, part: Fuser, blocks: Mapping[str, Block], training: Training
    ) -> None:
        """Its numbers change nothing, and the weights of the others are those of a whole."""
        fused = dense(copy.deepcopy(part).fit(blocks, training).fuse(blocks).matrix)
        vectors = blocks["vectors"]
        spoilt = dense(vectors.matrix).copy()
        spoilt[~vectors.present] = 5.0
        other = {**blocks, "vectors": replace(vectors, matrix=spoilt)}
        assert np.array_equal(
            fused, dense(copy.deepcopy(part).fit(other, training).fuse(other).matrix)
        )
        both = np.all([block.present for block in blocks.values()], axis=0)
        one = np.any([block.present for block in blocks.values()], axis=0) & ~both
        lengths = np.linalg.norm(fused, axis=1)
        assert one.any()
        assert np.allclose(lengths[one], lengths[both].mean(), rtol=1e-4)

    def test_same_seed_same_numbers_and_inputs_left_alone(
        self, part: Fuser, blocks: Mapping[str, Block], training: Training
    ) -> None:
        """Nothing random but by the seed."""
        before = _numbers(blocks)
        first, second = (copy.deepcopy(part).fit(blocks, training).fuse(blocks) for _ in range(2))
        assert dense(first.matrix).tobytes() == dense(second.matrix).tobytes()
        assert first.origin.key() == second.origin.key()
        assert all(np.array_equal(a, b) for a, b in zip(before, _numbers(blocks), strict=True))

    def test_the_origin_follows_those_of_the_blocks(
        self, part: Fuser, blocks: Mapping[str, Block], training: Training
    ) -> None:
        """Another source, another key."""
        fused = part.fit(blocks, training).fuse(blocks)
        origin = replace(blocks["words"].origin, data="other texts")
        other = {**blocks, "words": replace(blocks["words"], origin=origin)}
        assert part.fuse(other).origin.key() != fused.origin.key()

    def test_numbers_that_are_none_and_other_items_are_refused(
        self, part: Fuser, blocks: Mapping[str, Block], training: Training
    ) -> None:
        """NaN in a block, and blocks of different lengths."""
        broken = dense(blocks["vectors"].matrix).copy()
        broken[0, 0] = np.nan
        with pytest.raises(BadInput):
            part.fit({**blocks, "vectors": replace(blocks["vectors"], matrix=broken)}, training)
        short = replace(blocks["vectors"], matrix=broken[1:], present=blocks["vectors"].present[1:])
        with pytest.raises(BadInput):
            part.fit({**blocks, "vectors": short}, training)

    def test_before_fit_it_says_so(self, part: Fuser, blocks: Mapping[str, Block]) -> None:
        """An error of ours."""
        with pytest.raises(PalateError, match="fit"):
            part.fuse(blocks)

    def test_stored_and_loaded_it_gives_the_same_bytes(
        self, part: Fuser, blocks: Mapping[str, Block], training: Training, tmp_path: Path
    ) -> None:
        """For the items of `fit`, and for a catalogue that grew; what it says of the old ones
        stays.
        """
        fresh = copy.deepcopy(part)
        fitted = part.fit(blocks, training)
        loaded = fresh.load(stored(fitted.state(), tmp_path / "state"))
        more = {name: grown(block, 5) for name, block in blocks.items()}
        for some in (blocks, more):
            expected, found = fitted.fuse(some), loaded.fuse(some)
            assert dense(found.matrix).tobytes() == dense(expected.matrix).tobytes()
            assert found.origin.key() == expected.origin.key()
        old, new = dense(loaded.fuse(blocks).matrix), dense(loaded.fuse(more).matrix)
        assert np.allclose(new[: len(old)], old, atol=1e-5)

    def test_its_state_does_not_grow_with_the_items(
        self, part: Fuser, blocks: Mapping[str, Block], training: Training
    ) -> None:
        """Items without events take no room."""
        one = copy.deepcopy(part).fit(blocks, training).state()
        more = {name: grown(block, 40) for name, block in blocks.items()}
        other = copy.deepcopy(part).fit(more, with_more_items(training, 40)).state()
        assert size_of(other) == size_of(one)

    def test_other_states_are_refused(
        self, part: Fuser, blocks: Mapping[str, Block], training: Training
    ) -> None:
        """Another part's, and one that is not whole; and blocks of other columns."""
        state = copy.deepcopy(part).fit(blocks, training).state()
        refuses_other_states(lambda spoilt: copy.deepcopy(part).load(spoilt), state)
        vectors = blocks["vectors"]
        narrower = replace(vectors, matrix=vectors.matrix[:, 1:], columns=())
        with pytest.raises(BadInput, match="columns"):
            part.load(state).fuse({**blocks, "vectors": narrower})

    def test_before_fit_it_has_no_state(self, part: Fuser) -> None:
        """An error of ours."""
        with pytest.raises(PalateError, match="fit"):
            part.state()


def _without(block: Block, rows: Mask) -> Block:
    present = block.present & ~rows
    kept = sparse.diags(present.astype(np.float32)) @ block.matrix
    matrix = sparse.csr_matrix(kept) if sparse.issparse(kept) else np.asarray(kept, np.float32)
    return replace(block, matrix=matrix, present=present)


def _numbers(blocks: Mapping[str, Block]) -> list[Floats]:
    return [dense(block.matrix).copy() for block in blocks.values()]
