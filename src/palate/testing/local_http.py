"""A server on this machine for tests: what it answers is a function of what it receives."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Reply: TypeAlias = tuple[int, Mapping[str, str], Any]
"""Status, headers, and a body: plain values become JSON, bytes are sent as they are, an iterator of
bytes piece by piece until the connection is closed."""


@dataclass(frozen=True)
class Received:
    """One request.

    Attributes:
        method: Of HTTP.
        path: Without the address.
        headers: By name.
        content: Of its body.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The content as a JSON object."""
        found: dict[str, Any] = json.loads(self.content)
        return found


@contextmanager
def local_server(reply: Callable[[Received], Reply], port: int = 0) -> Iterator[str]:
    """A server at work; it listens to this machine alone.

    Args:
        reply: Called in a thread for each request.
        port: A free one by default.

    Yields:
        Its address, such as `http://127.0.0.1:40123`.
    """
    http = ThreadingHTTPServer(("127.0.0.1", port), _handler(reply))
    http.daemon_threads = True
    thread = threading.Thread(
        target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(reply: Callable[[Received], Reply]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer one request."""
            self._answer()

        def do_GET(self) -> None:
            """Answer one request."""
            self._answer()

        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            received = Received(
                self.command, self.path, dict(self.headers), self.rfile.read(size) if size else b""
            )
            status, headers, content = reply(received)
            with suppress(ConnectionError):  # a client that gave up
                self._write(status, headers, content)

        def _write(self, status: int, headers: Mapping[str, str], content: Any) -> None:
            self.send_response(status)
            pieces = iter([content]) if isinstance(content, bytes) else content
            if not isinstance(content, Iterator):
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                headers, pieces = {"Content-Length": str(len(data)), **headers}, iter([data])
                self.close_connection = int(headers["Content-Length"]) != len(data)
            else:
                headers, self.close_connection = {"Connection": "close", **headers}, True
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

    return Handler
