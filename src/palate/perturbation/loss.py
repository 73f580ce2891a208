"""The loss when a block changes hands, with an interval over users."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from palate.arrays import Doubles, Longs, Rows
from palate.errors import BadInput
from palate.inference import (
    cluster_codes,
    cluster_residuals,
    clustered,
    estimate,
    skewness,
)
from palate.perturbation.exchange import Exchange
from palate.perturbation.sampler import Sampler
from palate.seeding import generator
from palate.tables.estimate import Estimate
from palate.tables.importance_problem import ImportanceProblem


def exchange_loss(
    problem: ImportanceProblem,
    name: str,
    seed: int,
    repeats: int,
    sampler: Sampler | None = None,
    gains: Doubles | None = None,
) -> Estimate:
    """Mean fall of the question's gains when block `name` is exchanged, averaged over `repeats`
    draws.

    Without a sampler whole values change hands (plain permutation: does the model use the block?).
    With one, only what the other blocks do not predict is permuted (conditional permutation: does
    the model use what only this block says?).

    Args:
        problem: Model, held-out inputs and question.
        name: The block.
        seed: Seed of the draws; they also depend on the block's name, never on its place.
        repeats: How many draws, >= 1; from 2 on the interval leaves out the noise of the draws
            themselves.
        sampler: The conditional law, not yet fitted.
        gains: [n_observations], gains with nothing exchanged, where they are known already.

    Cost: `repeats` predictions.
    """
    if repeats < 1:
        raise BadInput(f"{repeats} repeats", where="repeats", allowed="1 or more")
    exchange = Exchange.of(problem, name)
    before = problem.gains(problem.blocks) if gains is None else gains
    rng = generator(seed, "exchange", name)
    draws = np.stack([exchange.draw(rng) for _ in range(repeats)], axis=1)
    losses = np.empty((len(before), repeats))
    for r, X in enumerate(exchanged(problem, name, exchange, draws, sampler)):
        losses[:, r] = before - problem.gains({**problem.blocks, name: X})
    if exchange.own and exchange.free and problem.question.row_wise:
        return _of_pairs(losses, draws, problem.question.cluster)
    return _of_groups(losses, problem.question.cluster, common=not exchange.within)


def exchanged(
    problem: ImportanceProblem,
    name: str,
    exchange: Exchange,
    draws: Longs,
    sampler: Sampler | None = None,
) -> Iterator[Doubles]:
    """The block [n_units, d] after each of the draws [n_owners, repeats], one at a time."""
    X = np.asarray(problem.blocks[name], np.float64)
    expected = (
        np.zeros_like(X)
        if sampler is None
        else sampler.fit(problem.normal(), name).expected(problem.blocks)
    )
    mine = exchange.by_owner(X - expected)
    for donor in draws.T:
        yield expected + mine[donor][exchange.owner]


def _of_groups(losses: Doubles, cluster: Rows, *, common: bool) -> Estimate:
    """Observations that are independent between users; `common` draws add what they vary by among
    themselves.
    """
    found = clustered(losses.mean(axis=1), cluster)
    repeats = losses.shape[1]
    if not common or repeats < 2 or found.n_users < 2:
        return found
    variance = found.error**2 + float(losses.mean(axis=0).var(ddof=1)) / repeats
    sums = cluster_residuals(losses.mean(axis=1), cluster_codes(cluster))
    return estimate(found.value, variance, found.n_users, skew=skewness(sums))


def _of_pairs(losses: Doubles, draws: Longs, cluster: Rows) -> Estimate:
    """Every row both takes a value and gives one, so the mean is over pairs, not over rows.

    With k(i, j) = the loss of row i with j's value, row i moves the mean by E_j k(i, j) + E_j k(j,
    i): the variance of that, between users, is what matters. It is seen through draws: their share
    is taken off, and the little that a finite number of draws adds to the mean itself (the
    interaction of i and j) is put in.

    Hoeffding, A class of statistics with asymptotically normal distribution, 1948.
    """
    n, repeats = losses.shape
    codes = cluster_codes(cluster)
    n_users = int(codes.max()) + 1
    taken = np.empty_like(losses)
    for r in range(repeats):
        taken[draws[:, r], r] = losses[:, r]
    sums = cluster_residuals(losses + taken, codes)
    sums = sums[:, None] if sums.ndim == 1 else sums
    mean = sums.mean(axis=1)
    between = float(np.sum(mean**2))
    interaction = 0.0
    if repeats > 1:
        between -= float(sums.var(axis=1, ddof=1).sum()) / repeats
        within = losses.var(axis=1, ddof=1).mean() + taken.var(axis=1, ddof=1).mean()
        interaction = max(float(within - losses.var()), 0.0)
    # a difference of two estimates; a tenth of the plain variance stays, lest chance make it
    # nothing
    plain = float(np.sum(np.square(cluster_residuals(losses.mean(axis=1), codes))))
    variance = max(between, plain / 10) / n**2 * n_users / max(n_users - 1, 1) + interaction / (
        n * repeats
    )
    return estimate(float(losses.mean()), variance, n_users, skew=skewness(mean))
