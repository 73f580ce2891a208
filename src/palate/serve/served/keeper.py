"""Keeps what is served, by a thread of its own: no answer waits for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, final

from palate.event_store import StoredEvent
from palate.runs.open import OpenedRun
from palate.serve.engine.answers import Answer, Listed, ListRequest
from palate.serve.engine.view import View
from palate.serve.group_worker import GroupWorker
from palate.serve.refusals import Overloaded, Unavailable
from palate.serve.served.feature_rows import FeatureRow, ServedFeatures
from palate.serve.served.lists import Kind, ServedList, column, digests_in
from palate.serve.served.store import ListStore

_LOG: Final = logging.getLogger("palate.serve")
DAY: Final = 86_400
_EVERY: Final = 3600
"""Seconds between two looks at what is too old."""
_GATHER: Final = 0.05
"""Seconds for which lists gather before they are kept."""
_AT_ONCE: Final = 8
"""Lists that are written together."""
_GIVE_WAY: Final = 0.001
"""Seconds after these in which the interpreter is left to threads that somebody waits for."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A list that was answered, and what it was made of.

    Attributes:
        kind: What it was an answer to.
        wanted: The request.
        answer: The answer.
        before: What was in force when it was begun.
        after: What was in force when it was done: where both are one, the answer was made of it.
            None: another model answers by now.
        opened: The run.
        model: The model that was to answer.
    """

    kind: Kind
    wanted: ListRequest
    answer: Answer
    before: View
    after: View | None
    opened: OpenedRun
    model: str


@dataclass(frozen=True)
class _Erase:
    user: str


_Job: TypeAlias = tuple[int, Shown] | _Erase


@final
class ServedKeeper:
    """Keeps lists with the features they were made of (a `palate.serve.events.log.Follower`, which
    forgets whom the log forgets).

    Lists that come faster than they can be kept are left out and counted: events are promised,
    impressions are not.

    Args:
        store: Where they are kept.
        days: For so long, > 0.
        now: Seconds since 1970.
    """

    def __init__(self, store: ListStore, days: float, now: Callable[[], float] = time.time) -> None:
        self._store, self._seconds, self._now = store, days * DAY, now
        self._features = ServedFeatures()
        self._latest: tuple[OpenedRun, str, tuple[str, ...]] | None = None
        self._looked = 0.0
        self.left_out = 0
        self._worker: GroupWorker[_Job, None] = GroupWorker(
            self._do, "palate-served", most_waiting=2000, gather_seconds=_GATHER
        )

    def keep(self, shown: Shown) -> None:
        """Keep it soon."""
        try:
            self._worker.submit((int(self._now()), shown))
        except (Overloaded, Unavailable):
            self.left_out += 1

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Events are no lists."""

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Forget the user's lists, those too that wait to be kept; they are gone when it
        returns.
        """
        if user:  # else another process erased somebody, there too
            self._worker.submit(_Erase(user)).result()

    def close(self) -> None:
        """Keep what is waiting, then let the file go."""
        self._worker.close()
        self._store.close()

    def _do(self, jobs: Sequence[_Job]) -> list[Exception | None]:
        shown = [job for job in jobs if not isinstance(job, _Erase)]
        try:
            for some in _parts(shown, _AT_ONCE):
                self._put(some)
                time.sleep(_GIVE_WAY)
            self._drop_old()
        except Exception:  # the disk is full, say: lists are left out, and the service goes on
            _LOG.exception("%d lists cannot be kept", len(shown))
            self.left_out += len(shown)
            self._features.keep_again()
        # in the order of the log: a list that was answered before somebody was forgotten goes too
        return [self._erased(job) if isinstance(job, _Erase) else None for job in jobs]

    def _erased(self, job: _Erase) -> Exception | None:
        try:
            self._store.erase_user(job.user)
        except Exception as error:
            return error
        return None

    def _put(self, shown: Sequence[tuple[int, Shown]]) -> None:
        rows: dict[bytes, FeatureRow] = {}
        lists = [self._list(when, one, rows) for when, one in shown]
        if lists:
            self._store.put(lists, rows.values(), max(one.time for one in lists))
            self._features.keep(rows)

    def _list(self, when: int, shown: Shown, rows: dict[bytes, FeatureRow]) -> ServedList:
        answer, wanted, items = shown.answer, shown.wanted, shown.answer.items
        blocks = self._blocks_of(shown)
        features = self._features_of(shown, blocks, rows)
        return ServedList(
            answer.request_id,
            when,
            shown.kind,
            wanted.user,
            answer.model,
            shown.opened.recipe.name,
            blocks,
            tuple([one.item for one in items]),
            items[0].position if items else 1,
            column([one.score for one in items]),
            column([one.propensity for one in items]),
            _sources(items),
            tuple(features),
            wanted.history,
            answer.degraded,
        )

    def _blocks_of(self, shown: Shown) -> tuple[str, ...]:
        """The blocks that the model reads; those of the last one are not looked for again."""
        opened, model, blocks = self._latest or (None, "", ())
        if opened is not shown.opened or model != shown.model:
            blocks = shown.opened.recipe.graph.all_blocks(shown.model)
            self._latest = (shown.opened, shown.model, blocks)
        return blocks

    def _features_of(
        self, shown: Shown, blocks: Sequence[str], rows: dict[bytes, FeatureRow]
    ) -> list[bytes]:
        """Digests of the rows of each item of a list."""
        items = [one.item for one in shown.answer.items]
        if shown.after is None:
            return [b""] * len(items)
        own: dict[bytes, FeatureRow] = rows if shown.after is shown.before else {}
        found = self._features.of_items(shown.before, shown.opened, blocks, items, own)
        if shown.after is shown.before:
            return found
        again = self._features.of_items(shown.after, shown.opened, blocks, items, own)
        # changed while the list was made: which of the two it was made of is not known
        sure = [one if one == other else b"" for one, other in zip(found, again, strict=True)]
        rows.update(
            (digest, own[digest]) for one in sure for digest in digests_in(one) if digest in own
        )
        return sure

    def _drop_old(self) -> None:
        now = self._now()
        if now - self._looked >= _EVERY:
            self._looked = now
            oldest = int(now - self._seconds)
            # a row that goes on being used is marked so every hour: a list may be that much younger
            self._store.drop_before(oldest, oldest - 2 * _EVERY)
            self._features.keep_again()


def _sources(items: Sequence[Listed]) -> tuple[str, ...]:
    """What put each item there; one for all where they are the same."""
    every = {one.source for one in items}
    return tuple(every) if len(every) == 1 else tuple([one.source for one in items])


def _parts(shown: Sequence[tuple[int, Shown]], size: int) -> Iterator[Sequence[tuple[int, Shown]]]:
    return (shown[start : start + size] for start in range(0, len(shown), size))
