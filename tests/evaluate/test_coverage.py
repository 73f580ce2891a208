"""Promise P4 where hits are rare: intervals of means and differences hold the truth; percentiles of
resampled users, the negative control, do not.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from palate.evaluate.intervals import mean_intervals
from palate.testing.rare_hits import RareHits, percentile

TIMES = 150
USERS, RATES = (50, 100, 300, 1000), (0.02, 0.1, 0.4)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("n_users", USERS)
def test_intervals_of_hits_hold_the_truth(n_users: int, rate: float) -> None:
    """Summed up over all numbers of hits there can be: nothing is left to chance."""
    hits = np.arange(n_users + 1)
    chance = stats.binom.pmf(hits, n_users, rate)
    likely = hits[chance > 1e-6]
    samples = (np.arange(n_users)[:, None] < likely[None, :]).astype(float)
    found = mean_intervals(samples, within=(0, 1))
    inside = (found.low <= rate) & (rate <= found.high)
    # with two hits expected or fewer, one number of hits more or less is 4 % or more of chance
    most = 0.975 if n_users * rate > 2 else 0.985
    assert 0.93 <= chance[likely][inside].sum() <= most


@pytest.mark.parametrize("kind", ["ndcg", "difference"])
def test_intervals_of_skewed_figures_hold_the_truth(kind) -> None:
    shares = {
        (n, rate): (world := RareHits(kind, rate)).coverage(n, TIMES, world.ours)[0]
        for n in USERS
        for rate in RATES
    }
    slack = 3.3 * np.sqrt(0.05 * 0.95 / TIMES)
    assert min(shares.values()) >= 0.95 - slack
    common = [share for (n, rate), share in shares.items() if n * rate > 2]
    assert 0.93 <= np.mean(common) <= 0.97


@pytest.mark.parametrize("kind", ["hit", "ndcg", "difference"])
def test_percentiles_of_resampled_users_do_not(kind) -> None:
    assert RareHits(kind, 0.02).coverage(50, TIMES, percentile)[0] < 0.8


def test_p_values_of_rare_hits_do_not_cry_wolf() -> None:
    """Two models that are alike, and one model that is ahead of nobody by chance."""
    from palate.evaluate.comparisons import compare

    alarms = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        a, b = (rng.random((2, 100)) < 0.04).astype(float)
        alarms += compare(a, b, most=1.0).p < 0.05
    assert alarms / 400 <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 400)
