"""Policies before anyone sees them: bandits among simulated people, and the policy of a run."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import palate
from palate import registry
from palate.data.worlds.audience import ARRIVING
from palate.data.worlds.kinds import staying_with_a_kind
from palate.pipeline.policy import RunPolicy
from palate.runs.open import open_run
from palate.seeding import generator
from palate.study.policies.simulation import simulated
from palate.tables import Histories

STEPS = 30


def among_simulated_people() -> None:
    """Regret of two policies with the same model of the rewards, and of what they find."""
    settings = replace(ARRIVING, steps=STEPS)
    for label, table in (
        ("epsilon-greedy", {"part": "policy.lin_ucb.v1", "alpha": 0.0, "explore": 0.1}),
        ("LinUCB", {"part": "policy.lin_ucb.v1"}),
    ):
        came = simulated(registry.spec(table, "policy").build(), settings, STEPS, seed=1)
        print(f"{label}: {came.regret.sum():.1f} clicks lost, {came.found} of {came.new} new found")


def of_a_run(folder: Path) -> None:
    """What a recipe's policy would show somebody, and how likely."""
    shop = staying_with_a_kind(generator(1, "shop"), 0.5, n_users=60, n_items=40)
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"fields": {"part": "structured.fields.v1", "fields": ["kind"]}},
        "models": {"ids": {"part": "model.cooccurrence.v1"}},
        "evaluate": {"controls": False},
        "policy": {
            "part": "policy.softmax.v1",
            "model": "ids",
            "blocks": ["fields"],
            "candidates": 5,
        },
    }
    palate.run(palate.read(*shop), recipe, folder=folder)
    opened = open_run(folder)
    log = opened.data.interactions
    (shares,) = RunPolicy(opened).shares(Histories.of(log, log.user[:1]))
    for name, p in zip(log.items.names(shares.items), shares.probabilities, strict=True):
        print(f"item {name}: {p:.2f}")


if __name__ == "__main__":
    among_simulated_people()
    with tempfile.TemporaryDirectory() as place:
        of_a_run(Path(place) / "run")
