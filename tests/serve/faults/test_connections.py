"""Clients that are slow, send too much, do not read, or open too many connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from tests.serve.http.listening import listening

from palate.serve.data_folder import Opened
from palate.serve.http.connection import Connections
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.settings import Limits, ServiceSettings

LIMITS = Limits(
    body_bytes=50_000,
    body_seconds=0.5,
    head_bytes=4_000,
    head_seconds=0.5,
    unread_seconds=0.5,
    connections=20,
)


@pytest.fixture
def port(opened: Opened, tmp_path: Path) -> Iterator[int]:
    """Of a service in this process with small limits."""
    service = Service(
        opened.engine, Keyring(tmp_path / "keys.json"), ServiceSettings(limits=LIMITS)
    )
    with listening(service, Connections(LIMITS)) as found:
        yield found
    service.close()


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        yield connection


def answer(connection: socket.socket) -> bytes:
    """Everything until the other side ends it."""
    found = b""
    try:
        while piece := connection.recv(65_536):
            found += piece
    except ConnectionResetError:
        return found + b"<reset>"
    return found


def ask_on(connection: socket.socket, ask: bytes) -> None:
    """Ask and never read."""
    for _ in range(2_000):
        connection.sendall(ask)
        time.sleep(0.002)


def healthy(port: int) -> bool:
    with connected(port) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        return answer(connection).startswith(b"HTTP/1.1 200")


HEAD = b"POST /v1/events HTTP/1.1\r\nhost: x\r\n"


def test_a_head_that_does_not_end_is_ended(port: int) -> None:
    for begun in (b"", HEAD, HEAD[:7]):
        with connected(port) as connection:
            connection.sendall(begun)
            assert answer(connection) in (b"", b"<reset>")
    assert healthy(port)


def test_also_behind_a_request_that_was_answered(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\nGET /health")
        found = answer(connection)
    assert found.startswith(b"HTTP/1.1 200")
    assert found.count(b"HTTP/1.1") == 1


def test_a_head_that_is_too_large_is_431(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(HEAD + b"x-long: " + b"y" * 10_000)
        assert answer(connection).startswith(b"HTTP/1.1 431")
    with connected(port) as connection:
        connection.sendall(HEAD)
        with suppress(BrokenPipeError, ConnectionResetError):
            for n in range(2_000):
                connection.sendall(b"x-%d: y\r\n" % n)
        assert b"200 OK" not in answer(connection)
    assert healthy(port)


def test_a_body_that_is_too_large_is_413_which_the_client_gets(port: int) -> None:
    body = b"x" * 5_000_000  # much more than fits into the buffers of the connection
    with connected(port) as connection:
        connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)
        assert answer(connection).startswith(b"HTTP/1.1 413")
    with connected(port) as connection:
        connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 413")
    assert healthy(port)


def test_a_body_that_does_not_come_is_408(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(HEAD + b"content-length: 500\r\n\r\n{")
        assert answer(connection).startswith(b"HTTP/1.1 408")


def test_an_answer_that_no_one_reads_is_dropped(port: int) -> None:
    ask = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"
    with connected(port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises(OSError, match=r"reset|Broken pipe|timed out"):
            ask_on(connection, ask)
    assert healthy(port)


def test_who_opens_too_many_loses_the_oldest_and_others_get_in(port: int) -> None:
    many = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    assert healthy(port)
    assert answer(many[0]) in (b"", b"<reset>")
    for connection in many:
        connection.close()


def test_requests_one_after_another_and_at_once_are_answered(port: int) -> None:
    ask = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n"
    last = b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    with connected(port) as connection:
        for _ in range(3):
            connection.sendall(ask)
            found = b""
            while not found.endswith(b'"live"}'):
                found += connection.recv(4096)
            assert found.startswith(b"HTTP/1.1 200")
            time.sleep(0.3)  # longer than a head may take, all together
        connection.sendall(ask * 20 + last)
        assert answer(connection).count(b"HTTP/1.1 200") == 21
