"""Outcomes of all repetitions -> rows of the leaderboard and of the comparisons.

Figures are first averaged within a user (over cases and repetitions), then over users: the user is
the independent unit, so that intervals are honest when one user has several cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from palate.arrays import Doubles, Longs
from palate.evaluate import ratios
from palate.evaluate.comparisons import compare_family
from palate.evaluate.intervals import mean_intervals
from palate.evaluate.slices import WHOLE, slices
from palate.pipeline.trial import NEW_ITEMS, Trial
from palate.recipe.metrics import bounds, is_list_metric, measure, most_apart
from palate.recipe.recipe import Recipe
from palate.recipe.references import base_of, credits_of
from palate.recipe.settings import Bar
from palate.runs.fields import significant
from palate.runs.rows import Comparison, Purpose, Score
from palate.tables.slice_names import slice_called
from palate.tables.variant import Variant

Key: TypeAlias = tuple[Variant, str, str]
"""Which model, on which slice, by which metric."""
Pair: TypeAlias = tuple[Variant, Variant, str]
"""Which model against which other, on which slice."""


@dataclass(frozen=True)
class Measured:
    """Per-user figures of every model.

    Attributes:
        values: (variant, slice, metric) -> float64 [n_users], NaN where the user has no case in the
            slice.
        seconds: Variant -> mean seconds of fitting and ranking, in the order they were made.
    """

    values: Mapping[Key, Doubles]
    seconds: Mapping[Variant, float]


def measured(trials: Sequence[Trial], recipe: Recipe) -> Measured:
    """All metrics of all models on all slices, by user."""
    collected: dict[Key, list[tuple[Doubles, Doubles]]] = {}
    of_trials = [_units(trial) for trial in trials]
    units = np.unique(np.concatenate(of_trials))
    for trial, own in zip(trials, of_trials, strict=True):
        unit = np.searchsorted(units, own)
        for key, per_case in _cases(trial, recipe):
            collected.setdefault(key, []).append(_sums(per_case, unit, len(units)))
    values = _complete({key: _means(collected.pop(key)) for key in list(collected)})
    seconds = {
        outcome.variant: float(
            np.mean([_seconds(t, outcome.variant) for t in trials if not t.scope])
        )
        for outcome in trials[0].outcomes
    }
    return Measured(values, seconds)


def _cases(trial: Trial, recipe: Recipe) -> Iterator[tuple[Key, Doubles]]:
    parts = (
        [replace(p, name=trial.scope) for p in slices(trial.split)[:1]]
        if trial.scope
        else slices(trial.split)
    )
    for outcome in trial.outcomes:
        for part in parts:
            metrics = (
                recipe.evaluate.metrics
                if part.name in (WHOLE, NEW_ITEMS)
                else _position_metrics(recipe)
            )
            for metric in metrics:
                yield (
                    (outcome.variant, part.name, metric),
                    measure(metric, outcome.ranks, outcome.rankings, trial.split, part),
                )


def _position_metrics(recipe: Recipe) -> tuple[str, ...]:
    # coverage and novelty look at whole lists, which a slice of the targets does not change
    return tuple(m for m in recipe.evaluate.metrics if not is_list_metric(m))


def _units(trial: Trial) -> Longs:
    """int64 [n_cases], the user of each case; a case without a known user stands for a user of its
    own, after the known ones.
    """
    users = trial.split.test.open("measure").histories.users
    more = trial.split.train.n_users + np.arange(len(users))
    return np.asarray(np.where(users >= 0, users, more), np.int64)


def _sums(per_case: Doubles, unit: Longs, n_units: int) -> tuple[Doubles, Doubles]:
    known = ~np.isnan(per_case)
    total = np.bincount(unit[known], per_case[known], minlength=n_units).astype(np.float64)
    return total, np.bincount(unit[known], minlength=n_units).astype(np.float64)


def _means(parts: Sequence[tuple[Doubles, Doubles]]) -> Doubles:
    total, count = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
    empty = np.full(len(total), np.nan)
    return np.asarray(np.divide(total, count, out=empty, where=count > 0))


def _complete(values: Mapping[Key, Doubles]) -> dict[Key, Doubles]:
    """The same without the users who have no case at all: they are not part of the population."""
    complete = np.any([~np.isnan(v) for v in values.values()], axis=0)
    return {key: v[complete] for key, v in values.items()}


def _seconds(trial: Trial, variant: Variant) -> float:
    outcome = next(o for o in trial.outcomes if o.variant == variant)
    return outcome.fit_seconds + outcome.score_seconds


def leaderboard(measures: Measured, recipe: Recipe) -> tuple[Score, ...]:
    """Every model on every slice by every metric; published figures at the end."""
    rows: list[Score] = []
    by_slice: dict[str, list[Key]] = {}
    for key in measures.values:
        by_slice.setdefault(key[1], []).append(key)
    for name, keys in by_slice.items():
        for variant, _, metric in keys:
            values = measures.values[variant, name, metric]
            interval = mean_intervals(values, within=bounds(metric, values))
            rows.append(
                Score(
                    variant.name,
                    name,
                    metric,
                    significant(interval.value[0]),
                    significant(interval.low[0]),
                    significant(interval.high[0]),
                    int(interval.n_users[0]),
                    round(measures.seconds[variant], 3),
                    variant.role,
                    variant,
                )
            )
    return (*rows, *(_published(bar) for bar in recipe.protocol.bars))


def _published(bar: Bar) -> Score:
    variant = Variant(bar.model, "published")
    return Score(
        variant.name,
        WHOLE,
        bar.metric,
        bar.value,
        low=None,
        high=None,
        n_users=None,
        seconds=None,
        kind=variant.role,
        variant=variant,
        source=bar.source,
    )


def comparisons(measures: Measured, recipe: Recipe) -> tuple[Comparison, ...]:
    """Paired tests by user, intervals and p values corrected within each family by Holm's method.

    Purposes: `lift` (a fusion against its counterpart: the same with its features gone and its
    weights chosen again), `control` (permuted texts or random vectors against the same counterpart,
    where the gain must vanish), `own control` (the fusion against its controls), `ablation` (the
    fusion against itself without a block, or without its language models), `pair` (any two models).
    A family is a purpose and a fusion over all test users, or the same over its slices: what is
    claimed for everybody does not get harder to show because slices are looked at too, nor because
    the recipe has other fusions, since validation says which of them the headline is about.

    Where no target was seen in training, a model without features has nothing to go by, and any
    vectors at all would gain over it by pushing unknown items up. There a fusion is compared with
    itself on permuted texts; so is one of which nothing is left without its features.
    """
    rows: list[Comparison] = []
    for purpose, pairs in _purposes(measures, recipe).items():
        families: dict[tuple[str, bool], list[Pair]] = {}
        for pair in pairs:
            about = "" if purpose == "pair" else pair[0].of
            families.setdefault((about, pair[2] == WHOLE), []).append(pair)
        for family in families.values():
            rows += _compared(measures, recipe, purpose, family)
    return tuple(rows)


def _purposes(measures: Measured, recipe: Recipe) -> dict[Purpose, list[Pair]]:
    graph = recipe.graph
    parts = list(dict.fromkeys(key[1] for key in measures.values))
    variants = list(measures.seconds)
    names = [v for v in variants if v.role == "model"]
    controls = [v for v in variants if v.role == "control"]
    fusions = graph.fusions()
    base = _bases(measures, recipe, parts)
    return {
        "lift": [
            (Variant(fusion), base[fusion, part], part)
            for fusion in fusions
            for part in parts
            if (fusion, part) in base
        ],
        "control": [
            (v, base[v.of, part], part)
            for v in controls
            for part in parts
            if base.get((v.of, part), v) != v
        ],
        "own control": [(Variant(v.of), v, part) for v in controls for part in parts],
        "ablation": [
            (Variant(fusion), credit.reference, part)
            for fusion in fusions
            for credit in credits_of(graph, fusion)
            for part in parts
        ],
        "pair": [(a, b, WHOLE) for i, a in enumerate(names) for b in names[i + 1 :]],
    }


def _bases(
    measures: Measured, recipe: Recipe, parts: Sequence[str]
) -> dict[tuple[str, str], Variant]:
    """(fusion, slice) -> what its lift is measured against there; some may have none."""
    unseen = unseen_slices(parts)
    permuted = {v.of: v for v in measures.seconds if v.kind == "permuted"}
    found = {}
    for fusion in recipe.graph.fusions():
        base, itself = base_of(recipe.graph, fusion), permuted.get(fusion)
        for part in parts:
            wanted = (itself or base) if part in unseen else (base or itself)
            if wanted is not None:
                found[fusion, part] = wanted
    return found


def unseen_slices(parts: Sequence[str]) -> set[str]:
    """Names of the slices in which no target has a training event; the whole too, if there is
    nothing else.
    """
    known = {part: found for part in parts if (found := slice_called(part)) is not None}
    unseen = {part for part, found in known.items() if found.unseen}
    by_frequency = [found.unseen for found in known.values() if found.kind == "frequency"]
    return unseen | {WHOLE} if by_frequency and all(by_frequency) else unseen


def _compared(
    measures: Measured, recipe: Recipe, purpose: Purpose, pairs: Sequence[Pair]
) -> list[Comparison]:
    """One row for each (a, b, slice) that at least two users can speak to; they are one family."""
    metric = recipe.evaluate.primary
    value = measures.values
    # an ablation, for one, is not part of the trial with new items
    complete = [p for p in pairs if (p[0], p[2], metric) in value and (p[1], p[2], metric) in value]
    pairs = [p for p in complete if np.sum(~np.isnan(value[p[0], p[2], metric])) > 1]
    if not pairs:
        return []
    differences = np.stack(
        [value[a, part, metric] - value[b, part, metric] for a, b, part in pairs], axis=1
    )
    found = compare_family(differences, most=most_apart(metric, differences))
    n_compared = sum(np.isfinite(one.p) for one in found)
    differ = np.count_nonzero(np.nan_to_num(differences), axis=0)
    # how many per cent any two models are apart is shown nowhere
    lifts = [
        {}
        if purpose == "pair"
        else _lift(value[a, part, metric], value[b, part, metric], metric, one.level)
        for (a, b, part), one in zip(pairs, found, strict=True)
    ]
    return [
        Comparison(
            a.name,
            b.name,
            metric,
            part,
            significant(one.difference),
            significant(one.low),
            significant(one.high),
            significant(one.level),
            significant(one.p),
            significant(one.p_adjusted),
            n_users=one.n_users,
            purpose=purpose,
            a_variant=a,
            b_variant=b,
            n_compared=n_compared,
            n_differ=int(n),
            **more,
        )
        for (a, b, part), one, n, more in zip(pairs, found, differ, lifts, strict=True)
    ]


def _lift(a: Doubles, b: Doubles, metric: str, level: float) -> dict[str, float | None]:
    """The same as shares of the base; empty where a share means nothing."""
    both = np.concatenate([a, b])
    if bounds(metric, both[~np.isnan(both)]) is None:
        return {}
    found = ratios.lift(a, b, level=level)
    if found is None:
        return {}
    ends = {"lift": found.value, "lift_low": found.low, "lift_high": found.high}
    return {name: significant(percent / 100) for name, percent in ends.items()}
