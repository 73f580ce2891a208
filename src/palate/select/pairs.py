"""Rows to choose blocks on, made of a training log: what a user took next, among items that they
did not take.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Longs, Ragged, Rows, dense, l2_normalised
from palate.errors import BadInput, Refused
from palate.perturbation.sampler import Components
from palate.seeding import generator
from palate.tables import Block, FeatureTable, Histories, Interactions
from palate.tables.labelled_rows import LabelledRows

POPULARITY = "behaviour.popularity"
"""Name of the block of log counts that is always there to compare with."""


@dataclass(frozen=True, eq=False)
class Requests:
    """Who was offered what; the item that was taken stands first in each request.

    Attributes:
        user: int32 [n_requests].
        items: int32 [n_requests, candidates].
        history: Ragged int32 [n_requests], what the user had taken before.
    """

    user: Rows
    items: Rows
    history: Ragged


def match_examples(
    log: Interactions,
    features: FeatureTable,
    seed: int,
    candidates: int = 10,
    components: int = 8,
    last: int = 2,
) -> LabelledRows:
    """Ranking rows from a training log and its blocks.

    For each of a user's last events a request: the item taken, and items drawn by popularity among
    those that the user never took in this log. A block becomes a few columns of similarity between
    the user's history and the candidate: the cosine of their vectors, and the products of their
    leading components. No test part is needed or seen.

    Args:
        log: The training part.
        features: Blocks of items, fitted on the training part.
        seed: Seed of the candidates.
        candidates: Rows of a request, >= 2.
        components: Products a block, >= 0.
        last: Requests a user, >= 1.

    Returns:
        A ranking task with one block for each feature block and `behaviour.popularity`.

    Raises:
        Refused: No user has more than one event.

    Cost: n_users x last x candidates rows of components + 1 columns a block.
    """
    requests = requests_of(log, seed, candidates, last)
    n, width = requests.items.shape
    taken = np.bincount(requests.items[:, 0], minlength=log.n_items)
    counts = np.log1p(np.maximum(log.item_counts() - taken, 0))
    blocks: dict[str, Doubles] = {
        POPULARITY: counts[requests.items.ravel()][:, None].astype(np.float64)
    }
    columns: dict[str, tuple[str, ...]] = {POPULARITY: ("log count",)}
    for name, block in features.blocks.items():
        blocks[name] = _similarity(block, requests, components)
        columns[name] = (
            f"{name} cosine",
            *(f"{name} product {j + 1}" for j in range(blocks[name].shape[1] - 1)),
        )
    label = np.zeros((n, width))
    label[:, 0] = 1.0
    request = np.repeat(np.arange(n, dtype=np.int32), width)
    return LabelledRows(
        blocks, label.ravel(), requests.user[request], "ranking", request, columns=columns
    )


def requests_of(log: Interactions, seed: int, candidates: int, last: int) -> Requests:
    """The last events of each user as requests; candidates are drawn by their counts in the log.

    Raises:
        BadInput: Fewer than two candidates, or no event asked for.
        Refused: No user has more than one event.
    """
    if candidates < 2 or last < 1:
        raise BadInput(
            f"{candidates} candidates, {last} events a user",
            where="pairs",
            allowed="2 or more, 1 or more",
        )
    past = Histories.of(log, np.arange(log.n_users, dtype=np.int32)).items
    lengths = past.lengths()
    back = np.arange(1, last + 1)
    place = np.where(lengths[:, None] > back, lengths[:, None] - back, -1)
    user, which = np.nonzero(place >= 0)
    if not len(user):
        raise Refused(
            "no user has more than one event, so nothing can be predicted from a history",
            where="log",
        )
    at = place[user, which]
    histories = Ragged.of([past[int(u)][: int(p)] for u, p in zip(user, at, strict=True)])
    taken = np.array([past[int(u)][int(p)] for u, p in zip(user, at, strict=True)], np.int32)
    items = np.concatenate([taken[:, None], _others(log, user, seed, candidates - 1)], axis=1)
    return Requests(user.astype(np.int32), items.astype(np.int32), histories)


def _others(log: Interactions, user: Longs, seed: int, n: int) -> Rows:
    """int32 [n_requests, n], items drawn by count that the user has no event with (after eight
    tries, any).
    """
    rng = generator(seed, "pairs")
    drawn = log.item[rng.integers(0, len(log), (len(user), n))]
    known = np.sort(log.user.astype(np.int64) * log.n_items + log.item)
    for _ in range(8):
        key = user[:, None] * log.n_items + drawn
        at = np.minimum(np.searchsorted(known, key), len(known) - 1)
        clash = known[at] == key
        drawn[clash] = log.item[rng.integers(0, len(log), int(clash.sum()))]
    return np.asarray(drawn, np.int32)


def _similarity(block: Block, requests: Requests, components: int) -> Doubles:
    """float64 [n_rows, 1 + components], cosine of history and candidate, and products of their
    components.
    """
    n, width = requests.items.shape
    weights = Histories.of_items(requests.history).matrix(len(block.present))
    X = dense(l2_normalised(block.matrix)).astype(np.float64)
    parts = [_products(weights @ X, X, requests.items).sum(axis=2)[..., None]]
    length = np.linalg.norm(weights @ X, axis=1)
    parts[0] /= np.where(length > 0, length, 1.0)[:, None, None]
    if components:
        Z = (
            Components.of(X[block.present], min(components, X.shape[1]))
            if block.present.any()
            else None
        )
        scores = np.zeros((len(X), 0)) if Z is None else Z.of_rows(X) * block.present[:, None]
        mean = weights @ scores / np.maximum(weights.sum(axis=1), 1)
        parts.append(_products(np.asarray(mean), scores[:, :components], requests.items))
    return np.concatenate(parts, axis=2).reshape(n * width, -1)


def _products(profile: Doubles, X: Doubles, items: Rows) -> Doubles:
    """float64 [n_requests, candidates, d], profile times candidate, element by element."""
    return np.asarray(np.asarray(profile)[:, None, :] * X[items], np.float64)
