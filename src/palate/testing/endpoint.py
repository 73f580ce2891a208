"""A small embeddings server on this machine, which fails on request."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from palate.testing.local_http import Received, Reply, local_server


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
    headers: list[Mapping[str, str]] = field(default_factory=list)
    most_at_a_time: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0

    @property
    def texts(self) -> list[str]:
        """All texts that were ever requested, repeated ones included."""
        return [text for body in self.bodies for text in body["input"]]

    def embedded(self, text: str) -> list[float]:
        """The vector of a text: numbers out of its hash."""
        return [byte / 255 + 0.01 for byte in hashlib.sha256(text.encode()).digest()[: self.width]]

    def reply(self, received: Received) -> Reply:
        """What is answered."""
        body = received.body
        with self._lock:
            number = len(self.bodies)
            self.bodies.append(body)
            self.headers.append(received.headers)
            self._running += 1
            self.most_at_a_time = max(self.most_at_a_time, self._running)
        try:
            return self.answer(number, body) or self._embeddings(body)
        finally:
            with self._lock:
                self._running -= 1

    def _embeddings(self, body: Mapping[str, Any]) -> Reply:
        rows = [{"index": i, "embedding": self.embedded(t)} for i, t in enumerate(body["input"])]
        # In the wrong order on purpose: only the index counts.
        return 200, {}, {"data": rows[::-1], "usage": {"total_tokens": 10 * len(rows)}}


@contextmanager
def embedding_server(**settings: Any) -> Iterator[EmbeddingServer]:
    """A server at work; it listens to this machine alone, on a free port."""
    state = EmbeddingServer(**settings)
    with local_server(state.reply) as address:
        state.url = f"{address}/v1/embeddings"
        yield state
