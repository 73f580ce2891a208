"""Candidates of each case and what is known of each pair: what a ranker is trained on and ranks by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from palate import ranks
from palate.arrays import Floats, Rows, dense, l2_normalised
from palate.model.text_kernel import finite
from palate.stages import Scorer
from palate.tables import FeatureTable, Histories


@dataclass(frozen=True, eq=False)
class Candidates:
    """The pairs of one chunk of cases.

    Attributes:
        items: int32 [n_cases, width], rows of items; -1 where there are fewer.
        columns: float32 [n_cases, width, n_columns].
        base: float32 [n_cases, n_items], the members' scaled scores added up, for what is no candidate.
    """

    items: Rows
    columns: Floats
    base: Floats


@dataclass(frozen=True, eq=False)
class CandidateFeatures:
    """Finds candidates by members and describes them.

    Attributes:
        members: Name -> fitted model.
        content: Name of the block -> float32 [n_items, d], rows of length 1.
        counts: float32 [n_items], training events.
        width: Best items of each member that become candidates.
        fade: Steps after which an event of the history counts 1/e in the decayed similarity.
    """

    members: Mapping[str, Scorer]
    content: Mapping[str, Floats]
    counts: Floats
    width: int
    fade: float = 2.0

    def names(self) -> tuple[str, ...]:
        """What each column is."""
        of_members = [f"{what}.{name}" for name in self.members for what in ("score", "place")]
        of_blocks = [f"{what}.{name}" for name in self.content for what in ("similarity", "nearest", "recent")]
        return (*of_members, *of_blocks, "popularity", "history")

    def of(self, histories: Histories) -> Candidates:
        """Candidates of the cases, what they had before left out.

        Cost: one scoring by each member, and width x length of the history x d for each block.
        """
        scores = [_scaled(member.score(histories)) for member in self.members.values()]
        base = np.asarray(np.sum(scores, axis=0), np.float32)
        items = self._union([ranks.masked(s, histories.items) for s in scores])
        kept = np.maximum(items, 0)
        columns = [c for s in scores for c in (np.take_along_axis(s, kept, 1), _places(s, kept))]
        for X in self.content.values():
            columns += _similarities(X, histories, kept, self.fade)
        columns.append(np.log1p(self.counts)[kept])
        columns.append(np.broadcast_to(np.log1p(histories.items.lengths())[:, None], kept.shape))
        return Candidates(items, np.stack(columns, axis=2).astype(np.float32), base)

    def _union(self, scores: Sequence[Floats]) -> Rows:
        best = np.concatenate([ranks.top(s, self.width)[0] for s in scores], axis=1)
        best.sort(axis=1)
        best[:, 1:][best[:, 1:] == best[:, :-1]] = -1
        # Real items first, so that the padding can be cut off.
        best = -np.sort(-best, axis=1)
        return np.asarray(best[:, : max(int((best >= 0).sum(axis=1).max(initial=1)), 1)], np.int32)


def contents(features: FeatureTable, blocks: Sequence[str]) -> dict[str, Floats]:
    """The blocks, rows of length 1; all of the table where none is named."""
    names = tuple(blocks) or tuple(features.blocks)
    return {name: dense(l2_normalised(finite(features.block(name)))) for name in names}


def _scaled(scores: Floats) -> Floats:
    """Each row with mean 0 and variance 1; a row of equal scores becomes zeros."""
    centred = scores - scores.mean(axis=1, keepdims=True, dtype=np.float64)
    deviation = centred.std(axis=1, keepdims=True)
    return np.asarray(centred / np.where(deviation > 1e-9, deviation, 1.0) * (deviation > 1e-9), np.float32)


def _places(scores: Floats, items: Rows) -> Floats:
    """1 / log2(1 + place) of the items among all, where place 1 is the best."""
    ascending = np.sort(scores, axis=1)
    own = np.take_along_axis(scores, items, 1)
    above = [len(line) - np.searchsorted(line, mine, side="right") for line, mine in zip(ascending, own, strict=True)]
    return np.asarray(1 / np.log2(2 + np.stack(above)) if above else np.zeros(items.shape), np.float32)


def _similarities(X: Floats, histories: Histories, items: Rows, fade: float) -> list[Floats]:
    """Cosines of candidates and history: of the mean, of the nearest item, and decayed with age."""
    mean, nearest, recent = (np.zeros(items.shape, np.float32) for _ in range(3))
    weights = np.exp(-histories.ages() / fade).astype(np.float32)
    offsets = histories.items.offsets
    for case in range(len(items)):
        part = slice(offsets[case], offsets[case + 1])
        if part.stop > part.start:
            S = X[items[case]] @ X[histories.items.values[part]].T
            mean[case], nearest[case] = S.mean(axis=1), S.max(axis=1)
            recent[case] = S @ weights[part] / weights[part].sum()
    return [mean, nearest, recent]
