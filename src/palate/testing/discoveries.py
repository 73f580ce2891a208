"""What methods of importance call important in worlds whose drivers are known: promise P2 and its
negative controls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from palate import optional
from palate.data.worlds import World
from palate.explain.importance.permutation import Conditional, Permutation
from palate.explain.importance.refit import DropAndRefit
from palate.explain.importance.trees import BoosterPredictor
from palate.explain.importance.verdict import judged_family
from palate.perturbation.problems import of_rows
from palate.seeding import generator
from palate.stages import Explainer
from palate.tables.importance_problem import Blocks, ImportanceProblem
from palate.tables.labelled_rows import LabelledRows

OBJECTIVES = {"regression": "regression", "binary": "binary", "ranking": "lambdarank"}
ROUNDS = 80
Q = 0.1
"""The share of false discoveries that the methods with p values are set to."""


@dataclass(frozen=True)
class Discoveries:
    """What one method called important in one world.

    Attributes:
        world: Name of the world.
        seed: Its seed.
        method: Name of the method.
        found: The blocks.
        false_share: Share of them that are no drivers; 0 where nothing was found.
        power: Share of the drivers that were found.
        by_role: Role -> how many of its blocks were found.
    """

    world: str
    seed: int
    method: str
    found: tuple[str, ...]
    false_share: float
    power: float
    by_role: Mapping[str, int]


def fit_trees(rows: LabelledRows) -> BoosterPredictor | Constant:
    """A LightGBM model of the rows, by their task; for no blocks at all, the mean label."""
    if not rows.names:
        return Constant(float(rows.label.mean()))
    lightgbm = optional.need("lightgbm", extra="trees", purpose="try importance on a tree model")
    sizes = None if rows.request is None else np.unique(rows.request, return_counts=True)[1]
    settings = {
        "objective": OBJECTIVES[rows.task],
        "num_leaves": 15,
        "learning_rate": 0.1,
        "verbosity": -1,
        "num_threads": 1,
        "deterministic": True,
        "seed": 0,
    }
    booster = lightgbm.train(
        settings, lightgbm.Dataset(rows.matrix(), rows.label, group=sizes), ROUNDS
    )
    return BoosterPredictor(booster, rows.names)


@dataclass(frozen=True)
class Constant:
    """The same prediction for every row."""

    value: float

    def __call__(self, blocks: Blocks, /) -> Any:
        """float64 [n_units]; [1] where there are no blocks, which any number of labels can be
        compared with.
        """
        n = len(next(iter(blocks.values()))) if blocks else 1
        return np.full(n, self.value)


def by_p_value(explainer: Explainer) -> Callable[[ImportanceProblem, World, int], tuple[str, ...]]:
    """A method with p values, corrected over the blocks."""

    def found(problem: ImportanceProblem, world: World, seed: int) -> tuple[str, ...]:
        judged = judged_family(explainer.estimate(problem, seed), Q)
        return tuple(one.estimate.block for one in judged if one.found.answer == "keep")

    return found


def gain_above_probes(problem: ImportanceProblem, world: World, seed: int) -> tuple[str, ...]:
    """Blocks with a larger gain than each of three columns of random numbers that the trees were
    given as well.
    """
    rows = world.training()
    rng = generator(seed, "probes")
    probes = {f"probe{j}": rng.standard_normal((len(rows), 1)) for j in range(3)}
    model = fit_trees(replace(rows, blocks={**rows.blocks, **probes}))
    if not isinstance(model, BoosterPredictor):
        return ()
    gain = model.gain({**rows.blocks, **probes})
    bar = max(gain[probe] for probe in probes)
    return tuple(name for name in rows.names if gain[name] > bar)


def large_contributions(problem: ImportanceProblem, world: World, seed: int) -> tuple[str, ...]:
    """Blocks whose mean absolute contribution (SHAP) is above a twentieth of the largest."""
    if not isinstance(problem.predict, BoosterPredictor):
        return ()
    size = {
        name: float(np.abs(c).mean())
        for name, c in problem.predict.contributions(problem.blocks).items()
    }
    return tuple(name for name, value in size.items() if value > max(size.values()) / 20)


METHODS: Mapping[str, Callable[[ImportanceProblem, World, int], tuple[str, ...]]] = (
    MappingProxyType(
        {
            "gain above 3 probes": gain_above_probes,
            "mean |SHAP| above 5 % of the largest": large_contributions,
            "permutation": by_p_value(Permutation()),
            "conditional permutation": by_p_value(Conditional()),
            "drop and refit": by_p_value(DropAndRefit()),
        }
    )
)
"""Name -> what a method calls important."""


def discoveries(
    world: World, seed: int, methods: Sequence[str] = tuple(METHODS)
) -> list[Discoveries]:
    """Fit one model of the world's training half and let every method choose on the other half."""
    problem = of_rows(fit_trees, world.training(), world.held_out())
    rows = []
    for method in methods:
        found = METHODS[method](problem, world, seed)
        true = sum(name in world.drivers for name in found)
        roles = [world.roles[name] for name in found]
        rows.append(
            Discoveries(
                world.name,
                seed,
                method,
                found,
                1 - true / len(found) if found else 0.0,
                true / len(world.drivers),
                {role: roles.count(role) for role in ("driver", "copy", "noise", "identifier")},
            )
        )
    return rows


def table(rows: Sequence[Discoveries]) -> list[dict[str, Any]]:
    """Means over the worlds, one row a method."""
    out = []
    for method in dict.fromkeys(row.method for row in rows):
        mine = [row for row in rows if row.method == method]
        out.append(
            {
                "method": method,
                "sets": len(mine),
                "false_discovery_rate": round(float(np.mean([r.false_share for r in mine])), 4),
                "power": round(float(np.mean([r.power for r in mine])), 4),
                **{
                    f"{role}_found": round(float(np.mean([r.by_role[role] for r in mine])), 3)
                    for role in ("copy", "noise", "identifier")
                },
            }
        )
    return out
