"""People who go through series of items in order: lists whose items complement or replace each
other, with a value that is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Mask, Ragged, Rows
from palate.tables import Interactions, Vocabulary


@dataclass(frozen=True)
class SeriesWorld:
    """Items are steps of series, each step in some variants that replace each other.

    A person goes on with the next step of a series, or starts one that is to their taste. Of a list
    they take an item for their taste, more likely where the step before it stands right above, and
    less likely below another variant of it: what a list brings is no sum over its items.

    Attributes:
        structure: 0: every event is to one's taste alone, and so is what is taken of a list; 1:
            series are gone through to their end, and nothing else is taken.
        n_series: Series.
        n_steps: Steps of each.
        n_variants: Variants of each step.
        n_users: People.
        per_user: Events of each, no item twice.
    """

    structure: float = 0.9
    n_series: int = 8
    n_steps: int = 6
    n_variants: int = 3
    n_users: int = 600
    per_user: int = 24

    @property
    def n_items(self) -> int:
        """Items, by series, then step, then variant."""
        return self.n_series * self.n_steps * self.n_variants

    def people(self, rng: np.random.Generator) -> People:
        """Everybody's taste, and what they did."""
        taste = rng.dirichlet(np.full(self.n_series, 0.5), self.n_users)
        events = [self._events(one, rng) for one in taste]
        return People(self, taste, np.array(events, np.int32))

    def _events(self, taste: Doubles, rng: np.random.Generator) -> list[int]:
        """One person's items, in order."""
        had = np.zeros((self.n_series, self.n_steps, self.n_variants), np.bool_)
        series, step, found = 0, self.n_steps, list[int]()
        while len(found) < self.per_user:
            step += 1
            ends = step >= self.n_steps or had[series, step].all()
            if ends or rng.random() >= self.structure:
                series, step = self._start(taste, had, rng)
            variant = int(rng.choice(np.flatnonzero(~had[series, step])))
            had[series, step, variant] = True
            found.append((series * self.n_steps + step) * self.n_variants + variant)
        return found

    def _start(self, taste: Doubles, had: Mask, rng: np.random.Generator) -> tuple[int, int]:
        left: Mask = np.logical_not(had.all(axis=2))
        # a taste that nothing is left of is a taste for anything
        share = np.where(left.any(axis=1), taste + 1e-3, 0)
        series = int(rng.choice(self.n_series, p=share / share.sum()))
        steps = np.flatnonzero(left[series])
        structured = rng.random() < self.structure
        return series, int(steps[0] if structured else rng.choice(steps))


@dataclass(frozen=True, eq=False)
class People:
    """What people like and did.

    Attributes:
        world: Where they live.
        taste: float64 [n_users, n_series], rows that add up to 1.
        events: int32 [n_users, per_user], items, oldest first.
    """

    world: SeriesWorld
    taste: Doubles
    events: Rows

    def log(self, until: int) -> Interactions:
        """Their first `until` events."""
        n_users = len(self.events)
        user = np.repeat(np.arange(n_users, dtype=np.int32), until)
        item = np.ascontiguousarray(self.events[:, :until]).ravel()
        time = np.tile(np.arange(until, dtype=np.int64), n_users)
        users, items = Vocabulary.of(range(n_users)), Vocabulary.of(range(self.world.n_items))
        return Interactions(users, items, user, item, np.ones(len(user), np.float32), time)

    def later(self, start: int, end: int) -> Ragged:
        """int32 [n_users], their events from `start` to before `end`."""
        return Ragged.of(list(self.events[:, start:end]))

    def value(self, lists: Rows, until: int) -> Doubles:
        """float64 [n_users], expected items that each takes of their list.

        Args:
            lists: int32 [n_users, length], one for each; -1 where a list is shorter.
            until: Events that they had before: the newest of them stands above the list.
        """
        w = self.world
        step_of = np.where(lists >= 0, lists // w.n_variants, -2)
        above = self.events[:, until - 1] // w.n_variants
        total = np.zeros(len(lists))
        for position in range(lists.shape[1]):
            own = step_of[:, position]
            first = own % w.n_steps == 0
            follows = first | (own == above + 1)
            twice = (step_of[:, :position] == own[:, None]).sum(axis=1)
            taken = (1 - w.structure * ~follows) * (1 - w.structure) ** twice
            series = np.clip(own // w.n_steps, 0, w.n_series - 1)
            total += np.where(own >= 0, self.taste[np.arange(len(lists)), series] * taken, 0)
            above = own
        return total
