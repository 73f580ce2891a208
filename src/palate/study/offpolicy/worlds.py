"""Logs of worlds with a known truth, as estimators read them."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles
from palate.data.worlds.logged_policies import PolicyLog
from palate.evaluate.offpolicy.logged import WeightedRounds


def rounds_of(
    log: PolicyLog, propensity: Doubles | None = None, model: Doubles | None = None
) -> WeightedRounds:
    """A log, weighted for the target of its world.

    Args:
        log: The log.
        propensity: float64 [n], what was logged; None: the truth.
        model: float64 [n_contexts, n_actions], expected rewards; None: no model.
    """
    world, at, none = log.world, (log.context, log.action), np.zeros(len(log.action))
    value = none if model is None else (world.target * model).sum(axis=1)[log.context]
    return WeightedRounds(
        world.target[at] / (log.propensity() if propensity is None else propensity),
        log.reward,
        none if model is None else model[at],
        value,
        log.user.astype(np.int32),
        modelled=model is not None,
    )
