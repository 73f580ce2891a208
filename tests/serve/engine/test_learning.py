"""A model that learns from the log: as if it had been updated by hand, after every start, and after
somebody was forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.serve.engine.test_engine import send

from palate.arrays import Ragged
from palate.capabilities import Updatable
from palate.serve.data_folder import Opened, open_engine
from palate.serve.engine.answers import ListRequest
from palate.serve.engine.engine import Engine
from palate.serve.records.items import Create
from palate.stages import Scorer
from palate.tables import Event, Histories, Interactions, Vocabulary

QUICK = 0.02
LATER = 2_000_000_000


@pytest.fixture
def learning(run_folder: Path, tmp_path: Path) -> Callable[..., Opened]:
    def opened(model: str = "ids", learn_seconds: float = QUICK) -> Opened:
        folder = tmp_path / "data"
        return open_engine(run_folder, folder, model=model, learn_seconds=learn_seconds)

    return opened


@contextmanager
def closing(opened: Opened) -> Iterator[Engine]:
    try:
        yield opened.engine
    finally:
        opened.close()


def wait_until_learnt(engine: Engine) -> None:
    end = time.monotonic() + 20
    while engine.learnt_offset < engine.state.offset:
        assert time.monotonic() < end, "the model did not learn"
        time.sleep(0.01)


def events(n: int = 30) -> list[Event]:
    """Of people of the run and of new ones, who take two items after each other."""
    users = ["u1", "new one", "u7", "new two"]
    items = ["i2", "i70", "i11", "i70"]
    return [Event(users[k % 4], items[(k // 4 + k) % 4], time=LATER + k) for k in range(n)]


def updated(engine: Engine, taken: list[Event]) -> Scorer:
    """The run's model with these events, by hand."""
    log, scorer = engine.opened.data.interactions, engine.opened.scorer(engine.model)
    assert isinstance(scorer, Updatable)
    new = dict.fromkeys(e.user for e in taken if e.user not in log.users.row_of)
    users = Vocabulary((*log.users.ids, *new))
    return scorer.updated(Interactions.of_events(taken, users, log.items))


def scores(scorer: Scorer) -> np.ndarray:
    return scorer.score(Histories.of_items(Ragged.of([[2], [70], [11, 2], []])))


@pytest.mark.parametrize("model", ["ids", "popularity", "both"])
def test_the_model_is_that_of_the_run_updated_by_the_log(
    learning: Callable[..., Opened], model: str
) -> None:
    with closing(learning(model)) as engine:
        assert engine.learns
        before = scores(engine.view.scorer)
        for event in events():
            send(engine, event)
        wait_until_learnt(engine)
        assert not np.array_equal(scores(engine.view.scorer), before)
        assert np.array_equal(scores(engine.view.scorer), scores(updated(engine, events())))
        assert engine.recommend(ListRequest(history=("i2",), k=5)).model == model


def test_what_was_learnt_is_there_again_after_a_start(learning: Callable[..., Opened]) -> None:
    with closing(learning()) as engine:
        send(engine, *events())
        wait_until_learnt(engine)
        learnt = scores(engine.view.scorer)
    with closing(learning()) as again:
        wait_until_learnt(again)
        assert np.array_equal(scores(again.view.scorer), learnt)


def test_who_is_forgotten_is_in_the_model_no_more(learning: Callable[..., Opened]) -> None:
    with closing(learning()) as engine:
        send(engine, *events())
        wait_until_learnt(engine)
        engine.erase_user("new one").result(10)
        left = [event for event in events() if event.user != "new one"]
        wanted, end = scores(updated(engine, left)), time.monotonic() + 20
        while not np.array_equal(scores(engine.view.scorer), wanted):
            assert time.monotonic() < end, "the model still has the events"
            time.sleep(0.01)


def test_new_items_are_still_there_when_the_model_has_learnt(
    learning: Callable[..., Opened],
) -> None:
    with closing(learning("both")) as engine:
        engine.change_items([Create("brand-new", {"title": "tea leaf green number 9"})]).result(10)
        send(engine, *events(), Event("u1", "brand-new", time=LATER + 99))
        wait_until_learnt(engine)
        assert engine.view.items.row("brand-new") is not None
        n_items = len(engine.view.items.catalogue)
        assert scores(engine.view.scorer).shape == (4, n_items)
        taken = scores(updated(engine, events()))
        assert np.array_equal(scores(engine.view.scorer)[:, : taken.shape[1]][0], taken[0])


@pytest.mark.parametrize(("model", "seconds"), [("ids", 0.0), ("by-words", QUICK)])
def test_a_model_stays_as_it_is_where_it_shall_or_must(
    learning: Callable[..., Opened], model: str, seconds: float
) -> None:
    with closing(learning(model, seconds)) as engine:
        assert not engine.learns
        before = scores(engine.view.scorer)
        send(engine, *events())
        time.sleep(0.1)
        assert engine.learnt_offset == 0
        assert np.array_equal(scores(engine.view.scorer), before)


def test_events_that_say_nothing_for_an_item_are_not_learnt(
    learning: Callable[..., Opened],
) -> None:
    with closing(learning()) as engine:
        before = scores(engine.view.scorer)
        send(engine, *(Event("u1", "i2", "impression", time=LATER + k) for k in range(5)))
        wait_until_learnt(engine)
        assert np.array_equal(scores(engine.view.scorer), before)


def test_events_that_cannot_be_learnt_do_not_keep_later_ones_from_it(
    learning: Callable[..., Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(learning()) as engine:
        part = type(engine.opened.scorer("ids"))
        original = part.updated

        def failing(self: Scorer, log: Interactions) -> Scorer:
            if "broken" in log.users.row_of:
                raise RuntimeError("no such thing")
            return original(self, log)

        monkeypatch.setattr(part, "updated", failing)
        send(engine, *events(8))
        wait_until_learnt(engine)
        learnt = scores(engine.view.scorer)
        send(engine, Event("broken", "i2", time=LATER))
        wait_until_learnt(engine)
        assert np.array_equal(scores(engine.view.scorer), learnt)
        send(engine, Event("fine", "i2", time=LATER), Event("fine", "i5", time=LATER + 1))
        wait_until_learnt(engine)
        assert not np.array_equal(scores(engine.view.scorer), learnt)
