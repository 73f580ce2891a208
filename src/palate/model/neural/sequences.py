"""Histories as padded batches: real events first, oldest ahead, padding after them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from palate.arrays import Longs, Mask, Ragged, Rows, offsets_of, order_of
from palate.tables import Interactions


@dataclass(frozen=True, eq=False)
class Padded:
    """Some sequences, all as long as the longest of them.

    Attributes:
        items: int64 [n, length], item rows; 0 where it is padding.
        real: bool [n, length], false where it is padding.
    """

    items: Longs
    real: Mask


def padded(sequences: Ragged, window: int) -> Padded:
    """The newest `window` items of each sequence."""
    lengths = np.minimum(sequences.lengths(), window)
    length = max(int(lengths.max(initial=0)), 1)
    step = np.arange(length)
    real = step < lengths[:, None]
    source = (sequences.offsets[1:] - lengths)[:, None] + step
    items = np.zeros(real.shape, np.int64)
    items[real] = sequences.values[source[real]]
    return Padded(items, real)


def training_events(log: Interactions, window: int) -> Ragged:
    """int32, the newest `window` + 1 events (rows of the log) of each user with at least two of
    them, oldest first.
    """
    events = log.in_time_order()
    events = events[order_of(log.user[events], log.n_users)]
    counts = np.bincount(log.user, minlength=log.n_users)
    by_user = Ragged(events.astype(np.int32), offsets_of(counts)).take(counts >= 2)
    kept = np.minimum(by_user.lengths(), window + 1)
    ages = by_user.offsets[1:].repeat(by_user.lengths()) - 1 - np.arange(len(by_user.values))
    return Ragged(by_user.values[ages <= window], offsets_of(kept))


def training_sequences(log: Interactions, window: int) -> Ragged:
    """The newest `window` + 1 items of each user with at least two events, oldest first: inputs and
    next items.
    """
    events = training_events(log, window)
    return Ragged(log.item[events.values], events.offsets)


def shuffled(sequences: Ragged, batch: int, rng: np.random.Generator) -> Iterator[Rows]:
    """Row numbers of the batches of one epoch, in random order, each of sequences of about the same
    length.

    Sorting inside stretches of 16 batches keeps padding small and still mixes users again in each
    epoch. The batches of a stretch hold about the same number of events, not of sequences: a loss
    is a mean over a batch's events, so people of few events would otherwise count many times as
    much as people of many.

    Args:
        sequences: One for each user; none is empty.
        batch: Sequences of a batch, on average.
        rng: Decides the order.
    """
    order = rng.permutation(len(sequences))
    lengths = sequences.lengths()
    batches = []
    for start in range(0, len(order), 16 * batch):
        part = order[start : start + 16 * batch]
        part = part[np.argsort(lengths[part], kind="stable")]
        events = np.cumsum(lengths[part])
        n_batches = -(-len(part) // batch)
        # a sequence belongs to the batch that its middle event falls into
        number = (events - lengths[part] / 2) * n_batches // events[-1]
        batches += [
            rows
            for rows in np.split(part, np.searchsorted(number, np.arange(1, n_batches)))
            if len(rows)
        ]
    for place in rng.permutation(len(batches)):
        yield batches[place].astype(np.int32)


def split_next(sequences: Ragged) -> tuple[Ragged, Rows]:
    """Inputs (all but the newest item of each sequence) and the next item of every input event."""
    lengths = sequences.lengths() - 1
    inputs = np.delete(sequences.values, sequences.offsets[1:] - 1)
    targets = np.delete(sequences.values, sequences.offsets[:-1])
    return Ragged(inputs, offsets_of(lengths)), targets
