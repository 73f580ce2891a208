"""The ID models that are worth a try on a log, each with the few settings that are tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from palate.optional import has
from palate.tables import Interactions

Settings = Mapping[str, Any]
"""A model's settings as a table of a recipe; what it does not name has the part's default."""

MOST_DENSE = 8_000
"""Items up to which a dense item-item matrix is inverted: above, it takes minutes and gigabytes."""
MOST_EVENTS_OF_SEQUENCES = 100_000
"""Events up to which a sequence model learns within minutes on two cores."""
EQUAL_WEIGHTS: Settings = {}
"""A history without real order: every event counts the same."""
LATEST: Settings = {"last": 20, "fade": 2.0}
"""The last 20 events, the newest first."""
FOLLOWING: Settings = {"last": 20, "fade": 5.0}
"""The last 20 events, all of which still say something."""


@dataclass(frozen=True)
class Family:
    """One kind of ID model and the settings that are tried, the likeliest first.

    Attributes:
        name: Name of the model in the recipe.
        part: Versioned name of the part.
        grid: Settings as tables of a recipe; the first is tried first, and the second is far from
            it: a family is given up only when both are far behind.
        simplicity: 0 for the simplest; of models that are equally good the simpler one wins.
        limit: Where its settings say how many seconds a fit may take, for a family one fit of which
            takes longer than the whole grids of others: it waits for these, and has what time is
            left then.
    """

    name: str
    part: str
    grid: tuple[Settings, ...]
    simplicity: int
    limit: tuple[str, ...] = ()

    def within(self, settings: Settings, seconds: float) -> Settings:
        """Settings of a fit that takes no longer than this.

        >>> Family("sasrec", "model.sasrec.v1", ({},), 8, ("schedule", "max_seconds")).within({}, 9)
        {'schedule': {'max_seconds': 9}}
        """
        inner: Any = seconds
        for key in reversed(self.limit):
            inner = {key: inner}
        return {**settings, **inner}


@dataclass(frozen=True)
class Portfolio:
    """What is tried on a log, and what is not.

    Attributes:
        families: The cheap and strong ones first.
        left_out: Name of a family and why it is not tried.
    """

    families: tuple[Family, ...]
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Rule:
    """A family, what order adds to its grid, and on which logs it is tried."""

    family: Family
    with_order: tuple[Settings, ...] = ()
    refusal: Callable[[Interactions, bool], str | None] = lambda log, ordered: None


def portfolio(log: Interactions, ordered: bool) -> Portfolio:
    """The families that fit this log, with their grids.

    Args:
        log: The training part.
        ordered: Whether its events have a real order; without one no model and no setting is tried
            that looks at which event was the last.

    Cost: nothing is fitted.
    """
    families, left_out = [], []
    for rule in _RULES:
        reason = rule.refusal(log, ordered)
        if reason is not None:
            left_out.append((rule.family.name, reason))
            continue
        grid = rule.family.grid + (rule.with_order if ordered else ())
        families.append(replace(rule.family, grid=grid))
    return Portfolio(tuple(families), tuple(left_out))


def _not_without_order(log: Interactions, ordered: bool) -> str | None:
    return None if ordered else "the events have no order, and this model is about what comes next"


def _not_for_many_items(log: Interactions, ordered: bool) -> str | None:
    if log.n_items <= MOST_DENSE:
        return None
    return f"{log.n_items} items: it inverts an items x items matrix, tried up to {MOST_DENSE}"


def _ordered_and_few_items(log: Interactions, ordered: bool) -> str | None:
    return _not_without_order(log, ordered) or _not_for_many_items(log, ordered)


def _small_sequences(log: Interactions, ordered: bool) -> str | None:
    reason = _not_without_order(log, ordered)
    if reason is not None:
        return reason
    if not has("torch"):
        return "it needs torch, which is not installed: pip install 'palate[text]'"
    if len(log) > MOST_EVENTS_OF_SEQUENCES:
        return (
            f"{len(log)} events: it would take long, and is tried up to {MOST_EVENTS_OF_SEQUENCES}"
        )
    return None


_RULES = (
    _Rule(Family("popularity", "model.popularity.v1", ({},), 0)),
    _Rule(
        Family(
            "recent-popularity",
            "model.recent_popularity.v2",
            ({}, {"half_life": 0.1}, {"half_life": 0.03}, {"half_life": 0.01}),
            1,
        ),
        refusal=_not_without_order,
    ),
    _Rule(
        Family(
            "cooccurrence",
            "model.cooccurrence.v1",
            (
                {},
                {"query": FOLLOWING},
                {"source_power": 0.5, "target_power": 0.5},
                {"source_power": 0.3, "target_power": 0.1},
                {"backward": 0.3},
                {"window": 50, "gap_power": 0.5, "query": EQUAL_WEIGHTS},
            ),
            3,
        ),
        refusal=_not_without_order,
    ),
    _Rule(
        Family(
            "item-knn",
            "model.item_knn.v2",
            (
                {},
                {"neighbours": 500},
                {"alpha": 0.5, "neighbours": 20},
                {"user_weights": "alike", "shrink": 50.0},
            ),
            2,
        ),
        with_order=({"query": LATEST},),
    ),
    _Rule(
        Family(
            "rp3beta",
            "model.rp3beta.v1",
            (
                {},
                {"alpha": 0.5, "beta": 0.1, "neighbours": 500},
                {"alpha": 0.8, "beta": 0.3},
                {"alpha": 1.0, "beta": 0.3, "normalised": True},
            ),
            4,
        ),
        with_order=({"query": LATEST},),
    ),
    _Rule(
        Family(
            "ease",
            "model.ease.v2",
            ({"l2": 100.0}, {"l2": 1_000.0}, {"l2": 300.0}, {"l2": 30.0}),
            5,
        ),
        with_order=({"l2": 100.0, "query": FOLLOWING},),
    ),
    _Rule(
        Family(
            "ials",
            "model.ials.v2",
            (
                {},
                {"l2": 0.8},
                {"l2": 0.4},
                {"l2": 0.07},
                {"factors": 128},
                {"factors": 128, "unobserved": 100.0, "l2": 0.3},
                {"factors": 32, "unobserved": 100.0},
            ),
            6,
        ),
    ),
    _Rule(
        Family(
            "slist",
            "model.slist.v1",
            ({}, {"l2": 500.0}, {"unordered": 0.7, "query": FOLLOWING}, {"l2": 20.0}),
            7,
        ),
        refusal=_ordered_and_few_items,
    ),
    _Rule(
        Family("sasrec", "model.sasrec.v1", ({},), 8, ("schedule", "max_seconds")),
        refusal=_small_sequences,
    ),
)
