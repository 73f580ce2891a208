"""Metrics as questions: predictions in, one gain an observation out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from palate import ranks
from palate.arrays import Doubles, Floats, Longs, Rows
from palate.errors import BadInput, Refused, nearest
from palate.inference import cluster_codes
from palate.tables import Cases, TargetRanks
from palate.tables.importance_problem import Question
from palate.tables.labelled_rows import LabelledRows

PerCase = Callable[[TargetRanks], Doubles]
"""Places of the targets -> one number a case."""


def question(labelled: LabelledRows, metric: str = "") -> Question:
    """The question `metric` over rows.

    Args:
        labelled: Held-out rows.
        metric: `"mse"` for a regression; `"logloss"` or `"auc"` for 0 and 1; `"ndcg@K"`,
            `"recall@K"` or `"auc"` (one a request) for rankings; empty: mse, logloss or ndcg@10 by
            the task.

    Raises:
        BadInput: The task has no such metric.
    """
    chosen = (
        metric or {"regression": "mse", "binary": "logloss", "ranking": "ndcg@10"}[labelled.task]
    )
    if labelled.task == "ranking":
        return RequestQuestion.of(labelled, chosen)
    kinds: dict[str, dict[str, Callable[[Doubles, Rows], Question]]] = {
        "regression": {"mse": SquaredError},
        "binary": {"logloss": LogLoss, "auc": Auc},
    }
    allowed = kinds[labelled.task]
    if chosen not in allowed:
        raise BadInput(
            f'a {labelled.task} task has no metric "{chosen}"',
            where="metric",
            allowed=", ".join(allowed),
            next_step=nearest(chosen, allowed),
        )
    return allowed[chosen](labelled.label, labelled.user)


@dataclass(frozen=True, eq=False)
class SquaredError:
    """Squared error of a prediction; gains are its negative.

    Attributes:
        label: float64 [n_rows].
        cluster: int32 [n_rows], the user of each row.
    """

    label: Doubles
    cluster: Rows
    metric = "mse"
    row_wise = True

    def gains(self, predictions: NDArray[Any]) -> Doubles:
        """float64 [n_rows]."""
        return np.asarray(-((self.label - predictions) ** 2), np.float64)


@dataclass(frozen=True, eq=False)
class LogLoss:
    """Minus the log of the probability that was given to what happened; gains are its negative.

    Attributes:
        label: float64 [n_rows], 0 or 1.
        cluster: int32 [n_rows], the user of each row.
    """

    label: Doubles
    cluster: Rows
    metric = "logloss"
    row_wise = True

    def gains(self, predictions: NDArray[Any]) -> Doubles:
        """float64 [n_rows], from probabilities.

        Raises:
            BadInput: A prediction is not a probability.
        """
        if len(predictions) and not (predictions.min() >= 0 and predictions.max() <= 1):
            raise BadInput(
                f"predictions from {predictions.min()} to {predictions.max()}",
                where="logloss",
                allowed="probabilities, 0 to 1",
            )
        p = np.clip(np.where(self.label > 0.5, predictions, 1 - predictions), 1e-12, 1.0)
        return np.asarray(np.log(p), np.float64)


@dataclass(frozen=True, eq=False)
class Auc:
    """Area under the ROC curve over all rows together, as a mean of one value a row.

    A row's value is the area plus how far it moves the area (its placement among the rows of the
    other label), so that the mean is the area and the spread that of DeLong's method.

    Attributes:
        label: float64 [n_rows], 0 or 1.
        cluster: int32 [n_rows], the user of each row.

    DeLong, DeLong & Clarke-Pearson, Biometrics 1988; Obuchowski, Biometrics 1997 (clusters).
    """

    label: Doubles
    cluster: Rows
    metric = "auc"
    row_wise = True

    def gains(self, predictions: NDArray[Any]) -> Doubles:
        """float64 [n_rows].

        Raises:
            Refused: All labels are the same.
        """
        positive = self.label > 0.5
        n, m = int(positive.sum()), int((~positive).sum())
        if min(n, m) == 0:
            raise Refused(
                "all labels are the same, so there is no area under the curve", where="auc"
            )
        overall = stats.rankdata(predictions)
        placement = np.empty(len(predictions))
        placement[positive] = (overall[positive] - stats.rankdata(predictions[positive])) / m
        placement[~positive] = 1 - (overall[~positive] - stats.rankdata(predictions[~positive])) / n
        auc = float(placement[positive].mean())
        share = np.where(positive, n, m) / len(predictions)
        return np.asarray(auc + (placement - auc) / share, np.float64)


@dataclass(frozen=True, eq=False)
class RequestQuestion:
    """A ranking metric over requests whose candidates are rows of a table.

    Requests without a right answer are no observations.

    Attributes:
        metric: e.g. `"ndcg@10"`.
        cluster: int32 [n_requests], the user of each request that has a right answer.
        per_case: The metric.
        request: int64 [n_rows], requests counted from 0.
        positive: int64 [n_positive], rows of right answers.
        answerable: int64 [n_requests], the requests that have one.
        label: float64 [n_rows], 0 or 1.
    """

    metric: str
    cluster: Rows
    per_case: PerCase
    request: Longs
    positive: Longs
    answerable: Longs
    label: Doubles
    row_wise = False

    @classmethod
    def of(cls, labelled: LabelledRows, metric: str) -> RequestQuestion:
        """The question `metric` over the requests of a ranking task."""
        assert labelled.request is not None  # noqa: S101 - checked by Examples
        request = cluster_codes(labelled.request)
        positive = np.flatnonzero(labelled.label > 0.5)
        if not len(positive):
            raise Refused("no request has a right answer", where=metric)
        answerable = np.unique(request[positive])
        first = np.unique(request, return_index=True)[1]
        return cls(
            metric,
            labelled.user[first[answerable]],
            ranking_metric(metric),
            request,
            positive,
            answerable,
            labelled.label,
        )

    def gains(self, predictions: NDArray[Any]) -> Doubles:
        """float64 [n_requests]."""
        position, tied = positions_within(np.asarray(predictions, np.float64), self.request)
        found = TargetRanks(
            self.request[self.positive].astype(np.int32),
            self.positive.astype(np.int32),
            position[self.positive],
            np.bincount(self.request),
            tied[self.positive],
        )
        return self.per_case(found)[self.answerable]


@dataclass(frozen=True, eq=False)
class CasesQuestion:
    """A ranking metric over cases for which every item gets a score.

    Attributes:
        metric: Its label.
        cases: The cases; every case needs a target.
        per_case: The metric.
    """

    metric: str
    cases: Cases
    per_case: PerCase
    row_wise = False

    @property
    def label(self) -> Doubles:
        """Empty: an item is right for some and wrong for others."""
        return np.empty(0)

    @property
    def cluster(self) -> Rows:
        """int32 [n_cases], the user; an unknown one is a user of its own."""
        users = self.cases.histories.users
        return np.where(
            users >= 0, users, int(users.max(initial=0)) + 1 + np.arange(len(users))
        ).astype(np.int32)

    def gains(self, predictions: NDArray[Any]) -> Doubles:
        """float64 [n_cases], from scores [n_cases, n_items]."""
        scores: Floats = np.asarray(predictions, np.float32)
        return self.per_case(ranks.positions(scores, self.cases.seen, self.cases.targets))

    def in_chunks(self, most: int) -> list[CasesQuestion]:
        """The same over at most so many cases each."""
        starts = range(0, len(self.cases), most)
        return [
            replace(self, cases=self.cases.take(np.arange(s, min(s + most, len(self.cases)))))
            for s in starts
        ]


@dataclass(frozen=True, eq=False)
class MeasuredQuestion:
    """A metric that the predictor has taken already: it says one gain a case, not scores.

    Attributes:
        metric: Its label.
        cluster: int32 [n_cases], the user of each.
    """

    metric: str
    cluster: Rows
    row_wise = False

    @property
    def label(self) -> Doubles:
        """Empty: an item is right for some and wrong for others."""
        return np.empty(0)

    def gains(self, predictions: NDArray[Any]) -> Doubles:
        """float64 [n_cases], what was measured."""
        return np.asarray(predictions, np.float64)


def ranking_metric(name: str) -> PerCase:
    """`ndcg@K`, `recall@K` or `auc`, the area within a case.

    Raises:
        BadInput: There is no such metric here.
    """
    kind, _, cut = name.partition("@")
    if name == "auc":
        return _auc
    if kind in ("ndcg", "recall") and cut.isdigit() and int(cut) >= 1:
        k = int(cut)
        return (
            (lambda found: ranks.ndcg(found, k))
            if kind == "ndcg"
            else (lambda found: _recall(found, k))
        )
    raise BadInput(f'no ranking metric "{name}"', where="metric", allowed="ndcg@K, recall@K, auc")


def positions_within(scores: Doubles, group: Longs) -> tuple[Doubles, Doubles]:
    """float64 [n] twice: the rank of each score among those of its group, 1 is best, ties sharing
    the mean rank; and how many tie with it, itself among them.
    """
    order = np.lexsort((-scores, group))
    s, g = scores[order], group[order]
    new_group = np.r_[True, g[1:] != g[:-1]]
    new_value = new_group | np.r_[True, s[1:] != s[:-1]]
    start = np.flatnonzero(new_value)
    last = np.r_[start[1:], len(s)] - 1
    offset = np.flatnonzero(new_group)[np.cumsum(new_group) - 1]
    tie = np.cumsum(new_value) - 1
    position, tied = np.empty(len(s)), np.empty(len(s))
    position[order] = (start[tie] + last[tie]) / 2 - offset + 1
    tied[order] = last[tie] - start[tie] + 1
    return position, tied


def _recall(found: TargetRanks, k: int) -> Doubles:
    inside = ranks.mean_over_ties(found, np.ones(k))
    hits = np.bincount(found.case, weights=inside, minlength=found.n_cases)
    return np.asarray(hits / np.where(found.n_targets() > 0, found.n_targets(), np.nan), np.float64)


def _auc(found: TargetRanks) -> Doubles:
    """Pairs of a right and a wrong answer in the right order; 0.5 where there is no wrong one."""
    wanted = found.n_targets()
    others = found.n_candidates - wanted
    position = np.where(
        np.isfinite(found.position), found.position, found.n_candidates[found.case] + 1.0
    )
    total = np.bincount(found.case, weights=position, minlength=found.n_cases)
    lost = total - wanted * (wanted + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        auc = 1 - lost / (wanted * others)
    return np.asarray(np.where(wanted == 0, np.nan, np.where(others == 0, 0.5, auc)), np.float64)
