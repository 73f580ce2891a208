"""Drift of a running service: what people do now, beside what the model that answers learnt of."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from palate.arrays import Doubles
from palate.recommend import ExhaustiveRecommender
from palate.serve.drift.blocks import BinnedItems, binned, latest_rows
from palate.serve.drift.stability import Stability, edges, stability
from palate.serve.engine.answers import Answer
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.engine import Engine
from palate.serve.engine.histories import NO_INTEREST
from palate.tables import Request

_LOG: Final = logging.getLogger("palate.serve")

EVENTS: Final = 5_000
"""Live events, the last ones, that stand for what happens now."""
LISTS: Final = 2_000
"""Lists, the last ones, whose best scores do."""
USERS: Final = 300
"""Users of the run whose best scores stand for its own."""
UNKNOWN: Final = 0.1
"""Share of events with items that came after the run, above which it is time for a refit."""
EVERY: Final = 60.0


@dataclass(frozen=True)
class DriftFigures:
    """How far what happens now is from what the model learnt of.

    Attributes:
        model: The model that answers, by its name in the run.
        events: Live events that were looked at, but for impressions and skips.
        lists: Lists that were looked at.
        blocks: Block -> where the items of the events lie in it.
        scores: The best score of each list; None without lists.
        unknown_items: Share of the events whose item the run does not have.
        unknown_users: Share of the events whose user the run does not have.
        alarms: What is far from what it was.
    """

    model: str
    events: int
    lists: int
    blocks: dict[str, Stability]
    scores: Stability | None
    unknown_items: float
    unknown_users: float
    alarms: tuple[str, ...]


@final
class Drift:
    """Looks at the last events and lists when somebody asks. Several threads may.

    Args:
        engine: Whose.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scores: deque[tuple[str, float]] = deque(maxlen=LISTS)
        self._looking = threading.Lock()
        self._bins: tuple[object, dict[str, BinnedItems]] = (None, {})
        self._own: tuple[str, Doubles] = ("", np.empty(0))
        self._at = -EVERY
        self.last: DriftFigures | None = None

    def showed(self, answer: Answer) -> None:
        """A list was shown by the model that answers."""
        if answer.items and answer.items[0].source == "model" and not answer.variant:
            self._scores.append((self._engine.answering.key, answer.items[0].score))

    def figures(self) -> DriftFigures:
        """As of now.

        Cost: reading the last events, some 50 ms; for the first time with a model or a catalogue
        one pass over the rows of its blocks, and a list for some hundred users.
        """
        with self._looking:
            self.last, self._at = self._figures(self._engine.answering), time.monotonic()
            return self.last

    def lately(self) -> DriftFigures | None:
        """As of at most a minute or two ago, without waiting; None before anybody looked."""
        last = self.last
        if time.monotonic() - self._at > EVERY:
            self._at = time.monotonic()
            threading.Thread(target=self._look, name="palate-drift", daemon=True).start()
        return last

    def _look(self) -> None:
        try:
            self.figures()
        except Exception:  # a figure that is missing is no reason for anything else to fail
            _LOG.exception("drift cannot be looked at")

    def _figures(self, model: DeployedModel) -> DriftFigures:
        first = max(self._engine.state.offset - EVENTS, 0)
        events = [
            stored.event
            for stored in self._engine.events_after(first, EVENTS)
            if stored.event.action not in NO_INTEREST
        ]
        rows = latest_rows(model, [event.item for event in events])
        blocks = {name: one.beside(rows) for name, one in self._binned(model).items()}
        seen = [score for key, score in list(self._scores) if key == model.key]
        scores = self._beside_own(model, np.array(seen)) if seen else None
        known = model.opened.data.interactions
        n = max(len(events), 1)
        items = sum(event.item not in known.items.row_of for event in events) / n
        users = sum(event.user not in known.users.row_of for event in events) / n
        alarms = [f"block {name}" for name, one in blocks.items() if one.alarm]
        alarms += ["scores"] if scores is not None and scores.alarm else []
        alarms += ["unknown items"] if items > UNKNOWN else []
        return DriftFigures(
            model.model, len(events), len(seen), blocks, scores, items, users, tuple(alarms)
        )

    def _binned(self, model: DeployedModel) -> dict[str, BinnedItems]:
        catalogue = model.view.items.catalogue
        if self._bins[0] is not catalogue:
            self._bins = (catalogue, binned(model))
        return self._bins[1]

    def _beside_own(self, model: DeployedModel, seen: Doubles) -> Stability:
        if self._own[0] != model.key:
            self._own = (model.key, _own_scores(model))
        own = self._own[1]
        inner = edges(own) if len(own) else np.empty(0)
        before, now = (
            np.bincount(np.searchsorted(inner, values, "right"), minlength=len(inner) + 1)
            for values in (own, seen)
        )
        return stability(before, now)


def _own_scores(model: DeployedModel) -> Doubles:
    """The best scores of some users of the run, for their histories then, by the model of then."""
    log = model.opened.data.interactions
    users = log.users.ids[:: max(len(log.users.ids) // USERS, 1)][:USERS]
    row_of = log.items.row_of
    histories = [model.histories.of_user(user, (), row_of) for user in users]
    requests = [Request.unseen(one) for one in histories if len(one.items.values)]
    if not requests:
        return np.empty(0)
    scorer = model.opened.scorer(model.model)
    found = ExhaustiveRecommender(scorer, log.n_items).recommend(requests, 1)
    best = np.asarray(found.scores[:, 0], np.float64)
    return np.asarray(best[np.isfinite(best)])
