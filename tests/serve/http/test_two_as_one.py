"""Two processes over one PostgreSQL and one Valkey behave as one: what the API promises, with every
request to the other of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.serve.http import test_api

from palate.serve.data_folder import Opened, open_engine
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.settings import Limits, ServiceSettings
from palate.serve.stores import StoreSettings
from palate.testing.servers import Postgres, Valkey


class Balanced:
    """Sends every request to the process whose turn it is; what changes items is waited for, which
    takes a look of each process.
    """

    def __init__(self, services: list[Service]) -> None:
        self.services = services
        self.clients = [TestClient(application(s), raise_server_exceptions=False) for s in services]
        self.turn = 0

    def request(self, method: str, url: str, **more: Any) -> Any:
        self.turn += 1
        response = self.clients[self.turn % 2].request(method, url, **more)
        for service in self.services:
            service.engine.look_at_items()
            service.engine.look_at_log()
            service.engine.change_items([]).result(10)  # what was created elsewhere is encoded
        return response

    def __getattr__(self, name: str) -> Any:
        return lambda url, **more: self.request(name.upper(), url, **more)


@pytest.fixture
def pair(
    run_folder: Path, tmp_path: Path, postgres_server: Postgres, valkey_server: Valkey
) -> Iterator[list[Opened]]:
    where = StoreSettings(postgres_server.new_database(), valkey_server.new_database())
    pair = [open_engine(run_folder, tmp_path / "data", "both", where=where) for _ in range(2)]
    yield pair
    for one in pair:
        one.close()


@pytest.fixture
def client(pair: list[Opened], tmp_path: Path) -> Iterator[Balanced]:
    settings = ServiceSettings(limits=Limits(body_bytes=100_000, body_seconds=0.5))
    keyring = Keyring(tmp_path / "keys.json")
    services = [Service(one.engine, keyring, settings) for one in pair]
    yield Balanced(services)
    for service in services:
        service.close()


test_lists = test_api.test_a_list_is_the_runs_with_all_that_is_promised
test_events = test_api.test_events_are_kept_once_and_the_next_list_knows
test_numbers = test_api.test_whole_numbers_may_be_written_with_a_point
test_kinds_of_lists = test_api.test_rank_similar_and_search
test_items = test_api.test_items_come_change_hide_and_go
test_users = test_api.test_users_come_change_and_go
test_filters = test_api.test_filters


def test_the_state_is_no_less_where_it_is_not_shared(client: Balanced) -> None:
    ready = [client.get("/health/ready").json() for _ in range(2)]
    assert ready[0] == ready[1]
    assert (ready[0]["away"], ready[0]["spooled"]) == ([], 0)
    assert b"palate_servers_away 0.0" in client.get("/metrics").content
