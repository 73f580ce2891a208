"""Logs of policies whose value is known: a few contexts, each with its own chance of a click for
each action.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from palate.arrays import Doubles, Longs
from palate.seeding import generator

N_CONTEXTS: Final = 12


@dataclass(frozen=True)
class PolicyWorld:
    """Chances of clicks and two policies, [n_contexts, n_actions] each."""

    click: Doubles
    logging: Doubles
    target: Doubles

    @property
    def value(self) -> float:
        """Mean reward of the target."""
        return float((self.target * self.click).sum(axis=1).mean())

    def log(self, rng: np.random.Generator, n: int, per_user: int = 2) -> PolicyLog:
        """Rounds; those of a user share a context and a mood."""
        users = n // per_user
        context = np.repeat(rng.integers(0, N_CONTEXTS, users), per_user)
        mood = np.repeat(rng.choice([0.5, 1.5], users), per_user)
        action = drawn(rng, self.logging[context])
        reward = (rng.random(n) < mood * self.click[context, action]).astype(np.float64)
        return PolicyLog(self, context, action, reward, np.repeat(np.arange(users), per_user))


@dataclass(frozen=True)
class PolicyLog:
    """A log of a world."""

    world: PolicyWorld
    context: Longs
    action: Longs
    reward: Doubles
    user: Longs

    def propensity(self, policy: Doubles | None = None) -> Doubles:
        """float64 [n], of the logged actions."""
        table = self.world.logging if policy is None else policy
        return np.asarray(table[self.context, self.action])


def drawn(rng: np.random.Generator, p: Doubles) -> Longs:
    """int64 [n], one action for each row of probabilities."""
    chosen = (np.cumsum(p, axis=1) < rng.random(len(p))[:, None]).sum(axis=1)
    return np.asarray(np.minimum(chosen, p.shape[1] - 1), np.int64)


def softmax(scores: Doubles, temperature: float) -> Doubles:
    """Probabilities by row."""
    e = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def epsilon_greedy(scores: Doubles, epsilon: float) -> Doubles:
    """Probabilities by row."""
    p = np.full(scores.shape, epsilon / scores.shape[1])
    p[np.arange(len(p)), scores.argmax(axis=1)] += 1 - epsilon
    return p


def world_of(kind: str, n_actions: int, seed: int = 0) -> PolicyWorld:
    """A world whose policies are of a kind, over so many actions."""
    rng = generator(seed, "policy world", kind, n_actions)
    scores = rng.normal(size=(N_CONTEXTS, n_actions))
    click = 0.05 + 0.5 / (1 + np.exp(-scores - 0.5 * rng.normal(size=scores.shape)))
    if kind == "softmax":
        return PolicyWorld(click, softmax(scores, 2.0), softmax(scores, 1.0))
    guess = scores + rng.normal(size=scores.shape)
    return PolicyWorld(click, epsilon_greedy(guess, 0.5), epsilon_greedy(scores, 0.3))


@dataclass(frozen=True)
class ListWorld:
    """Lists drawn from the top down without repeats; people look on until they click."""

    click: Doubles
    """[n_actions]"""
    logging: Doubles
    target: Doubles
    length: int = 3

    def drawn(self, rng: np.random.Generator, scores: Doubles, n: int) -> tuple[Longs, Doubles]:
        """Items [n, k] and the probability of each given those above, [n, k]."""
        left = np.tile(scores, (n, 1))
        items, p = [], []
        for _ in range(self.length):
            share = softmax(left, 1.0)
            items.append(drawn(rng, share))
            p.append(share[np.arange(n), items[-1]])
            left[np.arange(n), items[-1]] = -np.inf
        return np.stack(items, axis=1), np.stack(p, axis=1)

    def given_above(self, items: Longs, scores: Doubles) -> Doubles:
        """[n, k], the probability of each item given those above."""
        left, p = np.tile(scores, (len(items), 1)), []
        for column in items.T:
            p.append(softmax(left, 1.0)[np.arange(len(items)), column])
            left[np.arange(len(items)), column] = -np.inf
        return np.stack(p, axis=1)

    def clicks(self, rng: np.random.Generator, items: Longs) -> Doubles:
        """[n, k], 1 where the first click is."""
        would = rng.random(items.shape) < self.click[items]
        before: Longs = np.cumsum(would, axis=1) - would
        return np.asarray(would & (before == 0), np.float64)

    def value(self, seed: int = 99, n: int = 400_000) -> float:
        """Clicks a list under the target, by drawing from it."""
        rng = generator(seed, "list world", "value")
        items, _ = self.drawn(rng, self.target, n)
        return float((1 - np.prod(1 - self.click[items], axis=1)).mean())


def list_world(n_actions: int = 6) -> ListWorld:
    """A world of lists."""
    rng = generator(1, "list world")
    scores = rng.normal(size=n_actions)
    return ListWorld(0.1 + 0.4 / (1 + np.exp(-scores)), 0.3 * scores, 0.9 * scores)
