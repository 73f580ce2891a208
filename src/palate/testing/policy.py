"""What every policy has to keep."""

from __future__ import annotations

import numpy as np
import pytest

from palate.policy.drawn import checked_shares, drawn_lists
from palate.seeding import generator
from palate.stages import Policy
from palate.tables.offers import Offers

_SLACK = 1e-9


def made_offers(n: int = 40, m: int = 7, d: int = 3, seed: int = 0) -> Offers:
    """Rounds with scores, features, and candidates that are not allowed; in round 0 one alone is,
    in round 1 none.
    """
    rng = generator(seed, "made offers")
    allowed = rng.random((n, m)) < 0.7
    allowed[:2] = False
    allowed[0, 2] = True
    allowed[2:, 0] = True
    return Offers(
        rng.normal(size=(n, m)).astype(np.float32),
        allowed,
        rng.normal(size=(n, m, d)).astype(np.float32),
    )


class PolicyContract:
    """Give the policy by overriding the fixture `part`; one that learns, after it has learnt."""

    @pytest.fixture
    def part(self) -> Policy:
        """The policy that is tried."""
        raise NotImplementedError("give the policy: override the fixture `part`")

    @pytest.fixture
    def offers(self) -> Offers:
        """What it chooses from; override it for features of another width."""
        return made_offers()

    def test_a_distribution_over_what_is_allowed(self, part: Policy, offers: Offers) -> None:
        """Rows add up to 1, nothing that is not allowed has a share; none is allowed: zeros."""
        share = part.probabilities(offers, generator(1, "contract"))
        assert share.dtype == np.float64
        assert share.shape == offers.scores.shape
        assert share[0, 2] == pytest.approx(1)
        assert not share[1].any()
        checked_shares(share, offers)

    def test_the_same_generator_gives_the_same(self, part: Policy, offers: Offers) -> None:
        """Nothing else is random."""
        once, again = (part.probabilities(offers, generator(2, "contract")) for _ in range(2))
        assert np.array_equal(once, again)

    def test_the_order_of_candidates_does_not_matter(self, part: Policy, offers: Offers) -> None:
        """Candidates in another order have the same probabilities."""
        order = generator(3, "contract").permutation(offers.scores.shape[1])
        assert offers.allowed is not None
        features = None if offers.features is None else offers.features[:, order]
        turned = Offers(offers.scores[:, order], offers.allowed[:, order], features)
        share = part.probabilities(offers, generator(4, "contract"))
        again = part.probabilities(turned, generator(4, "contract"))
        assert np.abs(again - share[:, order]).max() < _SLACK

    def test_what_is_not_allowed_does_not_matter(self, part: Policy, offers: Offers) -> None:
        """Scores of closed candidates may be anything."""
        odd = np.where(offers.open, offers.scores, np.float32(np.nan))
        share = part.probabilities(offers, generator(5, "contract"))
        again = part.probabilities(
            Offers(odd, offers.allowed, offers.features), generator(5, "contract")
        )
        assert np.array_equal(share, again)

    def test_what_is_served_is_what_was_logged(self, part: Policy, offers: Offers) -> None:
        """Among many draws each candidate comes as often as its probabilities say."""
        draws, row = 4000, 5
        features = None if offers.features is None else np.repeat(offers.features[[row]], draws, 0)
        many = Offers(
            np.repeat(offers.scores[[row]], draws, 0),
            np.repeat(offers.open[[row]], draws, 0),
            features,
        )
        rng = generator(6, "contract")
        expected = part.probabilities(many, generator(7, "contract")).mean(axis=0)
        drawn = drawn_lists(part, many, 1, rng)
        share = np.bincount(drawn.columns[:, 0], minlength=len(expected)) / draws
        error = np.sqrt(expected * (1 - expected) / draws) + 1e-12
        assert (np.abs(share - expected) < 5 * np.sqrt(2) * error + 1e-9).all()
        # weights of the policy against itself are 1 on average
        assert (drawn.propensities > 0).all()

    def test_lists_have_no_repeats_and_nothing_closed(self, part: Policy, offers: Offers) -> None:
        """Whatever the length; what is left over is -1 with propensity 0."""
        n, m = offers.scores.shape
        drawn = drawn_lists(part, offers, m + 2, generator(8, "contract"))
        for row in range(n):
            shown = drawn.columns[row][drawn.columns[row] >= 0]
            assert set(shown.tolist()) <= set(np.flatnonzero(offers.open[row]).tolist())
            assert len(set(shown.tolist())) == len(shown)
        assert ((drawn.propensities > 0) == (drawn.columns >= 0)).all()
