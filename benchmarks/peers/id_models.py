"""What others recommend with, without content: irspack's and implicit's models and closed-form
EASE, each with the settings that a stranger would try, all behind one way to score a history.

irspack and implicit are imported when a model of theirs is fitted.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from prepared import fitted
from scipy import linalg, sparse

from palate.arrays import Floats, Rows, Sparse
from palate.tables import Histories, Interactions, Training

INSTALL = (
    "install palate's extra `bench`, or: pip install --no-deps --target FOLDER implicit==0.7.3"
    " irspack==0.5.2 fastprogress colorlog, with FOLDER on PYTHONPATH"
)
SEED = 1
FLOPS = 2e10
"""Of one core in single precision, for the guess of how long an inverse takes."""


class Model(Protocol):
    """Anything that scores histories; palate's scorers are such."""

    def score(self, histories: Histories) -> Floats:
        """float32 [m, n_items]."""
        ...


@dataclass(frozen=True)
class Family:
    """Models of one kind.

    Attributes:
        name: What to call it.
        build: From the training part and settings to a fitted model.
        grid: Settings, the most promising first, so that a short budget tries those.
        least_seconds: Seconds that one fit takes at least, of the training part.
    """

    name: str
    build: Callable[..., Model]
    grid: tuple[Mapping[str, Any], ...]
    least_seconds: Callable[[Training], float] = lambda _: 0.0


def need(module: str) -> Any:
    """A peer's module.

    Raises:
        SystemExit: It is not installed; the message says how to.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(module)
    except ImportError as cause:
        raise SystemExit(f"{module} is missing: {INSTALL}") from cause


@dataclass(frozen=True, eq=False)
class _Known:
    """The items that training knows; only they get a model, all others come last.

    Attributes:
        items: int32, their rows.
        n_items: How many there are with all others.
    """

    items: Rows
    n_items: int

    @classmethod
    def of(cls, log: Interactions) -> _Known:
        return cls(np.unique(log.item).astype(np.int32), log.n_items)

    def matrix(self, histories: Histories) -> Sparse:
        """float32 [m, n_known], 1 for an item of the history."""
        return sparse.csr_matrix(histories.matrix(self.n_items)[:, self.items])

    def widened(self, scores: Any) -> Floats:
        """float32 [m, n_items] of scores [m, n_known]."""
        scores = np.asarray(scores, np.float32)
        lowest = scores.min(axis=1, keepdims=True) - 1
        out = np.repeat(lowest, self.n_items, axis=1)
        out[:, self.items] = scores
        return out


@dataclass(frozen=True, eq=False)
class _Folded:
    """A model that scores rows of a matrix users x known items."""

    known: _Known
    of_rows: Callable[[Sparse], Any]

    def score(self, histories: Histories) -> Floats:
        """float32 [m, n_items]."""
        return self.known.widened(self.of_rows(self.known.matrix(histories)))


def _irspack(name: str) -> Callable[..., Model]:
    def build(training: Training, **settings: Any) -> Model:
        known = _Known.of(training.log)
        X = sparse.csr_matrix(training.log.matrix()[:, known.items], dtype=np.float64)
        model = getattr(need("irspack"), name)(X, n_threads=1, **settings)
        # a bar of its own for every fit
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            model.learn()
        return _Folded(known, lambda rows: model.get_score_cold_user(rows.astype(np.float64)))

    return build


def _ease(training: Training, l2: float) -> Model:
    """The same as irspack's DenseSLIM, by a Cholesky factor in single precision: less memory."""
    known = _Known.of(training.log)
    X = sparse.csr_matrix(training.log.matrix()[:, known.items], dtype=np.float32)
    gram = np.asarray((X.T @ X).todense(), np.float32, order="F")
    gram[np.diag_indices_from(gram)] += np.float32(l2)
    factor, failed = linalg.lapack.spotrf(gram, lower=0, overwrite_a=1)
    P, failed_too = linalg.lapack.spotri(factor, lower=0, overwrite_c=1)
    if failed or failed_too:
        raise ValueError(f"the Gram matrix with l2 {l2} has no inverse")
    # only the upper half was written; a block at a time needs no second matrix
    for start in range(0, len(P), 1024):
        part = slice(start, start + 1024)
        P[part, part] = np.triu(P[part, part]) + np.triu(P[part, part], 1).T
        P[start + 1024 :, part] = P[part, start + 1024 :].T
    P /= -np.diag(P)
    P[np.diag_indices_from(P)] = 0
    return _Folded(known, lambda rows: rows @ P)


def _ease_seconds(training: Training) -> float:
    return float(len(np.unique(training.log.item))) ** 3 / FLOPS


def _als(training: Training, **settings: Any) -> Model:
    known = _Known.of(training.log)
    X = sparse.csr_matrix(training.log.matrix()[:, known.items], dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = need("implicit.als").AlternatingLeastSquares(
            use_gpu=False, random_state=SEED, num_threads=1, iterations=15, **settings
        )
        model.fit(X, show_progress=False)

    def of_rows(rows: Sparse) -> Any:
        users = model.recalculate_user(np.arange(rows.shape[0]), rows.astype(np.float32))
        return np.atleast_2d(users) @ model.item_factors.T

    return _Folded(known, of_rows)


@dataclass(frozen=True, eq=False)
class _Bpr:
    """Users that training knows have factors of their own; others get the mean of their items'."""

    known: _Known
    users: Any
    items: Any
    trained: Any

    def score(self, histories: Histories) -> Floats:
        """float32 [m, n_items]."""
        rows = self.known.matrix(histories)
        mean = np.asarray(rows @ self.items) / np.maximum(rows.getnnz(axis=1), 1)[:, None]
        there = (histories.users >= 0) & self.trained[np.maximum(histories.users, 0)]
        factors = np.where(there[:, None], self.users[np.maximum(histories.users, 0)], mean)
        return self.known.widened(factors @ self.items.T)


def _bpr(training: Training, **settings: Any) -> Model:
    known = _Known.of(training.log)
    X = sparse.csr_matrix(training.log.matrix()[:, known.items], dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = need("implicit.bpr").BayesianPersonalizedRanking(
            use_gpu=False, random_state=SEED, num_threads=1, **settings
        )
        model.fit(X, show_progress=False)
    return _Bpr(known, model.user_factors, model.item_factors, X.getnnz(axis=1) > 0)


def _popularity(training: Training, **settings: Any) -> Model:
    return fitted("model.popularity.v1", training, **settings)


def _each(**values: Iterable[Any]) -> tuple[Mapping[str, Any], ...]:
    """Settings side by side: the n-th value of each."""
    return tuple(dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))


FAMILIES = (
    Family("popularity", _popularity, ({"count": "events"}, {"count": "users"})),
    Family(
        "irspack RP3beta",
        _irspack("RP3betaRecommender"),
        _each(
            alpha=(1.0, 1.0, 1.0, 1.0, 0.7, 0.7, 1.3, 1.0, 1.0, 0.7),
            beta=(0.3, 0.6, 0.6, 0.1, 0.4, 0.8, 0.4, 0.3, 0.9, 0.2),
            top_k=(200, 200, None, 200, 200, 500, 200, 50, 200, None),
            normalize_weight=(False, False, False, False, False, False, True, True, False, False),
        ),
    ),
    Family(
        "implicit ALS",
        _als,
        _each(
            factors=(64, 64, 128, 32, 64, 128, 64, 256),
            regularization=(0.1, 0.1, 0.1, 0.1, 1.0, 1.0, 10.0, 1.0),
            alpha=(1.0, 10.0, 5.0, 5.0, 1.0, 10.0, 40.0, 1.0),
        ),
    ),
    Family(
        "irspack iALS",
        _irspack("IALSRecommender"),
        _each(
            n_components=(64, 128, 64, 128, 64, 256, 32, 128, 256, 64, 128, 32),
            alpha0=(0.1, 0.1, 0.03, 0.03, 0.3, 0.1, 0.1, 0.3, 0.03, 1.0, 0.01, 0.3),
            reg=(3e-3, 3e-3, 1e-3, 3e-3, 1e-2, 1e-2, 1e-3, 3e-2, 3e-3, 3e-2, 3e-3, 3e-3),
        ),
    ),
    Family(
        "implicit BPR",
        _bpr,
        _each(
            factors=(64, 64, 128, 32, 64, 128),
            learning_rate=(0.03, 0.01, 0.03, 0.03, 0.1, 0.01),
            regularization=(0.01, 0.01, 0.03, 0.003, 0.03, 0.003),
            iterations=(100, 100, 100, 100, 60, 200),
        ),
    ),
    Family(
        "EASE",
        _ease,
        tuple({"l2": l2} for l2 in (200.0, 50.0, 800.0, 15.0, 3000.0, 5.0)),
        _ease_seconds,
    ),
    Family(
        "irspack SLIM",
        _irspack("SLIMRecommender"),
        _each(
            alpha=(1e-2, 1e-3, 3e-2, 1e-4, 1e-2, 1e-3),
            l1_ratio=(0.05, 0.05, 0.05, 0.1, 0.5, 0.5),
        ),
    ),
)
"""Quick ones first: what they leave of the budget goes to the others."""


@dataclass(frozen=True, eq=False)
class Liked:
    """A model that was fitted on the events of at least some value, and reads only those."""

    model: Model
    least: float

    def score(self, histories: Histories) -> Floats:
        """float32 [m, n_items]."""
        return self.model.score(histories.keep(histories.values >= self.least))


def liked_from(log: Interactions) -> float | None:
    """From which value on an event says "liked": above the middle of a scale of few steps or of two
    signs; None where values are no such scale.
    """
    low, high = float(log.value.min()), float(log.value.max())
    if low == high or (low >= 0 and len(np.unique(log.value)) > 20):
        return None
    return float(np.nextafter(np.float32((low + high) / 2), np.float32(np.inf)))


def liked(training: Training, least: float) -> Training:
    """The training part without the events below `least`."""
    kept = np.flatnonzero(training.log.value >= least)
    return replace(training, log=training.log.take(kept))
