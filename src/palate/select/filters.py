"""Quick filters that need no model: variance, redundancy, mRMR and mutual information."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from scipy import stats

from palate.arrays import Doubles, Longs
from palate.inference import benjamini_hochberg
from palate.perturbation.sampler import Components, ridge
from palate.seeding import generator
from palate.select.base import BlockSelector
from palate.select.signature import Signatures
from palate.tables.labelled_rows import LabelledRows


@dataclass(frozen=True)
class VarianceSettings:
    """What counts as constant."""

    least: Annotated[float, Ge(0)] = 1e-6
    """A block stays if one of its columns varies by more than this share of its own size (standard
    deviation over root mean square)."""


class Variance(BlockSelector):
    """Drop blocks in which nothing varies. Safe anywhere, and needs no label.

    Args:
        settings: See `VarianceSettings`.

    Cost: one pass over the data.
    """

    Settings = VarianceSettings

    def __init__(self, settings: VarianceSettings | None = None) -> None:
        self.settings = settings or VarianceSettings()

    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """Blocks with a column that varies."""
        return [name for name, X in labelled.blocks.items() if self._varies(X)]

    def _varies(self, X: Doubles) -> bool:
        size = np.sqrt(np.mean(np.square(X), axis=0))
        return bool(np.any(X.std(axis=0) > self.settings.least * np.maximum(size, 1e-300)))


@dataclass(frozen=True)
class RedundancySettings:
    """How much of a block the others may predict."""

    most: Annotated[float, Gt(0), Le(1)] = 0.95
    """A block goes when those kept before it explain this share of its variance in rows they were
    not fitted on."""


class Redundancy(BlockSelector):
    """Drop blocks, or columns, that the ones kept already can predict: duplicates, sums, rotations.

    Blocks are taken in the order of their correlation with the label, so the more useful of two
    stays. Needs neither a model nor much data; what correlates by less than `most` stays, for
    `select.conditional.v1` to decide.

    Args:
        settings: See `RedundancySettings`.

    Cost: a ridge a block.
    """

    Settings = RedundancySettings

    def __init__(self, settings: RedundancySettings | None = None) -> None:
        self.settings = settings or RedundancySettings()

    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """Blocks that those before them do not predict."""
        first = generator(seed, "redundancy").random(len(labelled)) < 0.5
        kept: list[str] = []
        parts: list[Doubles] = []
        for name in by_relevance(labelled):
            X = labelled.blocks[name]
            if (
                not parts
                or _explained(np.concatenate(parts, axis=1), X, first) < self.settings.most
            ):
                kept.append(name)
                parts.append(Components.of(X, 32).of_rows(X))
        return kept


def by_relevance(labelled: LabelledRows) -> list[str]:
    """Names, the most relevant first; ties by name."""
    signatures = Signatures.of(labelled)
    # rounded, so that a copy that was scaled is a tie and not ahead by its last bits
    relevance = np.round(signatures.relevance(labelled.label), 9)
    return [signatures.names[j] for j in np.argsort(-relevance, kind="stable")]


def _explained(Z: Doubles, X: Doubles, first: np.ndarray) -> float:
    """Share of X's variance, in the second half of the rows, that a ridge of the first half
    explains from Z.
    """
    centre, mean = Z[first].mean(axis=0), X[first].mean(axis=0)
    W = ridge(Z[first] - centre, X[first] - mean)
    rest = X[~first] - mean - (Z[~first] - centre) @ W
    total = float(np.sum((X[~first] - mean) ** 2))
    return 1 - float(np.sum(rest**2)) / total if total > 0 else 1.0


@dataclass(frozen=True)
class MrmrSettings:
    """How many blocks to keep."""

    k: Annotated[int, Ge(1)] = 50
    """Blocks (or columns) to keep."""


class Mrmr(BlockSelector):
    """The k blocks of most relevance and least redundancy (F over mean correlation), one after the
    other.

    A pre-filter for thousands of columns: fast, and without any claim about errors. It sees
        straight lines only.

    Args:
        settings: See `MrmrSettings`.

    Cost: k passes over n_rows x n_columns.

    Ding & Peng, 2005; Zhao, Anand & Wang, Maximum relevance and minimum redundancy feature
    selection methods for a marketing machine learning platform, 2019 (FCQ).
    """

    Settings = MrmrSettings

    def __init__(self, settings: MrmrSettings | None = None) -> None:
        self.settings = settings or MrmrSettings()

    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """Greedy choice by F / mean similarity to those chosen."""
        signatures = Signatures.of(labelled)
        r2 = np.minimum(np.square(np.round(signatures.relevance(labelled.label), 9)), 1 - 1e-12)
        f = r2 / (1 - r2)
        chosen: list[int] = []
        similarity = np.zeros(len(f))
        while len(chosen) < min(self.settings.k, len(f)):
            score = f / np.maximum(similarity / len(chosen), 1e-3) if chosen else f.copy()
            score[chosen] = -np.inf
            chosen.append(int(np.argmax(score)))
            similarity += signatures.similarity(chosen[-1])
        return [signatures.names[j] for j in chosen]


@dataclass(frozen=True)
class MutualInformationSettings:
    """What counts as information."""

    q: Annotated[float, Gt(0), Le(1)] = 0.1
    """Share of false discoveries allowed among what is kept."""
    bins: Annotated[int, Ge(2), Le(50)] = 8
    """Classes of equal size that every column is cut into."""


class MutualInformation(BlockSelector):
    """Blocks that share information with the label, bent lines too: mutual information of classes,
    by the G-test.

    It looks at columns one by one: copies stay, and partners that matter only together go unseen.
    The p values take rows for independent, so this is a filter and no proof.

    Args:
        settings: See `MutualInformationSettings`.

    Cost: one sort of every column.

    Woolf, The log likelihood ratio test (the G-test), 1957.
    """

    Settings = MutualInformationSettings

    def __init__(self, settings: MutualInformationSettings | None = None) -> None:
        self.settings = settings or MutualInformationSettings()

    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """Blocks with a significant column, corrected over the blocks."""
        signatures = Signatures.of(labelled)
        y = _classes(labelled.label, self.settings.bins)
        p = np.array([_g_test(_classes(x, self.settings.bins), y) for x in signatures.columns.T])
        widths = np.diff(np.r_[signatures.start, len(p)])
        # the least p of a block's columns, Bonferroni within the block
        least = np.minimum(-signatures.best(-p) * widths, 1.0) if len(p) else p
        corrected = benjamini_hochberg(least)
        return [
            name
            for name, c in zip(signatures.names, corrected, strict=True)
            if c <= self.settings.q
        ]


def _classes(x: Doubles, bins: int) -> Longs:
    """int64 [n], classes of about equal size; equal values are never separated."""
    values = np.unique(x)
    if len(values) <= bins:
        return np.asarray(np.searchsorted(values, x), np.int64)
    edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, x, side="right"), np.int64)


def _g_test(a: Longs, b: Longs) -> float:
    n_a, n_b = int(a.max()) + 1, int(b.max()) + 1
    counts = np.bincount(a * n_b + b, minlength=n_a * n_b).reshape(n_a, n_b).astype(np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if freedom == 0:
        return 1.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(counts > 0, counts * np.log(counts / expected), 0.0)
    return float(stats.chi2.sf(2 * terms.sum(), freedom))
