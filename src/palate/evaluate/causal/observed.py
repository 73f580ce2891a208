"""What was observed: a treatment, an outcome, and what both may depend on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Rows
from palate.errors import BadInput, PalateError, raise_all

FEWEST_OF_A_LEVEL = 20
"""Rows; a level with fewer has no effect that could be estimated."""


@dataclass(frozen=True, eq=False)
class Observed:
    """Rows of a log.

    Attributes:
        treatment: int32 [n], the level that each row got, from 0 on; 0 is what others are compared
            with.
        outcome: float64 [n], finite.
        covariates: float64 [n, d], finite; what is held fixed.
        user: int32 [n], whose row it is: a user's rows are not independent.
        levels: Names of the levels.
    """

    treatment: Rows
    outcome: Doubles
    covariates: Doubles
    user: Rows
    levels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.treatment)

    @property
    def binary(self) -> bool:
        """Whether the outcome is 0 or 1 everywhere."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    def take(self, rows: NDArray[Any]) -> Observed:
        """The given rows, indices or a mask."""
        return replace(
            self,
            treatment=self.treatment[rows],
            outcome=self.outcome[rows],
            covariates=self.covariates[rows],
            user=self.user[rows],
        )

    def check(self) -> None:
        """Refuse what has no effect that could be estimated.

        Raises:
            BadInput: Columns of different lengths, numbers that are not finite, a single level, or
                a level with fewer than 20 rows; all at once.
        """
        n, found = len(self), list[PalateError]()
        for name, column in (
            ("outcome", self.outcome),
            ("covariates", self.covariates),
            ("user", self.user),
        ):
            if len(column) != n:
                found.append(BadInput(f"{len(column)} of {name} for {n} rows", where=name))
        if not (np.isfinite(self.outcome).all() and np.isfinite(self.covariates).all()):
            found.append(BadInput("numbers that are not finite", where="outcome and covariates"))
        if len(self.levels) < 2:
            found.append(
                BadInput(
                    f"all rows have the treatment {', '.join(self.levels)}",
                    where="treatment",
                    allowed="at least two levels",
                )
            )
        count = np.bincount(self.treatment, minlength=len(self.levels))
        found += [
            BadInput(
                f'{c} rows have "{level}"',
                where="treatment",
                allowed=f"at least {FEWEST_OF_A_LEVEL} rows for each level",
                next_step="put levels together, or leave such rows out",
            )
            for level, c in zip(self.levels, count, strict=True)
            if c < FEWEST_OF_A_LEVEL
        ]
        raise_all(found)
