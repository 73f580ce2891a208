"""A fusion of several models' scores that learns from each answer while it serves, beside the same
fusion as it was at the start.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, SGDClassifier

sys.path.append(str(Path(__file__).parent))

import live

from palate.arrays import Doubles, Floats, Longs
from palate.evaluate.comparisons import compare_family
from palate.evaluate.intervals import mean_intervals
from palate.evaluate.ratios import lift

name = "online_fusion"
EVENTS, WEIGHED, POOL, REFIT_EACH, K = 6_000, 2_000, 50, 1_000, 10
RATES = (0.001, 0.01, 0.1)
"""Of stochastic gradient descent, constant."""
SETS = ("ml-100k", "yoochoose-sessions")
what = (
    f"The first {EVENTS:,} events of the last tenth of a log, in the order of time, as in the"
    " benchmark live and without a service. Before each event of an item that is new to its user,"
    " co-occurrence, item KNN and recent popularity, as they were at the start, score all items for"
    f" the history of now; the {POOL} items with the highest sum are put in order by a logistic"
    f" fusion of the scores and of the logarithm of the item's events. NDCG@{K} with 95 % intervals"
    f" over users. Fixed: fitted on {WEIGHED:,} events of the tenth before, on models that did not"
    f" know them. Online: begins as that, and after each event learns from the {K} items that it"
    " showed and what was taken of them, with the features as they were (scikit-learn's"
    " SGDClassifier: log loss, a constant rate, no penalty). Refit: fitted again each"
    f" {REFIT_EACH:,} events on the pools up to then, with those of the tenth before"
)


def run() -> dict[str, Any]:
    """Every set, every rate."""
    chosen = os.environ.get("SETS", "").split() or SETS
    return {"rows": [row for set_name in chosen for row in _set(set_name)], "claims": []}


class Pools:
    """Of some cases the items that are put in order, with what is known of them.

    Attributes:
        X: float32 [n_cases, POOL, d], the features.
        hit: bool [n_cases, POOL], which of them was taken; none where it is not in the pool.
    """

    def __init__(self, members: list[Any], scales: Doubles, counts: Longs, cases: Any) -> None:
        X, hit = [], []
        for start in range(0, len(cases), 200):
            part = cases.take(np.arange(start, min(start + 200, len(cases))))
            found, taken = _pool(members, scales, counts, part)
            X.append(found)
            hit.append(taken)
        self.X: Floats = np.concatenate(X)
        self.hit = np.concatenate(hit)

    def flat(self, cases: slice, most: int = POOL) -> tuple[Floats, Any]:
        """Rows and labels of the cases in which something of the pool was taken."""
        X, hit = self.X[cases, :most], self.hit[cases, :most]
        some = hit.any(axis=1)
        return X[some].reshape(-1, X.shape[2]), hit[some].ravel()


def _pool(members: list[Any], scales: Doubles, counts: Longs, cases: Any) -> tuple[Floats, Any]:
    scores = np.stack([m.score(cases.histories) for m in members], axis=2) / scales
    for row, seen in enumerate(cases.seen):
        scores[row, seen] = -np.inf
    total = scores.sum(axis=2)
    rows = np.argpartition(-total, POOL, axis=1)[:, :POOL]
    order = np.take_along_axis(total, rows, axis=1).argsort(axis=1)[:, ::-1]
    rows = np.take_along_axis(rows, order, axis=1)
    found = np.take_along_axis(scores, rows[:, :, None], axis=1)
    prior = np.log1p(counts)[rows] / np.log1p(counts.max())
    targets = np.array([one[0] for one in cases.targets])
    X = np.concatenate([found, prior[:, :, None]], axis=2).astype(np.float32)
    return X, rows == targets[:, None]


def _set(set_name: str) -> list[dict[str, Any]]:
    replay = live.Replay.of(live._log(set_name), 0.1)
    early = int(len(replay.log) * 0.8)
    before = np.array([r for r in range(early, replay.start) if replay.is_new(r)], np.int64)
    at = [r for r in range(replay.start, len(replay.log)) if replay.is_new(r)]
    rows = np.array([r for r in at if r < replay.start + EVENTS], np.int64)
    past = _pools(replay, early, before[-WEIGHED:])
    now = _pools(replay, replay.start, rows)
    fixed = LogisticRegression(C=1e6, max_iter=1000).fit(*past.flat(slice(None)))
    figures = {"fixed": _ndcg(now, now.X @ fixed.coef_[0])}
    for rate in RATES:
        figures[f"online, rate {rate:g}"] = _online(now, fixed, rate)
    figures["refit"] = _refit(past, now, fixed)
    users = replay.log.user[rows]
    return _rows(set_name, figures, users)


def _pools(replay: Any, until: int, rows: Longs) -> Pools:
    log = replay.log.take(np.arange(until))
    members = [make().fit(live._training(log)) for make in live.MEMBERS.values()]
    cases = replay.cases(rows)
    some = cases.take(np.arange(0, len(cases), max(len(cases) // 200, 1)))
    scores = [m.score(some.histories) for m in members]
    scales = np.array([max(float((s.max(1) - s.mean(1)).mean()), 1e-9) for s in scores])
    return Pools(members, scales, log.item_counts(), cases)


def _online(now: Pools, fixed: LogisticRegression, rate: float) -> Doubles:
    """Each case answered before it is learnt."""
    model = SGDClassifier(
        loss="log_loss", penalty=None, learning_rate="constant", eta0=rate, random_state=0
    )
    model.partial_fit(now.X[0, :2], [0, 1], classes=[False, True])
    model.coef_, model.intercept_ = fixed.coef_.copy(), fixed.intercept_.copy()
    scores = np.empty(now.hit.shape)
    for case, (X, hit) in enumerate(zip(now.X, now.hit, strict=True)):
        scores[case] = X @ model.coef_[0]
        shown = np.argsort(-scores[case], kind="stable")[:K]
        if hit[shown].any():
            model.partial_fit(X[shown], hit[shown])
    return _ndcg(now, scores)


def _refit(past: Pools, now: Pools, fixed: LogisticRegression) -> Doubles:
    scores, model = np.empty(now.hit.shape), fixed
    X, y = past.flat(slice(None))
    for first in range(0, len(now.hit), REFIT_EACH):
        part = slice(first, first + REFIT_EACH)
        scores[part] = now.X[part] @ model.coef_[0]
        more, hit = now.flat(slice(0, first + REFIT_EACH))
        model = LogisticRegression(C=1e6, max_iter=1000)
        model.fit(np.concatenate([X, more]), np.concatenate([y, hit]))
    return _ndcg(now, scores)


def _ndcg(pools: Pools, scores: Floats | Doubles) -> Doubles:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    hit = np.take_along_axis(pools.hit, order, axis=1)
    gains: Doubles = (hit / np.log2(np.arange(K) + 2)).sum(axis=1)
    return gains


def _rows(set_name: str, figures: dict[str, Doubles], users: Any) -> list[dict[str, Any]]:
    rows = []
    for label, values in figures.items():
        one = mean_intervals(values, users, within=(0, 1))
        row = {
            "set": set_name,
            "fusion": label,
            "cases": len(users),
            f"N@{K}": f"{one.value[0]:.4f} ({one.low[0]:.4f} to {one.high[0]:.4f})",
        }
        if label != "fixed":
            (gain,) = compare_family((values - figures["fixed"])[:, None], users, most=1.0)
            row["- fixed"] = f"{gain.difference:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
            share = lift(values, figures["fixed"], users)
            row["/ fixed"] = "" if share is None else f"{100 + share.value:.1f} %"
        rows.append(row)
    return rows
