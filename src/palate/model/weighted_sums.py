"""The blend of scores that coefficients stand for, of many coefficients at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from palate.arrays import Doubles, Floats
from palate.model.item_item import popularity_prior
from palate.model.shortlist import Shortlist

_Gate: TypeAlias = tuple[float, float]
_Term: TypeAlias = tuple[int, np.float32, _Gate]
"""Number of a member (-1: the popularity), its factor, its gate."""
_OPEN: _Gate = (0.0, 0.0)
_PRIOR = -1


@dataclass(frozen=True)
class Coefficients:
    """R = sum over members of weight / scale * gate(item) * score + prior * popularity(item).

    Attributes:
        weights: Member -> its weight; the first member is the ID model, the others pass the gate.
        scales: Member -> what its scores are divided by, so that weights can be compared.
        gate_a: gate(i) = sigmoid(a - b log(1 + n_i)) for an item of n_i training events.
        gate_b: Its slope; 0 means no gate: 1 for every item.
        prior: c, the weight of log(1 + n_i) / log(1 + the largest n).
    """

    weights: Mapping[str, float]
    scales: Mapping[str, float]
    gate_a: float = 0.0
    gate_b: float = 0.0
    prior: float = 0.0

    def gate(self, counts: Doubles) -> Doubles:
        """float64 [n_items] for training events `counts` [n_items]."""
        if self.gate_b == 0:
            return np.ones(len(counts))
        return np.asarray(
            1 / (1 + np.exp(self.gate_b * np.log1p(counts) - self.gate_a)), np.float64
        )

    def formula(self) -> str:
        """The blend on one line.

        >>> Coefficients({"id": 1.0, "text": 0.7}, {"id": 2.0, "text": 1.0}).formula()
        'R = 1 * id/2 + 0.7 * text/1'
        """
        gated = (
            ""
            if self.gate_b == 0
            else f" * sigmoid({self.gate_a:.3g} - {self.gate_b:.3g} log(1+n))"
        )
        first = next(iter(self.weights), "")
        terms = [
            f"{w:.3g} * {name}/{self.scales[name]:.3g}{gated if name != first else ''}"
            for name, w in self.weights.items()
            if w
        ]
        return "R = " + " + ".join(
            [*terms, *([f"{self.prior:.3g} * log-popularity"] if self.prior else [])]
        )


class WeightedSums:
    """Sums of the members' scores on the cases of a shortlist, by many forms of coefficients.

    What the forms have in common is added up once: members whose factors vary least come first, and
    the sum of each beginning is kept.

    Args:
        listed: Scores of the members; so few cases that some arrays of them fit into the cache.
        names: The members, the ID model first.
        counts: float64 [n_items], training events of each item.
        forms: All that will be asked for.
    """

    def __init__(
        self,
        listed: Shortlist,
        names: Sequence[str],
        counts: Doubles,
        forms: Sequence[Coefficients],
    ) -> None:
        self._listed, self._names, self._counts = listed, names, counts
        self._beginnings: dict[tuple[_Term, ...], Floats] = {(): listed.closed()}
        self._gate: _Gate = _OPEN
        self._gated: dict[int, Floats] = {}
        self._open_for = self._beginnings[()]
        terms = [{term[0]: term for term in self._terms(form)} for form in forms]
        numbers = range(_PRIOR, len(names))
        varied = {number: len({one.get(number) for one in terms}) for number in numbers}
        self._order = sorted(numbers, key=lambda number: varied[number])
        self._scratch = np.empty_like(self._beginnings[()])
        self._sum = np.empty_like(self._scratch)

    def of(self, form: Coefficients) -> Floats:
        """float32 [n_cases, width], the weighted sum, -inf at empty numbers; the next call writes
        over it.
        """
        terms = {term[0]: term for term in self._terms(form)}
        *first, last = (terms[number] for number in self._order if number in terms)
        before: tuple[_Term, ...] = ()
        for term in first:
            before, total = (*before, term), self._beginnings[before]
            if before not in self._beginnings:
                self._beginnings[before] = total + self._scaled(term)
        np.add(self._beginnings[before], self._scaled(last), out=self._sum)
        return self._sum

    def _terms(self, form: Coefficients) -> list[_Term]:
        gate = (form.gate_a, form.gate_b) if form.gate_b else _OPEN
        found: list[_Term] = []
        for number, name in enumerate(self._names):
            factor = np.float32(form.weights[name] / form.scales[name])
            if factor:
                found.append((number, factor, gate if number else _OPEN))
        if form.prior:
            found.append((_PRIOR, np.float32(form.prior), _OPEN))
        return found

    def _scaled(self, term: _Term) -> Floats:
        number, factor, gate = term
        np.multiply(self._scores(number, gate), factor, out=self._scratch)
        return self._scratch

    def _scores(self, number: int, gate: _Gate) -> Floats:
        if number == _PRIOR:
            return self._popularity
        if gate == _OPEN:
            return np.asarray(self._listed.scores[number], np.float32)
        if gate != self._gate:  # forms of one gate follow each other
            self._gate, self._gated = gate, {}
            self._open_for = self._listed.of_items(Coefficients({}, {}, *gate).gate(self._counts))
        if number not in self._gated:
            self._gated[number] = self._listed.scores[number] * self._open_for
        return self._gated[number]

    @cached_property
    def _popularity(self) -> Floats:
        return self._listed.of_items(popularity_prior(self._counts))
