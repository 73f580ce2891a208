"""Lists over a small run: next pages, diversity, newcomers, rows with titles."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.serve.engine.test_engine import items_of, send

from palate.serve.data_folder import Opened, open_engine
from palate.serve.engine.answers import Listed, ListRequest
from palate.serve.engine.engine import Engine
from palate.serve.lists.lists import Lists
from palate.serve.lists.titled import TitledRows
from palate.serve.records.items import Create, Hide, Pin
from palate.serve.refusals import NotFound
from palate.tables import Event

MODELS = ["popularity", "ids", "by-words", "both"]


@pytest.fixture
def engine(opened: Opened) -> Engine:
    return opened.engine


@pytest.fixture
def lists(engine: Engine) -> Lists:
    return Lists(engine)


def add_up(items: tuple[Listed, ...]) -> bool:
    return all(
        math.isclose(sum(r.value for r in one.reasons), one.score, abs_tol=1e-6) for one in items
    )


@pytest.mark.parametrize("model", MODELS)
def test_pages_are_one_long_list(run_folder: Path, tmp_path: Path, model: str) -> None:
    opened = open_engine(run_folder, tmp_path, model)
    lists = Lists(opened.engine)
    whole = opened.engine.recommend(ListRequest("u1", k=12))
    first = lists.recommend(ListRequest("u1", k=5))
    second = lists.next(first.request_id)
    third = lists.next(second.request_id, k=2, explain=False)
    assert items_of(first) + items_of(second) + items_of(third) == items_of(whole)
    assert [one.position for one in second.items] == [6, 7, 8, 9, 10]
    assert add_up(second.items)
    assert third.items[0].reasons == ()
    assert items_of(lists.next(first.request_id)) == items_of(second)
    opened.close()


def test_a_next_page_is_of_the_history_of_the_first_one(engine: Engine, lists: Lists) -> None:
    whole = items_of(engine.recommend(ListRequest("u1", k=75)))
    first = lists.recommend(ListRequest("u1", k=5))
    send(engine, Event("u1", whole[7], time=2_000_000_000), Event("u1", "i2", time=2_000_000_001))
    again = lists.recommend(ListRequest("u1", k=5))
    second = lists.next(first.request_id, k=100)
    assert items_of(first) + items_of(second) == whole
    assert whole[7] not in items_of(again) + items_of(lists.next(again.request_id, k=100))
    assert items_of(lists.next(second.request_id)) == []
    with pytest.raises(NotFound):
        lists.next("none of ours")


def test_who_is_forgotten_has_no_history_on_a_next_page_either(
    engine: Engine, lists: Lists
) -> None:
    send(engine, Event("guest", "i2"), Event("guest", "i7"))
    first = lists.recommend(ListRequest("guest", k=5))
    engine.erase_user("guest").result(10)
    second = lists.next(first.request_id)
    assert second.basis == "popularity"
    assert not set(items_of(first)) & set(items_of(second))


def test_hidden_items_are_on_no_next_page(engine: Engine, lists: Lists) -> None:
    whole = items_of(engine.recommend(ListRequest("u1", k=12)))
    first = lists.recommend(ListRequest("u1", k=5))
    engine.change_items([Hide(whole[6])]).result(10)
    assert items_of(lists.next(first.request_id)) == [whole[5], *whole[7:11]]


def themes(engine: Engine, items: list[str]) -> int:
    return len({engine.view.items.title(int(item[1:])).split()[0] for item in items})


@pytest.mark.parametrize("model", MODELS)
def test_a_diverse_list_has_more_themes_and_the_models_scores(
    run_folder: Path, tmp_path: Path, model: str
) -> None:
    opened = open_engine(run_folder, tmp_path, model)
    engine, lists = opened.engine, Lists(opened.engine)
    whole = engine.recommend(ListRequest("u1", k=75))
    score = {one.item: one.score for one in whole.items}
    plain = lists.recommend(ListRequest("u1", k=6))
    diverse = lists.recommend(ListRequest("u1", k=6, diversity=0.7))
    assert items_of(plain) == items_of(whole)[:6]
    assert diverse.items[0].item == plain.items[0].item
    assert themes(engine, items_of(diverse)) >= themes(engine, items_of(plain))
    for position, one in enumerate(diverse.items, start=1):
        assert (one.position, one.source, one.score) == (position, "model", score[one.item])
    assert add_up(diverse.items)
    more = lists.next(diverse.request_id)
    assert not set(items_of(diverse)) & set(items_of(more))
    assert [one.position for one in more.items] == [7, 8, 9, 10, 11, 12]
    opened.close()


def test_of_a_run_with_content_a_diverse_list_is_of_all_themes(
    engine: Engine, lists: Lists
) -> None:
    assert themes(engine, items_of(lists.recommend(ListRequest("u1", k=5, diversity=0.9)))) == 5


def test_interests_in_words_find_items_for_somebody_new(engine: Engine, lists: Lists) -> None:
    answer = lists.recommend(ListRequest("new", k=5, interests="a violin bow"))
    assert (answer.basis, answer.model) == ("interests", "interests")
    assert {one.source for one in answer.items} == {"interests"}
    assert all("violin" in one.title for one in answer.items)
    assert "stated interests" in answer.why
    assert add_up(answer.items)
    long = lists.recommend(ListRequest("new", k=20, interests="a violin bow"))
    assert [one.source for one in long.items] == ["interests"] * 15 + ["popularity"] * 5
    assert [one.position for one in long.items] == list(range(1, 21))
    more = lists.next(answer.request_id, k=10)
    assert items_of(answer) + items_of(more) == items_of(long)[:15]
    unfit = lists.recommend(ListRequest("new", k=5, interests="zzz"))
    assert (unfit.basis, "no item fits" in unfit.why) == ("popularity", True)
    known = lists.recommend(ListRequest("u1", k=5, interests="a violin bow"))
    assert (known.basis, known.why) == ("history", "")
    narrow = lists.recommend(
        ListRequest(k=5, interests="violin", candidates=("i1", "i2"), exclude=("i2",))
    )
    assert items_of(narrow) == ["i1"]


def test_pinned_items_lead_every_kind_of_list(engine: Engine, lists: Lists) -> None:
    engine.change_items([Pin("i40")]).result(10)
    for wanted in (
        ListRequest("u1", k=4, pins=True),
        ListRequest("u1", k=4, pins=True, diversity=0.8),
        ListRequest(k=4, pins=True, interests="violin"),
        ListRequest(k=4, pins=True),
    ):
        answer = lists.recommend(wanted)
        assert (answer.items[0].item, answer.items[0].source) == ("i40", "pinned")
        assert len(set(items_of(answer))) == 4
        assert "i40" not in items_of(lists.next(answer.request_id))


def test_what_is_popular_in_a_context(engine: Engine, lists: Lists) -> None:
    here = [Event(f"x{n}", "i40", context={"country": "DE"}) for n in range(60)]
    there = [Event(f"y{n}", "i41", context={"country": "FR"}) for n in range(90)]
    send(engine, *here, *there)
    answer = lists.recommend(ListRequest("new", k=5, context={"country": "DE"}))
    assert (answer.basis, answer.items[0].item) == ("context", "i40")
    assert "country = DE" in answer.why
    assert answer.items[0].reasons[0].member == "country = DE"
    assert add_up(answer.items)
    for context, said in (
        ({"country": "ES"}, "fewer than"),
        ({"planet": "earth"}, "no context planet"),
        ({}, "nothing is known"),
    ):
        other = lists.recommend(ListRequest("new", k=5, context=context))
        assert (other.basis, other.items[0].item) == ("popularity", "i41")
        assert said in other.why


def test_rows_have_titles_and_no_item_twice(engine: Engine, lists: Lists) -> None:
    send(engine, *(Event(f"x{n}", f"i{n % 4}") for n in range(40)))
    new = [Create(f"n{n}", {"title": f"violin bow number {n}"}) for n in range(4)]
    engine.change_items(new).result(10)
    send(engine, Event("guest", "i1"), Event("guest", "i6"))
    answer = TitledRows(engine, lists).rows(ListRequest("guest", k=3), 8)
    kinds = [row.kind for row in answer.rows]
    assert kinds == ["for you", "because", "because", "field", "popular", "new"]
    every = [one.item for row in answer.rows for one in row.items]
    assert len(every) == len(set(every))
    assert not {"i1", "i6"} & set(every)
    because = answer.rows[1]
    assert because.item == "i6"
    assert because.title == "Because of " + engine.item(because.item)["title"]
    field = answer.rows[3]
    assert field.field == "genres"
    assert all(field.value in engine.item(one.item)["genres"] for one in field.items)
    assert {one.item for one in answer.rows[-1].items} <= {"n0", "n1", "n2", "n3"}
    for row in answer.rows:
        assert [one.position for one in row.items] == list(range(1, len(row.items) + 1))
        assert add_up(row.items)
    more = lists.next(field.request_id, k=3)
    assert items_of(more)
    assert not set(items_of(more)) & set(every)
    assert all(field.value in engine.item(one.item)["genres"] for one in more.items)
    assert [one.position for one in more.items][:1] == [len(field.items) + 1]
    assert [row.kind for row in TitledRows(engine, lists).rows(ListRequest("u1"), 2).rows] == [
        "for you",
        "because",
    ]


def test_rows_of_a_newcomer_say_what_they_are(engine: Engine, lists: Lists) -> None:
    answer = TitledRows(engine, lists).rows(ListRequest(k=4), 8)
    assert (answer.rows[0].title, answer.rows[0].kind, answer.basis) == (
        "Popular",
        "popular",
        "popularity",
    )
    assert answer.why
    stated = TitledRows(engine, lists).rows(ListRequest(k=4, interests="violin"), 8)
    assert (stated.rows[0].kind, stated.basis) == ("for you", "interests")
    nothing = TitledRows(engine, lists).rows(ListRequest(candidates=("unknown",)), 8)
    assert (nothing.rows, nothing.unknown) == ((), ("unknown",))
