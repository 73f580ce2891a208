"""Similarities that were stored, made again from their arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Matrix, Sparse
from palate.model.counted import Counted
from palate.model.pair_sums import PairSums
from palate.model.path_sum import PathSum
from palate.model.similarity import Both, Factored, Lending, Padded, Placed, Similarity, Thin, Whole
from palate.model.sorted_events import SortedEvents


def restored(arrays: Mapping[str, NDArray[Any]]) -> Similarity:
    """The similarity that `arrays` came from."""
    if "padded" in arrays or "placed" in arrays:
        return _among_more(arrays)
    if "events.item" in arrays:
        return _counted(arrays)
    if any(name.startswith("thin.") for name in arrays):
        thin, full = (
            {name.removeprefix(side): a for name, a in arrays.items() if name.startswith(side)}
            for side in ("thin.", "full.")
        )
        return Both(restored(thin), restored(full))
    if "B" in arrays:
        return Whole(np.asarray(arrays["B"]))
    if "B.indptr" in arrays:
        return _thin(arrays)
    L = _matrix("L", arrays)
    return Factored(L, _matrix("R", arrays) if {"R", "R.indptr"} & set(arrays) else L)


def _thin(arrays: Mapping[str, NDArray[Any]]) -> Similarity:
    B = _sparse("B", arrays)
    if "path_weights" in arrays:
        weights = np.asarray(arrays["path_weights"], np.float64)
        return PathSum(B, _sparse("people.B", arrays), weights)
    return Lending(B, _sparse("lent", arrays)) if "lent.indptr" in arrays else Thin(B)


def _counted(arrays: Mapping[str, NDArray[Any]]) -> Similarity:
    events = SortedEvents.restored(arrays, by_user=True)
    before = ("events.", "sums.")
    B = restored({name: a for name, a in arrays.items() if not name.startswith(before)})
    return B if events is None else Counted(B, events, PairSums.restored(arrays))


def _among_more(arrays: Mapping[str, NDArray[Any]]) -> Similarity:
    wrapping = ("padded",) if "padded" in arrays else ("placed", "among")
    known = restored({name: a for name, a in arrays.items() if name not in wrapping})
    if "padded" in arrays:
        return Padded(known, int(arrays["padded"]))
    return Placed(known, np.asarray(arrays["placed"]), int(arrays["among"]))


def _sparse(name: str, arrays: Mapping[str, NDArray[Any]]) -> Sparse:
    data, indices, indptr, shape = (
        arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr", "shape")
    )
    return sparse.csr_matrix((data, indices, indptr), shape=(int(shape[0]), int(shape[1])))


def _matrix(name: str, arrays: Mapping[str, NDArray[Any]]) -> Matrix:
    return np.asarray(arrays[name]) if name in arrays else _sparse(name, arrays)
