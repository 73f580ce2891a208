"""What each kind of event counts, where a log tells kinds apart and has no ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from palate.data.action_words import weight_of
from palate.tables import Interactions


def guessed_weights(log: Interactions) -> tuple[dict[str, float], str]:
    """`action_values` and why; nothing where the log has ratings of its own, or fewer than two
    kinds of events that are known here.

    Kinds that are not known count 1, and 0 what was only shown, was passed over or taken back.

    >>> from palate.tables import Event
    >>> log = Interactions.of_events([Event("u", "a", "view"), Event("u", "b", "buy")])
    >>> guessed_weights(log)[0]
    {'view': 1.0, 'buy': 5.0}
    """
    if log.action is None or not bool(np.all(log.value == 1)):
        return {}, ""
    found = {name: weight_of(name) for name in log.action.counts()}
    known = {name: weight for name, weight in found.items() if weight is not None}
    if len(set(known.values())) < 2:
        return {}, ""
    weights = {name: 1.0 if weight is None else weight for name, weight in found.items()}
    listed = ", ".join(f"{name} = {weight:g}" for name, weight in weights.items())
    none = [name for name, weight in weights.items() if not weight]
    left_out = f" Those that count 0 are left out: min_value = {least(weights):g}." if none else ""
    return weights, f"Events count by their kind: {listed}. Change it in action_values.{left_out}"


def least(weights: Mapping[str, float]) -> float:
    """The least weight above 0."""
    return min(weight for weight in weights.values() if weight)


def weighed(log: Interactions, weights: Mapping[str, float]) -> Interactions:
    """The log as a recipe with these `action_values` reads it, without the events that count 0."""
    if log.action is None or not weights:
        return log
    names = tuple(weights)
    # the last one is for events without a kind, which keep their value
    values = np.array([*weights.values(), np.nan], np.float32)[log.action.positions_in(names)]
    counted = replace(log, value=np.where(np.isnan(values), log.value, values).astype(np.float32))
    return counted if all(weights.values()) else counted.take(np.flatnonzero(counted.value > 0))
