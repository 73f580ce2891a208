"""A request for recommendations: whose history it is, when, what may be recommended and what may
not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from palate.arrays import Ragged, Rows
from palate.errors import BadInput
from palate.tables.cases import Histories
from palate.tables.coded import Coded


def _no_rows() -> Rows:
    return np.empty(0, np.int32)


@dataclass(frozen=True, eq=False)
class Request:
    """One question: what to recommend to somebody, now.

    Attributes:
        history: What the person did so far, one case; an empty history is a history.
        time: Seconds since 1970 UTC at which it is made; None where unknown. No event of the
            history may be later.
        context: Plain values of the request (device, page, place ...), for models that read them; a
            recommender that does not must give the same list with and without.
        candidates: int32, the only item rows that may be recommended; None: all of them. An empty
            list allows nothing.
        exclude: int32, item rows that are never recommended. The history is not left out by
            itself: who listens to music wants some of it again. See `unseen`.
    """

    history: Histories
    time: int | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    candidates: Rows | None = None
    exclude: Rows = field(default_factory=_no_rows)

    def __post_init__(self) -> None:
        if len(self.history) != 1:
            raise BadInput(
                f"a request with {len(self.history)} histories",
                where="request.history",
                allowed="exactly one",
                next_step="make one request for each person",
            )
        times = self.history.times
        if self.time is not None and times is not None and len(times) and times.max() > self.time:
            raise BadInput(
                f"the history has an event at {int(times.max())}, after the request's own time"
                f" {self.time}",
                where="request.time",
                allowed="a time that no event of the history is later than",
                next_step="leave later events out of the history",
            )

    @classmethod
    def unseen(cls, history: Histories, candidates: Rows | None = None) -> Request:
        """A request for items that are not in the history, one case.

        >>> Request.unseen(Histories.of_items(Ragged.of([[4, 2]]))).exclude.tolist()
        [4, 2]
        """
        return cls(history, candidates=candidates, exclude=history.items.values)

    def check(self, n_items: int, where: str = "request") -> None:
        """Refuse item rows that a catalogue of `n_items` does not have.

        Raises:
            BadInput: A row of the history, the candidates or the exclusions is not one of
                0 .. n_items - 1; `where` says whose.
        """
        lists = {
            "history": self.history.items.values,
            "candidates": _no_rows() if self.candidates is None else np.asarray(self.candidates),
            "exclude": np.asarray(self.exclude),
        }
        for name, rows in lists.items():
            unknown = rows[(rows < 0) | (rows >= n_items)]
            if len(unknown):
                raise BadInput(
                    f"there is no item row {int(unknown[0])}",
                    where=f"{where}.{name}",
                    allowed=f"rows 0 to {n_items - 1} of the catalogue",
                    next_step="look ids up with Vocabulary.known_rows",
                )


def histories_of(requests: Sequence[Request]) -> Histories:
    """The histories of some requests as one value, [n_requests]; times are kept where all have
    them, actions where any has.
    """
    parts = [request.history for request in requests]
    items = Ragged.of([part.items.values for part in parts])
    known = [part.times for part in parts if part.times is not None]
    times = np.concatenate([np.empty(0, np.int64), *known]) if len(known) == len(parts) else None
    return Histories(
        np.concatenate([_no_rows(), *(part.users for part in parts)]),
        items,
        np.concatenate([np.empty(0, np.float32), *(part.values for part in parts)]),
        times,
        _actions_of(parts),
    )


def _actions_of(parts: Sequence[Histories]) -> Coded | None:
    if all(part.actions is None for part in parts):
        return None
    return Coded.joined(
        [Coded.unsaid(len(p.items.values)) if p.actions is None else p.actions for p in parts]
    )
