"""The newest events of a log as cases of two runs, one of which learnt from more of the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from palate.arrays import Ragged, Rows
from palate.data.splits.liked import Liked
from palate.event_store import StoredEvent
from palate.pipeline.wishes import seen_rule
from palate.runs.open import OpenedRun
from palate.serve.engine.histories import RunHistories
from palate.serve.feedback.live_cases import MOST_OF_A_USER, joined
from palate.serve.state.user import Done, Taken
from palate.tables import Cases, Histories


@dataclass(frozen=True)
class LogPart:
    """A log, and where it is cut.

    Attributes:
        events: All of it, in order.
        cut: Offset of the last event that the refit learns from.
        erased: Whether a user was forgotten.
    """

    events: Sequence[StoredEvent]
    cut: int
    erased: Callable[[str], bool]


@dataclass(frozen=True, eq=False)
class NewestCases:
    """The same cases for both runs.

    Attributes:
        present: As the present run knows items and people.
        new: As the new run does.
        users: int32 [n_cases], whose.
    """

    present: Cases
    new: Cases
    users: Rows


def newest_cases(
    present: tuple[OpenedRun, int], new: tuple[OpenedRun, int], log: LogPart
) -> NewestCases:
    """Events behind the cut that both runs can foresee: the item is known to both and new to its
    user, of whom something is known. The last ones of each user.

    Args:
        present: The run that answers, and the offset up to which it has the log itself.
        new: The run that was fitted again, likewise.
        log: The log.
    """
    mine, other = (_found(run, taken, log) for run, taken in (present, new))
    by_user: dict[str, list[int]] = defaultdict(list)
    for stored in log.events:
        if stored.offset in mine and stored.offset in other:
            by_user[stored.event.user].append(stored.offset)
    chosen = [
        (offset, number)
        for number, offsets in enumerate(by_user.values())
        for offset in offsets[-MOST_OF_A_USER:]
    ]
    users = np.array([number for _, number in chosen], np.int32)
    made = [_cases([found[offset] for offset, _ in chosen]) for found in (mine, other)]
    return NewestCases(made[0], made[1], users)


@dataclass(frozen=True, eq=False)
class _Case:
    history: Histories
    seen: Rows
    target: int


def _found(opened: OpenedRun, taken: int, log: LogPart) -> Mapping[int, _Case]:
    """Offset -> case."""
    histories = RunHistories(opened.data.interactions)
    row_of = opened.data.catalogue.items.row_of
    forgotten = set(opened.forgotten_items.tolist())
    masked = seen_rule("", opened.recipe.split) == "mask"
    settings = opened.recipe.split.settings
    least = settings.relevant_min if isinstance(settings, Liked) else None
    done: dict[str, list[Done]] = defaultdict(list)
    found: dict[int, _Case] = {}
    for stored in log.events:
        event = stored.event
        if event.action in histories.leave_out:
            continue
        row = row_of.get(event.item)
        if stored.offset > log.cut and row is not None and row not in forgotten:
            history = histories.of_user(
                event.user, done[event.user], row_of, log.erased(event.user)
            )
            before = history.items.values
            liked = least is None or event.value >= least
            if len(before) and liked and not (masked and row in before):
                seen = np.unique(before) if masked else np.empty(0, np.int32)
                found[stored.offset] = _Case(history, seen, row)
        if stored.offset > taken:
            at = Taken(event.time or 0, stored.offset, event.item, event.value)
            done[event.user].append(Done(at, event.action))
    return found


def _cases(found: Sequence[_Case]) -> Cases:
    return Cases(
        joined([one.history for one in found]),
        Ragged.of([one.seen for one in found]),
        Ragged.of([[one.target] for one in found]),
    )
