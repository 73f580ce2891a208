"""What everything that puts a list together has to keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.arrays import dense, l2_normalised
from palate.errors import BadInput
from palate.seeding import generator
from palate.stages import Slate
from palate.tables.slate import SlateCandidates


def made_candidates(n: int = 60, d: int = 8, g: int = 4, seed: int = 0) -> SlateCandidates:
    """Candidates with scores, content, and one or two values of a field each; the first one has
    neither content nor value.
    """
    rng = generator(seed, "made candidates")
    content = dense(l2_normalised(rng.normal(size=(n, d)).astype(np.float32)))
    member = np.zeros((n, g), np.float32)
    member[np.arange(n), rng.integers(g, size=n)] = 1
    member[np.arange(n), rng.integers(g, size=n)] = 1
    content[:1], member[:1] = 0, 0
    return SlateCandidates(
        rng.normal(size=n).astype(np.float32),
        content,
        shares=member / np.maximum(member.sum(axis=1, keepdims=True), 1),
        values=tuple(f"value {number}" for number in range(g)),
        taste=rng.dirichlet(np.ones(g)),
    )


def taken(candidates: SlateCandidates, some: np.ndarray) -> SlateCandidates:
    """Those of `some`, in that order."""
    return replace(
        candidates,
        scores=candidates.scores[some],
        content=None if candidates.content is None else candidates.content[some],
        shares=None if candidates.shares is None else candidates.shares[some],
    )


class SlateContract:
    """Give the part by overriding the fixture `part`."""

    @pytest.fixture
    def part(self) -> Slate:
        """The part that is tried."""
        raise NotImplementedError("give the part: override the fixture `part`")

    @pytest.fixture
    def candidates(self) -> SlateCandidates:
        """What it puts a list together from."""
        return made_candidates()

    def test_a_list_without_repeats(self, part: Slate, candidates: SlateCandidates) -> None:
        """int32, as long as wanted, or all there are."""
        for k in (1, 5, len(candidates), len(candidates) + 3):
            order = part.order(candidates, k)
            assert order.dtype == np.int32
            assert order.shape == (min(k, len(candidates)),)
            assert len(np.unique(order)) == len(order)
            assert set(order.tolist()) <= set(range(len(candidates)))

    def test_the_order_of_candidates_does_not_matter(
        self, part: Slate, candidates: SlateCandidates
    ) -> None:
        """Candidates in another order make the same list."""
        turned = generator(1, "contract").permutation(len(candidates))
        again = part.order(taken(candidates, turned), 10)
        assert np.array_equal(turned[again], part.order(candidates, 10))

    def test_the_scale_of_scores_does_not_matter(
        self, part: Slate, candidates: SlateCandidates
    ) -> None:
        """A model that gives 8 times as much plus 4 gives the same list."""
        other = replace(candidates, scores=candidates.scores * 8 + 4)
        assert np.array_equal(part.order(other, 10), part.order(candidates, 10))

    def test_nothing_is_changed(self, part: Slate, candidates: SlateCandidates) -> None:
        """The arrays that it was given stay as they are, and the next list is the same."""
        scores = candidates.scores.copy()
        before = None if candidates.content is None else candidates.content.copy()
        first = part.order(candidates, 10)
        assert np.array_equal(candidates.scores, scores)
        if before is not None and candidates.content is not None:
            assert np.array_equal(candidates.content, before)
        assert np.array_equal(part.order(candidates, 10), first)

    def test_ties_one_and_none(self, part: Slate, candidates: SlateCandidates) -> None:
        """Equal scores, a single candidate, and no candidate make lists too."""
        tied = replace(candidates, scores=np.zeros(len(candidates), np.float32))
        assert len(part.order(tied, 10)) == 10
        assert part.order(taken(candidates, np.array([3])), 10).tolist() == [0]
        assert part.order(taken(candidates, np.zeros(0, np.int64)), 10).shape == (0,)

    def test_no_length_is_refused(self, part: Slate, candidates: SlateCandidates) -> None:
        """k is at least 1."""
        with pytest.raises(BadInput, match="k is 0"):
            part.order(candidates, 0)
