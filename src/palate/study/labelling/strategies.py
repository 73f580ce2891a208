"""Which items to label next: each strategy is a function of what is known of the candidates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from palate.arrays import Doubles, Longs
from palate.tables.questions import QuestionKind

_NEIGHBOURS = 20
_AHEAD = 10


@dataclass(frozen=True, eq=False)
class LabelCandidates:
    """Items without a label.

    Attributes:
        kind: Of the question, `"label"` or `"labels"`.
        vectors: float64 [n, d].
        probabilities: float64 [n, k], what a classifier says by now; None before it could learn.
        labelled: float64 [m, d], vectors of the items that have a label.
    """

    kind: QuestionKind
    vectors: Doubles
    probabilities: Doubles | None
    labelled: Doubles


Strategy: TypeAlias = Callable[[LabelCandidates, int, np.random.Generator], Longs]
"""(candidates, how many, rng) -> int64, at most so many rows of them, the best first."""

StrategyName: TypeAlias = Literal["random", "margin", "entropy", "diverse", "typical"]


def pick_random(candidates: LabelCandidates, n: int, rng: np.random.Generator) -> Longs:
    """Drawn: the control of all others."""
    return np.asarray(rng.permutation(len(candidates.vectors))[:n], np.int64)


def pick_by_margin(candidates: LabelCandidates, n: int, rng: np.random.Generator) -> Longs:
    """Items whose two likeliest options are nearest to each other; of several labels, those whose
    options are nearest to one half.

    Scheffer, Decomain, Wrobel, Active hidden Markov models for information extraction, IDA 2001.
    """
    return _first(margin_doubt, candidates, n, rng)


def pick_by_entropy(candidates: LabelCandidates, n: int, rng: np.random.Generator) -> Longs:
    """Items whose probabilities have the greatest entropy."""
    return _first(entropy, candidates, n, rng)


def pick_diverse(candidates: LabelCandidates, n: int, rng: np.random.Generator) -> Longs:
    """Doubtful items that are unlike each other: ten times as many as wanted are put into as many
    clusters as are wanted, weighted by doubt, and the one nearest to each centre is taken.

    Zhdanov, Diverse mini-batch active learning, 2019.
    """
    if candidates.probabilities is None:
        return pick_typical(candidates, n, rng)
    doubt = margin_doubt(candidates.kind, candidates.probabilities)
    ahead = _ordered(doubt, rng)[: _AHEAD * n]
    if len(ahead) <= n:
        return ahead
    X, weight = candidates.vectors[ahead], doubt[ahead] + 1e-6
    centres = _centres(X, n, rng, weight)
    nearest = _distances(X, centres).argmin(axis=0)
    return np.asarray(ahead[_distinct(nearest, n)], np.int64)


def pick_typical(candidates: LabelCandidates, n: int, rng: np.random.Generator) -> Longs:
    """The most typical item of each large cluster in which nothing is labelled: for the first
    labels, when a classifier cannot know what it does not know.

    Hacohen, Dekel, Weinshall, Active learning on a budget: opposite strategies suit high and low
    budgets, ICML 2022.
    """
    X, Z = candidates.vectors, candidates.labelled
    if len(X) <= n:
        return pick_random(candidates, n, rng)
    k = min(len(Z) + n, len(X), max(len(X) // 5, n))
    centres = _centres(X, k, rng)
    cluster = _distances(X, centres).argmin(axis=1)
    nearest = _distances(Z, centres).argmin(axis=1) if len(Z) else np.zeros(0, np.int64)
    covered = np.bincount(nearest, minlength=k)
    size = np.bincount(cluster, minlength=k)
    order = sorted(range(k), key=lambda c: (covered[c], -size[c]))
    found = [_most_typical(X, np.flatnonzero(cluster == c)) for c in order if size[c]]
    return np.asarray(found[:n], np.int64)


STRATEGIES: Final[Mapping[StrategyName, Strategy]] = {
    "random": pick_random,
    "margin": pick_by_margin,
    "entropy": pick_by_entropy,
    "diverse": pick_diverse,
    "typical": pick_typical,
}
"""By name."""


def margin_doubt(kind: QuestionKind, p: Doubles) -> Doubles:
    """float64 [n], between 0 and 1, of probabilities [n, k]; see `pick_by_margin`."""
    if kind == "labels":
        return np.asarray((1 - np.abs(2 * p - 1)).mean(axis=1))
    best = np.sort(p, axis=1)[:, -2:]
    return np.asarray(1 - (best[:, 1] - best[:, 0]))


def entropy(kind: QuestionKind, p: Doubles) -> Doubles:
    """float64 [n], in nats, of probabilities [n, k]; of several labels the sum over the options."""
    q = np.clip(p, 1e-9, 1 - 1e-9)
    if kind == "label":
        return np.asarray(-(q * np.log(q)).sum(axis=1))
    return np.asarray(-(q * np.log(q) + (1 - q) * np.log(1 - q)).sum(axis=1))


def _first(
    doubt: Callable[[QuestionKind, Doubles], Doubles],
    candidates: LabelCandidates,
    n: int,
    rng: np.random.Generator,
) -> Longs:
    if candidates.probabilities is None:
        return pick_random(candidates, n, rng)
    return _ordered(doubt(candidates.kind, candidates.probabilities), rng)[:n]


def _ordered(doubt: Doubles, rng: np.random.Generator) -> Longs:
    """Rows by falling doubt; equal ones in random order."""
    return np.asarray(np.lexsort((rng.random(len(doubt)), -doubt)), np.int64)


def _centres(
    X: Doubles, k: int, rng: np.random.Generator, weight: Doubles | None = None
) -> Doubles:
    from sklearn.cluster import MiniBatchKMeans

    seed = int(rng.integers(2**31))
    found = MiniBatchKMeans(k, random_state=seed, n_init=1, batch_size=1024, max_iter=30)
    return np.asarray(found.fit(X, sample_weight=weight).cluster_centers_, np.float64)


def _distances(X: Doubles, Z: Doubles) -> Doubles:
    """float64 [n, m], squared."""
    squares = (X**2).sum(axis=1)[:, None] + (Z**2).sum(axis=1)[None, :]
    return np.asarray(np.maximum(squares - 2 * X @ Z.T, 0))


def _most_typical(X: Doubles, rows: Longs) -> int:
    """The row whose nearest neighbours of its cluster are nearest."""
    if len(rows) < 3:
        return int(rows[0])
    if len(rows) > 500:  # of a large cluster the rows about its middle
        middle = X[rows].mean(axis=0, keepdims=True)
        rows = rows[np.argsort(_distances(X[rows], middle)[:, 0])[:500]]
    near = np.sort(_distances(X[rows], X[rows]), axis=1)[:, 1 : _NEIGHBOURS + 1]
    return int(rows[near.mean(axis=1).argmin()])


def _distinct(found: Longs, n: int) -> Longs:
    return np.asarray(list(dict.fromkeys(found.tolist()))[:n], np.int64)
