"""Pinned items lead the lists that they may be on, and no others."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from palate.serve.data_folder import open_engine


def items(client: TestClient, **body: Any) -> list[str]:
    response = client.post("/v1/recommendations", json={"user": "u1", "k": 5, **body})
    assert response.status_code == 200, response.text
    return [one["item"] for one in response.json()["items"]]


def last_ones(client: TestClient, n: int) -> list[str]:
    return items(client, k=1000)[-n:]


def test_a_pinned_item_leads_with_its_own_score(client: TestClient) -> None:
    before = items(client)
    low, lower = last_ones(client, 2)
    assert client.post(f"/v1/items/{lower}/pin").json()["pinned"]
    assert client.post(f"/v1/items/{low}/pin").json()["pinned"]
    answer = client.post("/v1/recommendations", json={"user": "u1", "k": 5}).json()["items"]
    assert [one["item"] for one in answer] == [low, lower, *before[:3]]
    assert [one["source"] for one in answer] == ["pinned", "pinned", "model", "model", "model"]
    assert [one["position"] for one in answer] == [1, 2, 3, 4, 5]
    for one in answer:
        assert math.isclose(sum(r["value"] for r in one["reasons"]), one["score"], abs_tol=1e-9)
    assert items(client, k=1) == [low]
    assert len(set(items(client, k=1000))) == len(items(client, k=1000))
    assert not client.post(f"/v1/items/{low}/unpin").json()["pinned"]
    client.post(f"/v1/items/{lower}/unpin")
    assert items(client) == before


def test_a_pin_opens_no_door(client: TestClient) -> None:
    (low,) = last_ones(client, 1)
    client.post(f"/v1/items/{low}/pin")
    assert low not in items(client, exclude=[low])
    assert low not in items(client, candidates=["i1", "i2", "i3"])
    title = client.get("/v1/items/i2").json()["fields"]["title"]
    assert low not in items(client, filters={"title": title})
    seen = client.get("/v1/users/u1").json()["taken"][-1]["item"]
    client.post(f"/v1/items/{seen}/pin")
    assert items(client)[0] == low
    client.post(f"/v1/items/{low}/hide")
    assert low not in items(client)
    client.post(f"/v1/items/{low}/show")
    assert items(client)[0] == low
    client.delete(f"/v1/items/{low}")
    assert low not in items(client)


def test_other_lists_have_no_pins(client: TestClient) -> None:
    lists = [
        ("POST", "/v1/rank", {"user": "u1", "candidates": ["i1", "i2", "i3", "i4"]}),
        ("GET", "/v1/items/i1/similar", None),
        ("POST", "/v1/search", {"text": "violin"}),
    ]
    before = [client.request(m, path, json=body).json()["items"] for m, path, body in lists]
    client.post(f"/v1/items/{before[0][-1]['item']}/pin")
    client.post(f"/v1/items/{last_ones(client, 1)[0]}/pin")
    after = [client.request(m, path, json=body).json()["items"] for m, path, body in lists]
    assert before == after


def test_pins_lead_lists_of_popular_items_too(client: TestClient) -> None:
    (low,) = last_ones(client, 1)
    client.post(f"/v1/items/{low}/pin")
    answer = client.post("/v1/recommendations", json={"k": 3}).json()["items"]
    assert [one["source"] for one in answer] == ["pinned", "popularity", "popularity"]


def test_a_pin_outlives_a_restart(run_folder: Path, tmp_path: Path) -> None:
    from palate.serve.records.items import Create, Pin

    opened = open_engine(run_folder, tmp_path / "again", model="both")
    opened.engine.change_items([Create("n1", {"title": "violin"}), Pin("n1")]).result(10)
    opened.close()
    opened = open_engine(run_folder, tmp_path / "again", model="both")
    assert opened.engine.pinned("n1")
    assert opened.engine.view.items.pinned
    opened.close()
