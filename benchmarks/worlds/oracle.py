"""What a model that knows the truth gains over the best model of behaviour alone.

Both are chosen by the test itself, so it is the most that there can be to gain; whether a world is
what it says it is, is seen here and not from what palate makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from worlds.world import Made

Matrix = NDArray[np.float64]
DEPTH = 10
WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
FREQUENCIES = (
    ("target 0", 0, 0),
    ("target 1-5", 1, 5),
    ("target 6-20", 6, 20),
    ("target >20", 21, None),
)


@dataclass(frozen=True)
class Gain:
    """What the truth adds on a slice.

    Attributes:
        slice: Its name; `all` for every target.
        before: NDCG@10 of the best model of behaviour alone.
        after: The same with the truth.
        z: The paired difference in its standard errors.
        n: Targets.
    """

    slice: str
    before: float
    after: float
    z: float
    n: int


@dataclass(frozen=True, eq=False)
class _Log:
    trained: Matrix
    history: Matrix
    counts: NDArray[np.int64]
    user: NDArray[np.int64]
    target: NDArray[np.int64]


def gains(made: Made) -> list[Gain]:
    """The gain over all targets and on each slice of them; none where the catalogue says nothing.

    Targets are the last tenth of all time where there are dates, the tenth before it not being
    learnt from; else the last event of each user.
    """
    alike = _alike(made)
    if alike is None:
        return []
    log = _parted(made)
    base = max(_bases(log), key=lambda s: float(_ndcg(s, log).mean()))
    kernel = log.history @ alike / np.maximum(log.history.sum(1, keepdims=True), 1)
    gates = [1.0, 10 / (10 + log.counts), *((log.counts <= n).astype(float) for n in (0, 5, 20))]
    tried = [_scaled(base) + w * kernel * gate for w in WEIGHTS for gate in gates]
    before = _ndcg(base, log)
    after = max((_ndcg(score, log) for score in tried), key=lambda v: float(v.mean()))
    return [_gain(name, log.user[rows], before[rows], after[rows]) for name, rows in _slices(log)]


def _alike(made: Made) -> Matrix | None:
    """float64 [n_items, n_items], whether items are of one topic, or how many rare words they have
    in common.
    """
    if made.topic is not None:
        topic = made.topic
        return ((topic[:, None] == topic) & (topic[:, None] >= 0)).astype(float)
    if not made.texts:
        return None
    words = [set(re.findall(r"\w+", text.lower())) for text in made.texts]
    places = {w: n for n, w in enumerate(sorted(set().union(*words)))}
    X = np.zeros((len(words), len(places)))
    for row, own in enumerate(words):
        X[row, [places[w] for w in own]] = 1.0
    X *= np.log(len(X) / X.sum(0))
    X /= np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
    return np.asarray(X @ X.T)


def _gain(name: str, user: NDArray[np.int64], before: Matrix, after: Matrix) -> Gain:
    _, place = np.unique(user, return_inverse=True)
    size = np.bincount(place)
    apart, base = (np.bincount(place, values) / size for values in (after - before, before))
    error = apart.std(ddof=1) / np.sqrt(len(apart)) if len(apart) > 1 else 0.0
    z = float(apart.mean() / error) if error else 0.0
    return Gain(name, float(base.mean()), float((base + apart).mean()), z, len(user))


def _parted(made: Made) -> _Log:
    log = made.log
    if "rating" in log.columns:
        log = log.filter(log["rating"] >= 4)
    users = {u: n for n, u in enumerate(log["user_id"].unique(maintain_order=True))}
    items = {i: n for n, i in enumerate(made.items["item_id"])}
    user = np.array([users[u] for u in log["user_id"]])
    item = np.array([items[i] for i in log["item_id"]])
    part = _parts(log["timestamp"].to_numpy()) if "timestamp" in log.columns else _lasts(user)
    trained, history = np.zeros((2, len(users), len(items)))
    trained[user[part == 0], item[part == 0]] = 1.0
    history[user[part < 2], item[part < 2]] = 1.0
    asked = (part == 2) & (trained.sum(1) > 0)[user]
    return _Log(trained, history, trained.sum(0).astype(np.int64), user[asked], item[asked])


def _parts(time: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 for training, 1 for what is history only, 2 for the test."""
    cuts = np.quantile(time, (0.8, 0.9))
    return np.searchsorted(cuts, time, side="right")


def _lasts(user: NDArray[np.int64]) -> NDArray[np.int64]:
    last = np.zeros(user.max() + 1, np.int64)
    last[user] = np.arange(len(user))
    part = np.zeros(len(user), np.int64)
    part[last] = 2
    return part


def _bases(log: _Log) -> Iterator[Matrix]:
    X, H = log.trained, log.history
    popularity = np.log1p(log.counts)
    both = X.T @ X
    length = np.sqrt(np.maximum(np.diag(both), 1))
    models = []
    for shrink in (0.0, 10.0):
        cosine = both / (length[:, None] * length + shrink)
        np.fill_diagonal(cosine, 0)
        models.append(cosine)
    for ridge in (10.0, 50.0, 200.0):
        inverse = np.linalg.inv(both + ridge * np.eye(len(both)))
        B = -inverse / np.diag(inverse)
        np.fill_diagonal(B, 0)
        models.append(B)
    _, _, V = np.linalg.svd(X / length, full_matrices=False)
    models += [V[:k].T @ V[:k] / length[:, None] for k in (3, 4, 5, 6, 8, 16, 32, 48, 64)]
    models += [_factorised(X, k) for k in (8, 32)]
    for B in models:
        yield from (_scaled(H @ B) + w * popularity for w in (0.0, 0.02, 0.1))
    yield np.broadcast_to(popularity, X.shape).astype(float)


def _factorised(X: Matrix, rank: int, unobserved: float = 0.05, ridge: float = 0.3) -> Matrix:
    """float64 [n_items, n_items], what implicit ALS makes of each item of a history, the histories
    being of about one length.
    """
    rng = np.random.default_rng(0)
    V = rng.normal(0, rank**-0.5, (X.shape[1], rank))
    for _ in range(6):
        V = _solved(X.T, _solved(X, V, unobserved, ridge), unobserved, ridge)
    whole = unobserved * V.T @ V + X.sum() / len(X) * V.T @ V / len(V) + ridge * np.eye(rank)
    return np.asarray(V @ np.linalg.inv(whole) @ V.T)


def _solved(X: Matrix, V: Matrix, unobserved: float, ridge: float) -> Matrix:
    rank = V.shape[1]
    pairs = (V[:, :, None] * V[:, None, :]).reshape(len(V), -1)
    own = (X @ pairs).reshape(-1, rank, rank)
    whole = own + unobserved * V.T @ V + ridge * np.eye(rank)
    return np.linalg.solve(whole, (X @ V)[:, :, None])[:, :, 0]


def _scaled(score: Matrix) -> Matrix:
    return score / max(float((score.max(1) - score.mean(1)).mean()), 1e-12)


def _ndcg(score: Matrix, log: _Log) -> Matrix:
    """float64 [n_cases], ties at the middle."""
    open_ = np.where(log.history > 0, -np.inf, score)[log.user]
    own = open_[np.arange(len(open_)), log.target][:, None]
    rank = 1 + (open_ > own).sum(1) + ((open_ == own).sum(1) - 1) / 2
    return np.where(rank <= DEPTH, 1 / np.log2(1 + rank), 0.0)


def _slices(log: _Log) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    counts = log.counts[log.target]
    yield "all", np.ones(len(counts), np.bool_)
    for name, low, high in FREQUENCIES:
        rows = (counts >= low) & (counts <= (high if high is not None else counts.max()))
        if rows.sum() > 1:
            yield name, rows
    short = log.history.sum(1)[log.user] <= 5
    if short.sum() > 1:
        yield "users <=5 events", short
