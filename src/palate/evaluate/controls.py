"""Blocks that mean nothing: whatever they seem to add is no proof of anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from palate.arrays import Floats, Longs, Mask, Sparse, dense
from palate.seeding import generator
from palate.tables import Block, Catalogue
from palate.tables.variant import meaningless


def permuted(block: Block, seed: int) -> Block:
    """The same rows, permuted among the items: all geometry is kept, only the meaning is gone.

    Rows move only among items that have content, so an absent item stays absent.

    Args:
        block: The block to be controlled.
        seed: Seed of the permutation, which also depends on the block's name.

    Returns:
        A block named `NAME~permuted`.
    """
    return _made(block, block.matrix[_dealt_out(block, seed)], "permuted", seed, block.columns)


def permuted_catalogue(catalogue: Catalogue, block: Block, seed: int) -> Catalogue:
    """The same contents, permuted among the items as `permuted` permutes the rows of `block`.

    For a block that learnt from behaviour: made again from this, it learns from content that says
    nothing of the items. Permuting the finished block would leave what it had learnt in its
    vectors.

    Args:
        catalogue: All items.
        block: The block to be controlled; contents move only among its present items.
        seed: Seed of the permutation, which also depends on the block's name.
    """
    return replace(catalogue, fields=catalogue.fields[_dealt_out(block, seed)])


def random_like(block: Block, seed: int) -> Block:
    """Random numbers of the same width: what any vectors of that size would add.

    A dense block becomes normal random vectors with the lengths (L2) of its rows; a sparse one
    keeps the number of values of each row and the values themselves, in columns drawn at random.
    Absent items stay zero.

    Args:
        block: The block to be controlled.
        seed: Seed of the numbers, which also depend on the block's name.

    Returns:
        A block named `NAME~rng`.
    """
    rng = generator(seed, "control", "random", block.name)
    if sparse.issparse(block.matrix):
        matrix: Any = _random_sparse(sparse.csr_matrix(block.matrix), rng)
    else:
        matrix = _random_dense(dense(block.matrix), block.present, rng)
    return _made(block, matrix, "random", seed, ())


def _dealt_out(block: Block, seed: int) -> Longs:
    """int64 [n_items], whose row each item gets."""
    rng = generator(seed, "control", "permuted", block.name)
    present = np.flatnonzero(block.present)
    source = np.arange(len(block.present), dtype=np.int64)
    source[present] = rng.permutation(present)
    return source


def _random_dense(X: Floats, present: Mask, rng: np.random.Generator) -> Floats:
    out = rng.standard_normal(X.shape, np.float32)
    lengths = np.linalg.norm(out, axis=1)
    wanted = np.where(present, np.linalg.norm(X, axis=1), 0.0)
    scale = np.divide(wanted, lengths, out=np.zeros_like(wanted), where=lengths > 0)
    return np.asarray(out * scale[:, None], np.float32)


def _random_sparse(X: Sparse, rng: np.random.Generator) -> Sparse:
    width = X.shape[1]
    counts = np.diff(X.indptr)
    columns = [np.sort(rng.choice(width, int(n), replace=False, shuffle=False)) for n in counts]
    indices = np.concatenate(columns).astype(X.indices.dtype) if columns else X.indices
    return sparse.csr_matrix((X.data.copy(), indices, X.indptr.copy()), shape=X.shape)


def _made(block: Block, matrix: Any, kind: str, seed: int, columns: tuple[str, ...]) -> Block:
    step = {"part": f"control.{kind}.v1", "seed": seed}
    origin = replace(block.origin, steps=(*block.origin.steps, step))
    return replace(
        block,
        name=meaningless(block.name, kind),
        matrix=matrix,
        origin=origin,
        columns=columns,
        seconds=0.0,
    )
