"""What a model counts in while it serves is what a run on all events would learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.serve.conftest import recipe_of
from tests.serve.engine.test_engine import send
from tests.serve.engine.test_learning import QUICK, wait_until_learnt

import palate
from palate.data.assemble import read_frames
from palate.data.clean import CleanSettings, clean, once
from palate.serve.data_folder import open_engine
from palate.serve.engine.live_cleaning import NOTHING, LiveCleaning
from palate.tables import Dataset, Event, Interactions, Vocabulary

RULES = ("exact", "user-item-first", "user-item-last", "user-item-highest")
EVENT = st.builds(
    Event,
    st.sampled_from(("u1", "u2", "new")),
    st.sampled_from(("a", "b", "c")),
    st.sampled_from(("", "view", "buy")),
    st.integers(100, 103),
    st.sampled_from((1.0, 3.0, 5.0)),
)


def data_of(events: list[Event]) -> Dataset:
    """As a reader gives it: every item is there."""
    frame = pl.DataFrame(
        {
            "user_id": [e.user for e in events],
            "item_id": [e.item for e in events],
            "event_type": [e.action or None for e in events],
            "timestamp": [e.time for e in events],
            "value": [e.value for e in events],
        },
        schema_overrides={"event_type": pl.String},
    )
    return read_frames(frame, pl.DataFrame({"item_id": ["a", "b", "c"]}))


def extended(data: Dataset, live: list[Event], users: Vocabulary | None = None) -> Interactions:
    """Live events in the run's vocabularies, with new users behind those that are known."""
    users = users or data.interactions.users
    new = dict.fromkeys(e.user for e in live if e.user not in users.row_of)
    every = Vocabulary((*users.ids, *new))
    return Interactions.of_events(live, every, data.interactions.items)


@given(st.lists(EVENT, min_size=1, max_size=12), st.lists(st.lists(EVENT, min_size=1), max_size=4))
@pytest.mark.parametrize(
    "rule", ["exact", "user-item-first", "user-item-last", "user-item-highest"]
)
def test_each_pair_or_event_counts_once_in_all(
    rule: Any, run: list[Event], batches: list[list[Event]]
) -> None:
    settings = CleanSettings(drop_duplicates=rule)
    cleaned, _ = clean(data_of(run), settings)
    cleaning, before, users = LiveCleaning(cleaned, settings), NOTHING, cleaned.interactions.users
    counted = list[Event]()
    for batch in batches:
        new = extended(cleaned, batch, users)
        log, before = cleaning.kept(new, before)
        counted, users = [*counted, *log.events()], new.users
    own = list(cleaned.interactions.events())
    union = Interactions.of_events([*run, *(e for batch in batches for e in batch)])
    wanted = union.take(once(union, rule))
    if rule == "exact":
        assert len(own) + len(counted) == len(wanted)
    pairs = [(e.user, e.item) for e in (*own, *counted)]
    assert {*pairs} == {(e.user, e.item) for e in wanted.events()}
    if rule != "exact":
        assert len(pairs) == len(set(pairs))


def test_rules_on_values_hold() -> None:
    cleaned, _ = clean(data_of([Event("u1", "a", "view", 1, 4.0)]), CleanSettings(min_value=2))
    live = [Event("u2", "b", "", 2, value) for value in (1.0, 2.0, 5.0, 99.0)]
    rules = CleanSettings(min_value=2, max_value=10)
    log, before = LiveCleaning(cleaned, rules).kept(extended(cleaned, live), NOTHING)
    assert log.value.tolist() == [2.0, 5.0]
    assert before is NOTHING


def test_a_service_counts_a_pair_once_where_the_run_does(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    recipe = recipe_of(
        clean={"drop_duplicates": "user-item-first"},
        blocks={},
        models={"popularity": {"part": "model.popularity.v1"}},
    )
    palate.run(palate.read(*frames), recipe, folder=tmp_path / "run")
    opened = open_engine(tmp_path / "run", tmp_path / "data", "popularity", learn_seconds=QUICK)
    engine, log = opened.engine, opened.engine.opened.data.interactions
    before = counts(engine.view.scorer)
    known = next(iter(log.events()))
    send(engine, *[Event("new", "i2", time=2_000_000_000 + n) for n in range(5)])
    send(engine, Event(known.user, known.item, time=2_000_000_000))
    wait_until_learnt(engine)
    send(engine, Event("new", "i2", time=2_000_000_100), Event("newer", "i2", time=2_000_000_101))
    wait_until_learnt(engine)
    added = counts(engine.view.scorer) - before
    expected = np.zeros(len(added))
    expected[log.items.row_of["i2"]] = 2
    assert added.tolist() == expected.tolist()
    opened.close()


def counts(scorer: Any) -> np.ndarray:
    found: np.ndarray = np.asarray(scorer.counts_, np.float64)
    return found
