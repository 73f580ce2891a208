"""Over HTTP: next pages, diverse lists, newcomers, rows; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.serve.http.test_api import refused

from palate.serve.http.service import Service
from palate.serve.lists.pages import Pages


def ask(client: TestClient, path: str, **body: Any) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def names(answer: dict[str, Any]) -> list[str]:
    return [one["item"] for one in answer["items"]]


def test_a_list_goes_on_by_its_request_id(client: TestClient) -> None:
    whole = names(ask(client, "/v1/recommendations", user="u1", k=9))
    first = ask(client, "/v1/recommendations", user="u1", k=4)
    assert (first["basis"], first["why"]) == ("history", "")
    assert ask(client, "/v1/events", user="u1", item=whole[6])["accepted"] == 1
    path = "/v1/recommendations/next"
    second = ask(client, path, request_id=first["request_id"])
    third = ask(client, path, request_id=second["request_id"], k=1)
    assert names(first) + names(second) + names(third) == whole
    assert third["items"][0]["position"] == 9


def test_lists_that_cannot_go_on_are_refused(client: TestClient, service: Service) -> None:
    path = "/v1/recommendations/next"
    unknown = refused(client.post(path, json={"request_id": "nobody's"}), 404)
    assert unknown["where"] == "request_id"
    assert unknown["next_step"]
    service.lists.pages = Pages(seconds=-1)
    first = ask(client, "/v1/recommendations", user="u1", k=4)
    old = refused(client.post(path, json={"request_id": first["request_id"]}), 410)
    assert "too old" in old["what"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/recommendations", {"diversity": 1.5}),
        ("/v1/recommendations", {"diversity": -0.1}),
        ("/v1/recommendations", {"interests": 7}),
        ("/v1/recommendations", {"interests": "x" * 2000}),
        ("/v1/recommendations/next", {}),
        ("/v1/recommendations/next", {"request_id": "x", "k": 0}),
        ("/v1/rows", {"rows": 0}),
        ("/v1/rows", {"rows": 2.5}),
        ("/v1/rows", {"k": 101}),
        ("/v1/rows", {"filters": {"colour": "red"}}),
    ],
)
def test_what_is_not_taken(client: TestClient, path: str, body: dict[str, Any]) -> None:
    refused(client.post(path, json=body), 422)


def test_newcomers_say_what_they_like_and_where_they_are(client: TestClient) -> None:
    stated = ask(client, "/v1/recommendations", k=3, interests="quiet violin music")
    assert stated["basis"] == "interests"
    assert all(one["source"] == "interests" for one in stated["items"])
    events = [
        {"user": f"x{n}", "item": "i40", "context": {"country": "DE"}, "event_id": f"c{n}"}
        for n in range(60)
    ]
    assert client.post("/v1/events", json=events).status_code == 200
    here = ask(client, "/v1/recommendations", k=3, context={"country": "DE"})
    assert (here["basis"], here["items"][0]["item"]) == ("context", "i40")
    nowhere = ask(client, "/v1/recommendations", k=3, context={"shoe": 43})
    assert nowhere["basis"] == "popularity"
    assert "shoe" in nowhere["why"]


def test_rows_have_titles(client: TestClient) -> None:
    answer = ask(client, "/v1/rows", history=["i1", "i6"], k=3, rows=4)
    assert [row["kind"] for row in answer["rows"]] == ["for you", "because", "because", "field"]
    every = [one["item"] for row in answer["rows"] for one in row["items"]]
    assert len(every) == len(set(every))
    row = answer["rows"][1]
    more = ask(client, "/v1/recommendations/next", request_id=row["request_id"])
    assert not set(names(more)) & set(every)


def test_a_diverse_list_is_another_order(client: TestClient) -> None:
    plain = ask(client, "/v1/recommendations", user="u1", k=5)
    diverse = ask(client, "/v1/recommendations", user="u1", k=5, diversity=0.9)
    assert plain["items"][0] == diverse["items"][0]
    assert names(plain) != names(diverse)
    assert {one["source"] for one in diverse["items"]} == {"model"}
