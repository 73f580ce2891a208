"""Experiments over HTTP: each answer says who made it."""

from __future__ import annotations

from starlette.testclient import TestClient
from tests.serve.http.test_models import client, service

from palate.serve.http.service import Service

__all__ = ["client", "service"]

BODY = {
    "name": "words",
    "variants": [{"model": "run", "share": 0.5}, {"model": "b", "share": 0.5}],
    "planned_users": 50,
}


def test_users_are_split_and_answers_say_so(client: TestClient, service: Service) -> None:
    assert client.post("/v1/experiments", json=BODY).status_code == 404
    client.post("/v1/models", json={"run": "later", "model": "ids", "name": "b", "use": "ready"})
    made = client.post("/v1/experiments", json=BODY)
    assert made.status_code == 201, made.text
    assert client.post("/v1/experiments", json=BODY).status_code == 409
    model_of, wanted = {"run": "both", "b": "ids"}, {"seen": "allow"}
    for k in range(60):
        body = {"user": f"u{k}", **wanted}
        answer, again = (client.post("/v1/recommendations", json=body).json() for _ in range(2))
        assert answer["experiment"] == "words"
        assert answer["variant"] == again["variant"]
        assert answer["model"] == model_of[answer["variant"]]
        ranked = client.post("/v1/rank", json={"user": f"u{k}", "candidates": ["i1", "i2"]}).json()
        assert (ranked["variant"], ranked["model"]) == (answer["variant"], answer["model"])
        event = {"user": f"u{k}", "item": "i1", "action": "buy"}
        client.post("/v1/events", json={**event, "request_id": answer["request_id"]})
    nameless = client.post("/v1/recommendations", json={"history": ["i1"]}).json()
    assert (nameless["experiment"], nameless["variant"]) == ("", "")
    (found,) = client.get("/v1/experiments").json()["experiments"]
    assert (found["users"], found["running"]) == (50, True)
    assert sum(v["lists"] for v in found["variants"]) == 150
    assert sum(v["successes"] for v in found["variants"]) == 50
    assert all(v["low"] <= v["rate"] <= v["high"] for v in found["variants"])
    assert (
        'palate_experiment_lists_total{experiment="words",variant="b"}'
        in client.get("/metrics").text
    )
    assert client.delete("/v1/models/b").status_code == 409
    ended = client.delete("/v1/experiments/words").json()
    assert (ended["running"], ended["users"]) == (False, 50)
    assert client.post("/v1/recommendations", json={"user": "u1"}).json()["experiment"] == ""
    assert client.delete("/v1/models/b").status_code == 204
    assert client.get("/v1/experiments").json()["experiments"] == [ended]


def test_rolling_back_ends_an_experiment_with_the_model(client: TestClient) -> None:
    client.post("/v1/models", json={"run": "later", "model": "ids", "name": "b"})
    assert client.post("/v1/experiments", json=BODY).status_code == 201
    assert client.post("/v1/models/roll-back").json()["name"] == "run"
    answer = client.post("/v1/recommendations", json={"user": "u1"}).json()
    assert (answer["model"], answer["experiment"]) == ("both", "")
