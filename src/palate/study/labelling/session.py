"""One session: items one after the other, every label on the disk before the next item is shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from palate.arrays import Doubles, Longs
from palate.encode.attributes.local.known import option_values
from palate.encode.labels.given import KnownLabels
from palate.encode.labels.label_file import DRAWN, GivenLabel, append_labels, read_labels
from palate.encode.labels.self_training import LearnsLabels, learn_labels
from palate.errors import BadInput
from palate.seeding import generator
from palate.study.labelling.agreement import Counted, agreement, counted, gained
from palate.study.labelling.strategies import STRATEGIES, LabelCandidates, StrategyName
from palate.tables.estimate import Estimate
from palate.tables.questions import Question

Picks: TypeAlias = StrategyName | Literal["auto"]
"""A strategy; `"auto"`: typical items first, then diverse ones among the doubtful."""

ENOUGH = 0.02
"""A gain that is not worth going on for."""
_COLD = 3
_LEAST = 8
_FOLDS = 3
_POOL = 4000


@dataclass(frozen=True, eq=False)
class LabelTask:
    """What is to be labelled.

    Attributes:
        question: With its options.
        ids: [n], outside ids of the training items that have a text.
        texts: [n].
        titles: [n], what people call them.
        vectors: float64 [n, d].
        known: Labels that fields of the items hold already.
        path: The file of labels.
        block: The section of a recipe that reads the file.
        way: How the block learns labels; between two batches without teaching on its own answers,
            and with three folds at most, since somebody waits.
    """

    question: Question
    ids: Sequence[str]
    texts: Sequence[str]
    titles: Sequence[str]
    vectors: Doubles
    known: KnownLabels
    path: Path
    block: str = ""
    way: LearnsLabels = field(default_factory=LearnsLabels)


@dataclass(frozen=True)
class LabelPlan:
    """How it is labelled.

    Attributes:
        budget: Most labels in the file, those from earlier sessions and what was skipped included.
        batch: Labels between two fits.
        held_out: Items that are drawn and labelled first, to measure on.
        strategy: See `Picks`.
        by: Who gives them.
        seed: Of all that is drawn.
    """

    budget: int = 200
    batch: int = 10
    held_out: int = 50
    strategy: Picks = "auto"
    by: str = "person"
    seed: int = 0


@dataclass(frozen=True)
class CurvePoint:
    """Agreement with the held-out labels after some labels.

    Attributes:
        labels: That were learnt from.
        f1: Micro-F1.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    labels: int
    f1: float
    low: float
    high: float


@dataclass(frozen=True)
class LabelProgress:
    """Where a session stands.

    Attributes:
        question: Name of the question.
        given: Labels in the file, without those that are skipped.
        skipped: Items whose label could not be known.
        held_out: Labels among `given` that are for measuring.
        budget: Most labels, skipped ones included.
        curve: Agreement, the fewest labels first.
        enough: Whether more labels of this kind are not worth it.
        sentence: The same in words.
        path: The file.
    """

    question: str
    given: int
    skipped: int
    held_out: int
    budget: int
    curve: tuple[CurvePoint, ...]
    enough: bool
    sentence: str
    path: str


@dataclass
class LabelSession:
    """Items to label, one after the other; what the file holds already goes on.

    Attributes:
        task: What is to be labelled.
        plan: How.
    """

    task: LabelTask
    plan: LabelPlan
    _said: dict[str, GivenLabel] = field(default_factory=dict)
    _queue: list[tuple[int, str]] = field(default_factory=list)
    _again: list[int] = field(default_factory=list)
    _order: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        name = self.task.question.name
        found = read_labels(self.task.path, missing_ok=True)
        self._said = {one.item: one for one in found if one.question == name}
        self._row_of = {item: row for row, item in enumerate(self.task.ids)}
        rng = generator(self.plan.seed, "held-out labels", name)
        self._drawn = rng.permutation(len(self.task.ids)).tolist()

    def next_item(self) -> tuple[int, bool] | None:
        """Row of the next item, and whether its label is for measuring; None when the budget is
        spent or every item has a label.
        """
        if self._again:
            row = self._again[-1]
            earlier = self._said.get(self.task.ids[row])
            return row, earlier is not None and earlier.held_out
        if len(self._said) >= self.plan.budget:
            return None
        if self._n_held() < self.plan.held_out:
            drawn = next((r for r in self._drawn if self._is_open(r)), None)
            return None if drawn is None else (drawn, True)
        self._queue = [(r, how) for r, how in self._queue if self._is_open(r)]
        if not self._queue:
            self._queue = self._batch()
        return (self._queue[0][0], False) if self._queue else None

    def give(self, row: int, values: Sequence[str] | None, seconds: float = 0.0) -> GivenLabel:
        """Take a label; it is on the disk when this returns.

        Args:
            row: Of the item.
            values: The options that hold; None: it cannot be known.
            seconds: How long it took.

        Raises:
            BadInput: A value is no option, or there is not one for `"label"`; or the file cannot be
                written.
        """
        question, item = self.task.question, self.task.ids[row]
        strange = [v for v in values or () if v not in question.options]
        if strange or (question.kind == "label" and values is not None and len(values) != 1):
            raise BadInput(
                f'"{strange[0]}" is no option' if strange else f"{len(values or ())} options",
                where=question.name,
                allowed=f"{'one' if question.kind == 'label' else 'any'} of"
                f" {', '.join(question.options)}",
            )
        earlier = self._said.get(item)
        held = earlier.held_out if earlier else self._n_held() < self.plan.held_out
        how = DRAWN if held else next((h for r, h in self._queue if r == row), DRAWN)
        label = GivenLabel(
            item,
            question.name,
            tuple(values or ()),
            self.plan.by,
            earlier.chosen if earlier else how,
            held,
            values is None,
            round(seconds, 2),
            round(time.time(), 3),
        )
        append_labels(self.task.path, [label])
        self._said[item] = label
        self._again = [r for r in self._again if r != row]
        self._order.append(row)
        return label

    def row_of(self, item: str) -> int:
        """Row of an item.

        Raises:
            BadInput: It is none of those that are labelled.
        """
        if item not in self._row_of:
            raise BadInput(f'"{item}" is none of the items to label', where="item")
        return self._row_of[item]

    def said_of(self, row: int) -> tuple[str, ...]:
        """Options that a label says of an item by now."""
        earlier = self._said.get(self.task.ids[row])
        return () if earlier is None else earlier.values

    def n_given(self) -> int:
        """Labels in the file, skipped ones included."""
        return len(self._said)

    def take_back(self) -> int | None:
        """Row of the item that got the last label of this session, which is now the next one again;
        its new label takes the place of the old. None where there is none.
        """
        row = self._order.pop() if self._order else None
        if row is not None:
            self._again.append(row)
        return row

    def progress(self) -> LabelProgress:
        """Where it stands; the curve is learnt again from the labels in the file."""
        points = self._points()
        curve = tuple(_point(n, one) for n, one in points)
        enough, sentence = _verdict(points, self._n_held())
        said = self._said.values()
        return LabelProgress(
            self.task.question.name,
            sum(not one.skipped for one in said),
            sum(one.skipped for one in said),
            self._n_held(),
            self.plan.budget,
            curve,
            enough,
            sentence,
            str(self.task.path),
        )

    def _n_held(self) -> int:
        return sum(one.held_out and not one.skipped for one in self._said.values())

    def _is_open(self, row: int) -> bool:
        return self.task.ids[row] not in self._said and not self.task.known.known[row]

    def _labels(self, *, held_out: bool) -> tuple[Longs, Doubles]:
        """Rows and labels, in the order in which they were given."""
        chosen = [
            one
            for one in self._said.values()
            if one.held_out == held_out and not one.skipped and one.item in self._row_of
        ]
        rows = np.array([self._row_of[one.item] for one in chosen], np.int64)
        _, values = option_values(self.task.question, [one.values for one in chosen])
        return rows, values

    def _learnt_from(self, n: int) -> tuple[Longs, Doubles]:
        """Labels of the fields, and the first n of the file that are to be learnt from."""
        own = np.flatnonzero(self.task.known.known)
        rows, values = self._labels(held_out=False)
        return (
            np.concatenate([own, rows[:n]]),
            np.concatenate([self.task.known.values[own], values[:n]]),
        )

    def _says(self, n: int, rows: Longs) -> Doubles | None:
        """Probabilities of the items `rows` after n labels; None while nothing can be learnt."""
        learnt, values = self._learnt_from(n)
        if len(learnt) < _LEAST:
            return None
        X = self.task.vectors
        folds = min(self.task.way.folds, _FOLDS)
        way = replace(self.task.way, rounds=0, folds=folds, seed=self.plan.seed)
        everything = np.ones(len(learnt), np.bool_)
        found = learn_labels(self.task.question, X[learnt], values, everything, X[:0], way)
        return found.probabilities(X[rows])

    def _batch(self) -> list[tuple[int, str]]:
        rows = np.array([r for r in self._drawn if self._is_open(r)][:_POOL], np.int64)
        n = min(self.plan.batch, self.plan.budget - len(self._said))
        if not len(rows) or n < 1:
            return []
        learnt, values = self._learnt_from(len(self._said))
        strategy = self._strategy(values)
        p = None if strategy in ("random", "typical") else self._says(len(self._said), rows)
        X, kind = self.task.vectors, self.task.question.kind
        candidates = LabelCandidates(kind, X[rows], p, X[learnt])
        rng = generator(self.plan.seed, "labels to give", self.task.question.name, len(self._said))
        chosen = STRATEGIES[strategy](candidates, n, rng)
        how = DRAWN if strategy == "random" else strategy
        return [(int(rows[c]), how) for c in chosen]

    def _strategy(self, values: Doubles) -> StrategyName:
        if self.plan.strategy != "auto":
            return self.plan.strategy
        cold = len(values) < _COLD * len(self.task.question.options)
        return "typical" if cold else "diverse"

    def _points(self) -> list[tuple[int, Counted]]:
        held, truth = self._labels(held_out=True)
        whole = len(self._labels(held_out=False)[0])
        if len(held) < 2:
            return []
        # at most eight points: every one is a fit
        step = self.plan.batch * max(1, -(-whole // (8 * self.plan.batch)))
        points = []
        for n in [*range(step, whole, step), whole]:
            p = self._says(n, held)
            if p is not None:
                points.append((n, counted(self.task.question.kind, p, truth)))
        return points


def _point(n: int, found: Counted) -> CurvePoint:
    one = agreement(found)
    return CurvePoint(n, *(round(x, 4) for x in (one.value, one.low, one.high)))


def _verdict(points: Sequence[tuple[int, Counted]], held_out: int) -> tuple[bool, str]:
    if len(points) < 3:
        return False, f"too early to say: {held_out} held-out labels, {len(points)} fits"
    # the gain of the last third of the labels, on the same held-out items
    n, last = points[-1]
    before = max((p for p in points[:-1] if 3 * p[0] <= 2 * n), default=points[0])
    gain: Estimate = gained(last, before[1])
    said = (
        f"the last {n - before[0]} of {n} labels changed agreement by {gain.value:+.3f}"
        f" ({gain.low:+.3f} to {gain.high:+.3f} on {held_out} held-out items)"
    )
    if gain.high < ENOUGH:
        return True, f"{said}: it is enough"
    return False, f"{said}: more may help"
