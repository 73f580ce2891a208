"""Digests of what a part learnt from, so that equal origins mean equal weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from palate.tables import Training


def digest_of_texts(texts: Iterable[str | None]) -> str:
    """SHA-256 (hex) of texts in order; a missing text differs from an empty one."""
    state = hashlib.sha256()
    for text in texts:
        data = b"" if text is None else text.encode("utf-8", "surrogatepass")
        state.update(b"-" if text is None else len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def digest_of_log(training: Training) -> str:
    """SHA-256 (hex) of the training events in order of time, and of the validation cases that stop
    training early.
    """
    log, cases = training.log, training.validation
    order = log.in_time_order()
    state = hashlib.sha256()
    for array in (
        log.user[order],
        log.item[order],
        *(
            part
            for ragged in (cases.histories.items, cases.seen, cases.targets)
            for part in (ragged.offsets, ragged.values)
        ),
    ):
        state.update(np.ascontiguousarray(array).tobytes())
        state.update(b"|")
    return state.hexdigest()
