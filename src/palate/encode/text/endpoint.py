"""Talking to an embeddings endpoint: retry with backoff and jitter, a rate limit, and a count of
what it costs.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from palate.arrays import Floats
from palate.errors import BadRecipe, DataUnavailable, Refused

_LOCAL = ("127.0.0.1", "localhost", "::1")
_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504)
_LONGEST_WAIT = 60.0
_LARGEST_ANSWER = 256 * 2**20
_LETTERS_PER_TOKEN = 3


class RejectedError(Exception):
    """The endpoint takes requests, but not this one (400, 413, 422): perhaps one text of it."""


@dataclass
class Usage:
    """Requests and what they cost.

    Attributes:
        requests: Requests that were sent, repeated ones included.
        retries: Requests that had to be sent again.
        tokens: Tokens that the endpoint counted; estimated from the letters where it does not say.
        cost: In the currency of `price`.
    """

    requests: int = 0
    retries: int = 0
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True)
class Limits:
    """How hard the endpoint may be pressed, and what may be spent.

    Attributes:
        retries: How often one request is sent again.
        timeout: Seconds that an answer may take.
        requests_per_minute: Most requests a minute; None for no limit.
        price: Of a million tokens.
        budget: Most that may be spent by one encoder object; None for no limit.
        first_wait: Seconds before the first retry, doubled with each.
    """

    retries: int = 6
    timeout: float = 60.0
    requests_per_minute: float | None = None
    price: float = 0.0
    budget: float | None = None
    first_wait: float = 0.5


@dataclass
class Endpoint:
    """An OpenAI-compatible embeddings endpoint; may be used by several threads.

    Attributes:
        url: Full address, such as `https://host/v1/embeddings`.
        key: Sent as bearer token; empty for none.
        limits: See `Limits`.
        usage: Counted as requests are made.
    """

    url: str
    key: str = field(repr=False)
    limits: Limits
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadRecipe(
                f'"{self.url}" is no web address', where="url", allowed="http:// and https://"
            )
        if self.key and parts.scheme == "http" and parts.hostname not in _LOCAL:
            raise BadRecipe(
                "the key would be sent unencrypted",
                where="url",
                allowed="https://, or a server on this machine",
            )
        self._lock = threading.Lock()
        self._next_start = 0.0
        self._reserved = 0.0
        self._stopped = threading.Event()
        self._opener = urllib.request.build_opener(_NoRedirects())

    @contextmanager
    def working(self) -> Iterator[None]:
        """While this lasts requests may wait; afterwards those that still wait give up at once."""
        self._stopped.clear()
        try:
            yield
        finally:
            self._stopped.set()

    def embed(self, texts: Sequence[str], body: Mapping[str, Any]) -> Floats:
        """float32 [n, d] for texts [n].

        Args:
            texts: What is embedded.
            body: The request besides its input.

        Raises:
            Refused: The budget would be exceeded.
            RejectedError: The endpoint does not take these texts.
            DataUnavailable: It cannot be reached, does not let us in, or answers nonsense.
        """
        reserved = self._reserve(texts)
        try:
            answer = self._answer(json.dumps({**body, "input": list(texts)}).encode())
            vectors = _vectors(answer, len(texts), self.url)
            self._count(answer, texts)
        finally:
            with self._lock:
                self._reserved -= reserved
        return vectors

    def _reserve(self, texts: Sequence[str]) -> float:
        estimate = estimated_tokens(texts) * self.limits.price / 1e6
        with self._lock:
            budget = self.limits.budget
            if budget is not None and self.usage.cost + self._reserved + estimate > budget:
                raise Refused(
                    f"the next request could bring the cost from {self.usage.cost:.4f} above the"
                    f" budget of {budget}",
                    where="budget",
                    next_step="what is done is kept in the cache; raise the budget to go on",
                )
            self._reserved += estimate
        return estimate

    def _count(self, answer: Mapping[str, Any], texts: Sequence[str]) -> None:
        used = answer.get("usage") or {}
        said = (
            used.get("total_tokens", used.get("prompt_tokens"))
            if isinstance(used, Mapping)
            else None
        )
        tokens = said if isinstance(said, int) and said >= 0 else estimated_tokens(texts)
        with self._lock:
            self.usage.tokens += tokens
            self.usage.cost += tokens * self.limits.price / 1e6

    def _answer(self, data: bytes) -> Mapping[str, Any]:
        for attempt in range(self.limits.retries + 1):
            self._wait_for_turn()
            with self._lock:
                self.usage.requests += 1
                self.usage.retries += attempt > 0
            try:
                return self._once(data)
            except urllib.error.HTTPError as error:
                trouble: Exception = error
                self._classify(error)
                wait_seconds = _requested_wait(error)
                error.close()
            except (OSError, TimeoutError, ValueError) as error:
                trouble, wait_seconds = error, None
            if attempt < self.limits.retries:
                self._pause(attempt, wait_seconds)
        raise DataUnavailable(
            f"the endpoint failed {self.limits.retries + 1} times, at last with: {trouble}",
            where=self.url,
            next_step="what is done is kept in the cache; the same command goes on from there",
        ) from trouble

    def _once(self, data: bytes) -> Mapping[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.url, data, headers, method="POST")  # noqa: S310 - scheme checked above
        with self._opener.open(request, timeout=self.limits.timeout) as response:
            text = response.read(_LARGEST_ANSWER + 1)
        if len(text) > _LARGEST_ANSWER:
            raise ValueError("the answer is larger than any embeddings could be")
        answer = json.loads(text)
        if not isinstance(answer, dict):
            raise ValueError("the answer is not a JSON object")
        return answer

    def _classify(self, error: urllib.error.HTTPError) -> None:
        if error.code in _AGAIN:
            return
        said = error.read(300).decode("utf-8", "replace")
        if error.code in (400, 413, 422):
            raise RejectedError(f"{error.code}: {said}") from error
        raise DataUnavailable(
            f"the endpoint answered {error.code} {error.reason}: {said}",
            where=self.url,
            next_step=(
                "check the address, the model's name and the key (key_env names the variable that"
                " holds it)"
            ),
        ) from error

    def _wait_for_turn(self) -> None:
        rate = self.limits.requests_per_minute
        with self._lock:
            start = max(time.monotonic(), self._next_start)
            self._next_start = start + (60.0 / rate if rate else 0.0)
        self._sleep(start - time.monotonic())

    def _pause(self, attempt: int, wait_seconds: float | None) -> None:
        # Full jitter: clients that failed together do not come back together. No result depends on
        # it.
        most = min(_LONGEST_WAIT, self.limits.first_wait * 2**attempt)
        wait = wait_seconds if wait_seconds is not None else most * secrets.randbelow(1000) / 1000
        if wait_seconds is not None:
            with self._lock:
                self._next_start = max(self._next_start, time.monotonic() + wait_seconds)
        self._sleep(wait)

    def _sleep(self, seconds: float) -> None:
        if seconds > 0 and self._stopped.wait(seconds):
            raise DataUnavailable("the encoder was stopped while a request waited", where=self.url)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST would silently become a GET, and could carry the key elsewhere."""

    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        """None is followed."""


def _requested_wait(error: urllib.error.HTTPError) -> float | None:
    wait_seconds = (error.headers.get("Retry-After") or "").strip()
    if not wait_seconds:
        return None
    try:
        wait = float(wait_seconds)
    except ValueError:
        try:
            wait = parsedate_to_datetime(wait_seconds).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(wait, 0.0), _LONGEST_WAIT) if np.isfinite(wait) else None


def _vectors(answer: Mapping[str, Any], n: int, url: str) -> Floats:
    try:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        if [row["index"] for row in rows] != list(range(n)):
            raise ValueError(f"{len(rows)} vectors for {n} texts")
        vectors = np.array([row["embedding"] for row in rows], np.float32)
        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise ValueError("a vector is empty, or not all of it are finite numbers")
    except (KeyError, TypeError, ValueError) as cause:
        raise DataUnavailable(
            f"the endpoint's answer makes no sense: {cause}",
            where=url,
            allowed='{"data": [{"index": 0, "embedding": [...]}, ...]}',
            next_step="check that this is an embeddings endpoint",
        ) from cause
    return vectors


def estimated_tokens(texts: Sequence[str]) -> int:
    """Tokens of the texts, somewhat too many rather than too few."""
    return sum(len(t) // _LETTERS_PER_TOKEN + 2 for t in texts)
