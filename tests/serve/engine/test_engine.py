"""What the engine answers: as the run does offline, for the histories and the catalogue of now."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.serve.conftest import recipe_of

import palate
from palate.errors import BadInput
from palate.event_store import NewEvent
from palate.recommend import ExhaustiveRecommender
from palate.serve.data_folder import Opened, open_engine
from palate.serve.engine.answers import Answer, ListRequest, Range
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.engine import Engine
from palate.serve.records.items import Change, Create, Delete, Hide
from palate.serve.refusals import Conflict, NotFound
from palate.stages import Scorer
from palate.tables import Event, Histories, Interactions, Request

MODELS = ["popularity", "ids", "by-words", "both"]


@pytest.fixture
def engine(opened: Opened) -> Engine:
    return opened.engine


def items_of(answer: Answer) -> list[str]:
    return [one.item for one in answer.items]


def send(engine: Engine, *events: Event) -> None:
    first = engine.state.offset
    named = [NewEvent(f"{first}-{n}", event) for n, event in enumerate(events)]
    assert all(a.new for a in engine.take_in(named).result(10))


@pytest.mark.parametrize("model", MODELS)
def test_online_equals_offline(run_folder: Path, tmp_path: Path, model: str) -> None:
    run, opened = palate.Run(run_folder), open_engine(run_folder, tmp_path, model)
    users = opened.engine.opened.data.interactions.users.ids
    offline = run.recommend(list(users), 10, model)
    for user in users:
        online = opened.engine.recommend(ListRequest(user, k=10))
        wanted = offline.filter(pl.col("user_id") == user)
        assert items_of(online) == wanted["item_id"].to_list()
        assert [one.score for one in online.items] == wanted["score"].to_list()
    history = ["i3", "i8", "i13"]
    session = opened.engine.recommend(ListRequest(history=tuple(history), k=75))
    wanted = run.recommend(k=75, model=model, history=history)
    assert items_of(session) == wanted["item_id"].to_list()
    like = opened.engine.similar("i7", ListRequest(k=5))
    assert items_of(like) == run.recommend(k=5, model=model, like="i7")["item_id"].to_list()
    opened.close()


def test_an_event_is_in_the_next_answer_as_if_the_log_had_it(engine: Engine) -> None:
    log = engine.opened.data.interactions
    assert log.time is not None
    now = int(log.time.max())
    new = [Event("u1", "i2", time=now + 2), Event("u1", "i4", time=now + 1), Event("new", "i5")]
    before = engine.recommend(ListRequest("u1", k=75))
    send(engine, *new)
    longer = Interactions.of_events(
        [*log.events(), *(Event(e.user, e.item, time=e.time or now) for e in new)],
        items=log.items,
    )
    for user in ("u1", "new"):
        row = longer.users.known_rows([user])
        history = Histories.of(longer, row)
        request = Request.unseen(history)
        wanted = ExhaustiveRecommender(engine.view.scorer, log.n_items).recommend([request], 75)
        answer = engine.recommend(ListRequest(user, k=75))
        names = log.items.names(wanted.items[0][wanted.items[0] >= 0])
        assert items_of(answer) == names
        assert [one.source for one in answer.items] == ["model"] * len(names)
    assert set(items_of(before)) - set(items_of(engine.recommend(ListRequest("u1", k=75)))) == {
        "i2",
        "i4",
    }


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("user", ["u1", "somebody new"])
def test_reasons_add_up_to_the_score(
    run_folder: Path, tmp_path: Path, model: str, user: str
) -> None:
    opened = open_engine(run_folder, tmp_path, model)
    for one in opened.engine.recommend(ListRequest(user, k=20)).items:
        assert one.reasons
        assert math.isclose(sum(r.value for r in one.reasons), one.score, abs_tol=1e-9)
        assert one.propensity == 1.0
        for reason in one.reasons:
            if reason.kind == "history":
                assert reason.item in engine_items(opened)
    opened.close()


def engine_items(opened: Opened) -> Sequence[str]:
    return opened.engine.view.items.catalogue.items.ids


def test_members_of_an_ensemble_are_named(engine: Engine) -> None:
    reasons = [r for one in engine.recommend(ListRequest("u1")).items for r in one.reasons]
    assert {r.member for r in reasons if r.kind == "history"} <= {"ids", "by-words"}
    assert any(r.kind == "history" for r in reasons)
    assert engine.recommend(ListRequest("u1", explain=False)).items[0].reasons == ()


def test_people_of_whom_nothing_is_known_get_what_is_popular_now(engine: Engine) -> None:
    log = engine.opened.data.interactions
    answer = engine.recommend(ListRequest("somebody new", k=3))
    assert (answer.model, answer.degraded) == ("popularity", False)
    assert answer.items[0].score == log.item_counts().max()
    send(engine, *(Event(f"x{n}", "i40", "view") for n in range(100)))
    send(engine, *(Event(f"x{n}", "i41", "impression") for n in range(200)))
    first = engine.recommend(ListRequest(k=3)).items[0]
    assert (first.item, first.score) == ("i40", log.item_counts()[log.items.row_of["i40"]] + 100)


def test_what_was_only_shown_is_no_history(engine: Engine) -> None:
    send(engine, Event("v", "i1", "impression"), Event("v", "i2", "skip"))
    assert engine.recommend(ListRequest("v")).model == "popularity"
    send(engine, Event("v", "i3", "click"))
    assert engine.history("v").items.values.tolist() == [3]


class Broken:
    """A model that fails."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    def score(self, histories: Histories) -> np.ndarray:
        raise RuntimeError("out of memory")


def test_a_model_that_fails_is_replaced_for_the_answer(engine: Engine) -> None:
    view = engine.view
    object.__setattr__(view, "scorer", Broken(view.scorer))
    answer = engine.recommend(ListRequest("u1", k=4))
    assert (answer.degraded, answer.model, len(answer.items)) == (True, "popularity", 4)


def test_a_new_item_is_recommended_for_what_it_says(engine: Engine) -> None:
    n = len(engine.view.items.catalogue)
    engine.change_items([Create("n1", {"title": "violin bow string number 500"})]).result(10)
    assert len(engine.view.items.catalogue) == n + 1
    answer = engine.recommend(ListRequest(history=("i2", "i7"), k=20))
    assert "n1" in items_of(answer)
    assert engine.item("n1") == {"title": "violin bow string number 500"}
    send(engine, Event("fresh", "n1", "view"))
    assert [
        n.item for n in engine.recommend(ListRequest("fresh", k=5)).items if n.item == "n1"
    ] == []
    assert engine.recommend(ListRequest("fresh", k=5)).items[0].title.startswith("violin")


def test_it_is_ranked_as_the_run_ranks_new_items(engine: Engine, run_folder: Path) -> None:
    new = pl.DataFrame({"item_id": ["n1", "n2"], "title": ["planet orbit comet", "bread yeast"]})
    engine.change_items([Create(item, {"title": title}) for item, title in new.iter_rows()]).result(
        10
    )
    wanted = palate.Run(run_folder).recommend(
        history=["i3", "i4"], k=77, model="both", new_items=new
    )
    answer = engine.recommend(ListRequest(history=("i3", "i4"), k=77))
    assert items_of(answer) == wanted["item_id"].to_list()
    np.testing.assert_allclose(
        [one.score for one in answer.items], wanted["score"].to_numpy(), rtol=1e-5, atol=1e-6
    )


def test_an_event_with_an_unknown_item_counts_when_the_item_comes(engine: Engine) -> None:
    send(engine, Event("w", "later", "view"))
    assert engine.recommend(ListRequest("w")).model == "popularity"
    engine.change_items([Create("later", {"title": "garden rose soil"})]).result(10)
    answer = engine.recommend(ListRequest("w", k=5))
    assert answer.model == "both"
    assert all(one.title.startswith("garden") for one in answer.items)
    first = engine.recommend(ListRequest(candidates=("later",))).items[0]
    assert (first.item, first.score) == ("later", 1.0)


def test_hidden_and_deleted_items_are_on_no_list(engine: Engine) -> None:
    best = items_of(engine.recommend(ListRequest("u1", k=2)))
    engine.change_items([Hide(best[0]), Delete(best[1])]).result(10)
    requests = [
        ListRequest("u1", k=75),
        ListRequest(k=75),
        ListRequest("u1", candidates=tuple(best)),
        ListRequest("u1", filters={"price": Range(0, 100)}, k=75, seen="allow"),
    ]
    for request in requests:
        assert not set(best) & set(items_of(engine.recommend(request)))
    assert not set(best) & set(items_of(engine.search("number", ListRequest(k=75))))
    assert engine.hidden(best[0])
    assert engine.item(best[0])
    with pytest.raises(NotFound):
        engine.item(best[1])
    with pytest.raises(NotFound):
        engine.similar(best[1], ListRequest())
    engine.change_items([Hide(best[0], hidden=False), Create(best[1], {})]).result(10)
    assert set(best) <= set(items_of(engine.recommend(ListRequest("u1", k=75))))


def test_an_answer_that_was_begun_before_an_item_was_hidden_is_made_again(engine: Engine) -> None:
    best, old = items_of(engine.recommend(ListRequest("u1", k=1)))[0], engine.view
    engine.change_items([Hide(best)]).result(10)
    keeper = engine.answering._keeper
    new, asked = engine.view, []

    def answered(model: DeployedModel) -> Answer:
        keeper.view = new if asked else old
        asked.append(model)
        return model.recommend(ListRequest("u1", k=1))

    assert items_of(engine._settled(answered)) != [best]
    assert len(asked) == 2


def test_nothing_hidden_is_served_while_items_are_being_hidden(engine: Engine) -> None:
    hidden: set[str] = set()
    wrong: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            before = set(hidden)
            wrong.extend(before & set(items_of(engine.recommend(ListRequest("u1", k=30)))))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(40):
        engine.change_items([Hide(f"i{n}")]).result(10)
        hidden.add(f"i{n}")
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_changed_fields_filter_and_a_new_items_text_counts_at_once(engine: Engine) -> None:
    engine.change_items([Create("n1", {"title": "garden rose", "price": 4})]).result(10)
    engine.change_items(
        [Change("i1", {"price": 1000}), Change("n1", {"title": "bread flour", "price": 2000.5})]
    ).result(10)
    dear = engine.recommend(ListRequest("u0", filters={"price": Range(least=999)}, k=9))
    assert set(items_of(dear)) == {"i1", "n1"}
    assert engine.item("i1")["title"] == "engine piston oil number 1"
    answer = engine.recommend(ListRequest(history=("i4",), k=75))
    below = [one.title for one in answer.items].index("bread flour")
    assert all(one.title.startswith("bread") for one in answer.items[:below])


def test_values_of_several_types_stand_beside_each_other(engine: Engine) -> None:
    fields = [
        {"title": "tea", "price": 3, "genres": ["a"]},
        {"title": 7, "price": 2.5, "genres": None},
        {"title": True, "price": None, "genres": []},
    ]
    for number, some in enumerate(fields):
        engine.change_items([Create(f"n{number}", some)]).result(10)  # type: ignore[arg-type]
    engine.change_items([Change("i1", {"title": 8}), Change("i2", {"title": "x"})]).result(10)
    assert engine.item("n0") == {"title": "tea", "price": 3.0, "genres": ["a"]}
    assert engine.item("n1") == {"title": "7", "price": 2.5}
    assert engine.item("n2") == {"title": "true", "genres": []}
    assert engine.item("i1")["title"] == "8"


def test_a_later_run_may_know_other_fields(
    run_folder: Path, tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    opened = open_engine(run_folder, tmp_path / "data", "both")
    new = {"title": "garden rose", "price": 3, "genres": ["garden"]}
    changes = [Create("n1", new), Change("i1", {"price": 4, "genres": ["x"]})]
    opened.engine.change_items(changes).result(10)  # type: ignore[arg-type]
    opened.close()
    log, items = frames
    later = items.drop("price").with_columns(pl.lit(7).alias("genres"))
    more = pl.DataFrame({"item_id": ["n1"], "title": ["now of the run"], "genres": [1]})
    later = pl.concat([later, more.cast({"genres": later.schema["genres"]})])
    palate.run(palate.read(log, later), recipe_of(), folder=tmp_path / "later")
    opened = open_engine(tmp_path / "later", tmp_path / "data", "both")
    assert opened.engine.item("i1") == {"title": "engine piston oil number 1"}
    assert opened.engine.item("n1")["title"] == "garden rose"  # what was said of it holds
    assert opened.engine.view.items.n_known == 76
    opened.close()


def test_filters_candidates_and_exclusions(engine: Engine) -> None:
    rose = engine.recommend(ListRequest("u1", filters={"genres": "garden"}, k=75, seen="allow"))
    assert {int(item[1:]) % 5 for item in items_of(rose)} == {0}
    two = ListRequest("u1", filters={"genres": ["garden", "violin"], "price": Range(most=5)}, k=75)
    assert {int(item[1:]) % 5 for item in items_of(engine.recommend(two))} == {0, 2}
    few = engine.recommend(ListRequest(candidates=("i1", "i2", "gone"), exclude=("i2",)))
    assert items_of(few) == ["i1"]
    assert few.unknown == ("gone",)
    with pytest.raises(BadInput, match='no field "colour"'):
        engine.recommend(ListRequest(filters={"colour": "red"}))
    with pytest.raises(BadInput, match="no item has genres = gardn"):
        engine.recommend(ListRequest(filters={"genres": "gardn"}))
    with pytest.raises(BadInput, match="no field of numbers"):
        engine.recommend(ListRequest(filters={"title": Range(1, 2)}))


def test_rank_orders_what_is_given(engine: Engine) -> None:
    given = tuple(f"i{n}" for n in range(0, 75, 4))
    ranked = engine.rank(ListRequest("u1", candidates=given))
    whole = engine.recommend(ListRequest("u1", k=75, seen="allow"))
    assert items_of(ranked) == [item for item in items_of(whole) if item in given]


def test_search_finds_words_and_the_parts_add_up(engine: Engine) -> None:
    engine.change_items([Create("n1", {"title": "a violin of glass"})]).result(10)
    found = engine.search("violin of glass", ListRequest(k=5))
    assert items_of(found)[0] == "n1"
    assert all("violin" in one.title for one in found.items)
    for one in found.items:
        assert math.isclose(sum(r.value for r in one.reasons), one.score)
        assert {(r.kind, r.member) for r in one.reasons} == {("block", "words")}
    assert engine.search("zeppelin", ListRequest()).items == ()
    some = engine.search("violin", ListRequest(filters={"price": Range(most=3)}, k=75))
    assert 0 < len(some.items) < 15


def test_changes_that_cannot_be_are_refused_and_change_nothing(engine: Engine) -> None:
    for change, refusal, words in (
        (Create("i1", {}), Conflict, "there already"),
        (Change("nope", {}), NotFound, "no item"),
        (Hide("nope"), NotFound, "no item"),
        (Delete("nope"), NotFound, "no item"),
    ):
        with pytest.raises(refusal, match=words):
            engine.change_items([Create("n9", {}), change]).result(10)
        with pytest.raises(NotFound):
            engine.item("n9")
    with pytest.raises(BadInput, match='did you mean "title"'):
        engine.change_items([Create("n9", {"titel": "x"})])
    with pytest.raises(BadInput, match="does not fit"):
        engine.change_items([Create("n9", {"price": "dear"})])


def test_all_is_there_after_a_restart(run_folder: Path, tmp_path: Path) -> None:
    opened = open_engine(run_folder, tmp_path, "both")
    engine = opened.engine
    engine.change_items([Create("n1", {"title": "planet"}), Create("n2", {})]).result(10)
    engine.change_items([Hide("i1"), Delete("n2"), Create("n3", {"title": "comet"})]).result(10)
    send(engine, Event("u1", "n1", "view", 10**9), Event("v", "n3", "buy", 10**9))
    wanted = [engine.recommend(ListRequest(user, k=30)).items for user in ("u1", "v", "w")]
    rows = engine.view.items.catalogue.items.ids
    opened.close()
    again = open_engine(run_folder, tmp_path, "both")
    assert again.engine.view.items.catalogue.items.ids == rows
    assert [
        again.engine.recommend(ListRequest(user, k=30)).items for user in ("u1", "v", "w")
    ] == wanted
    assert again.engine.hidden("i1")
    again.close()


def test_an_erased_user_is_unknown_to_log_and_run(run_folder: Path, tmp_path: Path) -> None:
    opened = open_engine(run_folder, tmp_path, "both")
    send(opened.engine, Event("u1", "i1", "view"), Event("u2", "i1", "view"))
    opened.engine.records.put_user("u1", {"age": 41})
    assert len(opened.engine.erase_user("u1").result(10)) == 1
    for _ in range(2):  # and after a restart
        engine = opened.engine
        assert engine.recommend(ListRequest("u1")).model == "popularity"
        assert engine.records.user("u1") is None
        assert engine.state.item_counters("i1")["view"].count == 1
        opened.close()
        opened = open_engine(run_folder, tmp_path, "both")
    send(opened.engine, Event("u1", "i3", "view"))
    assert opened.engine.history("u1").items.values.tolist() == [3]
    opened.close()


def test_an_encoder_that_fails_leaves_the_item_without_content(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from palate.encode.fitted import FittedBlock

    def away(self: FittedBlock, catalogue: object) -> object:
        raise RuntimeError("the endpoint is away")

    monkeypatch.setattr(FittedBlock, "extend", away)
    engine.change_items([Create("n1", {"title": "violin"})]).result(10)
    assert not engine.view.encoded
    assert engine.item("n1") == {"title": "violin"}
    monkeypatch.undo()
    engine.change_items([Create("n2", {"title": "bow"})]).result(10)
    assert engine.view.encoded


def test_the_next_model_gets_new_events(run_folder: Path, tmp_path: Path) -> None:
    class Learner:
        seen: list[str] = []  # noqa: RUF012

        def follow(self, events: Sequence[object]) -> None:
            self.seen += [event.event.item for event in events]  # type: ignore[attr-defined]

        def erase(self, user: str, events: Sequence[object]) -> None:
            self.seen.append(f"not {user}")

    learner = Learner()
    opened = open_engine(run_folder, tmp_path, "both", followers=[learner])
    send(opened.engine, Event("u", "i1"), Event("u", "i2"))
    opened.engine.erase_user("u").result(10)
    assert learner.seen == ["i1", "i2", "not u"]
    opened.close()


def test_a_run_or_a_model_that_is_not_there_is_refused(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        open_engine(tmp_path / "nothing", tmp_path)
    with pytest.raises(BadInput, match='no model "bth"'):
        open_engine(run_folder, tmp_path, "bth")
    opened = open_engine(run_folder, tmp_path, "both")  # nothing was left locked
    with pytest.raises(Conflict):
        open_engine(run_folder, tmp_path, "both")
    opened.close()
