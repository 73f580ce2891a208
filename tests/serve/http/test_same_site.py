"""A service without keys answers programs and its own page, and no page of another site."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

ASKED = {"user": "7", "k": 1}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "127.0.0.1:8765"}, 200),
        ({"host": "[::1]:8765", "origin": "http://[::1]:8765"}, 200),
        ({"host": "localhost:8765", "origin": "http://localhost:8765"}, 200),
        ({"host": "LOCALHOST:8765", "origin": "http://localhost:8765"}, 200),
        ({"host": "localhost:8765", "origin": "http://localhost:3000"}, 403),
        ({"host": "localhost:8765", "origin": "https://shop.example"}, 403),
        ({"host": "localhost:8765", "origin": "null"}, 403),
        ({"host": "localhost:8765", "origin": "http://[broken"}, 403),
        ({"host": "shop.example:8765", "origin": "http://shop.example:8765"}, 403),
        ({"host": "shop.example"}, 403),
        ({"host": "shop.example."}, 403),
        ({"host": "[broken"}, 403),
    ],
)
def test_without_keys_only_this_machine_asks(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/v1/recommendations", json=ASKED, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "palate key new" in answer.json()["next_step"]


def test_whether_it_is_there_may_be_asked_under_any_name(client: TestClient) -> None:
    assert client.get("/health/live", headers={"host": "balancer.example"}).status_code == 200
