"""Outcomes of all repetitions -> rows of the leaderboard and of the comparisons.

Figures are first averaged within a user (over cases and repetitions), then over users: the user is
the unit that is resampled, so that intervals are honest when one user has several cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.comparisons import compare_all, holm
from palate.evaluate.intervals import bootstrap
from palate.evaluate.names import measure
from palate.evaluate.slices import UNSEEN, WHOLE, slices
from palate.pipeline.trial import NEW_ITEMS, Outcome, Trial
from palate.recipe import graph
from palate.recipe.recipe import Recipe


@dataclass(frozen=True)
class Measured:
    """Per-user figures of every model.

    Attributes:
        values: (model, slice, metric) -> float64 [n_users], NaN where the user has no case in the
            slice.
        kinds: Model -> kind.
        of: Model -> the model it is a variation of.
        seconds: Model -> mean seconds of fitting and ranking.
    """

    values: Mapping[tuple[str, str, str], Doubles]
    kinds: Mapping[str, str]
    of: Mapping[str, str]
    seconds: Mapping[str, float]


def measured(trials: Sequence[Trial], recipe: Recipe) -> Measured:
    """All metrics of all models on all slices, by user."""
    collected: dict[tuple[str, str, str], list[tuple[Doubles, Doubles]]] = {}
    for trial in trials:
        for key, per_case in _cases(trial, recipe):
            users = trial.split.test.histories.users
            collected.setdefault(key, []).append(_sums(per_case, users, trial.split.train.n_users))
    values = _those_asked({key: _means(parts) for key, parts in collected.items()})
    first = trials[0].outcomes
    seconds = {
        o.name: float(np.mean([_seconds(t, o.name) for t in trials if not t.scope])) for o in first
    }
    return Measured(values, {o.name: o.kind for o in first}, {o.name: o.of for o in first}, seconds)


def _cases(trial: Trial, recipe: Recipe) -> Iterator[tuple[tuple[str, str, str], Doubles]]:
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
                    (outcome.name, part.name, metric),
                    measure(metric, outcome.ranks, outcome.rankings, trial.split, part),
                )


def _position_metrics(recipe: Recipe) -> tuple[str, ...]:
    # coverage and novelty look at whole lists, which a slice of the targets does not change
    return tuple(m for m in recipe.evaluate.metrics if not m.startswith(("coverage", "novelty")))


def _sums(per_case: Doubles, users: Any, n_users: int) -> tuple[Doubles, Doubles]:
    known = ~np.isnan(per_case)
    # a case without a known user stands for a user of its own, after the known ones
    unit = np.where(users >= 0, users, n_users + np.arange(len(users)))
    size = n_users + len(users)
    total = np.bincount(unit[known], per_case[known], minlength=size).astype(np.float64)
    return total, np.bincount(unit[known], minlength=size).astype(np.float64)


def _means(parts: Sequence[tuple[Doubles, Doubles]]) -> Doubles:
    size = max(len(t) for t, _ in parts)
    total, count = np.zeros(size), np.zeros(size)
    for t, n in parts:
        total[: len(t)] += t
        count[: len(n)] += n
    return np.asarray(np.divide(total, count, out=np.full(size, np.nan), where=count > 0))


def _those_asked(
    values: Mapping[tuple[str, str, str], Doubles],
) -> dict[tuple[str, str, str], Doubles]:
    """The same without the users who have no case at all: they are not part of the population that
    is resampled.
    """
    size = max(len(v) for v in values.values())
    padded = {
        key: np.pad(v, (0, size - len(v)), constant_values=np.nan) for key, v in values.items()
    }
    asked = np.any([~np.isnan(v) for v in padded.values()], axis=0)
    return {key: v[asked] for key, v in padded.items()}


def _seconds(trial: Trial, name: str) -> float:
    outcome: Outcome = next(o for o in trial.outcomes if o.name == name)
    return outcome.fit_seconds + outcome.score_seconds


def leaderboard(measures: Measured, recipe: Recipe) -> list[dict[str, Any]]:
    """Rows {model, slice, metric, value, low, high, n_users, seconds, kind}; published figures at
    the end.
    """
    rows = []
    by_slice: dict[str, list[tuple[str, str, str]]] = {}
    for key in measures.values:
        by_slice.setdefault(key[1], []).append(key)
    for name, keys in by_slice.items():
        columns = np.stack([measures.values[key] for key in keys], axis=1)
        interval = bootstrap(columns, recipe.seed, recipe.evaluate.resamples)
        for i, (model, _, metric) in enumerate(keys):
            rows.append(
                {
                    "model": model,
                    "slice": name,
                    "metric": metric,
                    "value": _number(interval.value[i]),
                    "low": _number(interval.low[i]),
                    "high": _number(interval.high[i]),
                    "n_users": int((~np.isnan(columns[:, i])).sum()),
                    "seconds": round(measures.seconds[model], 3),
                    "kind": measures.kinds[model],
                }
            )
    return rows + [_published(bar) for bar in recipe.protocol.bars]


def _published(bar: Any) -> dict[str, Any]:
    blank = {"low": None, "high": None, "n_users": None, "seconds": None}
    named = {
        "model": bar.model,
        "slice": WHOLE,
        "metric": bar.metric,
        "value": bar.value,
        "source": bar.source,
    }
    return {**named, **blank, "kind": "published"}


def comparisons(measures: Measured, recipe: Recipe) -> list[dict[str, Any]]:
    """Rows {a, b, metric, slice, difference, low, high, p, p_adjusted, n_users, purpose}.

    Purposes: `lift` (a fusion against its base, on every slice), `control` (permuted texts or
    random vectors against the same base, where the gain must vanish), `ablation` (a fusion against
    itself without a member), `pair` (any two models). Where no target was seen in training, a model
    without features has nothing to go by, and any vectors at all would gain over it by pushing
    unknown items up. There a fusion is compared with itself on permuted texts, and so is everywhere
    a ranker that learns an order of its own, which beats its base with any texts or none. p values
    are corrected by Holm's method within each purpose.
    """
    rows: list[dict[str, Any]] = []
    for purpose, pairs in _families(measures, recipe).items():
        made = _compared(measures, recipe, purpose, pairs)
        for row, p in zip(made, holm([row["p"] for row in made]), strict=True):
            row["p_adjusted"] = _number(p)
        rows += made
    return rows


def _families(measures: Measured, recipe: Recipe) -> dict[str, list[tuple[str, str, str]]]:
    fusions = graph.fusions(recipe.models)
    parts = list(dict.fromkeys(key[1] for key in measures.values))
    unseen = unseen_slices(parts)

    def _base(fusion: str, part: str) -> str:
        permuted = f"{fusion}~permuted"
        itself = part in unseen or graph.reranks(recipe.models[fusion])
        return (
            permuted
            if itself and permuted in measures.kinds
            else graph.base_of(fusion, recipe.models)
        )

    varied = {
        kind: [n for n, k in measures.kinds.items() if k == kind]
        for kind in ("control", "ablation")
    }
    names = [n for n, kind in measures.kinds.items() if kind == "model"]
    return {
        "lift": [(f, _base(f, part), part) for f in fusions for part in parts],
        "control": [
            (c, _base(measures.of[c], part), part)
            for c in varied["control"]
            for part in parts
            if c != _base(measures.of[c], part)
        ],
        "ablation": [(measures.of[a], a, part) for a in varied["ablation"] for part in parts],
        "pair": [(a, b, WHOLE) for i, a in enumerate(names) for b in names[i + 1 :]],
    }


def unseen_slices(parts: Sequence[str]) -> set[str]:
    """Names of the slices in which no target has a training event; the whole too, if there is
    nothing else.
    """
    unseen = {part for part in parts if part in (NEW_ITEMS, UNSEEN)}
    seen = [part for part in parts if part.startswith("target") and part != UNSEEN]
    return unseen if seen or UNSEEN not in parts else unseen | {WHOLE}


def _compared(
    measures: Measured, recipe: Recipe, purpose: str, pairs: Sequence[tuple[str, str, str]]
) -> list[dict[str, Any]]:
    """One row for each (a, b, slice) that at least two users can speak to."""
    metric = recipe.evaluate.primary
    value = measures.values
    # an ablation, for one, is not part of the trial with new items
    asked = [p for p in pairs if (p[0], p[2], metric) in value and (p[1], p[2], metric) in value]
    pairs = [p for p in asked if np.sum(~np.isnan(value[p[0], p[2], metric])) > 1]
    if not pairs:
        return []
    differences = np.stack(
        [value[a, part, metric] - value[b, part, metric] for a, b, part in pairs], axis=1
    )
    found = compare_all(differences, recipe.seed, recipe.evaluate.resamples)
    return [
        {
            "a": a,
            "b": b,
            "metric": metric,
            "slice": part,
            "difference": _number(one.difference),
            "low": _number(one.low),
            "high": _number(one.high),
            "p": _number(one.p),
            "p_adjusted": None,
            "n_users": one.n_users,
            "purpose": purpose,
        }
        for (a, b, part), one in zip(pairs, found, strict=True)
    ]


def _number(value: float) -> float | None:
    """A JSON-able number of seven significant digits; None for NaN."""
    return None if np.isnan(value) else float(f"{value:.7g}")
