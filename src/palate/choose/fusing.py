"""Fusions of the models that did best: of behaviour alone, with what the items say, and put in
order by a second stage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from palate.arrays import Doubles
from palate.budget import Budget
from palate.choose.attempts import Attempts, Candidate
from palate.choose.closer_look import Lead, cases_for, look_closer
from palate.choose.validation import Fitted, Validation
from palate.inference import mean_and_error
from palate.optional import has
from palate.progress import Stopwatch
from palate.registry import PartSpec, spec
from palate.runs.choice_rows import Rung
from palate.stages import EnsembleScorer, Scorer
from palate.tables import Cases

IDS, FEATURES, RANKED = "ids", "ids+features", "ranked"
"""What the fusions are called in the recipe."""
KERNELS = "kernel-"
"""What a kernel is called, before the name of its block."""
KERNEL, BLEND, SECOND_STAGE = "model.text_kernel.v2", "model.blend.v1", "model.lambdamart.v1"
WEIGHED_ON = 3_000
"""Validation cases on which a blend's weights are chosen: every control and ablation chooses them
again."""
HOPE = 0.4
"""A model of less than this share of the best is no member of a fusion."""
LATEST = {"last": 20, "fade": 2.0}
"""The other way for a kernel to look at a history, where its events have an order."""
RISING = "recent-popularity"
"""The family that finds what is on the rise."""
QUICKLY: Mapping[str, Any] = {"half_life": 0.03}
"""How it does, where its settings were not compared to the end."""
TREES: Mapping[str, Any] = {
    "candidates": 50,
    "training_cases": 3_000,
    "wrong": 40,
    "rate": 0.2,
    "bins": 63,
    "patience": 15,
}
"""What a second stage is tried with: shorter and fewer lists, of which trees see some of the wrong
candidates, and fewer trees than by default, since every control and ablation fits one again. On
seven logs within noise of all lists with larger and slower trees, at a third to a sixth of the
time."""
ENOUGH_TO_RANK = 400
"""Targets of validation cases, in each half, that a second stage needs: trees learn from what was
right, and a case of a split by time may have many targets."""
FEWEST_TO_RANK = 100
"""Cases, in each half, that they have to be of."""
SEVERAL = 4
"""Models of behaviour alone that find candidates for a second stage, if there are so many: trees
make use of what a sum gives no weight."""
BEFORE_RANKING = 0.85
"""Of the run's time, by when everything is fitted."""
FITS = 2
"""How often a run fits a second stage in any case: to try it, and with all validation cases."""
FITS_FOR_FEATURES = 3
"""How often besides where there are features: without them, and as two controls."""
SECONDS_A_CASE = 0.0015
"""Of one such fit, roughly, on two cores."""


@dataclass(eq=False)
class Fusing:
    """Makes the fusions of one choice.

    All fusions share one blend: the same members of behaviour alone, the same prior, weights chosen
    on the same cases; so that what the features add is what they add.

    Attributes:
        validation: Fits models and measures them.
        members: Models of behaviour alone, the best first, at most `most` of them.
        budget: How much time is left.
        attempts: Receives the rows.
        watch: Shows the advance.
        whole: How much is left of the time of the run.
        fitted: Name -> the fitted model, members and kernels.
        said: What was found on the way, in sentences.
    """

    validation: Validation
    members: Sequence[Candidate]
    budget: Budget
    attempts: Attempts
    watch: Stopwatch
    whole: Budget = field(default_factory=lambda: Budget(math.inf))
    fitted: dict[str, Scorer] = field(init=False)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fitted = {c.name: c.fitted.scorer for c in self.members if c.fitted is not None}

    def ids(self) -> Candidate | None:
        """The blend of the models of behaviour alone, without those that it gives no weight."""
        names = [c.name for c in self.members]
        one = blend(names)
        whole = self.validation.fit(one, self._of(names))
        weights = whole.scorer.reading().weights if isinstance(whole.scorer, EnsembleScorer) else {}
        kept = [n for i, n in enumerate(names) if i == 0 or weights.get(n)]
        return self._measured(
            IDS, blend(kept), "fusion", 10, fitted=whole if kept == names else None
        )

    def kernels(self, blocks: Sequence[str], *, ordered: bool) -> list[Candidate]:
        """For each block the kernel that reads histories in the better way.

        The first way is tried whatever the time: it is quick, and without kernels nothing could be
        said of the features.
        """
        found = []
        for block in blocks:
            name = f"{KERNELS}{block}"
            ways: list[Mapping[str, Any]] = [{"query": {}}]
            ways += [{"query": LATEST}] if ordered else []
            made = [self._kernel(name, block, way, later=n > 0) for n, way in enumerate(ways)]
            tried = [one for one in made if one is not None]
            if tried:
                best = max(tried, key=lambda c: c.value)
                found.append(best)
                if best.fitted is not None:
                    self.fitted[name] = best.fitted.scorer
        return found

    def features(self, ids: Candidate, kernels: Sequence[Candidate]) -> Candidate | None:
        """The same blend with the kernels beside the other members."""
        names = [*ids.spec.settings.members, *(k.name for k in kernels)]
        return self._measured(FEATURES, blend(names), "fusion", 20)

    def ranked(
        self, first: Candidate, blocks: Sequence[str], found: Sequence[Candidate] = ()
    ) -> Candidate | None:
        """A second stage over the members of a fusion, which puts their best items in order.

        Args:
            first: The fusion.
            blocks: Blocks that describe candidates.
            found: The models that were tried; the recent popularity among them finds candidates
                too: what is on the rise may be no one's neighbour yet.
        """
        names = self._several(first.spec.settings.members)
        for tried in found:
            if tried.name == RISING and tried.name not in names and tried.fitted is not None:
                self.fitted[tried.name] = tried.fitted.scorer
                names.append(tried.name)
        settings = {**TREES, "members": names, "blocks": list(blocks)}
        one = spec({"part": SECOND_STAGE, **settings}, "scorer", RANKED)
        if not has("lightgbm"):
            why = "it needs lightgbm, which is not installed: pip install 'palate[trees]'"
            self.attempts.refused(RANKED, one, "second stage", "not tried", why)
            return None
        enough, why = learnable(self.validation.training.validation)
        if why:
            self.attempts.refused(RANKED, one, "second stage", "not tried", why)
            return None
        # often the best of all: the time of the run counts, not that of the choice
        fits = _fits(blocks)
        expected = SECONDS_A_CASE * min(enough, one.settings.training_cases)
        if not self._limited.fits(fits * expected, BEFORE_RANKING):
            self.attempts.refused(RANKED, one, "second stage", "no time")
            return None
        start = self.whole.spent
        made = self._measured(RANKED, one, "second stage", 30, both=False)
        again = (fits - 1) * (self.whole.spent - start)
        if made is not None and not self.whole.fits(again, BEFORE_RANKING):
            why = "no time is left to fit it again" + (" with its controls" if blocks else "")
            self.attempts.decide(made.row, "no time", why)
            return None
        return made

    def _several(self, names: Sequence[str]) -> list[str]:
        """Members of a fusion, and the best of the others where few of them are of behaviour."""
        known = [one.name for one in self.members]
        left = [name for name in known if name not in names]
        n_more = max(SEVERAL - sum(name in known for name in names), 0)
        return [*names, *left[:n_more]]

    def plain(self, ranked: Candidate, found: Sequence[Candidate]) -> Candidate | None:
        """The same second stage over models of behaviour alone, if it is at least as good on the
        same cases, so that features cost nothing where they add nothing; None where it is not, or
        where there is no time to see.
        """
        names = {one.name for one in found}
        settings = ranked.spec.settings
        left = tuple(name for name in settings.members if name in names)
        if (left, ()) == (settings.members, settings.blocks):
            return None
        one = replace(ranked.spec, settings=replace(settings, members=left, blocks=()))
        seconds = self.attempts.rows[ranked.row].seconds or 0.0
        if not self.whole.fits(_fits(settings.blocks) * seconds, BEFORE_RANKING):
            self.attempts.refused(RANKED, one, "second stage", "no time")
            return None
        made = self._measured(RANKED, one, "second stage", 25, both=False)
        if made is None:
            return None
        if ahead(ranked.values, made.values)[0] > 0:
            self.attempts.decide(made.row, "dropped", "the features raise it on the same cases")
            return None
        self.attempts.decide(ranked.row, "dropped", "no better than without the features")
        return made

    def lead(self, ranked: Candidate, best: Candidate) -> Lead:
        """By how much a second stage is ahead of the best so far; on more cases where those that it
        was tried on cannot tell, and there is time.
        """
        first = Lead.of(ranked.values, best.values)
        if not first.open:
            return first
        seconds = self.attempts.rows[ranked.row].seconds or 0.0
        needed = (_fits(ranked.spec.settings.blocks) - 1) * seconds
        there = len(self.validation.training.validation)
        n_cases = cases_for(first, seconds, needed, self._limited, there)
        if not n_cases:
            return first
        wide = self.validation.wider(n_cases)
        with self.watch.stage("look at more cases"):
            found = look_closer(ranked, best, self.fitted, wide, self.attempts)
        if found is None:
            return first
        self.said.append(found.sentence(ranked.name, best.name, first))
        return found

    @property
    def _limited(self) -> Budget:
        """What limits a second stage: the time of the run, where it has one."""
        return self.whole if math.isfinite(self.whole.seconds) else self.budget

    def _kernel(
        self, name: str, block: str, way: Mapping[str, Any], *, later: bool
    ) -> Candidate | None:
        one = spec({"part": KERNEL, "block": block, **way}, "scorer", name)
        if later and not self.budget.fits(0.0):
            self.attempts.refused(name, one, "fusion", "no time")
            return None
        return self.attempts.tried(name, one, "fusion", 5, partial(self.validation.alone, one))

    def _measured(
        self,
        name: str,
        one: PartSpec[Scorer],
        rung: Rung,
        simplicity: int,
        *,
        both: bool = True,
        fitted: Fitted | None = None,
    ) -> Candidate | None:
        """A fusion on halves of the validation cases; `fitted` is it on all of them, if known."""
        members = self._of(one.settings.members)

        def measure() -> tuple[Doubles, Fitted | None]:
            return self.validation.values_by_halves(one, members, both=both), fitted

        with self.watch.stage(f"try {name}"):
            return self.attempts.tried(name, one, rung, simplicity, measure)

    def _of(self, names: Sequence[str]) -> dict[str, Scorer]:
        return {name: self.fitted[name] for name in names}


def _fits(blocks: Sequence[str]) -> int:
    """How often a run fits a second stage with these blocks."""
    return FITS + (FITS_FOR_FEATURES if blocks else 0)


def learnable(validation: Cases) -> tuple[int, str]:
    """Cases in each half of the validation cases, and why trees can't learn from so few, if so."""
    cases, targets = len(validation) // 2, len(validation.targets.values) // 2
    if targets < ENOUGH_TO_RANK:
        return cases, (
            f"{targets:,} targets in each half of the validation cases, and trees need"
            f" {ENOUGH_TO_RANK:,}"
        )
    if cases < FEWEST_TO_RANK:
        return cases, f"{cases:,} validation cases in each half, and trees need {FEWEST_TO_RANK:,}"
    return cases, ""


def blend(members: Sequence[str]) -> PartSpec[Scorer]:
    """The blend that all fusions share, with these members."""
    settings = {"members": list(members), "prior": True, "n_validation": WEIGHED_ON}
    return spec({"part": BLEND, **settings}, "scorer", "models")


def promising(found: Sequence[Candidate], most: int) -> list[Candidate]:
    """The best models of behaviour alone, as members of a fusion."""
    top = found[0].value
    return [c for c in found if c.value >= HOPE * top][:most]


def ahead(a: Doubles, b: Doubles) -> tuple[float, float]:
    """Mean of a - b over the cases that both were measured on, and its standard error."""
    return mean_and_error(a - b)
