"""Candidates of each case and what is known of each pair: what a ranker is trained on and ranks
by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate import ranks
from palate.arrays import Floats, Longs, Matrix, Rows, dense
from palate.errors import BadRecipe, nearest
from palate.execute import on_all_cores
from palate.growth import appended, check_grown, grown_member, padded
from palate.model.candidate_similarity import KINDS, similarity
from palate.model.operators.computed import ComputedOperators
from palate.shared_scores import score_of
from palate.stages import Scorer
from palate.tables import Block, Cases, FeatureTable, Histories, Interactions

R = TypeVar("R")
C = TypeVar("C", Cases, Histories)

CASES_AT_ONCE = 256
DAY = 86_400.0
FADE = 2.0
"""Steps after which an event of the history counts 1/e, where newer ones count more."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The pairs of one chunk of cases.

    Attributes:
        items: int32 [n_cases, width], rows of items; -1 where there are fewer.
        columns: float32 [n_cases, width, n_columns].
        first: float32 [n_cases, n_items], the first member's scores, for what is no candidate.
    """

    items: Rows
    columns: Floats
    first: Floats


@dataclass(frozen=True, eq=False)
class Found:
    """What the members say of one chunk of cases.

    Attributes:
        items: int32 [n_cases, width], candidates; -1 where there are fewer.
        scores: float32 [n_cases, n_items], for each member.
        best: Its own first items [n_cases, width] and their scores, for each member.
    """

    items: Rows
    scores: tuple[Floats, ...]
    best: tuple[tuple[Rows, Floats], ...]

    def take(self, cases: Longs) -> Found:
        """Some of the cases."""
        best = tuple((items[cases], scores[cases]) for items, scores in self.best)
        return Found(self.items[cases], tuple(scores[cases] for scores in self.scores), best)


@dataclass(frozen=True, eq=False)
class CandidateFeatures:
    """Finds candidates by members and describes them.

    Attributes:
        members: Name -> fitted model.
        content: Name of the block -> float32 [n_items, d], dense or sparse, rows of length 1.
        counts: float32 [n_items], training events.
        width: Best items of each member that become candidates.
        fade: Steps after which an event of the history counts 1/e in the decayed similarity.
        known: Name of a column -> float32 [n_items], what is known of each item (recency,
            structured fields).
        operators: What is computed of fields and behaviour; None: nothing.
    """

    members: Mapping[str, Scorer]
    content: Mapping[str, Matrix]
    counts: Floats
    width: int
    fade: float = FADE
    known: Mapping[str, Floats] = field(default_factory=dict)
    operators: ComputedOperators | None = None

    def names(self) -> tuple[str, ...]:
        """What each column is."""
        of_members = [
            f"{what}.{name}"
            for name in self.members
            for what in ("score", "share", "place", "best")
        ]
        of_blocks = [f"{what}.{name}" for name in self.content for what in KINDS]
        return (
            *of_members,
            *of_blocks,
            "popularity",
            "history",
            "popularity of the newest",
            *self.known,
            *(() if self.operators is None else self.operators.names()),
        )

    def grown(self, features: FeatureTable) -> CandidateFeatures:
        """The same columns for more items: members and content grown, no events of the new ones.

        Raises:
            BadInput: There are fewer items than now, or a block has other columns.
        """
        n_known, n_items = len(self.counts), len(features.items)
        check_grown(features, n_known)
        fields = structured(features, [n for n, b in features.blocks.items() if self._reads(n, b)])
        known = {}
        for name, values in self.known.items():
            # Of no block: how long ago an item was last used, longest for one that no one touched.
            longest = np.full(n_items, values.max(initial=0), np.float32)
            new = fields.get(name, longest)[n_known:]
            known[name] = np.concatenate([values, new]).astype(np.float32)
        return replace(
            self,
            members={n: grown_member(m, features) for n, m in self.members.items()},
            content={n: appended(X, features.block(n)) for n, X in self.content.items()},
            counts=padded(self.counts, n_items),
            known=known,
            operators=None if self.operators is None else self.operators.grown(features),
        )

    def _reads(self, name: str, block: Block) -> bool:
        return bool(block.columns) and f"{name}.{block.columns[0]}" in self.known

    def directions(self) -> list[int]:
        """1 for columns of which more must never lower a candidate: what members say of it; 0 for
        all others.
        """
        free = len(self.names()) - 4 * len(self.members)
        # the best score of a case is the same for all its candidates
        return [1, 1, 1, 0] * len(self.members) + [0] * free

    def of(self, histories: Histories) -> Candidates:
        """Candidates of the cases, what they had before left out.

        Cost: one scoring by each member, and width x length of the history x d for each block.
        """
        return self.described(self.found(histories), histories)

    def found(self, histories: Histories) -> Found:
        """The candidates of the cases, and what the members say."""
        scores = [
            np.asarray(score_of(member, histories), np.float32) for member in self.members.values()
        ]
        best = [ranks.top(ranks.masked(s, histories.items), self.width) for s in scores]
        return Found(_union([own for own, _ in best]), tuple(scores), tuple(best))

    def described(self, found: Found, histories: Histories) -> Candidates:
        """What is known of each pair that was found for these cases."""
        items, kept = found.items, np.maximum(found.items, 0)
        said = zip(found.scores, found.best, strict=True)
        columns = [
            column for scores, (own, top) in said for column in _by_member(scores, own, top, kept)
        ]
        for X in self.content.values():
            columns += similarity(X, histories, kept, self.fade)
        lengths = histories.items.lengths()
        newest = np.zeros(len(histories), np.float32)
        newest[lengths > 0] = self.counts[
            histories.items.values[histories.items.offsets[1:][lengths > 0] - 1]
        ]
        columns.append(np.log1p(self.counts)[kept])
        columns += [
            np.broadcast_to(np.log1p(of_case)[:, None], kept.shape) for of_case in (lengths, newest)
        ]
        columns += [values[kept] for values in self.known.values()]
        if self.operators is not None:
            columns += self.operators.of(histories, kept)
        return Candidates(items, np.stack(columns, axis=2).astype(np.float32), found.scores[0])


def _union(best: Sequence[Rows]) -> Rows:
    """int32 [n_cases, width], each item of the lists once; -1 behind the last."""
    items = np.concatenate(best, axis=1)
    items.sort(axis=1)
    items[:, 1:][items[:, 1:] == items[:, :-1]] = -1
    # Real items first, so that the padding can be cut off.
    items = -np.sort(-items, axis=1)
    return np.asarray(items[:, : max(int((items >= 0).sum(axis=1).max(initial=1)), 1)], np.int32)


def _by_member(scores: Floats, best: Rows, top: Floats, items: Rows) -> list[Floats]:
    """What one member says of the candidates [n, width], in four arrays.

    Its score; the score between the mean of all items (0) and the best (1); 1 / log2(1 + place) in
    its own list, 0 outside; and the best score, which is alike for a whole case.
    """
    own = np.take_along_axis(scores, items, 1)
    middle = scores.mean(axis=1, keepdims=True, dtype=np.float64)
    highest = np.where(best[:, :1] >= 0, top[:, :1], middle)
    share = np.where(
        highest - middle > 1e-9, (own - middle) / np.maximum(highest - middle, 1e-9), 0
    )
    place = np.zeros(scores.shape, np.float32)
    row, column = np.nonzero(best >= 0)
    place[row, best[row, column]] = 1 / np.log2(2 + column)
    return [own, share, np.take_along_axis(place, items, 1), np.broadcast_to(highest, items.shape)]


def placed(found: Candidates, logits: NDArray[Any]) -> Floats:
    """Scores of all items [n_cases, n_items]: candidates first, in the order of their `logits`.

    Whatever is said of a candidate becomes positive; the others lie in -2 .. -1, in the first
    member's order.

    Args:
        found: Candidates.
        logits: [n_pairs], for the real ones among them, case by case.
    """
    lowest, highest = (edge(found.first, axis=1, keepdims=True) for edge in (np.min, np.max))
    out = (found.first - lowest) / np.maximum(highest - lowest, 1e-9) - 2
    case, place = np.nonzero(found.items >= 0)
    out[case, found.items[case, place]] = np.where(
        logits > 0, 1 + logits, 1 / (1 - np.minimum(logits, 0))
    )
    return np.asarray(out, np.float32)


def chunk_by_chunk(work: Callable[[C], R], cases: C) -> Iterator[R]:
    """What `work` gives for each chunk of the cases, in order; on all cores, which numpy and scipy
    leave idle.
    """
    starts = range(0, len(cases), CASES_AT_ONCE)
    chunks = (cases.take(np.arange(s, min(s + CASES_AT_ONCE, len(cases)))) for s in starts)
    return on_all_cores(work, chunks)


def named_members(names: Sequence[str], known: Mapping[str, Scorer]) -> dict[str, Scorer]:
    """The named fitted models, in that order; all of them where none is named.

    Raises:
        BadRecipe: One of them is not there, or there is none.
    """
    for name in names:
        if name not in known:
            allowed = ", ".join(known) or "none: the recipe has no other models"
            raise BadRecipe(
                f'there is no model "{name}"',
                where="members",
                allowed=allowed,
                next_step=nearest(name, known),
            )
    chosen = tuple(names) or tuple(known)
    if not chosen:
        raise BadRecipe("a ranker needs other models to find its candidates", where="members")
    return {name: known[name] for name in chosen}


def contents(features: FeatureTable, blocks: Sequence[str] | None) -> dict[str, Matrix]:
    """The blocks, rows of length 1, sparse ones sparse; None: all of the table."""
    names = tuple(features.blocks) if blocks is None else tuple(blocks)
    return {name: features.block(name).unit_rows for name in names}


def content_arrays(content: Mapping[str, Matrix]) -> dict[str, NDArray[Any]]:
    """The blocks as plain arrays, to be stored; `content_of` makes them from these again."""
    arrays: dict[str, NDArray[Any]] = {}
    for i, X in enumerate(content.values()):
        if isinstance(X, np.ndarray):
            arrays[f"content.{i}"] = X
        else:
            parts = {
                "data": X.data,
                "indices": X.indices,
                "indptr": X.indptr,
                "shape": np.asarray(X.shape),
            }
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
            data, indices, indptr = (
                np.asarray(arrays[f"{key}.{part}"]) for part in ("data", "indices", "indptr")
            )
            content[name] = sparse.csr_matrix(
                (data, indices, indptr), shape=tuple(arrays[f"{key}.shape"])
            )
    return content


def item_columns(
    log: Interactions, features: FeatureTable, blocks: Sequence[str] | None, most: int
) -> dict[str, Floats]:
    """What is known of each item beside its content: how long ago it was last used, and its
    structured fields.

    Args:
        log: The training part.
        features: All blocks.
        blocks: Those that may be read; None: all.
        most: Blocks of at most so many named columns are taken column by column; wider ones (words)
            are not.
    """
    known = {"recency": _recency(log, log.time)} if log.time is not None and len(log) else {}
    names = features.blocks if blocks is None else blocks
    narrow = [n for n in names if len(features.block(n).columns) <= most]
    return known | structured(features, narrow)


def structured(features: FeatureTable, blocks: Sequence[str]) -> dict[str, Floats]:
    """Block and column -> float32 [n_items], the columns that have names."""
    return {
        f"{name}.{column}": np.ascontiguousarray(X[:, j])
        for name in blocks
        if features.block(name).columns
        for X in [dense(features.block(name).finite())]
        for j, column in enumerate(features.block(name).columns)
    }


def _recency(log: Interactions, time: Longs) -> Floats:
    """float32 [n_items], log(1 + days) from the last training event of an item to the last of all.

    An item without any event counts as one that was last used when the log began.
    """
    last = np.full(log.n_items, time.min(), np.int64)
    np.maximum.at(last, log.item, time)
    return np.asarray(np.log1p((time.max() - last) / DAY), np.float32)
