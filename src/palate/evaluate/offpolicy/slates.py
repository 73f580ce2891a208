"""Lists that were drawn position by position, each with its propensity and its reward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.evaluate.offpolicy.logged import WeightedRounds


@dataclass(frozen=True, eq=False)
class LoggedSlates:
    """Lists of `k` positions, drawn from the top down.

    Attributes:
        reward: float64 [n, k], what each position brought.
        weight: float64 [n, k], how many times as often the target draws the item that stands there,
            given those above it.
        user: int32 [n], whose list it is.
        expected: float64 [n, k], what a model expects of this position and all below it, given the
            items down to it; None: no model.
        value: float64 [n, k], the same before the item of the position is drawn, under the target.
    """

    reward: Doubles
    weight: Doubles
    user: Rows
    expected: Doubles | None = None
    value: Doubles | None = None

    def __post_init__(self) -> None:
        shapes = {"weight": self.weight, "expected": self.expected, "value": self.value}
        for name, array in shapes.items():
            if array is not None and array.shape != self.reward.shape:
                raise BadInput(
                    f"shape {array.shape}",
                    where=name,
                    allowed=f"that of reward: {self.reward.shape}",
                )
        if (self.expected is None) != (self.value is None):
            raise BadInput("one of expected and value", where="expected, value", allowed="both")


def whole_list(slates: LoggedSlates) -> WeightedRounds:
    """One weight for all positions (SIPS): unbiased, of a variance that grows fast with k."""
    weight = slates.weight.prod(axis=1)
    return _rounds(slates, weight, weight * slates.reward.sum(axis=1))


def by_position(slates: LoggedSlates) -> WeightedRounds:
    """Each position by its own weight (IIPS): unbiased where no one's choice at one position
    depends on the others. Its rounds have one weight: the mean over positions.
    """
    return _rounds(slates, slates.weight.mean(axis=1), (slates.weight * slates.reward).sum(axis=1))


def cascade(slates: LoggedSlates) -> WeightedRounds:
    """Each position by the weight of the list down to it (RIPS): unbiased where people look from
    the top down.

    Li et al., Offline evaluation of ranking policies with click models / RIPS, McInerney et al.,
    KDD 2020.
    """
    down = np.cumprod(slates.weight, axis=1, dtype=np.float64)
    return _rounds(slates, down[:, -1], (down * slates.reward).sum(axis=1))


def cascade_doubly_robust(slates: LoggedSlates) -> WeightedRounds:
    """The same with a model of what is still to come: right where either is (cascade-DR).

    Raises:
        BadInput: There is no model.

    Kiyohara et al., Doubly robust off-policy evaluation for ranking policies under the cascade
    behavior model, WSDM 2022.
    """
    if slates.expected is None or slates.value is None:
        raise BadInput(
            "lists without expected rewards", where="expected", next_step="take `cascade` instead"
        )
    down = np.cumprod(slates.weight, axis=1, dtype=np.float64)
    above = np.concatenate([np.ones((len(down), 1)), down[:, :-1]], axis=1)
    parts = down * (slates.reward - slates.expected) + above * slates.value
    return _rounds(slates, down[:, -1], parts.sum(axis=1))


def _rounds(slates: LoggedSlates, weight: Doubles, value: Doubles) -> WeightedRounds:
    """Rounds whose `dm` is the estimate: the mean of `value` [n]."""
    n = len(value)
    return WeightedRounds(
        weight, slates.reward.sum(axis=1), np.zeros(n), value, slates.user, modelled=True
    )
