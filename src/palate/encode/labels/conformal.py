"""Sets of options that hold the right one as often as stated, whatever the classifier is like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Mask
from palate.tables.questions import QuestionKind


@dataclass(frozen=True, eq=False)
class PredictionSets:
    """Prediction sets from labels that each fold's classifier did not learn from.

    With one fold it is split conformal prediction: over draws of labelled and new items from one
    population a set misses the right option with a probability of `alpha` at most. With several it
    is cross-conformal prediction: nothing is lost to holding labels back, the bound is twice as
    wide on paper and holds in practice. Neither holds where labels were picked and not drawn.

    Attributes:
        kind: `"label"`: a set of options; `"labels"`: for each option a set of "holds" and "does
            not".
        alpha: Share of sets that may miss the right answer.
        strange: One array a fold, float64 [n, 1] or [n, k]: one less the probability of what was
            true, of the labelled items that the fold's classifier did not learn from, ascending
            down the columns.

    Vovk, Cross-conformal predictors, Annals of Mathematics and Artificial Intelligence 2015;
    Sadinle, Lei, Wasserman, Least ambiguous set-valued classifiers with bounded error levels, JASA
    2019.
    """

    kind: QuestionKind
    alpha: float
    strange: tuple[Doubles, ...]

    @classmethod
    def learn(
        cls,
        kind: QuestionKind,
        alpha: float,
        probabilities: Sequence[Doubles],
        truth: Sequence[Doubles],
    ) -> PredictionSets:
        """From what each fold says of its labelled items.

        Args:
            kind: Of the question.
            alpha: As above.
            probabilities: One float64 [n, k] a fold.
            truth: Likewise, 1 where the option holds, or a teacher's probabilities.
        """
        scores = []
        for p, y in zip(probabilities, truth, strict=True):
            if kind == "label":
                best = y.argmax(axis=1) if len(y) else np.zeros(0, np.int64)
                one = 1 - np.take_along_axis(p, best[:, None], axis=1)
            else:
                one = np.where(y >= 0.5, 1 - p, p)
            scores.append(np.sort(one, axis=0))
        return cls(kind, alpha, tuple(scores))

    @property
    def n_labels(self) -> int:
        """Labelled items behind the sets; with fewer than 1 / alpha every set holds everything."""
        return sum(len(s) for s in self.strange)

    def may_be(self, probabilities: Sequence[Doubles]) -> tuple[Mask, Mask]:
        """bool [n, k] and bool [n, k]: whether each option may hold, and whether it may not.

        Args:
            probabilities: One float64 [n, k] a fold, of the same items.
        """
        holds = self._may([1 - p for p in probabilities])
        if self.kind == "label":
            others = holds.sum(axis=1, keepdims=True) - holds > 0
            return holds, others | ~holds
        return holds, self._may(list(probabilities))

    def _may(self, strange: Sequence[Doubles]) -> Mask:
        """bool [n, k]: whether so strange an answer is seen in more than `alpha` of the items."""
        at_least = np.zeros(strange[0].shape)
        for known, new in zip(self.strange, strange, strict=True):
            for option in range(new.shape[1]):
                column = known[:, option if known.shape[1] > 1 else 0]
                # ties count as at least as strange; rounding must not make the set smaller
                below = np.searchsorted(column, new[:, option] - 1e-9)
                at_least[:, option] += len(column) - below
        return np.asarray((1 + at_least) / (self.n_labels + 1) > self.alpha)
