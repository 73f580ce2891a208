"""What the trees themselves report: gain and contributions. Not evidence, and shown beside it for
that reason.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles
from palate.errors import BadInput, Refused
from palate.inference import cluster_codes, clustered
from palate.tables.importance_problem import Additive, Blocks, ImportanceEstimate, ImportanceProblem
from palate.tables.labelled_rows import side_by_side

MOVES = "How far does it move the model's scores? (not evidence of importance)"


@dataclass(frozen=True, eq=False)
class BoosterPredictor:
    """A LightGBM booster as a predictor of blocks, with its contributions.

    Args:
        booster: A fitted `lightgbm.Booster`; linear trees have no contributions.
        names: The blocks it was fitted on, in the order of its columns.
        threads: Threads of a prediction.
    """

    booster: Any
    names: tuple[str, ...]
    threads: int = 1

    def __call__(self, blocks: Blocks) -> NDArray[Any]:
        """float64 [n_units]: numbers, probabilities or ranking scores, by the booster's
        objective.
        """
        return np.asarray(
            self.booster.predict(self._matrix(blocks), num_threads=self.threads), np.float64
        )

    def contributions(self, blocks: Blocks) -> Mapping[str, Doubles]:
        """Name -> float64 [n_units], the block's share of the raw score by the path-dependent
        TreeSHAP of LightGBM.

        With the constant (`bias`) the shares add up to the raw score.
        """
        found = np.asarray(
            self.booster.predict(self._matrix(blocks), pred_contrib=True, num_threads=self.threads)
        )
        return self._by_block(blocks, found[:, :-1], np.sum)

    def bias(self, blocks: Blocks) -> Doubles:
        """float64 [n_units], the part of the raw score that no block makes."""
        found = np.asarray(
            self.booster.predict(self._matrix(blocks), pred_contrib=True, num_threads=self.threads)
        )
        return np.asarray(found[:, -1], np.float64)

    def gain(self, blocks: Blocks) -> Mapping[str, float]:
        """Name -> the share of the training loss that splits on the block removed: what the trees
        used.
        """
        gains = np.asarray(self.booster.feature_importance("gain"), np.float64)
        shares = self._by_block(blocks, (gains / max(float(gains.sum()), 1e-300))[None, :], np.sum)
        return {name: float(value[0]) for name, value in shares.items()}

    def _matrix(self, blocks: Blocks) -> Doubles:
        missing = [name for name in self.names if name not in blocks]
        if missing:
            raise BadInput(f"the booster was fitted on {', '.join(missing)} too", where="blocks")
        chosen = {name: blocks[name] for name in self.names}
        return side_by_side(chosen, len(next(iter(chosen.values()))))

    def _by_block(self, blocks: Blocks, columns: Doubles, combine: Any) -> dict[str, Doubles]:
        ends = np.cumsum([blocks[name].shape[1] for name in self.names])
        parts = np.split(columns, ends[:-1], axis=1)
        return {name: combine(part, axis=1) for name, part in zip(self.names, parts, strict=True)}


@dataclass(frozen=True)
class ContributionsSettings:
    """Nothing to choose."""


class Contributions:
    """Mean absolute contribution of a block to the raw score, for models whose score is a sum over
    blocks.

    It shows what the model does, not what is true: noise that was overfitted moves scores as well,
    and a copy takes half the credit. There is no p value, because zero is no meaningful null here,
    and no verdict rests on it.

    Args:
        settings: Nothing to choose.

    Cost: for LightGBM about 100 predictions.

    Lundberg et al., From local explanations to global understanding with explainable AI for trees,
    2020.
    """

    Settings = ContributionsSettings

    def __init__(self, settings: ContributionsSettings | None = None) -> None:
        self.settings = settings or ContributionsSettings()

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block, in units of the raw score.

        Raises:
            Refused: The model's score is no sum over blocks.
        """
        if not isinstance(problem.predict, Additive):
            raise Refused(
                "this model's score is no sum over its blocks",
                where="explain.contributions.v1",
                allowed="LightGBM models as BoosterPredictor, or a predictor with `contributions`",
            )
        start = time.perf_counter()
        parts = problem.predict.contributions(problem.blocks)
        spent = (time.perf_counter() - start) / max(len(parts), 1)
        users = _users_of_units(problem)
        rows = []
        for name in problem.blocks:
            found = clustered(np.abs(parts[name]), users)
            rows.append(
                ImportanceEstimate(
                    name,
                    "contributions",
                    MOVES,
                    "raw score",
                    replace(found, p=float("nan")),
                    spent,
                )
            )
        return tuple(rows)


def _users_of_units(problem: ImportanceProblem) -> NDArray[Any]:
    """Clusters of the units: users where an observation is a row, requests of a ranking, else the
    units themselves.
    """
    if problem.question.row_wise:
        return problem.question.cluster
    return (
        cluster_codes(problem.request)
        if problem.request is not None
        else np.arange(problem.n_units)
    )
