"""User folds: rows split by user."""

from __future__ import annotations

from collections.abc import Iterator

from palate.arrays import Mask
from palate.inference import cluster_codes
from palate.seeding import generator
from palate.tables.labelled_rows import LabelledRows


def folds(labelled: LabelledRows, n: int, seed: int, purpose: str) -> Iterator[Mask]:
    """`n` masks [n_rows] of held-out rows: every user is held out once, with all of their rows."""
    users = cluster_codes(labelled.user)
    place = generator(seed, "folds", purpose).permutation(int(users.max(initial=-1)) + 1)[users] % n
    for fold in range(n):
        yield place == fold


def half(labelled: LabelledRows, seed: int, draw: int) -> Mask:
    """bool [n_rows], the rows of half of the users."""
    return next(folds(labelled, 2, seed, f"half {draw}"))
