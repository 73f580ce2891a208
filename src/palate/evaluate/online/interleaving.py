"""Lists of two or more rankers in one, so that every user compares them: needs far fewer users than
an experiment that splits them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.evaluate.online.users import UserValues
from palate.inference import cluster_codes, clustered
from palate.tables.estimate import Estimate

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Interleaved(Generic[T]):
    """A list made of several.

    Attributes:
        items: Best first, none twice.
        team: Of each item the ranker that picked it, by its number.
    """

    items: tuple[T, ...]
    team: tuple[int, ...]

    def credit(self, clicked: Sequence[T]) -> Doubles:
        """float64 [n_rankers so far as they picked], clicks on each ranker's items."""
        found = np.zeros(max(self.team, default=-1) + 1)
        mine = dict(zip(self.items, self.team, strict=True))
        for item in clicked:
            if item in mine:
                found[mine[item]] += 1
        return found


def team_draft(rankings: Sequence[Sequence[T]], k: int, rng: np.random.Generator) -> Interleaved[T]:
    """In each turn every ranker picks its best item that is not there yet, in an order that is
    drawn again for each turn: after each turn all have as many picks.

    Filters have to be applied to the list that comes out as a whole, or to all rankings alike;
    rules on whole lists, such as diversity, do not survive it.

    Args:
        rankings: Of two rankers or more, best first.
        k: Length of the list, >= 1; shorter where the rankings hold fewer items.
        rng: Draws the order.

    Raises:
        BadInput: Fewer than two rankings, or k below 1.

    Radlinski, Kurup & Joachims, How does clickthrough data reflect retrieval quality?, CIKM 2008;
    Schuth et al., Multileaved comparisons for fast online evaluation, CIKM 2014.
    """
    if len(rankings) < 2 or k < 1:
        raise BadInput(
            f"{len(rankings)} rankings, k {k}", where="team_draft", allowed="two or more; 1 or more"
        )
    items, team = dict[T, int](), list[int]()
    at = [0] * len(rankings)
    while len(items) < k:
        before = len(items)
        for ranker in rng.permutation(len(rankings)).tolist():
            ranking = rankings[ranker]
            while at[ranker] < len(ranking) and ranking[at[ranker]] in items:
                at[ranker] += 1
            if at[ranker] < len(ranking) and len(items) < k:
                items[ranking[at[ranker]]] = ranker
                team.append(ranker)
        if len(items) == before:
            break  # nothing is left
    return Interleaved(tuple(items), tuple(team))


def preference(credit: Doubles, user: Rows) -> Estimate:
    """By how much of all clicks the second ranker is ahead of the first, -1 to 1, with a 95 %
    interval over users.

    How much somebody clicks, which makes most of the noise where users are split, is the same for
    both rankers and falls out.

    Args:
        credit: float64 [n_lists, 2], clicks on the items of each.
        user: int32 [n_lists], whose list it was.

    Raises:
        BadInput: No list has credit.
    """
    code = cluster_codes(user)
    first, second = (np.asarray(np.bincount(code, column), np.float64) for column in credit.T)
    values = UserValues(second - first, first + second)
    if not credit.any():
        raise BadInput("no list with a click", where="credit", next_step="wait until there is one")
    return clustered(values.parts(), np.arange(len(values)))
