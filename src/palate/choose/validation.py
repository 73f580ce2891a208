"""Candidates are fitted on the training part and judged on validation cases, all on the same
ones.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from palate import ranks
from palate.arrays import Doubles, Rows
from palate.capabilities import LearnsOnce
from palate.recipe.metrics import metric, of_ranks
from palate.registry import PartSpec
from palate.seeding import generator
from palate.stages import FitContext, Scorer
from palate.tables import Cases, Training

CHUNK = 512


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model and what it cost.

    Attributes:
        scorer: The model.
        seconds: Wall time of fitting it.
    """

    scorer: Scorer
    seconds: float


@dataclass(frozen=True, eq=False)
class Validation:
    """The validation cases and how they are looked at.

    A model that chooses weights or stops early on validation cases is fitted on one half of them
    and measured on the other, and once more the other way round: no case measures a weight that was
    chosen on it.

    Attributes:
        training: The training part, its features and all validation cases.
        cases: int64 [n], the validation cases that measure, in random order.
        context: What models get when they are fitted.
        label: The metric.
        learnt: Models that need not learn again to look at histories in another way: their part,
            what they learnt from, and they.
    """

    training: Training
    cases: Rows
    context: FitContext
    label: str
    learnt: list[tuple[str, Training, Fitted]] = field(default_factory=list)

    @classmethod
    def of(cls, training: Training, context: FitContext, label: str, most: int) -> Validation:
        """At most `most` of the validation cases, drawn by the context's seed.

        Args:
            training: The training part, its features and the validation cases.
            context: What models get when they are fitted.
            label: The metric of the recipe; one that looks at whole lists gives way to NDCG@10.
            most: Most cases.
        """
        order = generator(context.seed, "choose", "cases").permutation(len(training.validation))
        return cls(training, order[:most].astype(np.int32), context, of_ranks(label))

    def __len__(self) -> int:
        return len(self.cases)

    def few(self, most: int) -> Validation:
        """The same with the first cases alone, and nothing learnt yet."""
        return replace(self, cases=self.cases[:most], learnt=[])

    def wider(self, most: int) -> Validation:
        """The same with more of the validation cases, as `of` draws them; the first ones stay."""
        return replace(self, cases=self.of(self.training, self.context, self.label, most).cases)

    def forget_all_but(self, kept: Sequence[Fitted | None]) -> None:
        """Let go of the models that learnt, but for those that are `kept`."""
        wanted = {id(one) for one in kept}
        self.learnt[:] = [one for one in self.learnt if id(one[2]) in wanted]

    def fit(
        self,
        spec: PartSpec[Scorer],
        members: Mapping[str, Scorer] | None = None,
        training: Training | None = None,
    ) -> Fitted:
        """A model fitted on the training part, or on another one.

        What item-item models learn does not depend on how histories are looked at, and is learnt
        once.
        """
        start = time.perf_counter()
        whole = training or self.training
        for part, learnt_from, known in self.learnt:
            alike = part == spec.name and learnt_from is whole
            if alike and isinstance(known.scorer, LearnsOnce):
                again = known.scorer.under(spec.settings)
                if again is not None:
                    return Fitted(again, known.seconds)
        context = replace(self.context, members=members or {})
        scorer = spec.build().fit(whole, context)
        fitted = Fitted(scorer, time.perf_counter() - start)
        if isinstance(scorer, LearnsOnce):
            self.learnt.append((spec.name, whole, fitted))
        return fitted

    def alone(
        self, spec: PartSpec[Scorer], training: Training | None = None
    ) -> tuple[Doubles, Fitted]:
        """float64 [n], the metric case by case of a model without members, and the model.

        One that stops early on validation cases is measured on half of them.
        """
        fitted = self.fit(spec, training=training)
        if fitted.scorer.uses_validation:
            return self.values_by_halves(spec, {}, both=False), fitted
        return self.values(fitted.scorer), fitted

    def values(self, scorer: Scorer) -> Doubles:
        """float64 [n], the metric case by case of a fitted model that looks at none of them."""
        return self._values(scorer, self.cases)

    def values_by_halves(
        self, spec: PartSpec[Scorer], members: Mapping[str, Scorer], *, both: bool = True
    ) -> Doubles:
        """float64 [n], the same of a model that is fitted on validation cases too.

        Args:
            spec: The model.
            members: What it is made of, fitted.
            both: Whether each half measures what the other chose; else the first half stays NaN.
        """
        middle = len(self.cases) // 2
        first, second = self.cases[:middle], self.cases[middle:]
        out = np.full(len(self.cases), np.nan)
        out[middle:] = self._chosen_on(spec, members, self._beside(second), second)
        if both:
            out[:middle] = self._chosen_on(spec, members, self._beside(first), first)
        return out

    def _beside(self, judging: Rows) -> Rows:
        """All validation cases but these."""
        left = np.ones(len(self.training.validation), np.bool_)
        left[judging] = False
        return np.flatnonzero(left).astype(np.int32)

    def _chosen_on(
        self, spec: PartSpec[Scorer], members: Mapping[str, Scorer], choosing: Rows, judging: Rows
    ) -> Doubles:
        half = replace(self.training, validation=self.training.validation.take(choosing))
        return self._values(self.fit(spec, members, half).scorer, judging)

    def _values(self, scorer: Scorer, cases: Rows) -> Doubles:
        found: Any = metric(self.label)
        parts = [
            _per_case(found, scorer, self.training.validation.take(cases[start : start + CHUNK]))
            for start in range(0, len(cases), CHUNK)
        ]
        return np.concatenate(parts) if parts else np.empty(0)


def _per_case(found: Any, scorer: Scorer, cases: Cases) -> Doubles:
    positions = ranks.positions(scorer.score(cases.histories), cases.seen, cases.targets)
    return np.asarray(found.per_case(positions), np.float64)


def sampled(training: Training, events: int, seed: int) -> Training:
    """The training part of some users, drawn by seed, of about so many events; the whole one where
    it has no more.
    """
    log = training.log
    if len(log) <= events:
        return training
    counts = np.bincount(log.user, minlength=log.n_users)
    order = generator(seed, "choose", "users").permutation(log.n_users)
    n_users = max(1, int(np.searchsorted(np.cumsum(counts[order]), events, side="right")))
    kept = np.zeros(log.n_users, np.bool_)
    kept[order[:n_users]] = True
    return replace(training, log=log.take(np.flatnonzero(kept[log.user])))
