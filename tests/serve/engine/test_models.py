"""Several models over one log: each knows what the others know, and an answer is of one of them."""

from __future__ import annotations

import threading

import pytest
from tests.serve.engine.test_engine import items_of, send

from palate.serve.data_folder import Opened
from palate.serve.engine.answers import ListRequest
from palate.serve.engine.engine import Engine
from palate.serve.records.items import Create, Hide
from palate.tables import Event


@pytest.fixture
def engine(opened: Opened) -> Engine:
    return opened.engine


def test_a_model_that_comes_later_knows_what_the_others_know(engine: Engine) -> None:
    send(engine, *(Event(f"n{k}", "i9") for k in range(500)), Event("new", "i5"))
    engine.change_items([Create("n1", {"title": "violin bow"}), Hide("i7")]).result(10)
    late = engine.opened_model(engine.opened, "ids")
    engine.change_items([Hide("i8")]).result(10)  # between making and adding it
    send(engine, *(Event(f"m{k}", "i11") for k in range(900)))
    engine.models.add(late)
    engine.change_items([Hide("i12")]).result(10)
    engine.models.answer_with(late)
    assert engine.recommend(ListRequest("new")).model == "ids"
    assert items_of(engine.recommend(ListRequest(k=2))) == ["i11", "i9"]
    assert engine.item("n1") == {"title": "violin bow"}
    every = items_of(engine.recommend(ListRequest("new", k=80)))
    assert "n1" in every
    assert not {"i7", "i8", "i12"} & set(every)


def test_it_counts_what_came_while_it_was_made(engine: Engine) -> None:
    late = engine.opened_model(engine.opened, "ids")
    send(engine, *(Event(f"m{k}", "i11") for k in range(900)))
    engine.models.add(late)
    send(engine, Event("one more", "i11"))
    assert late.popular().tolist() == engine.answering.popular().tolist()


def test_the_one_before_follows_as_long_as_it_is_there(engine: Engine) -> None:
    first, second = engine.answering, engine.opened_model(engine.opened, "ids")
    engine.models.add(second)
    engine.models.answer_with(second)
    engine.change_items([Hide("i7")]).result(10)
    send(engine, Event("new", "i5"))
    engine.models.answer_with(first)
    assert engine.recommend(ListRequest("new")).model == "both"
    assert "i7" not in items_of(engine.recommend(ListRequest("u1", k=75)))
    engine.models.remove(second)
    assert engine.models.every == (first,)


def test_no_answer_is_of_two_models(engine: Engine) -> None:
    second = engine.opened_model(engine.opened, "by-words")
    engine.models.add(second)
    wanted, first = ListRequest("u1", k=20), engine.answering
    right = {one.model: one.recommend(wanted).items for one in (first, second)}
    wrong, stop = list[str](), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answer = engine.recommend(wanted)
            if answer.items != right[answer.model]:
                wrong.append(answer.model)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for number in range(300):
        engine.models.answer_with((first, second)[number % 2])
    stop.set()
    for asker in askers:
        asker.join()
    assert not wrong
