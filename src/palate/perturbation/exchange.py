"""Who may take whose values: rows of a request among themselves, items among items, users among
users.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Longs, Rows
from palate.inference import cluster_codes
from palate.tables.importance_problem import ImportanceProblem


@dataclass(frozen=True, eq=False)
class Exchange:
    """The owners of a block's values, and which of them may exchange.

    Attributes:
        owner: int64 [n_units], the owner of each unit's values.
        group: int64 [n_owners], owners of one group exchange among themselves.
        own: Whether every unit owns its values.
        free: Whether all owners form one group.
        within: Whether values stay within a request, and so with the user.
    """

    owner: Longs
    group: Longs
    own: bool
    free: bool
    within: bool

    @classmethod
    def of(cls, problem: ImportanceProblem, name: str) -> Exchange:
        """How block `name` of the problem may be exchanged.

        Values that repeat (the item's, the user's) move from owner to owner: exchanging rows would
        hand an item its own values back. A block that is constant within every request belongs to
        the request. Units without the content keep what they have.
        """
        n = problem.n_units
        groups = [np.zeros(n, np.int64)]
        owner = problem.entity.get(name)
        if owner is None and problem.request is not None:
            if _constant_within(problem.blocks[name], problem.request):
                owner = problem.request
            else:
                groups.append(np.asarray(problem.request, np.int64))
        within = len(groups) > 1
        codes = np.arange(n, dtype=np.int64) if owner is None else cluster_codes(owner)
        if name in problem.present:
            groups.append(np.asarray(problem.present[name], np.int64))
        joint = cluster_codes(_pairs(groups))
        first = np.unique(codes, return_index=True)[1]
        return cls(codes, joint[first], owner is None, int(joint.max(initial=0)) == 0, within)

    def draw(self, rng: np.random.Generator) -> Longs:
        """int64 [n_owners], whose values each owner takes: those of another one of its group, all
        equally likely.

        Owners stand in a circle in random order and each takes the next one's; none takes
        their own unless alone, so that the expected loss is that of an independent draw, however
        small the group.
        """
        order = np.lexsort((rng.random(len(self.group)), self.group))
        sorted_group = self.group[order]
        start = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]])
        following = np.r_[order[1:], order[:1]]
        last = np.r_[start[1:], len(order)] - 1
        following[last] = order[start]
        donor = np.empty(len(order), np.int64)
        donor[order] = following
        return donor

    def by_owner(self, values: Doubles) -> Doubles:
        """float64 [n_owners, d], the mean of each owner's values [n_units, d]."""
        if self.own:
            return values
        n_owners = len(self.group)
        counts = np.bincount(self.owner, minlength=n_owners)[:, None]
        sums = np.stack(
            [np.bincount(self.owner, weights=c, minlength=n_owners) for c in values.T], axis=1
        )
        return np.asarray(sums / counts, np.float64)


def _constant_within(X: Doubles, request: Rows) -> bool:
    codes = cluster_codes(request)
    first = np.unique(codes, return_index=True)[1]
    return len(first) < len(codes) and bool(np.array_equal(X, X[first][codes]))


def _pairs(groups: list[Longs]) -> Longs:
    """One code for each combination."""
    joint = groups[0]
    for more in groups[1:]:
        codes = cluster_codes(more)
        joint = joint * (int(codes.max(initial=0)) + 1) + codes
    return joint
