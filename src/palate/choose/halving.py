"""Models of behaviour alone: many are tried on some users, the better ones on all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from palate.choose.attempts import Attempts, Candidate
from palate.choose.budget import Budget
from palate.choose.portfolio import Family
from palate.choose.validation import Validation, sampled
from palate.progress import Stopwatch
from palate.registry import PartSpec, spec
from palate.runs.choice_rows import Rung
from palate.stages import Scorer
from palate.tables import Training

SAMPLE_EVENTS = 250_000
"""A training part of more events is first seen through some of its users."""
SAMPLE_CASES = 600
"""Validation cases that measure a model on the sample."""
FIRST = 2
"""Settings of each family that are tried in any case: a ridge that is too weak for one log is right
for another, and the first figure alone would give the family up."""
HOPE = 0.6
"""A family whose first settings all reach less than this share of the best is tried no further."""
FINALISTS = 8
PER_FAMILY = 2
SHARE_SAMPLE, SHARE_ALL = 0.35, 0.6
"""Of the time, by when each rung ends."""


@dataclass(frozen=True, eq=False)
class Halving:
    """Successive halving over families of models.

    First every family with its first two settings, then the other settings of the families that are
    not far behind; where the log is long all this on a sample of its users, and the best few once
    more on everybody.

    Attributes:
        validation: Fits models and measures them.
        families: What there is to try, the likeliest first.
        budget: How much time is left.
        attempts: Receives the rows.
        watch: Shows the advance.

    Jamieson & Talwalkar, Non-stochastic best arm identification and hyperparameter optimization,
    AISTATS 2016.
    """

    validation: Validation
    families: Sequence[Family]
    budget: Budget
    attempts: Attempts
    watch: Stopwatch

    def best_of_each(self) -> list[Candidate]:
        """The best candidate of each family that came to the last rung, the best family first."""
        training = self.validation.training
        small = sampled(training, SAMPLE_EVENTS, self.validation.context.seed)
        if small is training:
            with self.watch.stage("try models"):
                return _by_family(self._tried(self.validation, small, "all", SHARE_ALL))
        with self.watch.stage("try models on some users"):
            few = self.validation.few(SAMPLE_CASES)
            found = self._tried(few, small, "sample", SHARE_SAMPLE)
        growth = len(training.log) / max(len(small.log), 1)
        with self.watch.stage("try the better ones on all users"):
            return _by_family(self._again(found, growth))

    def _tried(
        self, validation: Validation, training: Training, rung: Rung, share: float
    ) -> list[Candidate]:
        """Every family once, then the rest of the grids of those that are not far behind."""
        found: list[Candidate] = []
        seconds: dict[str, float] = {}
        for family, one in self._in_turn(found):
            expected = seconds.get(family.name, 0.0)
            if not self.budget.fits(expected, share) and found:
                self.attempts.refused(family.name, one, rung, "no time")
                continue
            start = time.perf_counter()
            made = self._measured(validation, family, one, training, rung)
            seconds[family.name] = time.perf_counter() - start
            if made is not None:
                found.append(made)
        return found

    def _in_turn(self, found: Sequence[Candidate]) -> Iterator[tuple[Family, PartSpec[Scorer]]]:
        """First settings of all families, then the others of those that `found` speaks for."""
        for place in range(FIRST):
            for family in self.families:
                if place < len(family.grid):
                    yield family, _spec(family, family.grid[place])
        best = {c.name: c.value for c in sorted(found, key=lambda c: c.value)}
        top = max(best.values(), default=0.0)
        alive = [f for f in self.families if f.name in best and best[f.name] >= HOPE * top]
        for family in sorted(alive, key=lambda f: -best[f.name]):
            for settings in family.grid[FIRST:]:
                yield family, _spec(family, settings)

    def _again(self, found: Sequence[Candidate], growth: float) -> list[Candidate]:
        """The best few, fitted on all users; the simplest family is always among them."""
        known = {family.name: family for family in self.families}
        out: list[Candidate] = []
        for one in _finalists(found):
            expected = growth * (self.attempts.rows[one.row].seconds or 0.0)
            if out and not self.budget.fits(float(expected), SHARE_ALL):
                self.attempts.refused(one.name, one.spec, "all", "no time")
                continue
            made = self._measured(
                self.validation, known[one.name], one.spec, self.validation.training, "all"
            )
            if made is not None:
                out.append(made)
        return out

    def _measured(
        self,
        validation: Validation,
        family: Family,
        one: PartSpec[Scorer],
        training: Training,
        rung: Rung,
    ) -> Candidate | None:
        self.watch.progress.note(f"{family.name} ({len(self.attempts.rows) + 1})")
        measure = partial(validation.alone, one, training)
        return self.attempts.tried(family.name, one, rung, family.simplicity, measure)


def _spec(family: Family, settings: Mapping[str, Any]) -> PartSpec[Scorer]:
    return spec({"part": family.part, **settings}, "scorer", f"models.{family.name}")


def _finalists(found: Sequence[Candidate]) -> list[Candidate]:
    """The best few, at most two of a family, the simplest of all always first."""
    ordered = sorted(found, key=lambda c: (-c.value, c.simplicity))
    if not found:
        return []
    simplest = min(found, key=lambda c: (c.simplicity, -c.value))
    kept = [simplest]
    for one in ordered:
        own = sum(c.name == one.name for c in kept)
        if one is not simplest and own < PER_FAMILY and len(kept) < FINALISTS:
            kept.append(one)
    return kept


def _by_family(found: Sequence[Candidate]) -> list[Candidate]:
    best: dict[str, Candidate] = {}
    for one in found:
        if one.name not in best or one.value > best[one.name].value:
            best[one.name] = one
    return sorted(best.values(), key=lambda c: (-c.value, c.simplicity))
