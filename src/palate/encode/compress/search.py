"""The nearest items among packed ones: bits are counted first, the best are scored again with more
care.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Floats, Longs
from palate.encode.compress.base import Codec, Codes
from palate.encode.compress.scalar import Binary

_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint16)
_AT_ONCE = 16_384


def nearest(
    codec: Codec, codes: Codes, queries: Floats, k: int, *, oversample: int = 4
) -> tuple[Longs, Floats]:
    """Items whose unpacked vectors have the largest products with the queries.

    With `storage.binary.v1` the `k` times `oversample` items whose bits differ least from the
    query's are scored; with other codecs all items are. Nothing but a slice of the items is
    unpacked at a time.

    Args:
        codec: What packed the items.
        codes: uint8 [n_items, bytes].
        queries: float32 [n, d], not packed.
        k: Items of a query, at most n_items.
        oversample: How many times more items are scored than are given.

    Returns:
        int64 [n, k] rows of the items, best first (of equal ones the first), and float32 [n, k]
        their products.
    """
    k = min(k, len(codes))
    if isinstance(codec, Binary):
        found = [
            _among(codec, codes, q, k, _by_bits(codec, codes, q, k * max(oversample, 1)))
            for q in queries
        ]
    else:
        products = _products(codec, codes, queries)
        found = [_best(row, np.arange(len(codes)), k) for row in products]
    rows = [f[0] for f in found]
    shape = (len(queries), k)
    return np.array(rows, np.int64).reshape(shape), np.array(
        [f[1] for f in found], np.float32
    ).reshape(shape)


def _by_bits(codec: Binary, codes: Codes, query: Floats, n: int) -> Longs:
    different = _ONES[codes ^ codec.pack(query[None])].sum(axis=1)
    return np.argsort(different, kind="stable")[:n].astype(np.int64)


def _among(codec: Codec, codes: Codes, query: Floats, k: int, rows: Longs) -> tuple[Longs, Floats]:
    rows = np.sort(rows)
    return _best(codec.unpack(codes[rows]) @ query, rows, k)


def _products(codec: Codec, codes: Codes, queries: Floats) -> Floats:
    parts = [
        codec.unpack(codes[i : i + _AT_ONCE]) @ queries.T
        for i in range(0, max(len(codes), 1), _AT_ONCE)
    ]
    return np.asarray(np.vstack(parts).T, np.float32)


def _best(products: NDArray[np.float32], rows: Longs, k: int) -> tuple[Longs, Floats]:
    order = np.argsort(-products, kind="stable")[:k]
    return rows[order], products[order]
