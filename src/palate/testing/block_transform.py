"""What every transform has to keep."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from palate import config
from palate.arrays import Floats, Rows, dense
from palate.errors import BadInput, PalateError
from palate.seeding import generator
from palate.stages import BlockTransform
from palate.tables import Block, Origin
from palate.testing.stored import refuses_other_states, size_of, stored


def made_block(form: str = "dense", n_items: int = 80, d: int = 12, seed: int = 0) -> Block:
    """A block with a mean, some wide directions and some absent items, dense or sparse."""
    rng = generator(seed, "made block")
    X = rng.normal(size=(n_items, d)) * np.linspace(3, 0.3, d) + rng.normal(size=d)
    present = np.arange(n_items) % 9 != 4
    X = np.where(rng.random(X.shape) < 0.4, X, 0.0) if form == "sparse" else X
    X = (X * present[:, None]).astype(np.float32)
    origin = Origin("made", ("title",), data=f"{form}{seed}")
    columns = tuple(f"c{i}" for i in range(d))
    return Block("made", sparse.csr_matrix(X) if form == "sparse" else X, present, origin, columns)


class BlockTransformContract:
    """Give the transform by overriding the fixture `part`, unfitted."""

    @pytest.fixture
    def part(self) -> BlockTransform:
        """The transform that is tried, unfitted."""
        raise NotImplementedError("give the transform: override the fixture `part`")

    @pytest.fixture(params=["dense", "sparse"])
    def block(self, request: pytest.FixtureRequest) -> Block:
        """What is shaped."""
        return made_block(request.param)

    @pytest.fixture
    def rows(self, block: Block) -> Rows:
        """The training items."""
        return np.arange(50, dtype=np.int32)

    @pytest.fixture
    def shaped(self, part: BlockTransform, block: Block, rows: Rows) -> Block:
        """The block, shaped."""
        return copy.deepcopy(part).fit(block, rows).transform(block)

    def test_one_row_of_float32_for_each_item(self, shaped: Block, block: Block) -> None:
        """Finite, dense or CSR, with as many column names as columns or none."""
        assert shaped.matrix.shape[0] == block.matrix.shape[0]
        assert shaped.matrix.dtype == np.float32
        assert not sparse.issparse(shaped.matrix) or shaped.matrix.format == "csr"
        assert np.isfinite(dense(shaped.matrix)).all()
        assert len(shaped.columns) in (0, shaped.width)
        assert shaped.name == block.name

    def test_absent_items_stay_zero(self, shaped: Block, block: Block) -> None:
        """And present ones do not vanish."""
        assert np.array_equal(shaped.present, block.present)
        assert not dense(shaped.matrix)[~block.present].any()
        assert dense(shaped.matrix)[block.present].any(axis=1).all()

    def test_nothing_is_learnt_from_other_items(
        self, part: BlockTransform, shaped: Block, block: Block, rows: Rows
    ) -> None:
        """Other numbers outside the training items leave the training items' rows as they were, bit
        for bit.
        """
        X = dense(block.matrix).copy()
        X[50:] = 100.0 * X[50:][::-1] * block.present[50:, None]
        changed = replace(
            block, matrix=sparse.csr_matrix(X) if sparse.issparse(block.matrix) else X
        )
        other = copy.deepcopy(part).fit(changed, rows).transform(changed)
        assert _rows(other, 50).tobytes() == _rows(shaped, 50).tobytes()

    def test_absent_items_teach_nothing(
        self, part: BlockTransform, shaped: Block, block: Block, rows: Rows
    ) -> None:
        """Naming absent items among the training items or leaving them out is the same."""
        present = rows[block.present[rows]]
        other = copy.deepcopy(part).fit(block, present).transform(block)
        assert dense(other.matrix).tobytes() == dense(shaped.matrix).tobytes()

    def test_the_same_input_gives_the_same_bytes(
        self, part: BlockTransform, shaped: Block, block: Block, rows: Rows
    ) -> None:
        """Twice, and with the training items in another order."""
        again = copy.deepcopy(part).fit(block, rows[::-1]).transform(block)
        assert dense(again.matrix).tobytes() == dense(shaped.matrix).tobytes()
        assert again.origin.key() == shaped.origin.key()

    def test_the_step_is_added_to_the_origin(
        self, part: BlockTransform, shaped: Block, block: Block, rows: Rows
    ) -> None:
        """Its name, every setting and what it was fitted on; another set of training items is
        another origin.
        """
        settings: Any = getattr(part, "settings")  # noqa: B009 - the protocol does not promise it, the part rule does
        assert len(shaped.origin.steps) == len(block.origin.steps) + 1
        assert shaped.origin.steps[-1]["settings"] == config.resolved(settings)
        assert replace(shaped.origin, steps=()) == replace(block.origin, steps=())
        other = copy.deepcopy(part).fit(block, rows[:40]).transform(block)
        assert other.origin.key() != shaped.origin.key()

    def test_the_block_is_left_as_it_was(
        self, part: BlockTransform, block: Block, rows: Rows
    ) -> None:
        """Nothing is written into the caller's numbers."""
        before = dense(block.matrix).copy()
        copy.deepcopy(part).fit(block, rows).transform(block)
        assert np.array_equal(dense(block.matrix), before)

    def test_without_training_content_it_refuses(self, part: BlockTransform, block: Block) -> None:
        """Training items that are all absent teach no geometry."""
        absent = np.flatnonzero(~block.present).astype(np.int32)
        with pytest.raises(BadInput, match="no training item has this content"):
            copy.deepcopy(part).fit(block, absent)

    def test_stored_and_loaded_it_gives_the_same_bytes(
        self, part: BlockTransform, block: Block, rows: Rows, tmp_path: Path
    ) -> None:
        """For the items of `fit`, and for a block of others that came later."""
        fresh = copy.deepcopy(part)
        fitted = part.fit(block, rows)
        loaded = fresh.load(stored(fitted.state(), tmp_path / "state"))
        form = "sparse" if sparse.issparse(block.matrix) else "dense"
        for some in (block, made_block(form, n_items=23, seed=5)):
            expected, found = fitted.transform(some), loaded.transform(some)
            assert dense(found.matrix).tobytes() == dense(expected.matrix).tobytes()
            assert found.columns == expected.columns
            assert found.origin.key() == expected.origin.key()

    def test_its_state_does_not_grow_with_the_items(
        self, part: BlockTransform, block: Block, rows: Rows
    ) -> None:
        """The same training items among more others teach as much, and take as much room."""
        form = "sparse" if sparse.issparse(block.matrix) else "dense"
        more = made_block(form, n_items=3 * len(block.present))
        X = np.concatenate([dense(block.matrix), dense(more.matrix)[len(block.present) :]])
        grown = replace(more, matrix=sparse.csr_matrix(X) if form == "sparse" else X)
        one = copy.deepcopy(part).fit(block, rows).state()
        other = copy.deepcopy(part).fit(grown, rows).state()
        assert size_of(other) == size_of(one)

    def test_other_states_are_refused(self, part: BlockTransform, block: Block, rows: Rows) -> None:
        """Another part's, and one that is not whole."""
        state = copy.deepcopy(part).fit(block, rows).state()
        refuses_other_states(lambda spoilt: copy.deepcopy(part).load(spoilt), state)

    def test_before_fit_it_has_no_state(self, part: BlockTransform) -> None:
        """An error of ours."""
        with pytest.raises(PalateError, match="fit"):
            part.state()


def _rows(block: Block, n: int) -> Floats:
    return np.ascontiguousarray(dense(block.matrix)[:n])
