"""From a metric's name, such as `ndcg@10`, to the metric and its figures."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import numpy as np

from palate import registry
from palate.arrays import Doubles
from palate.config import parse
from palate.errors import BadRecipe, nearest
from palate.evaluate.measures import measure_lists, measure_ranks
from palate.evaluate.slices import Slice
from palate.registry import PartSpec
from palate.stages import ListMetric, Metric
from palate.tables import Rankings, Split, TargetRanks

_LABEL = re.compile(r"([a-z][a-z0-9_-]*)(?:@([0-9]+))?")


def spec(label: str, where: str = "evaluate.metrics") -> PartSpec[Metric | ListMetric]:
    """The part behind a name: `NAME@K` is `metric.NAME` in its newest version with k = K.

    Without `@K` it is the measure over the whole ranking (`auc`, `mrr`, `map`, `ndcg`).

    Raises:
        BadRecipe: There is no such metric, or it takes no k, or needs one.

    >>> spec("ndcg@5").name
    'metric.ndcg.v2'
    """
    known = _newest()
    found = _LABEL.fullmatch(label.strip().lower())
    if found is None or found[1] not in known:
        name = found[1] if found else label.partition("@")[0].strip().lower()
        close = nearest(name, known) or nearest(name, _ALIASES)
        raise BadRecipe(
            f'there is no metric "{label}"',
            where=where,
            allowed=", ".join(sorted(known)) + ", with a length where they have one: ndcg@10",
            next_step=f'did you mean "{_ALIASES[name]}"?' if name in _ALIASES else close,
        )
    part = known[found[1]]
    settings = registry.part_class(part).Settings
    takes_k = any(field.name == "k" for field in fields(settings))
    if found[2] is not None and not takes_k:
        raise BadRecipe(f'"{found[1]}" has no length', where=where, allowed=found[1])
    if found[2] is not None:
        return PartSpec(part, parse(settings, {"k": int(found[2])}, where))
    if not takes_k:
        return PartSpec(part, settings())
    if not _may_be_whole(settings):
        raise BadRecipe(
            f'"{found[1]}" needs a length', where=where, next_step=f'write "{found[1]}@10"'
        )
    return PartSpec(part, parse(settings, {"k": None}, where))


def length(label: str) -> int:
    """How many places of a list a metric looks at; 0 for the whole ranking.

    >>> length("ndcg@10"), length("auc")
    (10, 0)
    """
    found = _LABEL.fullmatch(label.strip().lower())
    return int(found[2] or 0) if found else 0


def metric(label: str) -> Metric | ListMetric:
    """The metric of that name, ready to use."""
    return spec(label).build()


def of_ranks(label: str) -> str:
    """The metric, or NDCG@10 in place of one that looks at whole lists: what models can be chosen
    by.

    >>> of_ranks("recall@20"), of_ranks("novelty@10")
    ('recall@20', 'ndcg@10')
    """
    return "ndcg@10" if is_list_metric(label) else label


def is_list_metric(label: str) -> bool:
    """Whether it looks at whole lists (coverage, novelty) rather than at the targets' places."""
    return registry.stage_of(spec(label).name) == "listmetric"


def bounds(label: str, values: Doubles) -> tuple[float, float] | None:
    """0 and 1 for a metric of the targets' places; None for one of whole lists, which has none.

    Args:
        label: e.g. `"ndcg@10"`.
        values: float64 [n], its figures; a plugin's that keep no bounds have none.
    """
    inside = np.nanmin(values, initial=0.0) >= 0 and np.nanmax(values, initial=0.0) <= 1 + 1e-9
    return (0.0, 1.0) if inside and not is_list_metric(label) else None


def most_apart(label: str, differences: Doubles) -> float:
    """How large a difference of two models can be; 0 where the metric has no bounds.

    Args:
        label: e.g. `"ndcg@10"`.
        differences: float64 [n], those that were found.
    """
    return 1.0 if bounds(label, np.abs(differences)) is not None else 0.0


def measure(
    label: str, ranks: TargetRanks, rankings: Rankings, split: Split, part: Slice | None = None
) -> Doubles:
    """float64 [n_cases], the metric of every test case; NaN where it has none.

    Args:
        label: e.g. `"ndcg@10"`.
        ranks: Where the targets of the test cases came.
        rankings: The lists; only coverage and novelty look at them.
        split: The split that was ranked.
        part: A slice: only its targets count; for coverage and novelty, only cases that have one.
    """
    found: Any = metric(label)
    if is_list_metric(label):
        return measure_lists(found, ranks, rankings, split.train, part)
    return measure_ranks(found, ranks, part)


_ALIASES = {
    "hr": "hit@10",
    "hitrate": "hit@10",
    "hit_rate": "hit@10",
    "prec": "precision@10",
    "p": "precision@10",
    "r": "recall@10",
    "rec": "recall@10",
    "n": "ndcg@10",
}


def _newest() -> dict[str, str]:
    """Short name -> part name of the highest version."""
    names = [*registry.names("metric"), *registry.names("listmetric")]
    numbered = sorted(names, key=lambda n: int(n.rpartition(".v")[2]))
    return {name.split(".")[1]: name for name in numbered}


def _may_be_whole(settings: Any) -> bool:
    try:
        parse(settings, {"k": None})
    except BadRecipe:
        return False
    return True
