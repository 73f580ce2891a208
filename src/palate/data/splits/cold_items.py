"""Withhold a share of the items wholly, as if they had entered the catalogue today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Lt

from palate.arrays import Rows
from palate.capabilities import SplitsAtRandom
from palate.data.splits.assemble import TEST, TRAIN, VALIDATION, Rules, assemble
from palate.data.splits.liked import Liked
from palate.errors import Refused
from palate.seeding import generator
from palate.tables import Interactions, Split


@dataclass(frozen=True)
class ColdItemsSettings(Liked):
    """Settings of `split.cold_items.v1`."""

    share: Annotated[float, Gt(0), Lt(1)] = 0.1
    """Share of the items that is withheld for the test."""
    validation_share: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of the items, other ones, that is withheld for validation."""
    min_item_events: Annotated[int, Ge(1)] = 1
    """Only items with at least so many events are withheld."""
    min_history: Annotated[int, Ge(1)] = 1
    """Users with fewer training events left give no case."""
    n_validation_users: Annotated[int, Ge(1)] | None = None
    """Most validation cases, chosen by the seed. None: all."""


class ColdItems(SplitsAtRandom):
    """Some items lose all their events; users of such an item have it as a target, given the rest
    of their training events.

    Test and validation withhold different items, at random. The withheld ones compete with the
    whole catalogue, so a model that counts events has no way to find them, and one that reads
    content has. A user's withheld validation items are masked in the test, not shown to the model.

    The usual filter to items of five events and more takes the cold ones away: an ordinary split of
    such data tells nothing about new items.

    Cost: one pass over the log.
    """

    Settings = ColdItemsSettings

    def __init__(self, settings: ColdItemsSettings | None = None) -> None:
        self.settings = settings or ColdItemsSettings()

    @property
    def at_random(self) -> bool:
        """Items are drawn by the seed."""
        return True

    def split(self, log: Interactions, seed: int) -> Split:
        """Part the log.

        Raises:
            Refused: Too few items, or no user of a withheld item has other events.
        """
        s = self.settings
        test, validation = self._withheld(log, seed)
        mark = np.full(len(log), TRAIN)
        mark[np.isin(log.item, test)] = TEST
        mark[np.isin(log.item, validation)] = VALIDATION
        rules = Rules(
            liked=s,
            test_sees_validation=False,
            min_history=s.min_history,
            n_validation_users=s.n_validation_users,
        )
        notes = (
            (
                f"{len(test):,} items are withheld for the test and {len(validation):,} others for"
                " validation."
            ),
        )
        return assemble(
            log,
            mark,
            rules,
            seed,
            withheld=np.sort(np.concatenate([test, validation])),
            notes=notes,
        )

    def _withheld(self, log: Interactions, seed: int) -> tuple[Rows, Rows]:
        s = self.settings
        fit = np.flatnonzero(log.item_counts() >= s.min_item_events).astype(np.int32)
        n_items = int((log.item_counts() > 0).sum())
        n_test, n_validation = max(1, round(s.share * n_items)), round(s.validation_share * n_items)
        if n_test + n_validation >= min(n_items, len(fit) + 1):
            raise Refused(
                f"{n_test + n_validation} items would be withheld of {len(fit)} that have"
                f" {s.min_item_events} events",
                where="split",
                next_step="lower split.share, split.validation_share or split.min_item_events",
            )
        chosen = generator(seed, "split", "cold items").permutation(fit)
        return np.sort(chosen[:n_test]), np.sort(chosen[n_test : n_test + n_validation])
