"""Under overload lists are refused with 503 before they are read, and nothing else is."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.serve.http.listening import listening

from palate.serve.data_folder import Opened
from palate.serve.http.app import application, early_refusals
from palate.serve.http.connection import Connections
from palate.serve.http.service import Service
from palate.serve.http.whole_requests import WholeRequest, whole_request
from palate.serve.keys import Keyring
from palate.serve.settings import Limits, ServiceSettings

LIST = (
    b"POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 12\r\n\r\n{"user":"1"}'
)


@pytest.fixture
def service(opened: Opened, tmp_path: Path) -> Iterator[Service]:
    """One that works on one request at a time."""
    settings = ServiceSettings(limits=Limits(at_once=1))
    made = Service(opened.engine, Keyring(tmp_path / "keys.json"), settings)
    yield made
    made.close()


@pytest.fixture
def port(service: Service) -> Iterator[int]:
    connections = Connections(service.settings.limits, early_refusals(service).answer_to)
    with listening(service, connections) as found:
        yield found


def answered(connection: socket.socket, request: bytes) -> bytes:
    """The answer to a request, with a body whose length is said."""
    connection.sendall(request)
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65_536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    assert len(body) == length
    return head + b"\r\n\r\n" + body


def test_lists_are_refused_on_the_connection_and_are_made_again_afterwards(
    service: Service, port: int
) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        assert answered(connection, LIST).startswith(b"HTTP/1.1 200")
        with service._one_more():
            for _ in range(3):
                refused = answered(connection, LIST).lower()
                assert refused.startswith(b"http/1.1 503 service unavailable\r\n")
                assert b"\r\nretry-after: 1\r\n" in refused
                assert b"\r\ncontent-type: application/problem+json" in refused
                assert b"\r\nx-request-id: " in refused
        assert answered(connection, LIST).startswith(b"HTTP/1.1 200")
    assert service.metrics.text().count(b'operation="recommend",status="503"} 3.0') == 1


def test_a_request_in_pieces_is_refused_as_well(service: Service, port: int) -> None:
    with (
        service._one_more(),
        closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection,
    ):
        connection.sendall(LIST[:50])
        time.sleep(0.1)
        assert answered(connection, LIST[50:]).startswith(b"HTTP/1.1 503")
        assert answered(connection, LIST).startswith(b"HTTP/1.1 503")


def test_a_list_inside_of_another_request_is_no_request(service: Service, port: int) -> None:
    first = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    with (
        service._one_more(),
        closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection,
    ):
        connection.sendall(first % len(LIST))
        time.sleep(0.1)
        assert answered(connection, LIST).startswith(b"HTTP/1.1 400")  # no JSON


def test_what_is_no_list_goes_on(service: Service) -> None:
    client = TestClient(application(service))
    with service._one_more():
        refused = client.post("/v1/recommendations", content=b"not even JSON")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        event = {"user": "u1", "item": "i1"}
        assert client.post("/v1/events", json=event, headers={"host": "x"}).status_code == 200
        assert client.get("/health/live", headers={"host": "x"}).status_code == 200


def test_a_request_is_whole_or_it_is_not() -> None:
    assert whole_request(LIST) == WholeRequest(b"POST", b"/v1/recommendations")
    assert whole_request(b"GET /x?y HTTP/1.1\r\nhost: x\r\n\r\n") == WholeRequest(b"GET", b"/x?y")
    for cut in range(len(LIST)):
        assert whole_request(LIST[:cut]) is None
    assert whole_request(LIST + b"P") is None


@given(
    st.sampled_from(
        [
            b"Transfer-Encoding: chunked",
            b"Connection: close",
            b"Expect: 100-continue",
            b"Content-Length: 12",
            b"content-length: 0",
            b"Content-Length: +12",
            b"Upgrade: h2c",
            b" folded",
            b"Content-Length : 12",
        ]
    )
)
def test_what_changes_where_a_request_ends_is_left_to_a_parser(header: bytes) -> None:
    assert whole_request(LIST.replace(b"Host: localhost", header)) is None
