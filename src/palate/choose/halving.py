"""Models of behaviour alone: many are tried on some users, the better ones on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from palate.budget import Budget
from palate.choose.attempts import Attempts, Candidate
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
BEFORE_SLOW, SLOW = 0.5, 0.75
"""Of a rung's time, by when the grids of quick families end if slow ones wait, and these then."""

_Try: TypeAlias = tuple[Family, PartSpec[Scorer]]


@dataclass(frozen=True, eq=False)
class Halving:
    """Successive halving over families of models.

    First every quick family with its first two settings, then the other settings of the families
    that are not far behind, then slow families; where the log is long all this on a sample of its
    users, and the best few once more on everybody.

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
            best = _by_family(self._again(found, growth))
        self.validation.forget_all_but([one.fitted for one in best])
        return best

    def _tried(
        self, validation: Validation, training: Training, rung: Rung, share: float
    ) -> list[Candidate]:
        """The first settings of every quick family, the rest of the grids of those that are not far
        behind, then the slow families, and what there was no time for before them.
        """
        slow = [family for family in self.families if family.limit]
        before = share * BEFORE_SLOW if slow else share
        tries = _Tries(self, validation, training, rung)
        quick = _firsts([family for family in self.families if not family.limit])
        waiting = tries.run(quick, share)
        waiting += tries.run(_others(self.families, tries.found), before)
        waiting = tries.run([*_firsts(slow), *waiting], share)
        for family, one in waiting:
            self.attempts.refused(family.name, one, rung, "no time")
        return tries.found

    def _again(self, found: Sequence[Candidate], growth: float) -> list[Candidate]:
        """The best few, fitted on all users; the simplest family is always among them."""
        known = {family.name: family for family in self.families}
        out: list[Candidate] = []
        for one in _finalists(found):
            expected = growth * (self.attempts.rows[one.row].seconds or 0.0)
            if out and not self.budget.fits(float(expected), SHARE_ALL):
                self.attempts.refused(one.name, one.spec, "all", "no time")
                continue
            made = self.measured(
                self.validation, known[one.name], one.spec, self.validation.training, "all"
            )
            if made is not None:
                out.append(made)
        return out

    def measured(
        self,
        validation: Validation,
        family: Family,
        one: PartSpec[Scorer],
        training: Training,
        rung: Rung,
    ) -> Candidate | None:
        """Fit and measure one model; None where it cannot be fitted."""
        self.watch.progress.note(f"{family.name} ({len(self.attempts.rows) + 1})")
        measure = partial(validation.alone, one, training)
        return self.attempts.tried(family.name, one, rung, family.simplicity, measure)


@dataclass(eq=False)
class _Tries:
    """What was found on one rung, and how long a fit of each family took there."""

    halving: Halving
    validation: Validation
    training: Training
    rung: Rung
    found: list[Candidate] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, tries: Iterable[_Try], share: float) -> list[_Try]:
        """Fit and measure one after the other; gives those that there was no time for."""
        waiting = []
        for family, one in tries:
            expected = self.seconds.get(family.name, 0.0)
            if self.found and not self.halving.budget.fits(expected, share):
                waiting.append((family, one))
                continue
            start = self.halving.budget.spent
            made = self._limited(family, one, share) if family.limit else self._made(family, one)
            self.seconds[family.name] = self.halving.budget.spent - start
            if made is not None:
                # what was fitted on some users is fitted again on all: its figures are enough
                self.found.append(made if self.rung == "all" else replace(made, fitted=None))
        return waiting

    def _made(self, family: Family, one: PartSpec[Scorer]) -> Candidate | None:
        return self.halving.measured(self.validation, family, one, self.training, self.rung)

    def _limited(self, family: Family, one: PartSpec[Scorer], share: float) -> Candidate | None:
        """A model of a slow family, in what is left of this share of the time; its settings name
        the limit only where it was needed, so that they do not depend on the time elsewhere.
        """
        budget, start = self.halving.budget, self.halving.budget.spent
        # fitted twice: for the run, and on half of the validation cases to be measured
        limit = max(round((SLOW * share * budget.seconds - start) / 2, 1), 0.1)
        limited = _spec(family, family.within(family.grid[0], limit))
        made = self._made(family, limited)
        if made is None or budget.spent - start >= limit:
            return made
        return self.halving.attempts.as_fitted(made, one)


def _firsts(families: Sequence[Family]) -> list[_Try]:
    """First settings of all families, then the second ones."""
    return [
        (family, _spec(family, family.grid[place]))
        for place in range(FIRST)
        for family in families
        if place < len(family.grid)
    ]


def _others(families: Sequence[Family], found: Sequence[Candidate]) -> list[_Try]:
    """The other settings of the families that are not far behind, the best family first."""
    best = {c.name: c.value for c in sorted(found, key=lambda c: c.value)}
    top = max(best.values(), default=0.0)
    alive = [f for f in families if f.name in best and best[f.name] >= HOPE * top]
    return [
        (family, _spec(family, settings))
        for family in sorted(alive, key=lambda f: -best[f.name])
        for settings in family.grid[FIRST:]
    ]


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
