"""Trees that are grown on lists of candidates, and what they say of lists that they were not grown
on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Floats
from palate.model.candidate_lists import Lists
from palate.model.operators.operator import OperatorSettings
from palate.optional import need
from palate.seeding import generator, seed_of


@dataclass(frozen=True)
class TreeRankerSettings(OperatorSettings):
    """Members, candidates and trees."""

    members: tuple[str, ...] = ()
    """Names of other models of the recipe, which find the candidates, the one to beat first; empty:
    all that stand before it."""
    blocks: tuple[str, ...] | None = None
    """Blocks whose similarity to the history describes a candidate; None: all of the recipe; empty:
    none."""
    candidates: Annotated[int, Ge(1)] = 100
    """Best items of each member that become candidates."""
    fields: Annotated[int, Ge(0)] = 32
    """Blocks of at most so many named columns (structured fields) describe a candidate column by
    column too."""
    k: Annotated[int, Ge(1)] = 10
    """Depth of the NDCG that is maximised and that stops training."""
    training_cases: Annotated[int, Ge(10)] = 6000
    """Most validation cases that it is trained on."""
    wrong: Annotated[int, Ge(5)] | None = None
    """Wrong candidates of each case that trees are grown on, drawn by seed; None: all. How many
    trees are enough, and whether they beat the first member, is seen on whole lists."""
    folds: Annotated[int, Ge(2)] = 3
    """Parts that the cases are dealt into: trees grown on the others are stopped and measured on
    each."""
    trees: Annotated[int, Ge(1)] = 400
    """Most trees."""
    leaves: Annotated[int, Ge(2)] = 15
    """Leaves of a tree: how many columns can act together."""
    rate: Annotated[float, Gt(0), Le(1)] = 0.05
    """Shrinkage of each tree."""
    leaf_rows: Annotated[int, Ge(1)] = 50
    """Fewest pairs of a leaf."""
    l2: Annotated[float, Ge(0)] = 10.0
    """L2 pull on the values of the leaves."""
    columns: Annotated[float, Gt(0), Le(1)] = 0.8
    """Share of the columns that each tree may use."""
    bins: Annotated[int, Ge(2), Le(255)] = 255
    """Values of a column that trees tell apart: fewer are quicker."""
    patience: Annotated[int, Ge(1)] = 40
    """Stop after so many trees without a better NDCG on the cases that they were not grown on."""
    evidence: Annotated[float, Ge(0)] = 2.0
    """Standard errors by which the trees must beat the first member on cases that they were not
    grown on; else its order stays."""


@dataclass(frozen=True)
class TreeGrowing:
    """How trees are grown.

    Attributes:
        settings: Number and shape of the trees.
        objective: What LightGBM minimises.
        purpose: Of the seeds.
        directions: Of each column, 1 where more must never lower a candidate, else 0.
    """

    settings: TreeRankerSettings
    objective: Mapping[str, Any]
    purpose: str
    directions: Sequence[int]

    def cross_validated(self, lists: Lists, seed: int) -> tuple[Floats, int]:
        """What trees say of cases that they were not grown on [n, width], and how many trees were
        enough.
        """
        s = self.settings
        order = generator(seed, self.purpose, "folds").permutation(len(lists.items))
        predictions, rounds = np.zeros(lists.items.shape, np.float32), []
        for fold in range(s.folds):
            held = np.sort(order[fold :: s.folds])
            rest = np.setdiff1d(order, held)
            booster = self.grown(lists.take(rest), lists.take(held), s.trees, seed)
            rounds.append(booster.best_iteration)
            predictions[held] = scored(lists.take(held), booster)
        return predictions, max(round(float(np.mean(rounds))), 1)

    def grown(self, lists: Lists, held: Lists | None, rounds: int, seed: int) -> Any:
        """Trees grown on the lists: so many, or at most so many, stopped by what they do on those
        that are `held` back.
        """
        trees, s = lightgbm(), self.settings
        if s.wrong is not None:
            lists = lists.with_some_wrong(s.wrong, generator(seed, self.purpose, "wrong"))
        X, right, sizes = lists.rows()
        settings = {
            **self.objective,
            "metric": "ndcg",
            "eval_at": [s.k],
            "num_leaves": s.leaves,
            "learning_rate": s.rate,
            "min_data_in_leaf": s.leaf_rows,
            "lambda_l2": s.l2,
            "feature_fraction": s.columns,
            "max_bin": s.bins,
            "monotone_constraints": list(self.directions),
            "seed": seed_of(seed, self.purpose) % 2**31,
            # a race of threads must not decide a split; their number is left to OpenMP
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        data = trees.Dataset(X, right, group=sizes)
        if held is None:
            return trees.train(settings, data, rounds)
        X, right, sizes = held.rows()
        stop = trees.early_stopping(s.patience, verbose=False)
        valid = data.create_valid(X, right, group=sizes)
        return trees.train(settings, data, rounds, valid_sets=[valid], callbacks=[stop])


def scored(lists: Lists, booster: Any) -> Floats:
    """float32 [n, width], raw scores; 0 where there is no item."""
    out = np.zeros(lists.items.shape, np.float32)
    out[lists.items >= 0] = booster.predict(lists.rows()[0], raw_score=True)
    return out


def lightgbm() -> Any:
    """The library.

    Raises:
        MissingExtra: It is not installed.
    """
    return need("lightgbm", extra="trees", purpose="rank candidates by trees")
