"""What was tried so far: fitted candidates with their figures, and the rows that tell of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from palate.arrays import Doubles
from palate.choose.validation import Fitted
from palate.errors import PalateError
from palate.inference import mean_and_error
from palate.registry import PartSpec
from palate.runs.choice_rows import Attempt, Outcome, Rung
from palate.runs.fields import significant
from palate.stages import Scorer


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model that was fitted and judged.

    Attributes:
        name: Its name in the recipe.
        spec: The part and its settings.
        simplicity: 0 for the simplest kind of model; higher is less simple.
        values: float64 [n], the metric case by case; NaN where a case has none.
        fitted: The model; None where the trial fits it again, since it looks at validation cases.
        row: Where its row stands among the attempts.
    """

    name: str
    spec: PartSpec[Scorer]
    simplicity: int
    values: Doubles
    fitted: Fitted | None
    row: int

    @property
    def value(self) -> float:
        """Mean of the values; 0 where there is none."""
        return mean_and_error(self.values)[0]


@dataclass
class Attempts:
    """The rows of the choice, in the order in which things were tried."""

    rows: list[Attempt] = field(default_factory=list)

    def tried(
        self,
        name: str,
        spec: PartSpec[Scorer],
        rung: Rung,
        simplicity: int,
        measure: Callable[[], tuple[Doubles, Fitted | None]],
    ) -> Candidate | None:
        """Fit and measure a model, and note how it did; None, and why, where it cannot be fitted.

        Args:
            name: What the recipe would call it.
            spec: The model.
            rung: On what it is tried.
            simplicity: See `Candidate`.
            measure: Gives the metric case by case, and the fitted model where the run can use it.
        """
        start = time.perf_counter()
        try:
            values, fitted = measure()
        except PalateError as problem:
            self.refused(name, spec, rung, "failed", str(problem).split("\n")[0])
            return None
        seconds = round(time.perf_counter() - start, 3)
        mean, error = mean_and_error(values)
        n_cases = int(np.count_nonzero(~np.isnan(values)))
        figures = (n_cases, significant(mean), significant(error), seconds)
        row = self._add(Attempt(name, spec.name, in_words(spec), rung, *figures))
        return Candidate(name, spec, simplicity, values, fitted, row)

    def refused(
        self, name: str, spec: PartSpec[Scorer], rung: Rung, outcome: Outcome, why: str = ""
    ) -> None:
        """Note a model that could not be fitted, or that there was no time for."""
        self._add(Attempt(name, spec.name, in_words(spec), rung, outcome=outcome, why=why))

    def left_out(self, name: str, part: str, why: str) -> None:
        """Note a whole family that does not suit the data."""
        self._add(Attempt(name, part, "", "all", outcome="not tried", why=why))

    def as_fitted(self, candidate: Candidate, spec: PartSpec[Scorer]) -> Candidate:
        """The candidate with other settings than it was meant to have, in its row too."""
        row = candidate.row
        self.rows[row] = replace(self.rows[row], settings=in_words(spec))
        return replace(candidate, spec=spec)

    def decide(self, row: int, outcome: Outcome, why: str = "") -> None:
        """What became of a model."""
        self.rows[row] = replace(self.rows[row], outcome=outcome, why=why)

    def _add(self, row: Attempt) -> int:
        self.rows.append(row)
        return len(self.rows) - 1


def in_words(spec: PartSpec[Any]) -> str:
    """The settings that differ from the part's defaults.

    >>> from palate.registry import spec
    >>> in_words(spec({"part": "model.ease.v1", "l2": 500.0}, "scorer"))
    'l2 500.0'
    """
    given, usual = spec.resolved(), PartSpec(spec.name, type(spec.settings)()).resolved()
    changed = _changed(given, usual)
    return ", ".join(f"{key} {_shown(value)}" for key, value in changed.items()) or "defaults"


def _changed(given: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """What differs, in tables inside tables too."""
    out: dict[str, Any] = {}
    for key, value in given.items():
        before = usual.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            if inner := _changed(value, before):
                out[key] = inner
        elif value != before:
            out[key] = value
    return out


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{k} {_shown(v)}" for k, v in value.items() if v is not None)
    if isinstance(value, list | tuple):
        return " + ".join(map(str, value)) or "none"
    return str(value)
