"""What a run's cleaning leaves of the events that come after it, so that what a model counts in is
what a run on all of them would learn from.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Final, TypeAlias, final

import numpy as np

from palate.arrays import Longs, Mask
from palate.data.clean import CleanSettings, known_items
from palate.tables import Dataset, Interactions
from palate.tables.coded import UNSAID

Once: TypeAlias = frozenset[Hashable]
"""What stands once in the log, and was counted since the run."""

NOTHING: Final[Once] = frozenset()


@final
class LiveCleaning:
    """The rules of a recipe's cleaning that look at one event, and that on duplicates.

    Of a pair of user and item that stands once, what was counted first stays counted: which of its
    events is the last or the highest is known to the next run. Bounds on how many events a user or
    an item has hold from run to run.

    Args:
        data: The run's data, cleaned.
        rules: Of its recipe.
    """

    def __init__(self, data: Dataset, rules: CleanSettings) -> None:
        self._log, self._rules = data.interactions, rules
        self._known = known_items(data) if rules.drop_unknown_items else None

    def kept(self, log: Interactions, before: Once) -> tuple[Interactions, Once]:
        """The events that stay, and what stands once behind them.

        Args:
            log: New events, in order; the run's users and items come first in its vocabularies.
            before: What stood once before.
        """
        mask = np.ones(len(log), np.bool_)
        if self._rules.min_value is not None:
            mask &= log.value >= np.float32(self._rules.min_value)
        if self._rules.max_value is not None:
            mask &= log.value <= np.float32(self._rules.max_value)
        if self._known is not None:
            mask &= self._known[log.item]
        if self._rules.drop_duplicates != "no":
            mask, before = self._once(log, mask, before)
        return log if mask.all() else log.take(mask), before

    def _once(self, log: Interactions, mask: Mask, before: Once) -> tuple[Mask, Once]:
        exact = self._rules.drop_duplicates == "exact"
        pairs, now, kept = self._pairs(log), set[Hashable](), mask.copy()
        for row in np.flatnonzero(mask).tolist():
            pair = int(pairs[row])
            what = (pair, *_rest(log, row)) if exact else pair
            if what in before or what in now or self._of_run(pair, _rest(log, row), exact):
                kept[row] = False
            else:
                now.add(what)
        return kept, before | now if now else before

    def _of_run(self, pair: int, rest: tuple[Hashable, ...], exact: bool) -> bool:
        """Whether the run's log has it."""
        found = self._rows_of(pair)
        return any(not exact or _rest(self._log, row) == rest for row in found)

    def _rows_of(self, pair: int) -> Iterator[int]:
        pairs, order = self._sorted
        start, end = np.searchsorted(pairs, [pair, pair + 1])
        yield from order[start:end].tolist()

    @cached_property
    def _sorted(self) -> tuple[Longs, Longs]:
        """int64 [n_rows], the pairs of the run's log in order, and their rows."""
        pairs = self._pairs(self._log)
        order = np.argsort(pairs, kind="stable")
        return pairs[order], order

    def _pairs(self, log: Interactions) -> Longs:
        return log.user.astype(np.int64) * self._log.n_items + log.item


def _rest(log: Interactions, row: int) -> tuple[Hashable, ...]:
    """What an event is besides its pair."""
    time = None if log.time is None else int(log.time[row])
    code = UNSAID if log.action is None else int(log.action.codes[row])
    action = None if log.action is None or code == UNSAID else log.action.names[code]
    return time, float(log.value[row]), action
