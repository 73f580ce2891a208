"""Lists that were served are kept as they were answered, with the rows that they were made of."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from tests.serve.served.conftest import Keeping

from palate.serve.data_folder import SERVED
from palate.serve.engine.answers import ListRequest
from palate.serve.refusals import Unavailable
from palate.serve.served.feature_rows import numbers_of, row_of
from palate.serve.served.keeper import DAY, Shown
from palate.serve.served.store import ServedLists


def test_a_list_is_kept_as_it_was_answered(keeping: Keeping) -> None:
    answers = [
        keeping.client.post("/v1/recommendations", json={"user": "u1", "k": 3}).json(),
        keeping.client.post(
            "/v1/rank", json={"history": ["i4"], "candidates": ["i1", "i2"]}
        ).json(),
        keeping.client.get("/v1/items/i3/similar").json(),
    ]
    keeping.client.post("/v1/search", json={"text": "rose"})
    kept = keeping.kept()
    assert [one.request for one in kept] == [answer["request_id"] for answer in answers]
    assert [one.kind for one in kept] == ["recommend", "rank", "similar"]
    assert [one.history for one in kept] == [None, ("i4",), None]
    for one, answer in zip(kept, answers, strict=True):
        assert (one.model, one.time, one.run) == (answer["model"], 2_000_000_000, "live")
        assert one.blocks == ("words",)
        for item, said in zip(one.items, answer["items"], strict=True):
            shown = (item.item, item.position, item.score, item.propensity, item.source)
            assert shown == tuple(
                said[name] for name in ("item", "position", "score", "propensity", "source")
            )
            assert len(item.features) == 1


def test_rows_are_those_of_the_view_that_answered(keeping: Keeping) -> None:
    keeping.client.post("/v1/items", json={"item": "n1", "fields": {"title": "garden rose"}})
    fitted = keeping.opened.engine.opened.fitted.blocks["words"].block
    grown = keeping.opened.engine.view.blocks["words"]
    keeping.client.post("/v1/rank", json={"user": "u1", "candidates": ["n1", "i1"]})
    keeping.client.patch("/v1/items/n1", json={"fields": {"title": "planet orbit"}})
    changed = keeping.opened.engine.view.blocks["words"]
    keeping.client.post("/v1/rank", json={"user": "u1", "candidates": ["n1", "i1"]})
    first, second = keeping.kept()
    store = ServedLists(keeping.folder / SERVED)
    rows = {row.digest: row for row in store.feature_rows()}
    store.close()
    for kept, view in ((first, grown), (second, changed)):
        found = {one.item: rows[one.features[0]] for one in kept.items}
        assert found["n1"] == row_of(view, 75)
        assert found["i1"] == row_of(fitted, 1)
        dense = np.asarray(view.matrix[75].todense(), np.float32).ravel()
        assert np.array_equal(numbers_of(found["n1"]), dense)
    assert len(rows) == 3  # each row once


def test_of_an_item_that_was_being_changed_no_row_is_certain(keeping: Keeping) -> None:
    keeping.client.post("/v1/items", json={"item": "n1", "fields": {"title": "garden rose"}})
    engine, served = keeping.opened.engine, keeping.service.served
    assert served is not None
    before = engine.view
    wanted = ListRequest("u1", candidates=("n1", "i1"))
    answer = engine.rank(wanted)
    keeping.client.patch("/v1/items/n1", json={"fields": {"title": "planet orbit"}})
    served.keep(Shown("rank", wanted, answer, before, engine.view, engine.opened, engine.model))
    (kept,) = keeping.kept()
    assert {one.item: len(one.features) for one in kept.items} == {"n1": 0, "i1": 1}


def test_who_is_forgotten_is_in_no_list(keeping: Keeping) -> None:
    for user in ("u1", "u2"):
        keeping.client.post("/v1/recommendations", json={"user": user})
    assert keeping.client.delete("/v1/users/u1").status_code == 200
    assert [one.user for one in keeping.kept()] == ["u2"]
    content = (keeping.folder / SERVED).read_bytes()
    assert b"u2" in content
    assert b"u1" not in content.replace(b"u10", b"")


def test_lists_are_kept_for_so_many_days(keeping: Keeping) -> None:
    keeping.client.post("/v1/recommendations", json={"user": "u1"})
    keeping.clock[0] += 6.9 * DAY
    keeping.client.post("/v1/recommendations", json={"user": "u2"})
    keeping.clock[0] += 0.3 * DAY
    keeping.client.post("/v1/recommendations", json={"user": "u3", "k": 1})
    assert [one.user for one in keeping.kept()] == ["u2", "u3"]
    store = ServedLists(keeping.folder / SERVED)
    there = {row.digest for row in store.feature_rows()}
    used = {digest for one in store.lists() for item in one.items for digest in item.features}
    store.close()
    assert used <= there


def test_lists_that_cannot_be_kept_are_counted_and_the_service_goes_on(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(ServedLists, "put", full)
    assert keeping.client.post("/v1/recommendations", json={"user": "u1"}).status_code == 200
    keeping.service.served._worker.close()  # type: ignore[union-attr]
    assert "palate_lists_not_kept 1.0" in keeping.client.get("/metrics").text


def test_the_file_is_one_of_lists(keeping: Keeping) -> None:
    keeping.kept()
    connection = sqlite3.connect(keeping.folder / SERVED)
    assert connection.execute("PRAGMA application_id").fetchone() == (0x70616C73,)
    connection.close()
