"""What happens in a service now, second by second, for its page and for who watches it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, final

import numpy as np

from palate.serve.engine.answers import Answer
from palate.serve.engine.engine import Engine
from palate.serve.engine.items import Items
from palate.serve.http.replies import Live, Second

SECONDS: Final = 300
"""How far back the seconds go."""
WINDOW: Final = 60
"""Seconds that rates and times are of."""
LISTS: Final = frozenset({"recommend", "rank", "similar", "search"})
"""Operations whose time is that of a list."""
_LISTS_KEPT, _ITEMS_KEPT, _TIMES_KEPT, _FRESH = 1000, 100, 500, 0.25


@dataclass
class _Bucket:
    """One second while it is counted."""

    second: int
    requests: int = 0
    failed: int = 0
    events: int = 0
    milliseconds: list[float] = field(default_factory=list)


@final
class Figures:
    """Counted as it happens; a reader pays for what is made of the counts, four times a second at
    most, however many there are.

    Args:
        engine: Whose state is shown.
        now: Seconds since 1970.
    """

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine, self._now, self._started = engine, now, now()
        self._buckets: deque[_Bucket] = deque([_Bucket(int(now()))], maxlen=SECONDS + 1)
        self._shown: deque[tuple[str, ...]] = deque(maxlen=_LISTS_KEPT)
        self._degraded, self._showing = 0, threading.Lock()
        self._made: tuple[float, Live] | None = None

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """A request was answered."""
        bucket = self._bucket()
        bucket.requests += 1
        bucket.failed += status >= 500
        if operation in LISTS and len(bucket.milliseconds) < _TIMES_KEPT:
            bucket.milliseconds.append(seconds * 1000)

    def took_in(self, n_events: int) -> None:
        """Events came that were not there before."""
        self._bucket().events += n_events

    def showed(self, answer: Answer) -> None:
        """A list of recommendations was made; any thread may say so."""
        self._shown.append(tuple(one.item for one in answer.items[:_ITEMS_KEPT]))
        with self._showing:
            self._degraded += answer.degraded

    def read(self) -> Live:
        """The figures of now, with all seconds that are over."""
        now = self._now()
        if self._made is None or not 0 <= now - self._made[0] < _FRESH:
            self._made = (now, self._figures(now))
        return self._made[1]

    def _bucket(self) -> _Bucket:
        last, second = self._buckets[-1], int(self._now())
        if second <= last.second:  # a clock that was put back stands still until it is over
            return last
        for missing in range(max(last.second + 1, second - SECONDS), second + 1):
            self._buckets.append(_Bucket(missing))
        return self._buckets[-1]

    def _figures(self, now: float) -> Live:
        self._bucket()
        over = list(self._buckets)[:-1]
        last = over[-WINDOW:]
        length = max(len(last), 1)
        times = [one for bucket in last for one in bucket.milliseconds]
        engine, items = self._engine, self._engine.view.items
        shown = list(self._shown)
        coverage, new_share = _spread(shown, items)
        return Live(
            int(now),
            round(sum(bucket.requests for bucket in last) / length, 3),
            round(sum(bucket.events for bucket in last) / length, 3),
            sum(bucket.failed for bucket in last),
            self._degraded,
            len(times),
            *_quantiles(times),
            coverage,
            new_share,
            len(shown),
            len(items.catalogue) - len(items.deleted),
            len(items.catalogue) - items.n_known,
            len(items.unavailable_set - items.deleted),
            len(items.pinned),
            engine.state.n_users,
            engine.state.offset,
            engine.learnt_offset,
            engine.learns,
            engine.model,
            engine.encoded,
            round(now - self._started, 1),
            [_second(bucket) for bucket in over],
        )


def _second(bucket: _Bucket) -> Second:
    return Second(
        bucket.second,
        bucket.requests,
        bucket.failed,
        bucket.events,
        *_quantiles(bucket.milliseconds),
    )


def _quantiles(milliseconds: Sequence[float]) -> tuple[float | None, float | None]:
    """Median and 99th percentile; None of nothing."""
    if not milliseconds:
        return None, None
    p50, p99 = np.percentile(milliseconds, (50, 99))
    return round(float(p50), 3), round(float(p99), 3)


def _spread(shown: Sequence[Sequence[str]], items: Items) -> tuple[float, float | None]:
    """Share of the catalogue that was shown, and share of what was shown that is new."""
    row_of = items.catalogue.items.row_of
    rows = [row_of[item] for one in shown for item in one if item in row_of]
    if not rows:
        return 0.0, None
    n_items = max(len(items.catalogue) - len(items.deleted), 1)
    new = sum(row >= items.n_known for row in rows)
    return round(min(len(set(rows)) / n_items, 1.0), 6), round(new / len(rows), 6)
