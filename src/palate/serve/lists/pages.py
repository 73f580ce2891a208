"""Where a list can be continued: kept for a while, and not more of them than fit."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from palate.serve.engine.answers import ListRequest
from palate.serve.refusals import Gone, NotFound

MOST_PAGES: Final = 20_000
"""Lists that can be continued at a time; some 20 MB."""
SECONDS: Final = 1800.0
"""How long a list can be continued."""
MOST_SHOWN: Final = 10_000
"""Items after which a list ends."""


@dataclass(frozen=True)
class Page:
    """What the next page of a list is made of. It names its user and holds nothing of their
    history, so that who is forgotten is forgotten here too.

    Attributes:
        wanted: The request for the first page, with the event up to which the history counts.
        shown: Items that do not come again: of this page and of all before it, and of rows beside
            it.
        length: Of the list so far.
    """

    wanted: ListRequest
    shown: tuple[str, ...]
    length: int = 0


@final
class Pages:
    """Pages by the id of the answer that showed them. Several threads may use it.

    Args:
        most: Pages that are kept; the oldest makes room for a new one.
        seconds: How long one is kept.
        now: Gives seconds that only grow.
    """

    def __init__(
        self,
        most: int = MOST_PAGES,
        seconds: float = SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._now = most, seconds, now
        self._pages: OrderedDict[str, tuple[float, Page]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def put(self, request_id: str, page: Page) -> None:
        """Keep a page."""
        with self._lock:
            self._pages[request_id] = (self._now(), page)
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)

    def get(self, request_id: str) -> Page:
        """The page.

        Raises:
            Gone: It was kept as long as pages are.
            NotFound: There is none, or it had to make room for newer ones.
        """
        with self._lock:
            kept = self._pages.get(request_id)
        if kept is None:
            raise NotFound(
                f'no list "{request_id}" can be continued',
                where="request_id",
                allowed=f"the id of one of the last {self._most:,} lists",
                next_step="ask for a first page",
            )
        if self._now() - kept[0] > self._seconds:
            raise Gone(
                f'the list "{request_id}" is too old to be continued',
                where="request_id",
                allowed=f"lists of the last {self._seconds:g} seconds",
                next_step="ask for a first page",
            )
        return kept[1]
