"""Candidates of each case and what is known of each pair: what a ranker is trained on and ranks by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate import ranks
from palate.arrays import Floats, Longs, Mask, Matrix, Rows, dense, l2_normalised
from palate.errors import BadRecipe, nearest
from palate.model.text_kernel import finite
from palate.stages import Scorer
from palate.tables import Cases, FeatureTable, Histories, Interactions

CASES_AT_ONCE = 256
DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class Candidates:
    """The pairs of one chunk of cases.

    Attributes:
        items: int32 [n_cases, width], rows of items; -1 where there are fewer.
        columns: float32 [n_cases, width, n_columns].
        base: float32 [n_cases, n_items], the members' scaled scores added up, for what is no candidate.
        first: float32 [n_cases, n_items], the first member's scaled scores.
    """

    items: Rows
    columns: Floats
    base: Floats
    first: Floats


@dataclass(frozen=True, eq=False)
class CandidateFeatures:
    """Finds candidates by members and describes them.

    Attributes:
        members: Name -> fitted model.
        content: Name of the block -> float32 [n_items, d], dense or sparse, rows of length 1.
        counts: float32 [n_items], training events.
        width: Best items of each member that become candidates.
        fade: Steps after which an event of the history counts 1/e in the decayed similarity.
        known: Name of a column -> float32 [n_items], what is known of each item (recency, structured fields).
    """

    members: Mapping[str, Scorer]
    content: Mapping[str, Matrix]
    counts: Floats
    width: int
    fade: float = 2.0
    known: Mapping[str, Floats] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """What each column is."""
        of_members = [f"{what}.{name}" for name in self.members for what in ("score", "place")]
        of_blocks = [f"{what}.{name}" for name in self.content for what in ("similarity", "nearest", "recent")]
        return (*of_members, *of_blocks, "popularity", "history", *self.known)

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
        columns += [values[kept] for values in self.known.values()]
        return Candidates(items, np.stack(columns, axis=2).astype(np.float32), base, scores[0])

    def _union(self, scores: Sequence[Floats]) -> Rows:
        best = np.concatenate([ranks.top(s, self.width)[0] for s in scores], axis=1)
        best.sort(axis=1)
        best[:, 1:][best[:, 1:] == best[:, :-1]] = -1
        # Real items first, so that the padding can be cut off.
        best = -np.sort(-best, axis=1)
        return np.asarray(best[:, : max(int((best >= 0).sum(axis=1).max(initial=1)), 1)], np.int32)


def pairs(features: CandidateFeatures, cases: Cases) -> tuple[Rows, Floats, Mask]:
    """Candidates [n, width], their columns [n, width, n_columns], and which of them are right [n, width]."""
    parts = []
    for start in range(0, len(cases), CASES_AT_ONCE):
        found = features.of(cases.histories.take(np.arange(start, min(start + CASES_AT_ONCE, len(cases)))))
        parts.append((found.items, found.columns))
    width = max((items.shape[1] for items, _ in parts), default=1)
    n_columns = len(features.names())
    items = np.full((len(cases), width), -1, np.int32)
    columns = np.zeros((len(cases), width, n_columns), np.float32)
    for number, (own, described) in enumerate(parts):
        rows = slice(number * CASES_AT_ONCE, number * CASES_AT_ONCE + len(own))
        items[rows, : own.shape[1]], columns[rows, : own.shape[1]] = own, described
    right = cases.targets.mask(len(features.counts) + 1)
    return items, columns, np.asarray(np.take_along_axis(right, items, axis=1) & (items >= 0), np.bool_)


def named_members(names: Sequence[str], known: Mapping[str, Scorer]) -> dict[str, Scorer]:
    """The named fitted models, in that order; all of them where none is named.

    Raises:
        BadRecipe: One of them is not there, or there is none.
    """
    for name in names:
        if name not in known:
            allowed = ", ".join(known) or "none: the recipe has no other models"
            raise BadRecipe(
                f'there is no model "{name}"', where="members", allowed=allowed, next_step=nearest(name, known)
            )
    chosen = tuple(names) or tuple(known)
    if not chosen:
        raise BadRecipe("a ranker needs other models to find its candidates", where="members")
    return {name: known[name] for name in chosen}


def contents(features: FeatureTable, blocks: Sequence[str]) -> dict[str, Matrix]:
    """The blocks, rows of length 1, sparse ones sparse; all of the table where none is named."""
    names = tuple(blocks) or tuple(features.blocks)
    return {name: l2_normalised(finite(features.block(name))) for name in names}


def content_arrays(content: Mapping[str, Matrix]) -> dict[str, NDArray[Any]]:
    """The blocks as plain arrays, to be stored; `content_of` makes them from these again."""
    arrays: dict[str, NDArray[Any]] = {}
    for i, X in enumerate(content.values()):
        if isinstance(X, np.ndarray):
            arrays[f"content.{i}"] = X
        else:
            parts = {"data": X.data, "indices": X.indices, "indptr": X.indptr, "shape": np.asarray(X.shape)}
            arrays |= {f"content.{i}.{part}": values for part, values in parts.items()}
    return arrays


def content_of(arrays: Mapping[str, NDArray[Any]], names: Sequence[str]) -> dict[str, Matrix]:
    """What `content_arrays` gave, as blocks again."""
    content: dict[str, Matrix] = {}
    for i, name in enumerate(names):
        key = f"content.{i}"
        if key in arrays:
            content[name] = np.asarray(arrays[key])
        else:
            data, indices, indptr = (np.asarray(arrays[f"{key}.{part}"]) for part in ("data", "indices", "indptr"))
            content[name] = sparse.csr_matrix((data, indices, indptr), shape=tuple(arrays[f"{key}.shape"]))
    return content


def item_columns(log: Interactions, features: FeatureTable, blocks: Sequence[str], most: int) -> dict[str, Floats]:
    """What is known of each item beside its content: how long ago it was last used, and its structured fields.

    Args:
        log: The training part.
        features: All blocks.
        blocks: Those that may be read; all where none is named.
        most: Blocks of at most so many named columns are taken column by column; wider ones (words) are not.
    """
    known = {"recency": _recency(log, log.time)} if log.time is not None and len(log) else {}
    for name in tuple(blocks) or tuple(features.blocks):
        block = features.block(name)
        if 0 < len(block.columns) <= most:
            X = dense(finite(block))
            known |= {f"{name}.{column}": np.ascontiguousarray(X[:, j]) for j, column in enumerate(block.columns)}
    return known


def _recency(log: Interactions, time: Longs) -> Floats:
    """float32 [n_items], log(1 + days) from the last training event of an item to the last of all.

    An item without any event counts as one that was last used when the log began.
    """
    last = np.full(log.n_items, time.min(), np.int64)
    np.maximum.at(last, log.item, time)
    return np.asarray(np.log1p((time.max() - last) / DAY), np.float32)


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


def _similarities(X: Matrix, histories: Histories, items: Rows, fade: float) -> list[Floats]:
    """Cosines of candidates and history: of the mean, of the nearest item, and decayed with age."""
    mean, nearest, recent = (np.zeros(items.shape, np.float32) for _ in range(3))
    weights = np.exp(-histories.ages() / fade).astype(np.float32)
    offsets = histories.items.offsets
    for case in range(len(items)):
        part = slice(offsets[case], offsets[case + 1])
        if part.stop > part.start:
            S = _products(X, items[case], histories.items.values[part])
            mean[case], nearest[case] = S.mean(axis=1), S.max(axis=1)
            recent[case] = S @ weights[part] / weights[part].sum()
    return [mean, nearest, recent]


def _products(X: Matrix, left: Rows, right: Rows) -> Floats:
    """float32 [n, m], products of some rows of `X` with others."""
    if isinstance(X, np.ndarray):
        return np.asarray(X[left] @ X[right].T, np.float32)
    return dense(sparse.csr_matrix(X[left] @ X[right].T))
