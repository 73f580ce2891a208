"""The API, route by route: what it answers, and everything that it documents to refuse."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from starlette.testclient import TestClient
from tests.serve.conftest import recipe_of

import palate
from palate.serve.data_folder import open_engine
from palate.serve.http.app import OPERATIONS, application
from palate.serve.http.problems import MEDIA_TYPE
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.refusals import Unavailable
from palate.serve.settings import ServiceSettings


def refused(response: Any, status: int) -> dict[str, Any]:
    """The problem, which is complete."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["what"]
    assert problem["request"]
    return problem


def listed(client: TestClient, **body: Any) -> list[str]:
    response = client.post("/v1/recommendations", json=body)
    assert response.status_code == 200, response.text
    return [one["item"] for one in response.json()["items"]]


def test_a_list_is_the_runs_with_all_that_is_promised(client: TestClient, run_folder: Any) -> None:
    answer = client.post("/v1/recommendations", json={"user": "u1", "k": 5}).json()
    wanted = palate.Run(run_folder).recommend("u1", 5, "both")
    assert [one["item"] for one in answer["items"]] == wanted["item_id"].to_list()
    assert [one["score"] for one in answer["items"]] == wanted["score"].to_list()
    assert (answer["model"], answer["degraded"]) == ("both", False)
    assert answer["request_id"]
    for position, one in enumerate(answer["items"], start=1):
        assert (one["position"], one["source"], one["propensity"]) == (position, "model", 1.0)
        assert one["title"]
        assert math.isclose(sum(r["value"] for r in one["reasons"]), one["score"], abs_tol=1e-9)


def test_events_are_kept_once_and_the_next_list_knows(client: TestClient) -> None:
    event = {"event_id": "e1", "user": "new", "item": "i2", "action": "view"}
    first = client.post("/v1/events", json=event).json()
    assert (first["accepted"], first["duplicates"]) == (1, 0)
    again = client.post("/v1/events", json=[event, {"user": "new", "item": "i7"}]).json()
    assert [e["new"] for e in again["events"]] == [False, True]
    assert again["events"][0]["offset"] == first["events"][0]["offset"]
    assert listed(client, user="new", k=75) == listed(client, history=["i2", "i7"], k=75)
    user = client.get("/v1/users/new").json()
    assert [e["item"] for e in user["history"]] == ["i2", "i7"]
    assert user["since_run"]["view"]["count"] == 1
    assert abs(user["history"][0]["time"] - time.time()) < 60
    item = client.get("/v1/items/i2").json()
    assert (item["since_run"]["view"]["count"], item["hidden"]) == (1, False)


def test_whole_numbers_may_be_written_with_a_point(client: TestClient) -> None:
    assert len(listed(client, user="u1", k=3.0)) == 3
    event = {"user": "u", "item": "i1", "time": 1.7e9, "position": 2.0}
    assert client.post("/v1/events", json=event).status_code == 200


def test_rank_similar_and_search(client: TestClient) -> None:
    ranked = client.post("/v1/rank", json={"user": "u1", "candidates": ["i3", "i6", "no"]}).json()
    assert {one["item"] for one in ranked["items"]} == {"i3", "i6"}
    assert ranked["unknown"] == ["no"]
    like = client.get("/v1/items/i7/similar", params={"k": 4, "explain": "false"}).json()
    assert len(like["items"]) == 4
    assert like["items"][0]["reasons"] == []
    found = client.post("/v1/search", json={"text": "violin string", "k": 3}).json()
    assert all("violin" in one["title"] for one in found["items"])


def test_items_come_change_hide_and_go(client: TestClient) -> None:
    new = {"item": "a/b c", "fields": {"title": "violin bow", "price": 3}}
    made = client.post("/v1/items", json=[new, {"item": "n2"}])
    assert made.status_code == 201
    assert made.json()["items"][0]["fields"] == {"title": "violin bow", "price": 3.0}
    assert "a/b c" in listed(client, history=["i2"], k=20)
    path = "/v1/items/a%2Fb%20c"
    assert client.get(path).json()["item"] == "a/b c"
    assert client.get(f"{path}/similar").json()["items"][0]["title"].startswith("violin")
    changed = client.patch(path, json={"fields": {"title": "rye bread", "price": None}})
    assert changed.json()["fields"] == {"title": "rye bread"}
    assert client.post(f"{path}/hide").json()["hidden"]
    assert "a/b c" not in listed(client, history=["i4"], k=75)
    assert not client.post(f"{path}/show").json()["hidden"]
    assert "a/b c" in listed(client, history=["i4"], k=75)
    assert client.delete(path).status_code == 204
    refused(client.get(path), 404)
    refused(client.delete(path), 404)


def test_users_come_change_and_go(client: TestClient) -> None:
    made = client.post("/v1/users", json={"user": "u1", "fields": {"language": "en"}})
    assert made.status_code == 201
    assert made.json()["in_run"] > 5
    refused(client.post("/v1/users", json={"user": "u1"}), 409)
    changed = client.patch("/v1/users/u1", json={"fields": {"age": 41}}).json()
    assert changed["fields"] == {"language": "en", "age": 41}
    client.post("/v1/events", json={"user": "u1", "item": "i1", "action": "buy"})
    erased = client.delete("/v1/users/u1").json()
    assert (erased["events"], erased["in_run"] > 5) == (1, True)
    refused(client.get("/v1/users/u1"), 404)
    refused(client.delete("/v1/users/u1"), 404)
    refused(client.patch("/v1/users/u1", json={"fields": {}}), 404)
    answer = client.post("/v1/recommendations", json={"user": "u1"}).json()
    assert answer["model"] == "popularity"


def test_filters(client: TestClient) -> None:
    some = listed(client, filters={"genres": ["garden"], "price": {"max": 3}}, k=75)
    assert some
    assert {int(item[1:]) % 5 for item in some} == {0}
    problem = refused(
        client.post("/v1/recommendations", json={"filters": {"gendre": "garden"}}), 422
    )
    assert "title" in problem["allowed"]


def test_health_and_metrics(client: TestClient, service: Service) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready").json()
    assert (ready["status"], ready["model"], ready["items"]) == ("ready", "both", 75)
    client.post("/v1/events", json={"user": "u", "item": "i1"})
    text = client.get("/metrics").text
    for line in (
        'palate_requests_total{operation="ready",status="200"} 1.0',
        'palate_events_total{result="new"} 1.0',
        "palate_items 75.0",
        "palate_log_offset 1.0",
    ):
        assert line in text
    service.draining = True
    problem = refused(client.get("/health/ready"), 503)
    assert "shutting down" in problem["what"]


DEEP = '{"user": "u", "item": "i", "context": ' + '{"a":' * 15_000
EVENT = {"user": "u", "item": "i1"}

REFUSALS: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/v1/events", "no json", 400, "body"),
    ("POST", "/v1/items/no/pin", None, 404, "item"),
    ("POST", "/v1/models/no/deploy", None, 404, "model"),
    ("POST", "/v1/models/no/shadow", None, 404, "model"),
    ("POST", "/v1/models/no/rest", None, 404, "model"),
    ("DELETE", "/v1/models/no", None, 404, "model"),
    ("POST", "/v1/models", {"run": "later"}, 409, "run"),
    ("DELETE", "/v1/experiments/no", None, 404, "experiment"),
    (
        "POST",
        "/v1/experiments",
        {
            "name": "a",
            "variants": [{"model": "no", "share": 0.5}, {"model": "nor", "share": 0.5}],
            "planned_users": 100,
        },
        404,
        "model",
    ),
    ("POST", "/v1/recommendations/next", {"request_id": "no"}, 404, "request_id"),
    ("POST", "/v1/items/no/unpin", None, 404, "item"),
    ("GET", "/v1/items/no/words", None, 404, "item"),
    ("GET", "/v1/items/i1/words?k=0", None, 422, "query.k"),
    ("GET", "/v1/live?every=0.01", None, 422, "query.every"),
    ("POST", "/v1/keys", {"roles": []}, 422, "body.roles"),
    ("POST", "/v1/keys", {"roles": ["root"]}, 422, "body.roles[0]"),
    ("DELETE", "/v1/keys/none", None, 404, "key"),
    ("POST", "/v1/events", "", 400, "body"),
    ("POST", "/v1/events", b'{"user": "\xff"}', 400, "body"),
    ("POST", "/v1/events", '{"user": "\\ud800", "item": "i"}', 400, "body"),
    ("POST", "/v1/events", DEEP, 422, "body.context[...]"),
    ("POST", "/v1/events", "[" * 90_000, 422, "body[0]"),
    ("POST", "/v1/events", "x" * 100_001, 413, "body"),
    ("POST", "/v1/events", [], 422, "body"),
    ("POST", "/v1/events", [EVENT] * 1001, 422, "body"),
    ("POST", "/v1/events", {"user": "u"}, 422, "body"),
    ("POST", "/v1/events", {**EVENT, "user": 7}, 422, "body.user"),
    ("POST", "/v1/events", {**EVENT, "user": ""}, 422, "body.user"),
    ("POST", "/v1/events", {**EVENT, "user": "u" * 513}, 422, "body.user"),
    ("POST", "/v1/events", {**EVENT, "action": "a" * 65}, 422, "body.action"),
    ("POST", "/v1/events", {**EVENT, "acton": "view"}, 422, "body"),
    ("POST", "/v1/events", {**EVENT, "time": 1.5}, 422, "body.time"),
    ("POST", "/v1/events", {**EVENT, "time": 2 * 10**9 + 10**8}, 422, "time"),
    ("POST", "/v1/events", [EVENT, {**EVENT, "time": 10**11}], 422, "body[1]: time"),
    ("POST", "/v1/events", {**EVENT, "value": 1e39}, 422, "body.value"),
    ("POST", "/v1/events", {**EVENT, "position": 0}, 422, "body.position"),
    ("POST", "/v1/events", {**EVENT, "propensity": 0}, 422, "body.propensity"),
    ("POST", "/v1/events", {**EVENT, "propensity": 1.01}, 422, "body.propensity"),
    ("POST", "/v1/events", {**EVENT, "context": {"a": {}}}, 422, "body.context[...]"),
    ("POST", "/v1/events", {**EVENT, "context": {"a": 2**70}}, 422, "event.context.a"),
    ("POST", "/v1/recommendations", {"k": 0}, 422, "body.k"),
    ("POST", "/v1/recommendations", {"k": 1001}, 422, "body.k"),
    ("POST", "/v1/recommendations", {"history": ["i"] * 1001}, 422, "body.history"),
    ("POST", "/v1/recommendations", {"seen": "both"}, 422, "body.seen"),
    ("POST", "/v1/recommendations", {"filters": {"colour": "red"}}, 422, "where"),
    ("POST", "/v1/recommendations", {"filters": {"title": {"min": 1}}}, 422, "filters.title"),
    ("POST", "/v1/recommendations", {"filters": {"price": {"mim": 1}}}, 422, "body.filters[...]"),
    ("POST", "/v1/rank", {"candidates": []}, 422, "body.candidates"),
    ("POST", "/v1/rank", {}, 422, "body"),
    ("POST", "/v1/search", {"text": ""}, 422, "body.text"),
    ("POST", "/v1/search", {"text": "x" * 4097}, 422, "body.text"),
    ("GET", "/v1/items/i1/similar?k=0", None, 422, "query.k"),
    ("GET", "/v1/items/i1/similar?k=ten", None, 422, "query.k"),
    ("GET", "/v1/items/i1/similar?n=3", None, 422, "query"),
    ("GET", "/v1/items/nope/similar", None, 404, "item"),
    ("GET", "/v1/items/nope", None, 404, "item"),
    ("GET", "/v1/items/" + "x" * 513, None, 422, "path"),
    ("PATCH", "/v1/items/nope", {"fields": {}}, 404, "item"),
    ("DELETE", "/v1/items/nope", None, 404, "item"),
    ("POST", "/v1/items/nope/hide", None, 404, "item"),
    ("POST", "/v1/items/nope/show", None, 404, "item"),
    ("POST", "/v1/items", {"item": "i1"}, 409, "item"),
    ("POST", "/v1/items", {"item": "n", "fields": {"titel": "x"}}, 422, "fields.titel"),
    ("POST", "/v1/items", {"item": "n", "fields": {"price": "much"}}, 422, "fields.price"),
    (
        "POST",
        "/v1/items",
        {"item": "n", "fields": {"title": "x" * 65_537}},
        422,
        "body.fields[...]",
    ),
    ("GET", "/v1/users/somebody", None, 404, "user"),
    ("DELETE", "/v1/users/somebody", None, 404, "user"),
    ("PATCH", "/v1/users/somebody", {"fields": {}}, 404, "user"),
    ("POST", "/v1/users", {"fields": {}}, 422, "body"),
    ("GET", "/v1/nothing", None, 404, "GET /v1/nothing"),
    ("DELETE", "/v1/events", None, 405, "DELETE /v1/events"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "where"), REFUSALS)
def test_what_is_refused(
    client: TestClient, method: str, path: str, body: Any, status: int, where: str
) -> None:
    started = time.perf_counter()
    content = body if isinstance(body, str | bytes | None) else json.dumps(body)
    problem = refused(client.request(method, path, content=content), status)
    assert problem["where"] == where
    assert time.perf_counter() - started < 0.25  # the goal is 20 ms; tests share a machine


def test_a_slow_body_is_cut_off(client: TestClient) -> None:
    def slow() -> Any:
        yield b'{"user": '
        time.sleep(0.7)
        yield b'"u"}'

    # the client in process hands a generator over as it is drawn from
    response = client.post("/v1/events", content=slow())
    assert response.status_code in (408, 422)


def test_what_cannot_be_kept_is_503_and_never_200(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> Any:
        raise Unavailable("the disk is full", next_step="look at it")

    monkeypatch.setattr(service.engine._log._store, "append", full)
    response = client.post("/v1/events", json=EVENT)
    refused(response, 503)
    assert response.headers["retry-after"] == "1"
    monkeypatch.setattr(service.engine._changes._store, "change_items", full)
    refused(client.post("/v1/items/i1/hide"), 503)
    assert not client.get("/v1/items/i1").json()["hidden"]
    monkeypatch.undo()
    assert client.post("/v1/events", json=EVENT).status_code == 200


def test_overload_is_said_at_once(client: TestClient, service: Service) -> None:
    service._at_work = service.settings.limits.at_once
    response = client.post("/v1/recommendations", json={"user": "u1"})
    assert "waiting" in refused(response, 503)["what"]
    assert response.headers["retry-after"]
    assert client.get("/health/live").status_code == 200
    service._at_work = 0
    assert client.post("/v1/recommendations", json={"user": "u1"}).status_code == 200


def test_an_error_of_palate_shows_nothing_of_itself(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("secret path /home/x")

    monkeypatch.setattr(service.engine, "recommend_many", broken)
    response = client.post("/v1/recommendations", json={"user": "u1"})
    refused(response, 500)
    assert "secret" not in response.text


def test_other_sites_may_not_use_it(client: TestClient) -> None:
    headers = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    answers = [
        client.get("/health/live", headers=headers),
        client.options("/v1/events", headers=headers),
    ]
    for answer in answers:
        assert not any(name.startswith("access-control") for name in answer.headers)


def test_the_description_is_that_of_the_routes(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    routes = {
        (path, method.upper()) for path, methods in described["paths"].items() for method in methods
    }
    assert routes == {(o.path, o.method) for o in OPERATIONS}
    text = json.dumps(described)
    for reference in set(_references(described)):
        assert f'"{reference.rpartition("/")[2]}": {{' in text


NAMING = {"next_page", "deploy_model", "start_experiment"}
"""Operations whose examples name something that was made before."""


def test_every_example_of_the_description_is_taken(client: TestClient) -> None:
    for operation in OPERATIONS:
        if operation.example is not None:
            path = operation.path.replace("{id}", "i1" if "items" in operation.path else "u1")
            response = client.request(operation.method, path, json=operation.example)
            # what an example names need not be there
            fine = (operation.status, *(operation.refusals if operation.name in NAMING else ()))
            assert response.status_code in fine, (operation.name, response.text)


ELSEWHERE = {
    ("create_user", 409),
    ("search", 409),
    ("item_words", 409),
    ("ready", 503),
    ("next_page", 410),
    ("shadow_model", 409),
    ("rest_model", 409),
    ("roll_back", 409),
    ("delete_model", 409),
    ("start_experiment", 409),
}
"""Refusals of an operation's own that other tests try: of this file, of lists, of models and of
experiments."""


def test_every_refusal_of_an_operations_own_is_tried() -> None:
    own = {(o.name, status) for o in OPERATIONS for status in o.refusals}
    tried = set()
    for method, path, _, status, _ in REFUSALS:
        for operation in OPERATIONS:
            before, _, behind = operation.path.partition("{id}")
            fits = path.split("?")[0].startswith(before) and path.split("?")[0].endswith(behind)
            if fits and method == operation.method and ("{id}" in operation.path or path == before):
                tried.add((operation.name, status))
                break
    assert own - tried == ELSEWHERE


def test_a_run_without_texts_cannot_be_searched(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    recipe = recipe_of(blocks={}, models={"ids": {"part": "model.cooccurrence.v1"}})
    palate.run(palate.read(*frames), recipe, folder=tmp_path / "run")
    opened = open_engine(tmp_path / "run", tmp_path / "data")
    service = Service(opened.engine, Keyring(tmp_path / "keys.json"), ServiceSettings())
    with TestClient(application(service)) as client:
        problem = refused(client.post("/v1/search", json={"text": "violin"}), 409)
        assert "no block of texts" in problem["what"]
        problem = refused(client.get("/v1/items/i1/words"), 409)
        assert "no block of texts" in problem["what"]
    service.close()
    opened.close()


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [r for inner in value.values() for r in _references(inner)]
    return [r for inner in value for r in _references(inner)] if isinstance(value, list) else []
