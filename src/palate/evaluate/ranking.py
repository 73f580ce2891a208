"""Full ranking of test cases, chunk by chunk: where the targets came, and the first k items."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue
from typing import Final, TypeVar

import numpy as np

from palate import ranks as ranking
from palate.arrays import Floats, Rows
from palate.capabilities import ScoresInto
from palate.errors import BadInput
from palate.execute import on_all_cores, usable_cores
from palate.shared_scores import score_of, shared_scores
from palate.stages import Scorer
from palate.tables import Cases, Histories, Rankings, TargetRanks

K = TypeVar("K", bound=Hashable)
_HELD: Final = 2**27
"""Most scores that models hold of one chunk, all together."""


def rank(
    scorer: Scorer,
    cases: Cases,
    k: int,
    chunk: int = 512,
    name: str = "",
    progress: Callable[[int], None] | None = None,
) -> tuple[TargetRanks, Rankings]:
    """Score every item for every case and note where the targets came.

    All items compete but the seen ones; nothing is sampled. Of tied items it is noted how many
    they are, and metrics average over their orders; in the lists, and so in coverage and novelty,
    the lower item row comes first among ties. A target that was seen before is
    unreachable: position inf.

    Args:
        scorer: A fitted model.
        cases: [n_cases], the histories to score.
        k: Length of the lists, >= 1.
        chunk: Cases scored at once, >= 1: memory is an array of chunk x n_items float32,
            and what the scorer takes.
        name: What to call the model in messages; empty: its class.
        progress: Called with the number of cases done after each chunk.

    Raises:
        BadInput: The scorer gives an array of a wrong shape, or a score that is not a finite
            number.

    Cost: beyond scoring, a few passes over n_cases x n_items numbers in the processor's cache, on
        all cores (and a sort of each row where cases have dozens of targets).
    """
    name = name or type(scorer).__name__
    if isinstance(scorer, ScoresInto):
        return _side_by_side(scorer, cases, k, chunk, name, progress)
    return rank_scores(scorer.score, cases, k, chunk, name, progress)


@dataclass(frozen=True, eq=False)
class Ranked:
    """What one of several models answered.

    Attributes:
        ranks: Where the targets came.
        lists: The first k items of each case.
        seconds: Wall time of scoring and ranking; what models share counts for the first of them.
    """

    ranks: TargetRanks
    lists: Rankings
    seconds: float


def rank_together(
    scorers: Mapping[K, Scorer],
    cases: Cases,
    k: int,
    chunk: int = 512,
    progress: Callable[[int], None] | None = None,
) -> dict[K, Ranked]:
    """Like `rank`, for several models in one pass: scores that fusions have in common with their
    members and with each other are made once.

    Args:
        scorers: Fitted models, members before their fusions; messages call them by their keys.
        cases: As of `rank`.
        k: As of `rank`.
        chunk: Cases scored at once at most; fewer where the scores of all models would take more
            than half a GiB.
        progress: Called with the number of cases done after each chunk.
    """
    _check_sizes(k, chunk)
    made = {name: _Ranks(k) for name in scorers}
    start, n_items = 0, _highest(cases) + 1
    with shared_scores():
        while start < len(cases):
            # the first chunk as well: so many items there are at least
            chunk = max(min(chunk, _HELD // max(n_items * len(scorers), 1)), 1)
            part = cases.take(np.arange(start, min(start + chunk, len(cases))))
            for name, scorer in scorers.items():
                made[name].add(_ranked(partial(score_of, scorer), part, k, str(name)), str(name))
            start += len(part)
            n_items = next((ranks.n_items for ranks in made.values()), None) or 1
            if progress is not None:
                progress(start)
    return {name: Ranked(*ranks.joined(cases), ranks.seconds) for name, ranks in made.items()}


def rank_scores(
    score: Callable[[Histories], Floats],
    cases: Cases,
    k: int,
    chunk: int = 512,
    name: str = "scores",
    progress: Callable[[int], None] | None = None,
) -> tuple[TargetRanks, Rankings]:
    """Like `rank`, for a function from histories [m] to scores float32 [m, n_items]."""
    _check_sizes(k, chunk)
    made = _Ranks(k)
    for start in range(0, len(cases), chunk):
        part = cases.take(np.arange(start, min(start + chunk, len(cases))))
        made.add(_ranked(score, part, k, name), name)
        if progress is not None:
            progress(made.n_cases)
    return made.joined(cases)


def _side_by_side(
    scorer: ScoresInto,
    cases: Cases,
    k: int,
    chunk: int,
    name: str,
    progress: Callable[[int], None] | None,
) -> tuple[TargetRanks, Rankings]:
    """`rank`, each core with a share of a chunk and memory of its own for its scores."""
    _check_sizes(k, chunk)
    made, step = _Ranks(k), -(-chunk // usable_cores())
    rooms: SimpleQueue[Floats | None] = SimpleQueue()
    for _ in range(usable_cores()):
        rooms.put(None)

    def work(start: int) -> _Part:
        """One share."""
        room = rooms.get()

        def score(histories: Histories) -> Floats:
            """In the memory of the share before."""
            nonlocal room
            room = scorer.score_into(histories, room)
            return room

        part = cases.take(np.arange(start, min(start + step, len(cases))))
        found = _ranked(score, part, k, name, threads=1)
        rooms.put(room)
        return found

    for found in on_all_cores(work, range(0, len(cases), step)):
        made.add(found, name)
        if progress is not None:
            progress(made.n_cases)
    return made.joined(cases)


@dataclass(frozen=True, eq=False)
class _Part:
    """What was found of one model for some cases.

    Attributes:
        ranks: Where the targets came.
        items: int32 [m, k], the lists.
        scores: float32 [m, k].
        n_items: Items that the model scored.
        seconds: Wall time.
    """

    ranks: TargetRanks
    items: Rows
    scores: Floats
    n_items: int
    seconds: float


def _ranked(
    score: Callable[[Histories], Floats], part: Cases, k: int, name: str, threads: int = 0
) -> _Part:
    """Rank some cases."""
    start = time.perf_counter()
    given = np.asarray(score(part.histories))
    _check_items(given, part, name)
    found = ranking.ranked(given, part.seen, part.targets, k, f"model {name}", threads)
    return _Part(*found, given.shape[1], time.perf_counter() - start)


@dataclass(eq=False)
class _Ranks:
    """What was found of one model so far, chunk by chunk."""

    k: int
    seconds: float = 0.0
    n_cases: int = 0
    parts: list[_Part] = field(default_factory=list)

    @property
    def n_items(self) -> int | None:
        """Items that the model scores; None before the first chunk."""
        return self.parts[0].n_items if self.parts else None

    def add(self, part: _Part, name: str) -> None:
        """Take up some more cases.

        Raises:
            BadInput: They have scores for another number of items than those before.
        """
        if part.n_items != (self.n_items or part.n_items):
            shape = (part.ranks.n_cases, part.n_items)
            raise BadInput(
                f"scores of shape {shape}",
                where=f"model {name}",
                allowed=f"{self.n_items} items, as before",
            )
        found = part.ranks
        at = replace(found, case=found.case + np.int32(self.n_cases))
        self.parts.append(replace(part, ranks=at))
        self.n_cases += found.n_cases
        self.seconds += part.seconds

    def joined(self, cases: Cases) -> tuple[TargetRanks, Rankings]:
        """All chunks in one."""
        if not self.parts:
            return _nothing(self.k)
        parts = [part.ranks for part in self.parts]
        found = TargetRanks(
            np.concatenate([p.case for p in parts]).astype(np.int32),
            np.concatenate([p.item for p in parts]),
            np.concatenate([p.position for p in parts]),
            np.concatenate([p.n_candidates for p in parts]),
            np.concatenate([p.tied for p in parts]),
            cases.values,
        )
        items = np.concatenate([part.items for part in self.parts])
        scores = np.concatenate([part.scores for part in self.parts])
        return found, Rankings(cases.histories.users, items, scores)


def _check_sizes(k: int, chunk: int) -> None:
    for name, value in (("k", k), ("chunk", chunk)):
        if value < 1:
            raise BadInput(f"{name} is {value}", where=name, allowed="whole numbers from 1 on")


def _check_items(scores: Floats, cases: Cases, name: str) -> None:
    """Refuse scores that do not fit the cases; whether they are numbers is seen by the ranking."""
    ranking.check_shape(scores, len(cases), where=f"model {name}")
    width = int(scores.shape[1])
    highest = _highest(cases)
    if highest >= width:
        raise BadInput(
            f"scores for {width} items, and the cases speak of item row {highest}",
            where=f"model {name}",
            allowed="one score for each item of the vocabulary",
        )


def _highest(cases: Cases) -> int:
    """The highest row of an item that the cases speak of; -1 where they speak of none."""
    return max(int(part.values.max(initial=-1)) for part in (cases.seen, cases.targets))


def _nothing(k: int) -> tuple[TargetRanks, Rankings]:
    rows = np.empty(0, np.int32)
    lists = Rankings(rows, np.empty((0, k), np.int32), np.empty((0, k), np.float32))
    return TargetRanks(rows, rows, np.empty(0), np.empty(0, np.int64)), lists
