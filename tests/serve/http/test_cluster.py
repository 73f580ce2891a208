"""Processes over PostgreSQL and Valkey: killed one by one, and servers killed under them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.serve.http.conftest import Running, Starter
from tests.serve.http.retrying_clients import Clients

from palate.data.address import parsed
from palate.serve.events.postgres import PostgresEvents
from palate.testing.servers import Postgres, Valkey, postgres, valkey

pytestmark = pytest.mark.slow

LATE_SECONDS = 3.0
"""The promise is one second, which a benchmark holds; tests share a machine."""


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Postgres, Valkey]]:
    """Servers that are killed."""
    with postgres() as store, valkey() as state:
        yield store, state


@pytest.fixture
def words(servers: tuple[Postgres, Valkey]) -> list[str]:
    store, state = servers
    return ["--store", store.new_database(), "--state", state.new_database()]


def until(true: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What it gives when it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it never was")


def log_of(words: list[str]) -> list[str]:
    """Names of the events that are in the log."""
    store = PostgresEvents(parsed(words[1]))
    names = [stored.event_id for stored in store.read(most=1_000_000)]
    store.close()
    return names


def asking(running: Running) -> httpx.Client:
    """A patient client: tests share a machine."""
    return httpx.Client(base_url=running.address, timeout=60)


def counted(running: Running, item: str = "i1") -> int:
    with asking(running) as client:
        times = client.get(f"/v1/items/{item}").json()["since_run"]
    return sum(one["count"] for one in times.values())


def history(client: httpx.Client, user: str) -> list[str]:
    response = client.get(f"/v1/users/{user}")
    return [one["item"] for one in response.json()["history"]] if response.is_success else []


def test_what_one_is_given_the_other_knows(start: Starter, words: list[str]) -> None:
    one, two = start(*words), start(*words)
    with asking(one) as first, asking(two) as second:
        first.post("/v1/events", json={"user": "new", "item": "i2", "action": "view"})
        until(lambda: history(second, "new") == ["i2"])
        first.post("/v1/items", json={"item": "n1", "fields": {"title": "garden rose"}})
        body = {"user": "u1", "candidates": ["n1"]}
        until(lambda: second.post("/v1/recommendations", json=body).json()["items"])
        second.post("/v1/items/n1/hide")
        until(lambda: not first.post("/v1/recommendations", json=body).json()["items"])
        first.delete("/v1/users/new")
        until(lambda: history(second, "new") == [])
        until(lambda: counted(two, "i2") == 0)


def test_nothing_hidden_in_one_is_served_by_the_other_later_on(
    start: Starter, words: list[str]
) -> None:
    one, two = start(*words), start(*words)
    hidden: dict[str, float] = {}
    late: list[str] = []
    with asking(one) as first, asking(two) as second:
        for number in range(30):
            assert first.post(f"/v1/items/i{number}/hide").status_code == 200
            hidden[f"i{number}"] = time.monotonic()
            if number % 10 == 0:  # the other is busy with new items meanwhile
                items = [{"item": f"n{number} {n}"} for n in range(50)]
                assert first.post("/v1/items", json=items).status_code == 201
            began = time.monotonic()
            answer = second.post("/v1/recommendations", json={"user": "u1", "k": 75}).json()
            late += [
                item["item"]
                for item in answer["items"]
                if began - hidden.get(item["item"], began) > LATE_SECONDS
            ]
    assert late == []


def test_a_kill_of_either_loses_nothing(start: Starter, words: list[str]) -> None:
    running = [start(*words), start(*words)]
    addresses = [[one.address] for one in running]
    clients = [Clients(number, addresses[number % 2]) for number in range(4)]
    for client in clients:
        client.start()
    for kill in range(3):
        time.sleep(0.4)
        which = kill % 2
        running[which].kill()
        running[which] = start(*words)
        addresses[which][0] = running[which].address
    time.sleep(0.3)
    for client in clients:
        client.stop.set()
    for client in clients:
        client.join()
    acknowledged = [name for client in clients for name in client.acknowledged]
    kept = log_of(words)
    assert len(acknowledged) > 50
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
    for one in running:
        until(lambda one=one: counted(one) == len(kept))  # type: ignore[misc]
        with asking(one) as asked:
            users = [asked.get(f"/v1/users/c{n}").json() for n in range(4)]
        assert sum(user["since_run"][""]["count"] for user in users) == len(kept)


def test_postgres_killed_under_load_loses_nothing(
    start: Starter, servers: tuple[Postgres, Valkey], words: list[str]
) -> None:
    store, running = servers[0].server, [start(*words), start(*words)]
    clients = [Clients(number, [running[number % 2].address]) for number in range(4)]
    for client in clients:
        client.start()
    time.sleep(0.5)
    store.kill()
    for one in running:
        with asking(one) as asked:
            until(lambda asked=asked: asked.get("/health/ready").json()["spooled"])  # type: ignore[misc]
            answer = asked.post("/v1/recommendations", json={"user": "c0"}).json()
            assert answer["degraded"]
            assert answer["items"]
            event = {"user": "away", "item": "i3"}
            reply = asked.post("/v1/events", json=event).json()
            assert (reply["accepted"], reply["degraded"]) == (1, True)
            assert reply["events"][0]["offset"] == 0
            assert asked.post("/v1/items/i3/hide").status_code == 503
    running[0].kill()  # what it acknowledged lies on its disk
    running[0].process.wait(10)
    time.sleep(0.5)
    store.start()
    running[0] = start(*words)
    clients[0].address[0] = clients[2].address[0] = running[0].address
    time.sleep(0.5)
    for client in clients:
        client.stop.set()
    for client in clients:
        client.join()
    for one in running:
        with asking(one) as asked:
            until(
                lambda asked=asked: (  # type: ignore[misc]
                    asked.get("/health/ready").json()["spooled"] == 0
                    and not asked.post("/v1/recommendations", json={}).json()["degraded"]
                )
            )
    acknowledged = [name for client in clients for name in client.acknowledged]
    kept = log_of(words)
    assert len(acknowledged) > 50
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
    for one in running:
        until(lambda one=one: counted(one) == len(kept) - 2)  # type: ignore[misc]
        assert counted(one, "i3") == 2


def test_a_frozen_postgres_keeps_no_answer_waiting(
    start: Starter, servers: tuple[Postgres, Valkey], words: list[str]
) -> None:
    running = start(*words)
    with asking(running) as asked:
        asked.post("/v1/events", json={"user": "u", "item": "i2"})
        servers[0].server.freeze()
        try:
            reply = asked.post("/v1/events", json={"user": "u", "item": "i3"}).json()
            assert reply["degraded"]
            assert history(asked, "u") == []  # the fields of a user are in PostgreSQL: 503
            answer = asked.post("/v1/recommendations", json={"user": "u", "seen": "mask"}).json()
            assert answer["degraded"]
            assert not {"i2", "i3"} & {one["item"] for one in answer["items"]}
        finally:
            servers[0].server.thaw()
        until(lambda: history(asked, "u") == ["i2", "i3"])
        until(lambda: asked.get("/health/ready").json()["spooled"] == 0)
    assert len(log_of(words)) == 2


def test_valkey_killed_and_back_without_its_memory(
    start: Starter, servers: tuple[Postgres, Valkey], words: list[str]
) -> None:
    one, two = start(*words), start(*words)
    with asking(one) as first, asking(two) as second:
        for number in range(20):
            first.post("/v1/events", json={"user": f"u{number % 3}", "item": f"i{number}"})
        servers[1].server.kill()
        event = {"user": "u0", "item": "i50"}
        assert second.post("/v1/events", json=event).status_code == 200
        assert history(second, "u0")[-1] == "i50"
        until(lambda: history(first, "u0")[-1] == "i50")
        answer = first.post("/v1/recommendations", json={"user": "u0"}).json()
        assert (answer["degraded"], answer["model"]) == (True, "both")
        assert first.get("/health/ready").json()["away"] == ["state"]
        servers[1].server.start()
        for asked in (first, second):
            until(lambda asked=asked: asked.get("/health/ready").json()["away"] == [])  # type: ignore[misc]
            assert len(history(asked, "u0")) == 8
        second.post("/v1/events", json={"user": "u0", "item": "i51"})
        assert history(first, "u0")[-1] == "i51"
        until(lambda: first.get("/health/ready").json()["users"] == 3)


def test_a_process_ends_on_sigterm(start: Starter, words: list[str]) -> None:
    running = start(*words)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(20) == 0
    running.close()
