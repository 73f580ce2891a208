"""Who is asked what, when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.errors import Refused
from palate.study.pointwise.cases import Drawn, band_of, draw_cases
from palate.study.pointwise.event_index import EventIndex
from palate.tables import Interactions

SHARES = (0.5, 0.8, 0.9)


@pytest.mark.parametrize("drawn", ["matched", "popular", "uniform"])
def test_rows_keep_the_promises(log: Interactions, drawn: Drawn) -> None:
    asked = draw_cases(log, SHARES, 600, 2, drawn, seed=1)
    assert np.all(np.diff(asked.time) >= 0)
    had = {}
    for u, i, t in sorted(zip(log.user, log.item, log.time, strict=True), key=lambda e: e[2]):  # type: ignore[arg-type]
        had.setdefault((u, i), t)
    first = {int(i): int(log.time[log.item == i].min()) for i in np.unique(log.item)}  # type: ignore[index]
    ends = [asked.cuts[0], asked.cuts[1], int(log.time.max()) + 1]  # type: ignore[union-attr]
    for u, i, t, yes, part in zip(
        asked.user, asked.item, asked.time, asked.label, asked.part, strict=True
    ):
        if yes:
            assert had[u, i] == t
        else:
            assert had.get((u, i), t + 1) > t
            assert first[int(i)] < ends[part]
        assert ([-1, *asked.cuts][part] <= t) & (t < ends[part])
    assert asked.label.mean() == pytest.approx(1 / 3, abs=0.02)
    assert all((asked.part == p).sum() > 500 for p in range(3))


def test_matched_rows_cannot_be_told_by_popularity_and_uniform_ones_can(log: Interactions) -> None:
    clock = EventIndex(log.item, np.asarray(log.time))
    gap = {}
    for drawn in ("matched", "uniform"):
        asked = draw_cases(log, SHARES, 800, 1, drawn, seed=1)  # type: ignore[arg-type]
        band = band_of(clock.before(asked.item, asked.time))
        gap[drawn] = abs(band[asked.label].mean() - band[~asked.label].mean())
        if drawn == "matched":
            new = clock.before(asked.item, asked.time) == 0
            assert 0.3 < asked.label[new].mean() < 0.8
    assert gap["matched"] < 0.2 < gap["uniform"]


def test_the_same_seed_asks_the_same(log: Interactions) -> None:
    once, again, other = (draw_cases(log, SHARES, 100, 1, "matched", seed=s) for s in (1, 1, 2))
    assert np.array_equal(once.item, again.item)
    assert not np.array_equal(once.item, other.item)


def test_refusals(log: Interactions) -> None:
    with pytest.raises(Refused, match="times that all users share"):
        draw_cases(replace(log, time=None), SHARES, 100, 1, "matched", seed=1)
    everybody_again = log.take(np.r_[np.arange(400), np.arange(400), np.arange(400)])
    late = replace(everybody_again, time=np.arange(1200, dtype=np.int64) * 1000)
    with pytest.raises(Refused, match="for the first time in the train part"):
        draw_cases(late, SHARES, 100, 1, "matched", seed=1)
