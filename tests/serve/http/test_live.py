"""What happens now: counted, asked for once, and as a stream."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.testclient import TestClient
from tests.serve.http.conftest import Starter

from palate.serve.data_folder import Opened
from palate.serve.engine.answers import Answer, Listed
from palate.serve.http import live
from palate.serve.http.figures import SECONDS, Figures
from palate.serve.http.service import Service

STREAM = {"accept": "text/event-stream"}


@pytest.fixture
def clock() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def figures(opened: Opened, clock: list[float]) -> Figures:
    return Figures(opened.engine, lambda: clock[0])


def answer(*items: str, degraded: bool = False) -> Answer:
    listed = [Listed(item, at, 1.0, "model") for at, item in enumerate(items, start=1)]
    return Answer("r", "both", tuple(listed), degraded)


def test_seconds_are_counted_when_they_are_over(figures: Figures, clock: list[float]) -> None:
    figures.answered("recommend", 200, 0.004)
    figures.answered("post_events", 503, 9.0)
    figures.took_in(7)
    assert figures.read().seconds == []
    clock[0] += 3
    read = figures.read()
    assert [one.time for one in read.seconds] == [1_000_000, 1_000_001, 1_000_002]
    first, *quiet = read.seconds
    assert (first.requests, first.failed, first.events) == (2, 1, 7)
    assert (first.p50, first.p99) == (4.0, 4.0)
    assert all((one.requests, one.p50) == (0, None) for one in quiet)
    assert (read.requests_per_second, read.events_per_second) == (0.667, 2.333)
    assert (read.failed, read.lists, read.p50) == (1, 1, 4.0)


def test_rates_are_of_the_last_minute_and_seconds_of_five(
    figures: Figures, clock: list[float]
) -> None:
    figures.answered("recommend", 200, 0.5)
    clock[0] += 100
    figures.answered("search", 200, 0.002)
    clock[0] += 1
    read = figures.read()
    assert (len(read.seconds), read.lists, read.p99) == (101, 1, 2.0)
    clock[0] += 10_000
    assert (len(figures.read().seconds), figures.read().lists) == (SECONDS, 0)
    clock[0] -= 500  # a clock that was put back
    figures.answered("recommend", 200, 0.5)
    assert len(figures.read().seconds) == SECONDS


def test_what_was_shown_is_a_share_of_the_catalogue(
    figures: Figures, opened: Opened, clock: list[float], client: TestClient
) -> None:
    assert (figures.read().coverage, figures.read().new_share) == (0.0, None)
    client.post("/v1/items", json={"item": "n1", "fields": {"title": "violin"}})
    figures.showed(answer("i1", "i2", "n1"))
    figures.showed(answer("i1", "gone", degraded=True))
    clock[0] += 1
    read = figures.read()
    assert read.coverage == pytest.approx(3 / 76, abs=1e-6)
    assert read.new_share == 0.25
    assert (read.looked_at, read.degraded, read.new_items, read.items) == (2, 1, 1, 76)


def test_a_request_is_seen_in_the_figures(client: TestClient, service: Service) -> None:
    client.post("/v1/recommendations", json={"user": "u1"})
    client.post("/v1/events", json={"user": "u1", "item": "i1"})
    client.post("/v1/items/i3/hide")
    time.sleep(1.1)
    read = client.get("/v1/live").json()
    assert sum(one["requests"] for one in read["seconds"]) == 3
    assert sum(one["events"] for one in read["seconds"]) == 1
    assert (read["lists"], read["looked_at"], read["hidden_items"], read["offset"]) == (1, 1, 1, 1)
    assert read["model"] == "both"
    assert read["p50"] > 0


def test_a_stream_gives_what_is_new(client: TestClient) -> None:
    with client.stream("GET", "/v1/live?every=0.3&count=4", headers=STREAM) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = list(response.iter_lines())
    messages = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert len(messages) == 4
    times = [second["time"] for one in messages for second in one["seconds"]]
    assert times == sorted(set(times))
    assert lines.count("event: figures") == 4


def test_streams_are_limited(client: TestClient, service: Service) -> None:
    service.streams = live.MOST_STREAMS
    refused = client.get("/v1/live", headers=STREAM)
    assert (refused.status_code, refused.json()["status"]) == (503, 503)
    assert client.get("/v1/live").status_code == 200


@pytest.fixture
def admin(start: Starter) -> Iterator[httpx.Client]:
    running = start()
    with running.client() as first:
        secret = first.post("/v1/keys", json={"roles": ["admin"]}).json()["secret"]
    running.kill()
    with start().client(headers={"Authorization": f"Bearer {secret}"}) as client:
        yield client


def test_a_stream_ends_when_its_key_is_revoked(admin: httpx.Client) -> None:
    made = admin.post("/v1/keys", json={"roles": ["read"]}).json()
    headers = {**STREAM, "Authorization": f"Bearer {made['secret']}"}
    with admin.stream("GET", "/v1/live?every=60", headers=headers) as response:
        lines = response.iter_lines()
        assert next(lines) == "event: figures"
        admin.delete(f"/v1/keys/{made['key']['id']}")
        assert list(lines)  # until the service ends it
    assert admin.get("/v1/live", headers=headers).status_code == 401


def test_a_stream_does_not_hold_up_the_end(start: Starter) -> None:
    running = start()
    with running.client() as client, client.stream("GET", "/v1/live", headers=STREAM) as response:
        lines = response.iter_lines()
        assert next(lines) == "event: figures"
        running.process.terminate()
        assert running.process.wait(10) == 0
        assert list(lines)
    running.close()


def test_words_of_an_item(client: TestClient) -> None:
    client.post("/v1/items", json={"item": "n1", "fields": {"title": "Violin violin of the i1"}})
    answer = client.get("/v1/items/n1/words?k=3").json()
    words = answer["words"]
    assert answer["item"] == "n1"
    assert len(words) <= 3
    assert words[0]["word"] == "Violin"
    assert words == sorted(words, key=lambda one: -one["weight"])
    assert all(0 <= one["weight"] <= 2 for one in words)
    assert {one["block"] for one in words} == {"words"}
