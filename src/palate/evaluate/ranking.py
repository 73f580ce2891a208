"""Full ranking of test cases, chunk by chunk: where the targets came, and the first k items."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from palate import ranks as ranking
from palate.arrays import Doubles, Floats
from palate.errors import BadInput
from palate.stages import Scorer
from palate.tables import Cases, Histories, Rankings, TargetRanks


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
    ranks, items, scores = [], [], []
    n_items: int | None = None
    for start in range(0, len(cases), chunk):
        part = cases.take(np.arange(start, min(start + chunk, len(cases))))
        given = np.asarray(score(part.histories))
        n_items = _checked(given, part, n_items, name)
        masked = ranking.masked(given, part.seen)
        del given
        ranks.append(ranking.positions_masked(masked, part.targets))
        first, best = ranking.top(masked, k)
        items.append(first)
        scores.append(best)
        if progress is not None:
            progress(start + len(part))
    if not ranks:
        return _nothing(k)
    return _joined(ranks, chunk, cases.values), Rankings(
        cases.histories.users, np.concatenate(items), np.concatenate(scores)
    )


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


def _joined(parts: list[TargetRanks], chunk: int, value: Doubles | None) -> TargetRanks:
    case = np.concatenate([p.case + np.int32(i * chunk) for i, p in enumerate(parts)])
    return TargetRanks(
        case.astype(np.int32),
        np.concatenate([p.item for p in parts]),
        np.concatenate([p.position for p in parts]),
        np.concatenate([p.n_candidates for p in parts]),
        np.concatenate([p.tied for p in parts]),
        value,
    )


def _nothing(k: int) -> tuple[TargetRanks, Rankings]:
    rows = np.empty(0, np.int32)
    lists = Rankings(rows, np.empty((0, k), np.int32), np.empty((0, k), np.float32))
    return TargetRanks(rows, rows, np.empty(0), np.empty(0, np.int64)), lists
