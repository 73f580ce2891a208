"""What each kind of event counts, where a log tells kinds apart and has no ratings."""

from __future__ import annotations

import numpy as np

from palate.data.action_words import weight_of
from palate.tables import Interactions


def guessed_weights(log: Interactions) -> tuple[dict[str, float], str]:
    """`action_values` and why; nothing where the log has ratings of its own, or fewer than two
    kinds of events that are known here.

    Kinds that are not known count 1.

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
    return weights, f"Events count by their kind: {listed}. Change it in action_values."
