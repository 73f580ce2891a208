"""A classifier from few labels and many texts without: its own surest answers become labels, where
that helps on labels that it did not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from palate.arrays import Doubles, Longs, Mask
from palate.encode.labels.boosted import fit_boosted
from palate.encode.labels.calibration import (
    Calibration,
    CalibrationMethod,
    calibrated,
    log_loss,
)
from palate.encode.labels.conformal import PredictionSets
from palate.encode.labels.linear import fit_linear
from palate.inference import mean_and_error
from palate.seeding import generator, seed_of
from palate.tables.questions import Question

ClassifierKind: TypeAlias = Literal["linear", "boosted"]
"""Logistic regression, or boosted trees."""


class Margins(Protocol):
    """A fitted classifier."""

    def margins(self, X: Doubles) -> Doubles:
        """float64 [n, k]: log-odds of each option for vectors X [n, d]."""
        ...


@dataclass(frozen=True)
class LearnsLabels:
    """How labels are learnt.

    Attributes:
        classifier: See `ClassifierKind`.
        strength: How closely the linear one follows the labels.
        trees: Of each option, where it is boosted.
        rounds: How often it is taught on its own answers; 0: never.
        confidence: How sure it has to be of those, calibrated.
        calibration: See `CalibrationMethod`.
        folds: Parts that the labels are dealt into; 1: a third is held back instead, and is not
            learnt from.
        alpha: Of the prediction sets.
        seed: Of the folds.
    """

    classifier: ClassifierKind = "linear"
    strength: float = 10.0
    trees: int = 60
    rounds: int = 1
    confidence: float = 0.95
    calibration: CalibrationMethod = "temperature"
    folds: int = 5
    alpha: float = 0.1
    seed: int = 0

    def fit(self, question: Question, X: Doubles, Y: Doubles) -> Margins:
        """Learn from vectors X [n, d] and labels Y [n, k], NaN where unknown."""
        if self.classifier == "linear":
            return fit_linear(question.kind, X, Y, self.strength)
        return fit_boosted(X, Y, self.trees, seed_of(self.seed, "trees of labels", question.name))


@dataclass(frozen=True, eq=False)
class LearntLabels:
    """What was learnt of one question.

    Attributes:
        kind: Of the question.
        classifier: Learnt from all labels.
        calibration: Of its log-odds, and of those of the folds.
        folds: Classifiers that did not see the labels of their fold.
        sets: What the folds say of the labels that they did not see.
        n_labels: Labels that it learnt from.
        n_picked: Labels of these that were picked and not drawn, behind calibration and sets
            nevertheless.
        added: Items whose own answer it was taught on; 0 where that did not help.
        gain: How much lower its log loss is on labels that it did not see, by being taught on its
            own answers; what was tried and did not help is negative.
    """

    kind: Literal["label", "labels"]
    classifier: Margins
    calibration: Calibration
    folds: tuple[Margins, ...]
    sets: PredictionSets
    n_labels: int
    n_picked: int
    added: int = 0
    gain: float = 0.0

    def probabilities(self, X: Doubles) -> Doubles:
        """float64 [n, k], calibrated, of vectors X [n, d]."""
        return self.calibration.probabilities(self.classifier.margins(X))

    def may_be(self, X: Doubles) -> tuple[Mask, Mask]:
        """bool [n, k] and bool [n, k]: whether each option may hold, and whether it may not."""
        return self.sets.may_be([self.calibration.probabilities(f.margins(X)) for f in self.folds])


@dataclass(frozen=True, eq=False)
class _Tried:
    """Classifiers on the folds, and their log-odds of the labels that they did not see."""

    folds: tuple[Margins, ...]
    margins: Doubles
    calibration: Calibration
    losses: Doubles
    added: int


@dataclass(frozen=True, eq=False)
class _Labels:
    """Everything that is learnt from; see `learn_labels`."""

    question: Question
    X: Doubles
    Y: Doubles
    drawn: Mask
    pool: Doubles
    how: LearnsLabels
    copies: Doubles | None = None

    def fit(self, rows: Longs, own: tuple[Doubles, Doubles] | None = None) -> Margins:
        X, Y = self.X[rows], self.Y[rows]
        if self.copies is not None:
            # a copy goes where its original goes, or a fold would see what it must not know
            some = self.copies[rows]
            X = np.concatenate([X, some.reshape(-1, X.shape[1])])
            Y = np.concatenate([Y, np.repeat(Y, some.shape[1], axis=0)])
        if own is not None:
            X, Y = np.concatenate([X, own[0]]), np.concatenate([Y, own[1]])
        return self.how.fit(self.question, X, Y)

    def own_answers(self, classifier: Margins, calibration: Calibration) -> tuple[Doubles, Doubles]:
        """Vectors and answers that are sure enough, NaN in place of single options that are not."""
        p = calibration.probabilities(classifier.margins(self.pool))
        if self.question.kind == "label":
            sure = (p.max(axis=1) >= self.how.confidence)[:, None]
        else:
            sure = np.maximum(p, 1 - p) >= self.how.confidence
        answers = np.where(sure, p, np.nan)
        there = ~np.isnan(answers).all(axis=1)
        return self.pool[there], answers[there]

    def tried(self, held: list[Longs], before: _Tried | None = None) -> _Tried:
        """One classifier a fold, taught on the others and, after a first try, on its answers."""
        margins, folds, added = np.full(self.Y.shape, np.nan), [], 0
        for fold, rows in enumerate(held):
            rest = np.setdiff1d(np.arange(len(self.X)), rows)
            own = None
            if before is not None:
                own = self.own_answers(before.folds[fold], before.calibration)
                added += len(own[0])
            folds.append(self.fit(rest, own))
            margins[rows] = folds[-1].margins(self.X[rows])
        there = self.drawn & ~np.isnan(margins).any(axis=1)
        kind, truth = self.question.kind, self.Y[there]
        calibration = calibrated(kind, self.how.calibration, margins[there], truth)
        losses = log_loss(calibration.probabilities(margins[there]), truth, kind)
        return _Tried(tuple(folds), margins, calibration, losses, added)

    def sets(self, held: list[Longs], best: _Tried) -> PredictionSets:
        own = [rows[self.drawn[rows]] for rows in held]
        p = [best.calibration.probabilities(best.margins[rows]) for rows in own]
        truth = [self.Y[rows] for rows in own]
        return PredictionSets.learn(self.question.kind, self.how.alpha, p, truth)


def learn_labels(
    question: Question,
    X: Doubles,
    Y: Doubles,
    drawn: Mask,
    pool: Doubles,
    how: LearnsLabels,
    copies: Doubles | None = None,
) -> LearntLabels:
    """Learn one question of kind `"label"` or `"labels"`.

    Args:
        question: The question.
        X: float64 [n, d], vectors of labelled items.
        Y: float64 [n, k], their labels.
        drawn: bool [n], labels of items that were drawn, and not picked for being hard: calibration
            and prediction sets rest on them. All of them where they are fewer than `_ENOUGH`.
        pool: float64 [m, d], vectors of items without a label.
        how: See `LearnsLabels`.
        copies: float64 [n, n_copies, d], vectors of changed copies of each labelled text, which
            count as much as it does; None: there are none.

    Cost: `folds + 1` fits, and as many for each round of self-training.
    """
    n_picked = 0
    if drawn.sum() < _ENOUGH:
        n_picked, drawn = int((~drawn).sum()), np.ones(len(X), np.bool_)
    labels = _Labels(question, X, Y, drawn, pool, how, copies)
    held = _held_back(len(X), drawn, how, question.name)
    # what is held back for split conformal sets is not learnt from
    kept = np.setdiff1d(np.arange(len(X)), held[0]) if how.folds == 1 else np.arange(len(X))
    best, classifier = labels.tried(held), labels.fit(kept)
    added, gain = 0, 0.0
    for _ in range(how.rounds if len(pool) else 0):
        # each fold is taught on its own answers: those of another one would tell what it must not
        # know
        another = labels.tried(held, best)
        change, error = mean_and_error(best.losses - another.losses)
        # less than a standard error is as good as nothing
        if not another.added or change <= error:
            gain = gain or change
            break
        own = labels.own_answers(classifier, best.calibration)
        classifier = labels.fit(kept, own)
        best, added, gain = another, len(own[0]), gain + change
    kind: Any = question.kind
    sets = labels.sets(held, best)
    return LearntLabels(
        kind, classifier, best.calibration, best.folds, sets, len(kept), n_picked, added, gain
    )


_ENOUGH = 30
"""Drawn labels that are enough to calibrate on."""


def _held_back(n: int, drawn: Mask, how: LearnsLabels, name: str) -> list[Longs]:
    """Rows of the labels of each fold; every row is in one, or a third of the drawn ones is."""
    rng = generator(how.seed, "folds of labels", name)
    if how.folds == 1:
        rows = rng.permutation(np.flatnonzero(drawn))
        return [np.sort(rows[: max(len(rows) // 3, 1)]).astype(np.int64)]
    order = rng.permutation(n)
    k = min(how.folds, n)
    return [np.sort(order[fold::k]).astype(np.int64) for fold in range(k)]
