"""Regret of palate's bandits beside that of other libraries, among the same simulated people."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from palate import registry
from palate.acting import LearnsFromRewards
from palate.data.worlds.audience import AUDIENCES, Audience, AudienceSettings
from palate.policy.drawn import drawn_lists
from palate.seeding import generator
from palate.tables.offers import Offers
from palate.tables.rewards import Rewards

name = "bandit_peers"
STEPS, SEEDS = 100, 5
what = (
    f"The simulated people of the benchmark bandits, one item a visit: {STEPS} steps of 20 visits,"
    f" 60 items, {SEEDS} seeds; regret is expected clicks lost. vowpalwabbit (cb_explore_adf) gets"
    " the same features and learns the same rewards with their propensities; once it"
    " explores less than by its defaults. mabwiser has a model of each item over the user's"
    " features, and cannot be kept from items that have not come yet, so it is left out where items"
    " come. No learner forgets"
)
PALATE = {
    "palate, LinUCB": {"part": "policy.lin_ucb.v1"},
    "palate, linear Thompson": {"part": "policy.linear_thompson.v1", "width": 0.5},
    "palate, logistic Thompson": {"part": "policy.logistic_thompson.v1", "width": 0.5},
    "palate, epsilon-greedy .1": {"part": "policy.lin_ucb.v1", "alpha": 0.0, "explore": 0.1},
}
VOWPAL = {
    "epsilon .1": "--epsilon 0.1",
    "squarecb": "--squarecb",
    "squarecb, gamma_scale 100": "--squarecb --gamma_scale 100",
}


class Chooser(Protocol):
    """Chooses one item a visit, and learns."""

    def choose(self, offers: Offers, audience: Audience) -> np.ndarray:
        """int32 [visits], columns."""
        ...

    def learn(self, rewards: Rewards) -> None:
        """Of the last choice."""
        ...


class Palate:
    """A policy of palate."""

    def __init__(self, table: dict[str, Any], seed: int) -> None:
        self._policy: Any = registry.spec(table, "policy").build()
        self._rng = generator(seed, "peers")

    def choose(self, offers: Offers, audience: Audience) -> np.ndarray:
        """By its probabilities."""
        return drawn_lists(self._policy, offers, 1, self._rng).columns[:, 0]

    def learn(self, rewards: Rewards) -> None:
        """All at once."""
        if isinstance(self._policy, LearnsFromRewards):
            self._policy = self._policy.updated(rewards)


class Vowpal:
    """vowpalwabbit with action-dependent features."""

    def __init__(self, flags: str, seed: int) -> None:
        from vowpalwabbit import Workspace

        self._made = Workspace(f"--cb_explore_adf {flags} --quiet --random_seed {seed}")
        self._rng = generator(seed, "peers")
        self._last: list[tuple[list[str], int, float]] = []

    def choose(self, offers: Offers, audience: Audience) -> np.ndarray:
        """By the probabilities that it gives."""
        assert offers.features is not None
        found, self._last = [], []
        for X, open_ in zip(offers.features, offers.open, strict=True):
            columns = np.flatnonzero(open_)
            text = ["|f " + " ".join(f"{j}:{v:.4f}" for j, v in enumerate(X[c])) for c in columns]
            p = np.array(self._made.predict(text))
            place = int(self._rng.choice(len(columns), p=p / p.sum()))
            self._last.append((text, place, float(p[place])))
            found.append(columns[place])
        return np.array(found, np.int32)

    def learn(self, rewards: Rewards) -> None:
        """One after the other."""
        for (text, place, p), reward in zip(self._last, rewards.reward.tolist(), strict=True):
            labelled = [
                f"0:{-reward}:{p} {line}" if at == place else line for at, line in enumerate(text)
            ]
            self._made.learn(labelled)


class Mabwiser:
    """mabwiser: a line for each item over the user's features."""

    def __init__(self, n_items: int, seed: int) -> None:
        from mabwiser.mab import MAB, LearningPolicy

        self._made = MAB(list(range(n_items)), LearningPolicy.LinUCB(alpha=1.0), seed=seed)
        self._X, self._chosen, self._begun = np.zeros((0, 1)), np.zeros(0, np.int32), False
        self._rng = generator(seed, "peers")

    def choose(self, offers: Offers, audience: Audience) -> np.ndarray:
        """Its best; at first any."""
        users = audience.users[audience._user]
        self._X = np.hstack([users, np.ones((len(users), 1))])
        if not self._begun:
            self._chosen = self._rng.integers(0, offers.scores.shape[1], len(users))
        else:
            self._chosen = np.array(self._made.predict(self._X))
        return self._chosen.astype(np.int32)

    def learn(self, rewards: Rewards) -> None:
        """All at once."""
        learn = self._made.partial_fit if self._begun else self._made.fit
        learn(self._chosen.tolist(), rewards.reward.tolist(), self._X)
        self._begun = True


def run() -> dict[str, Any]:
    """Every chooser in every world."""
    rows: list[dict[str, Any]] = []
    for world, settings in AUDIENCES.items():
        one = replace(settings, k=1, steps=STEPS)
        for label, make in _choosers(one).items():
            totals = [_regret(make(seed), one, seed) for seed in range(SEEDS)]
            error = 1.96 * np.std(totals, ddof=1) / np.sqrt(SEEDS)
            rows.append(
                {
                    "world": world,
                    "policy": label,
                    "regret": round(float(np.mean(totals)), 1),
                    "+-": round(float(error), 1),
                }
            )
    return {"rows": rows, "claims": _claims(rows)}


def _choosers(settings: AudienceSettings) -> dict[str, Callable[[int], Chooser]]:
    found: dict[str, Callable[[int], Chooser]] = {
        label: lambda seed, table=table: Palate(table, seed) for label, table in PALATE.items()
    }
    if importlib.util.find_spec("vowpalwabbit") is not None:
        version = importlib.metadata.version("vowpalwabbit")
        for label, flags in VOWPAL.items():
            found[f"vowpalwabbit {version}, {label}"] = lambda seed, flags=flags: Vowpal(
                flags, seed
            )
    if importlib.util.find_spec("mabwiser") is not None and not settings.arrivals:
        version = importlib.metadata.version("mabwiser")
        found[f"mabwiser {version}, LinUCB"] = lambda seed: Mabwiser(settings.n_items, seed)
    return found


def _regret(chooser: Chooser, settings: AudienceSettings, seed: int) -> float:
    audience, total = Audience(settings, seed), 0.0
    for _ in range(STEPS):
        came = audience.shown(chooser.choose(audience.offers(), audience)[:, None])
        total += came.regret
        chooser.learn(came.rewards)
    return total


def _claims(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    claims = []
    for world in AUDIENCES:
        here = {row["policy"]: row["regret"] for row in rows if row["world"] == world}
        others = {label: r for label, r in here.items() if not label.startswith("palate")}
        if others:
            best, other = here["palate, LinUCB"], min(others, key=lambda label: others[label])
            claims.append(
                {
                    "claim": f"{world}: LinUCB loses no more ({best:g}) than the best of the others"
                    f" ({other}, {others[other]:g})",
                    "holds": bool(best <= others[other]),
                }
            )
    return claims
