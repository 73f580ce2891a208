"""Weights of what actions have in common, where there are too many actions for weights of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Rows
from palate.errors import BadInput
from palate.evaluate.offpolicy.logged import LoggedActions, WeightedRounds, check_distribution


def marginal_rounds(
    rounds: WeightedRounds,
    log: LoggedActions,
    target: NDArray[np.floating[Any]],
    logging: NDArray[np.floating[Any]],
    group: Rows,
) -> WeightedRounds:
    """The rounds with the weight of the action's group in place of its own (MIPS): how many times
    as often the target shows something of that kind.

    Much less variance among many actions; unbiased where two actions of one group bring the same in
    the same context.

    Args:
        rounds: The rounds, weighted action by action.
        log: The log.
        target: [n, n_actions], probabilities of the target.
        logging: [n, n_actions], probabilities of the policy at work.
        group: int32 [n_actions], the group of each action, such as a category, from 0 on.

    Raises:
        BadInput: Not a group for each action, or probabilities that are no distributions.

    Saito & Joachims, Off-policy evaluation for large action spaces via embeddings, ICML 2022.
    """
    if group.shape != (log.n_actions,) or group.min(initial=0) < 0:
        raise BadInput(
            f"groups of shape {group.shape}, the least {group.min(initial=0)}",
            where="group",
            allowed=f"one number from 0 on for each of {log.n_actions} actions",
        )
    check_distribution(target, "target")
    check_distribution(logging, "logging")
    same = group[log.action]
    wanted = _of_group(target, group, same)
    shown = _of_group(logging, group, same)
    return replace(rounds, weight=np.divide(wanted, shown, out=np.zeros(len(log)), where=shown > 0))


def _of_group(p: NDArray[np.floating[Any]], group: Rows, wanted: Rows) -> NDArray[np.float64]:
    """float64 [n], probability of the group `wanted` [n] in each row of `p` [n, n_actions]."""
    member = (group[:, None] == np.arange(int(group.max()) + 1)).astype(np.float64)
    both = p @ member
    return np.asarray(both[np.arange(len(p)), wanted], np.float64)
