"""A small embeddings server on this machine, which fails on request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Reply: TypeAlias = tuple[int, Mapping[str, str], Any]
"""Status, headers, and a body: plain values become JSON, bytes are sent as they are."""


@dataclass
class EmbeddingServer:
    """What the server receives and how it answers.

    Attributes:
        width: Length of its vectors.
        answer: Called with (number of the request, its body); None lets the server embed.
        bodies: Bodies of all requests.
        headers: Their headers.
        most_at_a_time: How many requests were ever answered at the same time.
        url: Where it listens.
    """

    width: int = 8
    answer: Callable[[int, Mapping[str, Any]], Reply | None] = lambda number, body: None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_a_time: int = 0
    url: str = ""

    @property
    def texts(self) -> list[str]:
        """All texts that were ever requested, repeated ones included."""
        return [text for body in self.bodies for text in body["input"]]

    def embedded(self, text: str) -> list[float]:
        """The vector of a text: numbers out of its hash."""
        return [byte / 255 + 0.01 for byte in hashlib.sha256(text.encode()).digest()[: self.width]]

    def reply(self, number: int, body: Mapping[str, Any]) -> Reply:
        """What is answered."""
        answer = self.answer(number, body)
        if answer is not None:
            return answer
        # In the wrong order on purpose: only the index counts.
        data = [{"index": i, "embedding": self.embedded(t)} for i, t in enumerate(body["input"])][
            ::-1
        ]
        return 200, {}, {"data": data, "usage": {"total_tokens": 10 * len(data)}}


@contextmanager
def embedding_server(**settings: Any) -> Iterator[EmbeddingServer]:
    """A server at work; it listens to this machine alone, on a free port."""
    state = EmbeddingServer(**settings)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.url = f"http://127.0.0.1:{http.server_address[1]}/v1/embeddings"
    thread = threading.Thread(
        target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield state
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(state: EmbeddingServer) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()
    running = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer one request."""
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(state.bodies)
                state.bodies.append(body)
                state.headers.append(dict(self.headers))
                running[0] += 1
                state.most_at_a_time = max(state.most_at_a_time, running[0])
            try:
                status, headers, content = state.reply(number, body)
            finally:
                with lock:
                    running[0] -= 1
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

    return Handler
