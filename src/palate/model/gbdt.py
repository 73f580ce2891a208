"""Boosted trees over the candidates of other models, each pair scored by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from palate.capabilities import Described
from palate.model.tree_growing import TreeRankerSettings
from palate.model.tree_ranker import TreeRanker


class Gbdt(TreeRanker, Described):
    """Two stages: the members' best items, put in order by the probability of being the right one.

    Like `model.lambdamart.v1`, with the logistic loss on single pairs: quicker to grow and less
    prone to overfit lists with one right item, but it does not look at the top of the list.

    Args:
        settings: See `TreeRankerSettings`.

    Cost: one scoring of the validation cases by every member, then less than a minute of trees for
    6000 cases with 200 candidates each.

    Friedman, Greedy function approximation: a gradient boosting machine, Annals of Statistics 2001.
    """

    does: ClassVar[str] = "orders the best items of other models again, by decision trees."
    Settings = TreeRankerSettings
    objective: ClassVar[Mapping[str, Any]] = {"objective": "binary"}
    purpose: ClassVar[str] = "gbdt"
