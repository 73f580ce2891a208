"""A log with fractions of seconds, and live events with whole ones."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.serve.conftest import recipe_of
from tests.serve.engine.test_engine import send

import palate
from palate.serve.data_folder import open_engine
from palate.serve.engine.answers import ListRequest
from palate.serve.engine.exact_times import ExactTimes
from palate.tables import Event, Interactions


def log_of(milliseconds: list[int]) -> Interactions:
    events = [Event("u", "i", time=ms // 1000) for ms in milliseconds]
    order = np.unique(milliseconds, return_inverse=True)[1].astype(np.int64)
    return replace(Interactions.of_events(events), order=order)


def live(seconds: list[int], log: Interactions) -> Interactions:
    return Interactions.of_events(
        [Event("u", "i", time=at) for at in seconds], log.users, log.items
    )


@given(
    st.lists(st.integers(0, 20_000), min_size=1, max_size=30),
    st.lists(st.integers(-3, 30), min_size=1, max_size=10),
)
def test_an_event_comes_after_all_up_to_its_second(known: list[int], new: list[int]) -> None:
    log = log_of(known)
    placed = ExactTimes(log).placed(live(new, log))
    assert log.order is not None
    assert placed.order is not None
    for second, order in zip(new, placed.order.tolist(), strict=True):
        for ms, other in zip(known, log.order.tolist(), strict=True):
            assert (other <= order) == (ms // 1000 <= second)
    last = max(known) // 1000
    late = [(s, o) for s, o in zip(new, placed.order.tolist(), strict=True) if s >= last]
    assert [o for _, o in sorted(late)] == sorted(o for _, o in late)
    assert len({s for s, _ in late}) == len({o for _, o in late})


def test_a_log_of_whole_seconds_needs_no_order() -> None:
    log = Interactions.of_events([Event("u", "i", time=1)])
    assert ExactTimes(log).placed(live([2], log)).order is None


def test_a_log_of_milliseconds_is_learnt_from(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    log, items = frames
    start = 1_700_000_000_000
    finer = log.with_columns(timestamp=start + pl.int_range(pl.len()) * 300)
    palate.run(palate.read(finer, items), recipe_of(), folder=tmp_path / "run")
    opened = open_engine(tmp_path / "run", tmp_path / "data", "both", learn_seconds=0.01)
    engine = opened.engine
    assert engine.opened.data.interactions.order is not None
    before = engine.recommend(ListRequest(history=("i2",), k=75))
    second = start // 1000 + len(log)
    send(
        engine,
        *(Event(f"n{n}", item, time=second + n) for n in range(30) for item in ("i2", "i70")),
    )
    end = time.monotonic() + 20
    while engine.learnt_offset < engine.state.offset:
        assert time.monotonic() < end
        time.sleep(0.01)
    after = engine.recommend(ListRequest(history=("i2",), k=75))
    opened.close()

    def score(answer: object) -> float:
        return next(one.score for one in answer.items if one.item == "i70")  # type: ignore[attr-defined]

    assert score(after) > score(before)
