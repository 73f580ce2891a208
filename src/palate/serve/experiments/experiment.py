"""An experiment, and who is in which of its variants."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from palate.errors import BadInput, PalateError, raise_all

MOST_VARIANTS: Final = 10
_CLOSE: Final = 1e-6


@dataclass(frozen=True)
class VariantShare:
    """A deployed model in an experiment.

    Attributes:
        model: Name of the deployed model, and of the variant.
        share: Of the users, above 0.
    """

    model: str
    share: float


@dataclass(frozen=True)
class Experiment:
    """Users split between deployed models.

    Attributes:
        name: Of the experiment; the split follows from it.
        variants: The first one is what the others are compared with.
        planned_users: Users after whom the figures are looked at; later ones do not count.
        actions: What counts as success; empty: everything but impressions and skips.
        started: Seconds since 1970.
        offset: Of the last event before it.
        guards: Actions that no variant may bring more of, such as "skip".
        stopped: Variants that were clearly worse; their users get the first one since.
    """

    name: str
    variants: tuple[VariantShare, ...]
    planned_users: int
    actions: tuple[str, ...] = ()
    started: int = 0
    offset: int = 0
    guards: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse what is no split.

        Raises:
            BadInput: Too few or too many variants, one twice, or shares that do not add up to 1.
        """
        problems: list[PalateError] = []
        models = [one.model for one in self.variants]
        if not 2 <= len(models) <= MOST_VARIANTS or len(set(models)) < len(models):
            problems.append(
                BadInput(
                    f"variants {', '.join(models) or 'none'}",
                    where="variants",
                    allowed=f"2 to {MOST_VARIANTS} different models",
                )
            )
        total = sum(one.share for one in self.variants)
        if abs(total - 1) > _CLOSE or any(one.share <= 0 for one in self.variants):
            problems.append(
                BadInput(
                    f"the shares add up to {total:g}",
                    where="variants.share",
                    allowed="numbers above 0 that add up to 1",
                )
            )
        raise_all(problems)

    def served_to(self, user: str) -> str:
        """What a user gets: the own variant, or the first one where that was stopped."""
        own = self.variant_of(user)
        return self.variants[0].model if own in self.stopped else own

    def variant_of(self, user: str) -> str:
        """The variant of a user: always the same, in every process.

        >>> halves = (VariantShare("a", 0.5), VariantShare("b", 0.5))
        >>> Experiment("e", halves, 100).variant_of("7")
        'a'
        """
        place = place_of(self.name, user)
        return _at(self.variants, place).model


def place_of(experiment: str, user: str) -> float:
    """Where a user stands in an experiment, from 0 to 1: uniform over users, and independent from
    one experiment to the next.
    """
    named = f"{len(experiment)} {experiment} {user}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(named).digest()[:8]) / 2**64


def _at(variants: Sequence[VariantShare], place: float) -> VariantShare:
    end = 0.0
    for one in variants:
        end += one.share
        if place < end:
            return one
    return variants[-1]
