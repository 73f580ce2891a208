"""Full ranking of test cases, chunk by chunk: where the targets came, and the first k items."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar

import numpy as np

from palate import ranks as ranking
from palate.arrays import Floats, Rows
from palate.errors import BadInput
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
        chunk: Cases scored at once, >= 1: memory is about three arrays of chunk x n_items float32.
        name: What to call the model in messages; empty: its class.
        progress: Called with the number of cases done after each chunk.

    Raises:
        BadInput: The scorer gives an array of a wrong shape, or a score that is not a finite
            number.

    Cost: beyond scoring, a few passes over n_cases x n_items numbers (and a sort of each row where
        cases have
    several targets): 22,000 cases of 12,000 items take about 2 s on one core.
    """
    return rank_scores(scorer.score, cases, k, chunk, name or type(scorer).__name__, progress)


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
    start = 0
    with shared_scores():
        while start < len(cases):
            part = cases.take(np.arange(start, min(start + chunk, len(cases))))
            for name, scorer in scorers.items():
                made[name].add(partial(score_of, scorer), part, str(name))
            start += len(part)
            n_items = next((ranks.n_items for ranks in made.values()), None) or 1
            chunk = max(min(chunk, _HELD // max(n_items * len(scorers), 1)), 1)
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
        made.add(score, part, name)
        if progress is not None:
            progress(start + len(part))
    return made.joined(cases)


@dataclass(eq=False)
class _Ranks:
    """What was found of one model so far, chunk by chunk."""

    k: int
    n_items: int | None = None
    seconds: float = 0.0
    n_cases: int = 0
    ranks: list[TargetRanks] = field(default_factory=list)
    items: list[Rows] = field(default_factory=list)
    scores: list[Floats] = field(default_factory=list)

    def add(self, score: Callable[[Histories], Floats], part: Cases, name: str) -> None:
        """Rank some more cases."""
        start = time.perf_counter()
        given = np.asarray(score(part.histories))
        self.n_items = _checked(given, part, self.n_items, name)
        masked = ranking.masked(given, part.seen)
        del given
        found = ranking.positions_masked(masked, part.targets)
        self.ranks.append(replace(found, case=(found.case + np.int32(self.n_cases))))
        first, best = ranking.top(masked, self.k)
        self.items.append(first)
        self.scores.append(best)
        self.n_cases += len(part)
        self.seconds += time.perf_counter() - start

    def joined(self, cases: Cases) -> tuple[TargetRanks, Rankings]:
        """All chunks in one."""
        if not self.ranks:
            return _nothing(self.k)
        parts = self.ranks
        found = TargetRanks(
            np.concatenate([p.case for p in parts]).astype(np.int32),
            np.concatenate([p.item for p in parts]),
            np.concatenate([p.position for p in parts]),
            np.concatenate([p.n_candidates for p in parts]),
            np.concatenate([p.tied for p in parts]),
            cases.values,
        )
        lists = Rankings(
            cases.histories.users, np.concatenate(self.items), np.concatenate(self.scores)
        )
        return found, lists


def _check_sizes(k: int, chunk: int) -> None:
    for name, value in (("k", k), ("chunk", chunk)):
        if value < 1:
            raise BadInput(f"{name} is {value}", where=name, allowed="whole numbers from 1 on")


def _checked(scores: Floats, cases: Cases, n_items: int | None, name: str) -> int:
    """The number of items, if the scores fit the cases and the chunks before."""
    ranking.check(scores, len(cases), n_items, where=f"model {name}")
    width = int(scores.shape[1])
    highest = max(int(part.values.max(initial=-1)) for part in (cases.seen, cases.targets))
    if highest >= width:
        raise BadInput(
            f"scores for {width} items, and the cases speak of item row {highest}",
            where=f"model {name}",
            allowed="one score for each item of the vocabulary",
        )
    return width


def _nothing(k: int) -> tuple[TargetRanks, Rankings]:
    rows = np.empty(0, np.int32)
    lists = Rankings(rows, np.empty((0, k), np.int32), np.empty((0, k), np.float32))
    return TargetRanks(rows, rows, np.empty(0), np.empty(0, np.int64)), lists
