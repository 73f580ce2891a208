"""Lists that are made together are those that are made alone, in one stage and in two."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from palate.errors import BadInput, PalateError
from palate.event_store import NewEvent
from palate.serve.data_folder import open_engine
from palate.serve.engine.answers import Answer, ListRequest
from palate.serve.engine.engine import Engine, ranking
from palate.serve.engine.list_settings import ListSettings
from palate.serve.records.items import Create, Hide
from palate.stages import Scorer
from palate.tables import Event, Histories

WANTED = [
    ListRequest("u1", k=7),
    ListRequest("u2", k=3, explain=False),
    ListRequest("nobody", k=4),
    ListRequest(history=("i2", "i9", "i2"), k=7, seen="allow"),
    ListRequest("u3", candidates=("i1", "i5", "i70", "no such item"), k=7),
    ListRequest("u4", k=75, exclude=("i3",)),
    ListRequest("u5", filters={"no such field": "x"}),
    ListRequest(history=("no such item",), k=2),
]
"""All kinds of requests."""


@pytest.fixture(params=["one stage", "two stages"])
def engine(run_folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    items = 0 if request.param == "two stages" else 1000
    lists = ListSettings(exhaustive_items=items, retrieve=40)
    opened = open_engine(run_folder, tmp_path, "both", lists=lists)
    yield opened.engine
    opened.close()


def alone(engine: Engine, wanted: ListRequest) -> Answer | PalateError:
    try:
        return engine.recommend(wanted)
    except PalateError as error:
        return error


def told(answer: Answer | PalateError) -> object:
    if isinstance(answer, PalateError):
        return answer.message()
    return (answer.model, answer.items, answer.degraded, answer.unknown)


def test_together_as_alone(engine: Engine) -> None:
    together = engine.recommend_many(WANTED)
    for wanted, answer in zip(WANTED, together, strict=True):
        one = alone(engine, wanted)
        if isinstance(answer, PalateError) or isinstance(one, PalateError):
            assert told(answer) == told(one)
            continue
        assert [i.item for i in answer.items] == [i.item for i in one.items]
        assert (answer.model, answer.unknown) == (one.model, one.unknown)
        scores = [[i.score for i in some.items] for some in (answer, one)]
        np.testing.assert_allclose(scores[0], scores[1], rtol=1e-5)
    assert isinstance(together[6], BadInput)
    assert engine.recommend_many([]) == []


def test_reasons_add_up_for_each_of_them(engine: Engine) -> None:
    for wanted, answer in zip(WANTED, engine.recommend_many(WANTED), strict=True):
        if isinstance(answer, PalateError):
            continue
        for one in answer.items:
            assert bool(one.reasons) is wanted.explain
            if one.reasons:
                assert abs(sum(r.value for r in one.reasons) - one.score) < 1e-5


def test_what_is_hidden_or_excluded_is_on_no_list(engine: Engine) -> None:
    first = engine.recommend_many(WANTED[:2])
    hidden = {one.item for answer in first if isinstance(answer, Answer) for one in answer.items}
    engine.change_items([Hide(item) for item in hidden]).result(10)
    for answer in engine.recommend_many(WANTED):
        if isinstance(answer, Answer):
            assert not hidden & {one.item for one in answer.items}


def test_new_items_are_on_lists_for_what_they_say(engine: Engine) -> None:
    title = {"title": "violin bow string number 500"}
    engine.change_items([Create(f"n{n}", title) for n in range(3)]).result(10)
    answer = engine.recommend(ListRequest(history=("i2", "i7"), k=20))
    assert {"n0", "n1", "n2"} <= {one.item for one in answer.items}
    ranked = engine.recommend(ranking(ListRequest(history=("i2",), candidates=("n1", "i4"))))
    assert {one.item for one in ranked.items} == {"n1", "i4"}


class FailsFor:
    """A model that cannot answer for somebody."""

    def __init__(self, scorer: Scorer, length: int) -> None:
        self.scorer, self.length = scorer, length
        self.new_items, self.uses_validation = scorer.new_items, False

    def score(self, histories: Histories) -> np.ndarray:
        if (histories.items.lengths() == self.length).any():
            raise RuntimeError("not this one")
        return self.scorer.score(histories)


def test_one_that_fails_does_not_spoil_the_others(engine: Engine) -> None:
    wanted = [ListRequest(history=tuple(["i1", "i2", "i3", "i4"][:n]), k=3) for n in (1, 2, 3)]
    object.__setattr__(engine.view, "scorer", FailsFor(engine.view.scorer, 2))
    answers: Sequence[Answer | PalateError] = engine.recommend_many(wanted)
    assert [a.degraded for a in answers if isinstance(a, Answer)] == [False, True, False]


def test_new_kinds_of_events_have_names_of_their_own(engine: Engine) -> None:
    actions = ("view", "stares at", "", "buy")
    events = [Event("u1", f"i{n}", action, time=10**9) for n, action in enumerate(actions)]
    engine.take_in([NewEvent(str(n), event) for n, event in enumerate(events)]).result(10)
    history = engine.history("u1")
    assert history.items.values[-4:].tolist() == [0, 1, 2, 3]
    answers = engine.recommend_many([dataclasses.replace(WANTED[0], user=u) for u in ("u1", "u2")])
    assert all(isinstance(answer, Answer) for answer in answers)
