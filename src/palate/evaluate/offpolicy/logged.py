"""What a policy did, as its log says it, and how another policy would have weighted it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Mask, Rows
from palate.errors import BadInput, PalateError, raise_all

_SUM_SLACK = 1e-4
"""How far the probabilities of a row may be from 1 in all, in float32."""


@dataclass(frozen=True, eq=False)
class LoggedActions:
    """Rounds of a policy at work: in each an action was drawn, and a reward came.

    Attributes:
        action: int32 [n], row of the item that was shown.
        reward: float64 [n], what it brought.
        propensity: float64 [n], the probability with which the action was drawn, > 0.
        user: int32 [n], whose round it is: a user's rounds are not independent.
        n_actions: How many actions there are.
    """

    action: Rows
    reward: Doubles
    propensity: Doubles
    user: Rows
    n_actions: int

    def __len__(self) -> int:
        return len(self.action)

    def check(self) -> None:
        """Refuse what no policy can have logged.

        Raises:
            BadInput: Columns of different lengths, none at all, unknown actions, rewards that are
                no numbers, or probabilities outside (0, 1]; all problems at once.
        """
        n = len(self.action)
        columns: dict[str, NDArray[Any]] = {
            "reward": self.reward,
            "propensity": self.propensity,
            "user": self.user,
        }
        problems: list[PalateError] = [
            BadInput(f"{len(column)} values", where=name, allowed=f"one for each of {n} rounds")
            for name, column in columns.items()
            if len(column) != n
        ]
        if not n:
            problems.append(BadInput("no rounds", where="action", allowed="at least one"))
        raise_all(problems)
        raise_all(list(self._odd_values()))

    def _odd_values(self) -> Iterator[PalateError]:
        p, action, last = self.propensity, self.action, self.n_actions - 1
        if (wrong := ~np.isfinite(self.reward)).any():
            yield _first("reward", wrong, self.reward, "finite numbers")
        if (wrong := ~((p > 0) & (p <= 1))).any():
            yield _first("propensity", wrong, p, "above 0, at most 1")
        if (wrong := (action < 0) | (action > last)).any():
            yield _first("action", wrong, action, f"0 to {last}")

    def take(self, index: NDArray[Any]) -> LoggedActions:
        """The given rounds (indices, a mask), in that order."""
        return replace(
            self,
            action=self.action[index],
            reward=self.reward[index],
            propensity=self.propensity[index],
            user=self.user[index],
        )


def _first(name: str, wrong: Mask, values: NDArray[Any], allowed: str) -> BadInput:
    row = int(np.argmax(wrong))
    return BadInput(
        f"{values[row]} in {np.count_nonzero(wrong):,} of {len(wrong):,} rounds",
        where=f"{name}, round {row}",
        allowed=allowed,
    )


@dataclass(frozen=True, eq=False)
class WeightedRounds:
    """A log as another policy, the target, sees it: all that the estimators need.

    Attributes:
        weight: float64 [n], how many times as often the target takes the logged action.
        reward: float64 [n], what it brought.
        expected: float64 [n], what a model of rewards expects of the logged action; 0 without one.
        value: float64 [n], what it expects of the target in this round; 0 without one.
        user: int32 [n], whose round it is.
        modelled: Whether there is a model of rewards.
        unsupported: Share of the target's actions which the policy at work never takes; NaN where
            the log does not say which those are.
    """

    weight: Doubles
    reward: Doubles
    expected: Doubles
    value: Doubles
    user: Rows
    modelled: bool
    unsupported: float = float("nan")

    def __len__(self) -> int:
        return len(self.weight)

    @classmethod
    def of(
        cls,
        log: LoggedActions,
        target: NDArray[np.floating[Any]],
        expected: NDArray[np.floating[Any]] | None = None,
        logging: NDArray[np.floating[Any]] | None = None,
    ) -> WeightedRounds:
        """Weigh the rounds of a log.

        Args:
            log: The log.
            target: [n, n_actions], probabilities of the target's actions in each round.
            expected: [n, n_actions], expected reward of each action, by a model that did not learn
                from the round itself (`palate.evaluate.offpolicy.rewards`).
            logging: [n, n_actions], probabilities of the policy at work, where all are known.

        Raises:
            BadInput: Shapes that do not fit the log, or rows that are no distribution.
        """
        log.check()
        for name, given in (("target", target), ("expected", expected), ("logging", logging)):
            if given is not None and given.shape != (len(log), log.n_actions):
                raise BadInput(
                    f"shape {given.shape}", where=name, allowed=f"({len(log)}, {log.n_actions})"
                )
        check_distribution(target, "target")
        rows = np.arange(len(log))
        none = np.zeros(len(log))
        unsupported = float("nan")
        if logging is not None:
            check_distribution(logging, "logging")
            unsupported = float(np.where(logging > 0, 0, target).sum() / len(log))
        return cls(
            np.asarray(target[rows, log.action], np.float64) / log.propensity,
            log.reward,
            none if expected is None else np.asarray(expected[rows, log.action], np.float64),
            none if expected is None else expected_under(target, expected),
            log.user,
            expected is not None,
            unsupported,
        )

    @classmethod
    def joined(cls, parts: Sequence[WeightedRounds]) -> WeightedRounds:
        """Parts of one log, one after the other; at least one."""
        n = np.array([len(part) for part in parts])
        unsupported = np.array([part.unsupported for part in parts])
        return cls(
            np.concatenate([part.weight for part in parts]),
            np.concatenate([part.reward for part in parts]),
            np.concatenate([part.expected for part in parts]),
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.user for part in parts]),
            parts[0].modelled,
            float(unsupported @ n / n.sum()),
        )


def expected_under(
    target: NDArray[np.floating[Any]], expected: NDArray[np.floating[Any]]
) -> Doubles:
    """float64 [n], the mean of `expected` [n, n_actions] under each row's probabilities."""
    return np.asarray(np.einsum("ij,ij->i", target, expected, dtype=np.float64))


def check_distribution(p: NDArray[np.floating[Any]], where: str) -> None:
    """Refuse rows that are no distribution.

    Raises:
        BadInput: A probability below 0, or a row that does not add up to 1.
    """
    off = np.abs(p.sum(axis=1, dtype=np.float64) - 1) > _SUM_SLACK
    off |= ~(p >= 0).all(axis=1)
    if off.any():
        row = int(np.argmax(off))
        raise BadInput(
            f"probabilities that add up to {p[row].sum():g}, the least {p[row].min():g}",
            where=f"{where}, round {row}",
            allowed="numbers from 0 on that add up to 1 in each round",
        )
