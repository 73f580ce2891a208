"""Blocks one after the other, as long as each gains on users who were not learnt from, within a
budget.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Doubles
from palate.inference import benjamini_hochberg, clustered
from palate.perturbation.questions import question
from palate.select.base import BlockSelector
from palate.select.learner import Learns, learner
from palate.select.user_folds import folds
from palate.tables.labelled_rows import LabelledRows


@dataclass(frozen=True)
class ForwardSettings:
    """Gate and budget."""

    q: Annotated[float, Gt(0), Le(1)] = 0.1
    """A block enters only if its gain is significant at this level, corrected over the blocks that
    were tried."""
    gate: Literal["significant", "positive"] = "significant"
    """Whether a gain must be significant, or only above zero: the latter where a budget does the
    sorting out and missing a useful block costs more than carrying a useless one."""
    model: Learns = "trees"
    """The model that blocks are judged with."""
    metric: str = ""
    """The metric that must gain; empty: mse, logloss or ndcg@10 by the task."""
    folds: Annotated[int, Ge(2)] = 2
    """Parts of the users; every part is held out once."""
    bytes_per_item: Annotated[int, Ge(1)] | None = None
    """Most bytes of an item's features; None: no limit."""
    milliseconds: Annotated[float, Gt(0)] | None = None
    """Most milliseconds that the blocks may take together; None: no limit."""
    cost_bytes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of a block an item; by default four for each column."""
    cost_milliseconds: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds of a block; by default none."""


@dataclass(frozen=True)
class Step:
    """One block that entered.

    Attributes:
        block: Its name.
        gain: What the metric gained by it.
        low: Lower end of the gain's 95 % interval over users.
        high: Upper end.
        p: Corrected p value.
        bytes: Bytes an item of all blocks so far.
        milliseconds: Milliseconds of all blocks so far.
    """

    block: str
    gain: float
    low: float
    high: float
    p: float
    bytes: int
    milliseconds: float


class Forward(BlockSelector):
    """Greedy forward choice with a validation gate; with a budget, the best gain for the bytes or
    milliseconds left.

    For a handful of blocks of unequal cost. `steps_` holds the gain of each. Partners that matter
    only together are found only if one of them gains alone; where that is likely, use
    `select.conditional.v1`.

    Args:
        settings: See `ForwardSettings`.

    Cost: `folds` x (blocks tried) fits, about n_blocks x n_kept of them.
    """

    Settings = ForwardSettings

    def __init__(self, settings: ForwardSettings | None = None) -> None:
        self.settings = settings or ForwardSettings()

    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """Blocks that entered, in the order of their gains."""
        chosen: list[str] = []
        self.steps_: tuple[Step, ...] = ()
        gains = self._gains(labelled, (), seed)
        while True:
            affordable = [
                n
                for n in sorted(labelled.names)
                if n not in chosen and self._fits(labelled, [*chosen, n])
            ]
            if not affordable:
                return chosen
            tried = {name: self._gains(labelled, (*chosen, name), seed) for name in affordable}
            step = self._best(labelled, chosen, tried, gains)
            if step is None:
                return chosen
            chosen.append(step.block)
            gains = tried[step.block]
            self.steps_ = (*self.steps_, step)

    def _best(
        self,
        labelled: LabelledRows,
        chosen: list[str],
        tried: Mapping[str, Doubles],
        gains: Doubles,
    ) -> Step | None:
        found = {name: clustered(after - gains, self.cluster_) for name, after in tried.items()}
        corrected = dict(zip(found, benjamini_hochberg([f.p for f in found.values()]), strict=True))
        strict = self.settings.gate == "significant"
        good = [
            n
            for n, f in found.items()
            if (f.low > 0 and corrected[n] <= self.settings.q if strict else f.value > 0)
        ]
        if not good:
            return None
        best = max(good, key=lambda n: found[n].value / self._price(labelled, n))
        f, together = found[best], [*chosen, best]
        cost = (self._bytes(labelled, together), self._milliseconds(together))
        return Step(best, f.value, f.low, f.high, float(corrected[best]), *cost)

    def _gains(self, labelled: LabelledRows, names: tuple[str, ...], seed: int) -> Doubles:
        """Gains of all observations, each from a model that was not fitted on its user."""
        rows = labelled.only(names)
        parts, users = [], []
        for held_out in folds(rows, self.settings.folds, seed, "forward"):
            criterion = question(rows.take(held_out), self.settings.metric)
            predictor = learner(self.settings.model, seed)(rows.take(~held_out))
            predicted = predictor(rows.take(held_out).blocks)
            parts.append(criterion.gains(np.broadcast_to(predicted, int(held_out.sum()))))
            users.append(criterion.cluster)
        self.cluster_ = np.concatenate(users)
        return np.concatenate(parts)

    def _price(self, labelled: LabelledRows, name: str) -> float:
        """Share of the budget that a block takes; 1 without a budget."""
        s = self.settings
        shares = [self._bytes(labelled, [name]) / s.bytes_per_item] if s.bytes_per_item else []
        shares += [self._milliseconds([name]) / s.milliseconds] if s.milliseconds else []
        return max([*shares, 1e-9]) if shares else 1.0

    def _fits(self, labelled: LabelledRows, names: list[str]) -> bool:
        s = self.settings
        small = s.bytes_per_item is None or self._bytes(labelled, names) <= s.bytes_per_item
        return small and (s.milliseconds is None or self._milliseconds(names) <= s.milliseconds)

    def _bytes(self, labelled: LabelledRows, names: list[str]) -> int:
        return sum(self.settings.cost_bytes.get(n, 4 * labelled.blocks[n].shape[1]) for n in names)

    def _milliseconds(self, names: list[str]) -> float:
        return sum(self.settings.cost_milliseconds.get(n, 0.0) for n in names)
