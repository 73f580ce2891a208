"""Blocks side by side: every operator scales them, and an absent one takes no part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Floats, Mask, Matrix, Rows, Sparse, dense, inverse, l2_normalised
from palate.errors import BadInput, BadRecipe
from palate.part_state import PartState, several
from palate.seeding import generator
from palate.tables import Block

WIDEST = 4096
"""Sparse blocks that are wider together stay sparse."""

SKETCH = 256
"""Columns that a wider block is brought to, by random directions, before its principal ones are
looked for."""


@dataclass(frozen=True, eq=False)
class Sides:
    """The blocks that are fused, each row of length one.

    Attributes:
        names: Names of the blocks.
        matrices: For each float32 [n_items, d], dense or CSR, rows of length one; absent ones zero.
        present: bool [n_items, n_blocks].
    """

    names: tuple[str, ...]
    matrices: tuple[Matrix, ...]
    present: Mask

    @classmethod
    def of(cls, blocks: Mapping[str, Block]) -> Sides:
        """The blocks, normalised.

        Raises:
            BadRecipe: There is none.
            BadInput: They do not have the same items, or one holds NaN or infinite numbers.
        """
        if not blocks:
            raise BadRecipe(
                "there is nothing to fuse", where="of", next_step="name blocks to be fused"
            )
        lengths = {name: block.matrix.shape[0] for name, block in blocks.items()}
        if len(set(lengths.values())) > 1:
            raise BadInput(
                f"blocks of different items: {lengths}", where="of", allowed="one row for each item"
            )
        present = np.stack([block.present for block in blocks.values()], axis=1)
        return cls(tuple(blocks), tuple(_unit(block) for block in blocks.values()), present)

    def __len__(self) -> int:
        return len(self.present)

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns of each block."""
        return tuple(X.shape[1] for X in self.matrices)

    def joined(self, weights: Floats) -> Matrix:
        """float32 [n_items, sum of d]: each block times the root of its weight [n_items, n_blocks].

        The product of two rows is then the sum over the blocks of their cosines, times the
        geometric mean of the two weights; where an item's weights sum to one, its row has length
        one.
        """
        scaled: list[Any] = [
            (
                sparse.csr_matrix(sparse.diags(w) @ X, dtype=np.float32)
                if sparse.issparse(X)
                else X * w[:, None]
            )
            for X, w in zip(self.matrices, np.sqrt(weights).T, strict=True)
        ]
        if all(sparse.issparse(X) for X in scaled) or sum(X.shape[1] for X in scaled) > WIDEST:
            return sparse.csr_matrix(sparse.hstack(scaled), dtype=np.float32)
        return np.hstack([dense(X) for X in scaled]).astype(np.float32)

    def kernels(self, items: Rows) -> Floats:
        """float32 [n_blocks, m, m], cosines of some items [m] in each block."""
        parts: list[Any] = [X[items] for X in self.matrices]
        return np.stack([dense(X @ X.T) for X in parts])

    def scorer(self) -> Callable[[Sparse, Floats], Floats]:
        """(weights of events [n_cases, n_items], weights [n_items, n_blocks]) -> float32 [n_cases,
        n_items].

        The sum of the fused kernel's rows, without the fused block: a block of 20,000 sparse
        columns beside one of 300 full ones is quick only as long as the two stay apart.

        Cost: once the pairs of items that share a column of a sparse block; then n_cases n_items d
            multiplications.
        """
        sides = [sparse.csr_matrix(X @ X.T) if sparse.issparse(X) else X for X in self.matrices]

        def score(events: Sparse, weights: Floats) -> Floats:
            total = np.zeros(events.shape, np.float32)
            for side, root in zip(sides, np.sqrt(weights).T, strict=True):
                queries: Any = events @ sparse.diags(root)
                answer: Any = queries @ side if sparse.issparse(side) else (queries @ side) @ side.T
                total += dense(answer) * root
            return total

        return score

    def even(self) -> Floats:
        """float32 [n_items, n_blocks], the same weight for every present block; rows sum to one."""
        return shares(np.zeros(self.present.shape), self.present)


def shares(logits: Doubles | Floats, present: Mask) -> Floats:
    """Weights [n, n_blocks] by softmax over the present blocks alone; zeros for an item that has
    none.

    >>> shares(np.array([[0.0, 0.0], [0.0, 9.0]]), np.array([[True, True], [True, False]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    top = np.where(present, logits, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    powers = np.where(
        present, np.exp(np.where(present, logits - np.where(np.isfinite(top), top, 0), 0)), 0
    )
    return np.asarray(powers * inverse(powers.sum(axis=1))[:, None], np.float32)


@dataclass(frozen=True, eq=False)
class Directions:
    """A block's widest directions, as inputs of a gate.

    Attributes:
        mean: float64 [d].
        axes: float64 [d, r], of columns that give every direction variance one.
        variance: float64 [r], what it was before, the widest first.
    """

    mean: Doubles
    axes: Doubles
    variance: Doubles

    @classmethod
    def of(cls, X: Matrix, rows: Rows, dims: int, seed: int) -> Directions:
        """The `dims` widest directions of the rows `rows` of `X` [n_items, d].

        Cost: n d 256 multiplications for blocks wider than 256 columns, n d^2 for others.
        """
        d = X.shape[1]
        sketch = (
            np.eye(d)
            if d <= SKETCH
            else generator(seed, "directions", d).normal(size=(d, SKETCH)) / np.sqrt(d)
        )
        some: Any = X[rows]
        mean = np.asarray(some.mean(axis=0), np.float64).ravel()
        Y = np.asarray(some @ sketch, np.float64) - mean @ sketch
        values, vectors = np.linalg.eigh(Y.T @ Y / max(len(rows), 1))
        kept = np.argsort(-values)[
            : min(dims, int((values > 1e-9 * max(float(values.max(initial=0)), 1e-12)).sum()))
        ]
        # C-contiguous, as it comes back from a file: products with it are the same to the last bit
        axes = np.ascontiguousarray(sketch @ (vectors[:, kept] / np.sqrt(values[kept])))
        return cls(mean, axes, values[kept])

    def __call__(self, X: Matrix, present: Mask) -> Floats:
        """float32 [n, r]; zeros for absent rows."""
        moved: Any = X @ self.axes
        return np.asarray(
            np.where(present[:, None], moved - self.mean @ self.axes, 0.0), np.float32
        )


def directions_packed(directions: Sequence[Directions]) -> Mapping[str, NDArray[Any]]:
    """The directions of several blocks, as arrays of a state."""
    return {
        **several("means", [d.mean for d in directions], np.float64, 1),
        **several("axes", [d.axes for d in directions], np.float64, 2),
        **several("variances", [d.variance for d in directions], np.float64, 1),
    }


def directions_unpacked(state: PartState, widths: Sequence[int]) -> list[Directions]:
    """What `directions_packed` gave, of blocks of these columns.

    Raises:
        BadInput: The state is not whole.
    """
    means, axes = state.arrays("means", np.float64, 1), state.arrays("axes", np.float64, 2)
    variances = state.arrays("variances", np.float64, 1)
    found = [(len(m), *a.shape, len(v)) for m, a, v in zip(means, axes, variances, strict=False)]
    wanted = [(d, d, len(v), len(v)) for d, v in zip(widths, variances, strict=False)]
    whole = len(means) == len(axes) == len(variances) == len(widths) and found == wanted
    if not whole:
        raise state.damaged("its directions are not those of these blocks")
    return [Directions(*parts) for parts in zip(means, axes, variances, strict=True)]


def _unit(block: Block) -> Matrix:
    matrix = block.finite()
    kept: Any = block.present.astype(np.float32)
    if sparse.issparse(matrix):
        return l2_normalised(sparse.csr_matrix(sparse.diags(kept) @ matrix, dtype=np.float32))
    return l2_normalised(np.asarray(matrix * kept[:, None], np.float32))
