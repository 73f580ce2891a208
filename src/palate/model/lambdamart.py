"""LambdaMART over the candidates of other models: trees that learn to order lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from palate.capabilities import Described
from palate.model.tree_growing import TreeRankerSettings
from palate.model.tree_ranker import TreeRanker


class LambdaMart(TreeRanker, Described):
    """Two stages: the members' best items, put in order by trees grown for NDCG.

    Trees see what a blend's one weight a member cannot: that text counts for users with short
    histories and an ID model for the others, or that a score means little for an item of few
    events. They need some thousand validation cases; with less, `model.blend.v1` is the better
    choice. Where each pair shall be scored by itself, as a probability, take `model.gbdt.v1`.

    Args:
        settings: See `TreeRankerSettings`.

    Cost: one scoring of the validation cases by every member, then a minute or less of trees for
    6000 cases with 200 candidates each.

    Burges, From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82.
    """

    does: ClassVar[str] = "orders the best items of other models again, by decision trees."
    Settings = TreeRankerSettings
    objective: ClassVar[Mapping[str, Any]] = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 30,
    }
    purpose: ClassVar[str] = "lambdamart"
