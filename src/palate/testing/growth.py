"""What every scorer must keep when the catalogue grows after `fit`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Ragged, dense
from palate.capabilities import Reranks, ScoresSome
from palate.errors import BadInput
from palate.growth import grown
from palate.stages import Scorer
from palate.tables import Block, FeatureTable, Histories, Training

SOURCE = 8
"""The item whose content two of the new items have; the third new one has none."""


def grown_features(features: FeatureTable) -> FeatureTable:
    """The features with three items more: twice the content of `SOURCE`, and nothing."""
    items = features.items.grown([f"new {i}" for i in range(3)])
    return FeatureTable(items, {name: _more(block) for name, block in features.blocks.items()})


def _more(block: Block) -> Block:
    known = dense(block.matrix)
    full = np.concatenate([known, known[[SOURCE, SOURCE]], np.zeros_like(known[:1])])
    matrix = sparse.csr_matrix(full) if sparse.issparse(block.matrix) else full
    present = np.concatenate([block.present, [True, True, False]])
    return replace(block, matrix=matrix, present=present)


class GrowthContract:
    """Growth of a fitted scorer; `ScorerContract` gives the fixtures `fitted`, `histories` and
    `training`.
    """

    @pytest.fixture
    def more(self, training: Training) -> FeatureTable:
        """The features of the grown catalogue."""
        return grown_features(training.features)

    def test_it_says_what_it_does_with_new_items(self, fitted: Scorer) -> None:
        """By their content, like items that no one has touched, or not at all."""
        assert fitted.new_items in ("scored", "untouched", "ignored")

    def test_known_items_keep_their_scores(
        self, fitted: Scorer, histories: Histories, more: FeatureTable
    ) -> None:
        """Every new score is finite, and the scorer itself is as it was; a model that reorders
        candidates may put a new item between old ones.
        """
        before = fitted.score(histories)
        after = grown(fitted, more).score(histories)
        assert after.shape == (len(histories), len(more.items))
        assert after.dtype == np.float32
        assert np.isfinite(after).all()
        np.testing.assert_array_equal(fitted.score(histories), before)
        if not isinstance(fitted, Reranks):
            np.testing.assert_allclose(after[:, : before.shape[1]], before, rtol=1e-5, atol=1e-5)

    def test_items_that_cannot_be_scored_come_after_all_others(
        self, fitted: Scorer, histories: Histories, more: FeatureTable
    ) -> None:
        """Never recommended before a known item."""
        if fitted.new_items == "scored":
            pytest.skip("it scores new items by their content")
        scores = grown(fitted, more).score(histories)
        known = scores[:, : len(more.items) - 3]
        assert (scores[:, -3:] <= known.min(axis=1, keepdims=True)).all()

    def test_equal_content_equal_scores(
        self, fitted: Scorer, histories: Histories, more: FeatureTable
    ) -> None:
        """Two new items that say the same are the same."""
        if isinstance(fitted, Reranks):
            pytest.skip("a tie of candidates is broken by their rows")
        scores = grown(fitted, more).score(histories)
        np.testing.assert_allclose(scores[:, -3], scores[:, -2], rtol=1e-5, atol=1e-5)

    def test_growing_by_nothing_changes_nothing(
        self, fitted: Scorer, histories: Histories, training: Training
    ) -> None:
        """The same items, the same scores."""
        same = grown(fitted, training.features).score(histories)
        np.testing.assert_allclose(same, fitted.score(histories), rtol=1e-5, atol=1e-5)

    def test_histories_may_hold_new_items(self, fitted: Scorer, more: FeatureTable) -> None:
        """Somebody took an item that came a minute ago."""
        new = len(more.items) - 3
        histories = Histories.of_items(Ragged.of([[new], [3, new], [new + 2, 1]]))
        larger = grown(fitted, more)
        scores = larger.score(histories)
        assert np.isfinite(scores).all()
        if isinstance(larger, ScoresSome):
            case, item = (part.astype(np.int32) for part in np.nonzero(scores < np.inf))
            found = larger.partly(histories).of(case, item)
            np.testing.assert_allclose(found, scores[case, item], rtol=1e-4, atol=1e-5)

    def test_a_catalogue_that_lost_items_is_refused(
        self, fitted: Scorer, training: Training
    ) -> None:
        """Rows never move."""
        items = training.features.items
        fewer = replace(items, ids=items.ids[:-1])
        blocks = {
            name: replace(block, matrix=dense(block.matrix)[:-1], present=block.present[:-1])
            for name, block in training.features.blocks.items()
        }
        with pytest.raises(BadInput, match="items for a model of"):
            grown(fitted, FeatureTable(fewer, blocks))
