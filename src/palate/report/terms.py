"""What the words of the field mean, a plain sentence each, for the place where they come first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final

from palate.report import wording
from palate.runs.documents import Summary
from palate.runs.rows import Validated

Term = tuple[str, str]
"""A word and what it means."""

LIFT: Final[Term] = (
    "Lift",
    "by how much the metric is higher with the features than without them.",
)
CONTROL: Final[Term] = (
    "Control",
    "the same model with features that mean nothing; what it gains is chance, so it should be"
    " near zero.",
)
VALIDATION: Final[Term] = (
    "Validation",
    "choices that users made before those of the test; on them the best model is chosen, before"
    " the test is looked at.",
)
ABLATION: Final[Term] = ("Ablation", "the same model with one block of features taken out.")
INTERVAL: Final[Term] = (
    "95 % interval",
    "with other users like these, the mean would lie in it 19 times in 20.",
)

_METRICS = MappingProxyType(
    {
        "ndcg": "how near the top of {k} suggestions the items stand that users chose next: 1 when"
        " all stand first, 0 when none is among them.",
        "graded_ndcg": "the same as NDCG, where items that users valued more count more.",
        "recall": "the share of the items that users chose next which are among {k} suggestions.",
        "precision": "the share of {k} suggestions which users chose next.",
        "hit": "the share of users who chose at least one of {k} suggestions next.",
        "mrr": "1 for users who chose the first of {k} suggestions, 1/2 for the second, 1/3 for the"
        " third, and so on.",
        "map": "the precision down to each of {k} suggestions that users chose next, averaged.",
        "auc": "how often an item that users chose next stands above one that they did not; 0.5 is"
        " chance.",
        "coverage": "the share of the catalogue that is suggested to anybody at all.",
        "evenness": "how evenly the suggestions are spread over the catalogue: 1 when every item is"
        " suggested equally often; it is 1 less the Gini coefficient.",
        "distinct_lists": "the share of lists that are different from all others: 1 when no two"
        " users get the same {k} suggestions in the same order.",
        "overlap": "which share of {k} suggestions two users have in common, in the mean over all"
        " pairs of users.",
        "novelty": "how rarely the suggested items were seen in training: the higher, the rarer.",
    }
)


def metric_term(name: str) -> Term | None:
    """What a metric measures; None for one that is not known here, such as that of a plugin.

    >>> metric_term("hit@5")
    ('Hit rate@5', 'the share of users who chose at least one of 5 suggestions next.')
    """
    family, _, k = name.partition("@")
    family = {"hit_rate": "hit", "hitrate": "hit"}.get(family.lower(), family.lower())
    means = _METRICS.get(family)
    return (wording.metric_name(name), means.format(k=k or "all")) if means else None


def metric_terms(names: Iterable[str]) -> tuple[Term, ...]:
    """Those of several metrics, as far as they are known."""
    return tuple(term for name in names if (term := metric_term(name)))


def head_terms(summary: Summary) -> tuple[Term, ...]:
    """The words that the key figures of a run need."""
    labels = " ".join(figure.label for figure in summary.figures).lower()
    found = metric_terms([summary.primary] if summary.primary.lower() in labels else ())
    others = {"lift": LIFT, "control": CONTROL}
    notes = " ".join(figure.note for figure in summary.figures).lower()
    chosen = (VALIDATION,) if "validation" in notes else ()
    return (*found, *(term for word, term in others.items() if word in labels), *chosen)


def board_terms(kinds: Iterable[str], above: Iterable[Term]) -> tuple[Term, ...]:
    """The words that a leaderboard with models of these kinds needs beside those above it."""
    needed = {"control": CONTROL, "ablation": ABLATION}
    used = set(kinds)
    said = set(above)
    return (INTERVAL, *(t for kind, t in needed.items() if kind in used and t not in said))


def why_best(summary: Summary, validation: Sequence[Validated] | None) -> str:
    """Why the best model is called so, in a sentence; empty where the files do not say.

    Args:
        summary: Of the run.
        validation: How its models did on validation cases.
    """
    rows = {row.model: row for row in validation or () if row.value is not None}
    mine = rows.get(summary.best_model)
    if mine is None or not summary.validated:
        return ""
    metric = wording.metric_name(mine.metric)
    start = f"Chosen on {wording.count(mine.n_cases)} validation cases, before the test:"
    reached = f"{metric} {wording.value(mine.value)}"
    behind, error = mine.behind or 0.0, mine.error or 0.0
    first = max(rows.values(), key=lambda row: row.value or 0.0)
    if behind <= 0 or first.model == mine.model:
        return f"{start} no model did better there ({reached})."
    if behind <= error:
        return (
            f"{start} {reached}, {wording.value(behind)} behind {first.model}, which is less than"
            f" the standard error ({wording.value(error)}); of equals the simplest is taken."
        )
    return (
        f"Named by the recipe: {reached} on validation, {wording.value(behind)} behind"
        f" {first.model}."
    )
