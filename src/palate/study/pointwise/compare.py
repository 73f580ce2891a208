"""The same models on the features of the trade alone and with content beside them: what does
content add, and where?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Lt

from palate.arrays import Doubles, Longs, Mask, Rows
from palate.evaluate.controls import permuted
from palate.evaluate.pointwise import (
    MEASURES,
    Aim,
    Reading,
    best_threshold,
    clustered_reading,
    difference,
    readings,
)
from palate.model.pointwise_classifiers import RowModel, fit_rows
from palate.study.pointwise.cases import Drawn, PointwiseCases, draw_cases
from palate.study.pointwise.event_index import EventIndex
from palate.study.pointwise.past import Past, content_columns
from palate.study.pointwise.rows import (
    TRADITIONAL,
    FeatureSet,
    PointwiseComparison,
    PointwiseFacts,
    PointwiseLift,
    PointwiseScore,
)
from palate.tables import Block, Interactions
from palate.tables.labelled_rows import LabelledRows


@dataclass(frozen=True)
class PointwiseSettings:
    """Cuts of time, rows, features and models."""

    train_from: Annotated[float, Ge(0), Lt(1)] = 0.5
    """Share of the events that are only history."""
    validation_from: Annotated[float, Gt(0), Lt(1)] = 0.8
    """Share of the events before validation."""
    test_from: Annotated[float, Gt(0), Lt(1)] = 0.9
    """Share of the events before the test."""
    positives: Annotated[int, Ge(10)] = 20_000
    """Most events of each part that become rows, drawn by seed."""
    negatives: Annotated[int, Ge(1)] = 1
    """Items that were not taken, for each that was."""
    drawn: Drawn = "matched"
    """Among which they are drawn: items of as many events so far, by popularity, or evenly."""
    models: tuple[RowModel, ...] = ("trees", "line")
    """Boosted trees, a logistic line."""
    aim: Aim = "accuracy"
    """What the threshold maximises on the validation rows."""
    cold: Annotated[int, Ge(0)] = 5
    """An item of at most so many events before the case is cold."""
    tail: Annotated[int, Ge(1)] = 50
    """An item of more than `cold` and at most so many is of the tail."""
    directions: Annotated[int, Ge(0)] = 16
    """Principal directions of each block beside its similarities."""
    last: Annotated[int, Ge(1)] = 20
    """Newest events of the user that an item's content is compared with."""
    fade: Annotated[float, Gt(0)] = 5.0
    """Events after which one counts 1/e in the decayed similarity."""
    controls: bool = True
    """Whether every block is tried with its rows permuted among the items, too."""


def compare(
    log: Interactions,
    blocks: Sequence[Block],
    groups: Rows,
    settings: PointwiseSettings,
    seed: int = 0,
) -> PointwiseComparison:
    """Predict which items users take, under a global split of time, with and without content.

    Rows, features and models are the same in every comparison; only the content columns come and
    go. Features look at events strictly before each row's time, thresholds and strengths are
    chosen on validation, and intervals are over users.

    Args:
        log: All events, with timestamps that users share.
        blocks: Content of the items, e.g. TF-IDF and a language model's vectors.
        groups: int32 [n_items, g], genres or categories (`item_groups`), -1 for none; g may be 0.
        settings: See `PointwiseSettings`.
        seed: Seed of all draws.

    Raises:
        Refused: The log has no shared timestamps, or a part of it has nothing to predict.

    Cost: for 120,000 rows about a second of features for each block and some 10 s for each model
        and set of features.
    """
    s = settings
    shares = (s.train_from, s.validation_from, s.test_from)
    cases = draw_cases(log, shares, s.positives, s.negatives, s.drawn, seed)
    examples = as_examples(log, blocks, groups, cases, s, seed)
    train, validation = cases.rows("train"), cases.rows("validation")
    tested = cases.test_rows("measure")
    slices = _slices(log, cases.take(tested), s)
    user, rows, lifts = cases.user[tested], [], []
    for model in s.models:
        base: dict[str, dict[str, Reading]] = {}
        for features in _sets(blocks, s.controls):
            own = examples.only(features.blocks)
            predicts = fit_rows(model, own.take(train), own.take(validation), seed)
            threshold = best_threshold(own.label[validation], predicts(own.take(validation)), s.aim)
            test = own.take(tested)
            found = _read(test.label, predicts(test), threshold, slices)
            rows += _rows(model, features, found, user, slices, threshold)
            base = base or found
            if found is not base:
                lifts += _lifts(model, features, base, found, user, slices)
    return PointwiseComparison(tuple(rows), tuple(lifts), _facts(cases, s))


def as_examples(
    log: Interactions,
    blocks: Sequence[Block],
    groups: Rows,
    cases: PointwiseCases,
    settings: PointwiseSettings,
    seed: int,
) -> LabelledRows:
    """The cases as rows with blocks of features, ready for models and for questions of
    importance.

    Blocks are `traditional`, every block under its name, and with `settings.controls` each as
    `NAME~permuted`.
    """
    found, columns = Past(log, groups).traditional(cases)
    every: dict[str, Doubles] = {TRADITIONAL: np.concatenate(list(found.values()), axis=1)}
    names = {TRADITIONAL: tuple(c for own in columns.values() for c in own)}
    for block in blocks:
        made = {block.name: block}
        if settings.controls:
            control = permuted(block, seed)
            made[control.name] = control
        for name, one in made.items():
            every[name], names[name] = content_columns(
                log, one, cases, settings.directions, settings.last, settings.fade
            )
    return LabelledRows(every, cases.label.astype(np.float64), cases.user, "binary", columns=names)


def _sets(blocks: Sequence[Block], controls: bool) -> list[FeatureSet]:
    names = tuple(block.name for block in blocks)
    sets = [FeatureSet(), *(FeatureSet((name,)) for name in names)]
    if len(names) > 1:
        sets.append(FeatureSet(names))
    return sets + [FeatureSet((name,), permuted=True) for name in names if controls]


def _slices(
    log: Interactions, test: PointwiseCases, settings: PointwiseSettings
) -> dict[str, Mask]:
    before: Longs = EventIndex(log.item, np.asarray(log.time, np.int64)).before(
        test.item, test.time
    )
    cold = before <= settings.cold
    tail = ~cold & (before <= settings.tail)
    return {"all": np.ones(len(test), np.bool_), "head": ~cold & ~tail, "tail": tail, "cold": cold}


def _read(
    label: Doubles, probability: Doubles, threshold: float, slices: Mapping[str, Mask]
) -> dict[str, dict[str, Reading]]:
    return {
        name: readings(label[own], probability[own], threshold)
        for name, own in slices.items()
        if own.any()
    }


def _rows(
    model: RowModel,
    features: FeatureSet,
    found: Mapping[str, Mapping[str, Reading]],
    user: Rows,
    slices: Mapping[str, Mask],
    threshold: float,
) -> list[PointwiseScore]:
    rows = []
    for name, own in found.items():
        n_rows = int(slices[name].sum())
        for metric in MEASURES:
            e = clustered_reading(own[metric], user[slices[name]])
            figures = (e.value, e.low, e.high, n_rows, e.n_users, threshold)
            rows.append(PointwiseScore(model, features, name, metric, *figures))
    return rows


def _lifts(
    model: RowModel,
    features: FeatureSet,
    base: Mapping[str, Mapping[str, Reading]],
    found: Mapping[str, Mapping[str, Reading]],
    user: Rows,
    slices: Mapping[str, Mask],
) -> list[PointwiseLift]:
    lifts = []
    for name, own in found.items():
        for metric in MEASURES:
            e = difference(base[name][metric], own[metric], user[slices[name]])
            before, after = base[name][metric].value, own[metric].value
            relative = e.value / before if before else float("nan")
            figures = (before, after, e.value, e.low, e.high, e.p, relative)
            lifts.append(PointwiseLift(model, features, name, metric, *figures))
    return lifts


def _facts(cases: PointwiseCases, settings: PointwiseSettings) -> PointwiseFacts:
    train, validation, test = (int((cases.part == part).sum()) for part in range(3))
    return PointwiseFacts(
        train,
        validation,
        test,
        float(cases.label.mean()),
        settings.drawn,
        tuple(cases.cuts),
    )
