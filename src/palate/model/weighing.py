"""The search for a blend's coefficients: more complicated only where the validation cases say so
clearly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from palate.arrays import Doubles
from palate.inference import mean_and_error
from palate.model.shortlist import Shortlist
from palate.model.weighted_sums import Coefficients, WeightedSums

# Grids, because NDCG is a step function of the weights: it has no slope that one could follow.
GATE_SLOPES = (0.5, 1.0, 2.0)
GATE_MIDDLES = (3.0, 10.0, 30.0, 100.0)
GATE_BOOSTS = (1.0, 1.5, 2.0, 3.0)
PRIORS = (0.02, 0.05, 0.1, 0.2, 0.5)
SHARES = (1.0, 0.75, 0.5)
REFINEMENTS = (0.75, 0.85, 1.0, 1.15, 1.35)


@dataclass(frozen=True)
class Step:
    """One question that was put to the validation cases.

    Attributes:
        question: What was tried.
        ndcg: Mean NDCG at k of the best answer.
        gain: Its mean difference from the form before.
        error: Standard error of that difference, paired over cases.
        adopted: Whether it was taken.
    """

    question: str
    ndcg: float
    gain: float
    error: float
    adopted: bool


@dataclass
class Weighing:
    """Coordinate search over weights, gate and prior on a shortlist.

    Begins with the first member alone. A member, a gate or a prior is added only if it raises the
    mean NDCG by more than `evidence` standard errors of the paired difference: with noise for a
    feature this keeps the weight at 0, and so keeps the test result unchanged too.

    Attributes:
        names: Members, the ID model first.
        listed: Their scores on the validation cases.
        counts: float64 [n_items], training events of each item.
        grid: Weights to try for each member beside 0.
        k: Depth of the NDCG.
        evidence: How many standard errors an addition must gain.
        steps: What was tried so far, and the results.
    """

    names: tuple[str, ...]
    listed: Shortlist
    counts: Doubles
    grid: tuple[float, ...]
    k: int
    evidence: float
    steps: list[Step] = field(default_factory=list)
    _known: dict[tuple[float, ...], Doubles] = field(default_factory=dict)

    def search(self, gate: bool, prior: bool) -> Coefficients:
        """The coefficients, found step by step; `steps` tells how."""
        scales = dict(zip(self.names, self.listed.scale.tolist(), strict=True))
        best = Coefficients({n: float(n == self.names[0]) for n in self.names}, scales)
        best = self._grown(best, gate)
        if len(self.names) > 2:
            # With the later members in place, all are weighed again.
            for name in self.names[1:]:
                best = self._reweighed(best, name)
        best = self._refined(best)
        if gate and best.gate_b == 0 and any(best.weights[n] for n in self.names[1:]):
            best = self._tried("popularity gate", best, self._gates(best, GATE_BOOSTS))
        if prior:
            best = self._tried("popularity prior", best, [replace(best, prior=p) for p in PRIORS])
        return self._without_first(best)

    def ndcg(self, form: Coefficients) -> Doubles:
        """float64 [n_cases], NDCG at k of one form."""
        self._measure([form])
        return self._known[_key(form)]

    def _grown(self, best: Coefficients, gate: bool) -> Coefficients:
        """Members added one by one, the most useful first, until none is clearly worth adding.

        In the order of the recipe, a weak member could take the place of a stronger one that says
        the same.
        """
        left = list(self.names[1:])
        while left:
            grown = self._added("add", best, {n: self._beside(best, n) for n in left})
            if grown is best and gate and len(left) == len(self.names) - 1:
                # Content that is right for rare items alone does harm without a gate, so the two
                # are tried together.
                gated = {n: self._gates(_weighted(best, n, 1.0), self.grid[::2]) for n in left}
                grown = self._added("add, gated,", best, gated)
            if grown is best:
                return best
            best = grown
            left = [n for n in left if best.weights[n] == 0]
        return best

    def _beside(self, best: Coefficients, name: str) -> list[Coefficients]:
        """`best` with one more member; it may also take over part of the weight of the members that
        came before it.
        """
        first = self.names[0]
        shares = SHARES if any(best.weights[n] for n in self.names[1:]) else (1.0,)
        made = []
        for share in shares:
            kept = {n: w if n == first else w * share for n, w in best.weights.items()}
            made += [_weighted(replace(best, weights=kept), name, w) for w in self.grid]
        return made

    def _added(
        self, how: str, best: Coefficients, tried: Mapping[str, Iterable[Coefficients]]
    ) -> Coefficients:
        winners = {name: self._best_of(forms) for name, forms in tried.items()}
        name = max(winners, key=lambda n: self._mean(winners[n]))
        return self._tried(f"{how} {name}", best, [winners[name]])

    def _reweighed(self, best: Coefficients, name: str) -> Coefficients:
        if best.weights[name] == 0:
            return best
        return self._best_of([best, *(_weighted(best, name, w) for w in (0.0, *self.grid))])

    def _refined(self, best: Coefficients) -> Coefficients:
        for name in self.names[1:]:
            # no evidence is needed: the member is in, and some weight it must have
            now = best.weights[name]
            best = (
                self._best_of([_weighted(best, name, now * f) for f in REFINEMENTS])
                if now
                else best
            )
        return best

    def _gates(self, best: Coefficients, boosts: tuple[float, ...]) -> list[Coefficients]:
        """`best` behind each gate, its later members stronger by each of `boosts`."""
        first = self.names[0]
        return [
            replace(
                best,
                weights={n: w if n == first else w * boost for n, w in best.weights.items()},
                # half open for an item of `middle` events
                gate_a=slope * float(np.log1p(middle)),
                gate_b=slope,
            )
            for slope in GATE_SLOPES
            for middle in GATE_MIDDLES
            for boost in boosts
        ]

    def _without_first(self, best: Coefficients) -> Coefficients:
        if not any(best.weights[n] for n in self.names[1:]):
            return best
        return self._best_of([best, _weighted(best, self.names[0], 0.0)])

    def _tried(
        self, question: str, best: Coefficients, tried: Iterable[Coefficients]
    ) -> Coefficients:
        """The best of `tried` if it is clearly better than `best`."""
        before = self.ndcg(best)
        winner = self._best_of(tried)
        after = self.ndcg(winner)
        # paired by case: cases differ far more than two forms do on one of them
        gain, error = mean_and_error(after - before)
        adopted = gain > self.evidence * error
        self.steps.append(Step(question, float(np.nanmean(after)), gain, error, adopted))
        return winner if adopted else best

    def _best_of(self, tried: Iterable[Coefficients]) -> Coefficients:
        forms = list(tried)
        self._measure(forms)
        return max(forms, key=self._mean)

    def _mean(self, form: Coefficients) -> float:
        return float(np.nanmean(self.ndcg(form)))

    def _measure(self, forms: Sequence[Coefficients]) -> None:
        """Find the NDCG of the forms that are new, all together: arrays that fit into the cache,
        and sums that several forms share, are made once.
        """
        new = {_key(form): form for form in forms if _key(form) not in self._known}
        if not new:
            return
        found: list[list[Doubles]] = [[] for _ in new]
        for part in self.listed.parts():
            sums = WeightedSums(part, self.names, self.counts, tuple(new.values()))
            metric = part.ndcg_at(self.k)
            for values, form in zip(found, new.values(), strict=True):
                values.append(metric(sums.of(form)))
        for key, values in zip(new, found, strict=True):
            self._known[key] = np.concatenate(values)


def _weighted(form: Coefficients, name: str, weight: float) -> Coefficients:
    return replace(form, weights={**form.weights, name: weight})


def _key(form: Coefficients) -> tuple[float, ...]:
    return (*form.weights.values(), form.gate_a, form.gate_b, form.prior)
