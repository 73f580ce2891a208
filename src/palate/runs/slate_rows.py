"""Rows of `slates.json`: what a slate costs and brings."""

from __future__ import annotations

from dataclasses import dataclass

from palate.runs.fields import Number, Text


@dataclass(frozen=True)
class FrontierPoint:
    """What one value of a slate's setting reaches, as means over cases.

    Attributes:
        weight: The value; 0: by score alone; None: the slate has no such setting.
        ndcg: Of the first k.
        diversity: Mean of 1 - cosine over the pairs of a list; None: no content is known.
        miscalibration: 0 to 1; None: no field is known.
        coverage: Share of the catalogue that is in any list.
    """

    weight: Number
    ndcg: Number
    diversity: Number
    miscalibration: Number
    coverage: Number


@dataclass(frozen=True)
class Change:
    """The chosen slate against the order of scores, paired over test users, in per cent.

    Attributes:
        figure: What is compared.
        percent: The change of its mean.
        low: Lower end of the 95 % interval.
        high: Upper end.
    """

    figure: Text
    percent: Number
    low: Number
    high: Number


@dataclass(frozen=True)
class SlateStudy:
    """What `slates.json` says.

    Attributes:
        model: The model whose candidates are ordered.
        slate: The part.
        block: Whose cosines say what is alike; empty: none.
        field: Whose values are calibrated or limited; empty: none.
        k: Length of the lists.
        candidates: How many of the model's best items they are chosen from.
        loss: Share of NDCG that may be lost on validation cases.
        falls: Candidates of the validation cases are taken by rank to minus this power; None: the
            slate does not look at that.
        n_validation: Validation cases.
        n_test: Test cases.
        frontier: What each value of the setting reaches on the validation cases.
        by_score: What the order of scores reaches on the test cases.
        chosen: What the chosen value reaches there.
        changes: The two against each other.
    """

    model: Text
    slate: Text
    block: Text
    field: Text
    k: int
    candidates: int
    loss: float
    falls: Number
    n_validation: int
    n_test: int
    frontier: tuple[FrontierPoint, ...]
    by_score: FrontierPoint
    chosen: FrontierPoint
    changes: tuple[Change, ...]
