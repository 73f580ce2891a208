"""Talking to an endpoint that is paid by what it is sent: retry with backoff and jitter, limits of
its rate, a budget that holds before each request, and a count of what it costs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from palate.encode.retrying import may_pass, pause, requested_wait
from palate.errors import BadRecipe, DataUnavailable, PalateError, Refused
from palate.optional import need

T = TypeVar("T")
Job = TypeVar("Job")

_LOCAL = ("127.0.0.1", "localhost", "::1")
_LARGEST_ANSWER = 256 * 2**20
_NOT_TAKEN = (400, 413, 422)


class RejectedError(Exception):
    """The endpoint takes requests, but not this one (400, 413, 422): perhaps one text of it."""


@dataclass(frozen=True)
class Tokens:
    """Tokens of one request.

    Attributes:
        input: That the endpoint read.
        output: That it wrote.
    """

    input: int = 0
    output: int = 0


@dataclass
class Usage:
    """Requests and what they cost.

    Attributes:
        requests: Requests that were sent, repeated ones included.
        retries: Requests that had to be sent again.
        input_tokens: Tokens that the endpoint counted; estimated where it does not say.
        output_tokens: The same of those that it wrote.
        cost: In the currency of the prices. A request whose answer never came, or could not be
            read, counts as estimated: it may be on the bill.
    """

    requests: int = 0
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Read and written together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True)
class Limits:
    """How hard the endpoint may be pressed, and what may be spent.

    Attributes:
        retries: How often one request is sent again.
        timeout: Seconds that a whole answer may take.
        requests_per_minute: Most requests a minute; None for no limit.
        price: Of a million tokens that it reads.
        budget: Most that may be spent by one object; None for no limit.
        first_wait: Seconds before the first retry, doubled with each.
        output_price: Of a million tokens that it writes.
        tokens_per_minute: Most tokens a minute, as estimated; None for no limit.
    """

    retries: int = 6
    timeout: float = 60.0
    requests_per_minute: float | None = None
    price: float = 0.0
    budget: float | None = None
    first_wait: float = 0.5
    output_price: float = 0.0
    tokens_per_minute: float | None = None

    def cost(self, tokens: Tokens) -> float:
        """What so many tokens cost."""
        return (tokens.input * self.price + tokens.output * self.output_price) / 1e6

    def spacing(self, tokens: Tokens) -> float:
        """Seconds from the start of a request of so many tokens to the next one's."""
        requests = 60.0 / self.requests_per_minute if self.requests_per_minute else 0.0
        per_minute = self.tokens_per_minute
        return max(
            requests, 60.0 * (tokens.input + tokens.output) / per_minute if per_minute else 0.0
        )


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        content: Its body.
        expected: Tokens that it will take, rather too many than too few.
        path: What follows the endpoint's address.
        method: Of HTTP.
        media: Type of the content.
    """

    content: bytes = b""
    expected: Tokens = Tokens()
    path: str = ""
    method: str = "POST"
    media: str = "application/json"


Read: TypeAlias = Callable[[bytes], tuple[T, Tokens | None]]
"""Content of an answer -> its value, and the tokens that the endpoint counted. ValueError: it makes
no sense, and the request is sent again."""


@dataclass
class Endpoint:
    """An endpoint of any kind; may be used by several threads.

    Attributes:
        url: Its address, such as `https://host/v1`; a `Call` may add a path.
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
        self._client: Any = None
        self._users = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """While this lasts connections stay open.

        Raises:
            MissingExtra: httpx is not installed.
        """
        httpx = need("httpx", extra="attributes", purpose="talk to an endpoint")
        with self._lock:
            self._users += 1
            if self._client is None:
                self._stopped.clear()
                # A redirected POST would silently become a GET, and could carry the key elsewhere.
                self._client = httpx.Client(
                    timeout=self.limits.timeout,
                    follow_redirects=False,
                    # Reading all certificates takes longer than a request on this machine.
                    verify=self.url.startswith("https:"),
                    limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
                )
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._client.close()
                    self._client = None

    def each(
        self,
        jobs: Iterable[Job],
        work: Callable[[Job], T],
        concurrency: int,
        halted: Callable[[], bool] = lambda: False,
    ) -> Generator[T, None, None]:
        """What `work` makes of each job, in the order in which they are done.

        Args:
            jobs: Taken one by one, as there is room.
            work: Called in several threads.
            concurrency: Jobs under way at a time.
            halted: Looked at before each job; once true, none is begun any more, and those under
                way are given out when they are done.
        """
        waiting = iter(jobs)
        with ThreadPoolExecutor(concurrency) as pool, self.working():
            running: set[Future[T]] = set()
            try:
                while True:
                    free = 0 if halted() else concurrency - len(running)
                    running |= {pool.submit(work, job) for job in islice(waiting, free)}
                    if not running:
                        return
                    finished, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in finished)
            finally:
                # A request that still waits for a turn gives up, so that stopping takes no minute.
                self._stopped.set()

    def send(self, call: Call, read: Read[T]) -> T:
        """The answer to a request, which is sent again where that may help.

        Args:
            call: The request.
            read: What makes a value of the answer's content.

        Raises:
            Refused: The budget could be exceeded; the request was not sent.
            RejectedError: The endpoint does not take this request.
            DataUnavailable: It cannot be reached, does not let us in, or answers nonsense.
        """
        httpx = need("httpx", extra="attributes", purpose="talk to an endpoint")
        with self.working():
            for attempt in range(self.limits.retries + 1):
                self._wait_for_turn(call.expected)
                try:
                    return self._once(call, read, attempt > 0)
                except httpx.HTTPStatusError as error:
                    trouble: Exception = error
                    wait_seconds = requested_wait(error.response.headers.get("Retry-After"))
                except (httpx.HTTPError, ValueError) as error:
                    trouble, wait_seconds = error, None
                if attempt < self.limits.retries:
                    self._pause(attempt, wait_seconds)
        raise DataUnavailable(
            f"the endpoint failed {self.limits.retries + 1} times, at last with: {_words(trouble)}",
            where=self.url,
            next_step="what is done is kept in the cache; the same command goes on from there",
        ) from trouble

    def charge(self, tokens: Tokens) -> None:
        """Count tokens of work whose answer came otherwise than by `send`."""
        with self._lock:
            self._count(tokens)

    def refuse_beyond(self, tokens: Tokens) -> None:
        """Raise Refused where so many tokens more could exceed the budget."""
        reserved = self._reserve(tokens)
        with self._lock:
            self._reserved -= reserved

    def _count(self, tokens: Tokens) -> None:
        self.usage.input_tokens += tokens.input
        self.usage.output_tokens += tokens.output
        self.usage.cost += self.limits.cost(tokens)

    def _once(self, call: Call, read: Read[T], again: bool) -> T:
        reserved = self._reserve(call.expected)
        counted: Tokens | None = call.expected
        try:
            with self._lock:
                self.usage.requests += 1
                self.usage.retries += again
            status, content, answer = self._exchange(call)
            if status >= 300:
                counted = None
                self._classify(status, answer, content)
                answer.raise_for_status()
            value, tokens = read(content)
            counted = tokens or call.expected
        except self._unsent():
            counted = None
            raise
        finally:
            with self._lock:
                self._reserved -= reserved
                if counted is not None:
                    self._count(counted)
        return value

    def _unsent(self) -> tuple[type[Exception], ...]:
        """Failures before anything was sent, which cannot have been charged."""
        httpx = need("httpx", extra="attributes", purpose="talk to an endpoint")
        return (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

    def _exchange(self, call: Call) -> tuple[int, bytes, Any]:
        headers = {"Accept": "application/json"}
        if call.content:
            headers["Content-Type"] = call.media
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        until = time.monotonic() + self.limits.timeout
        with self._client.stream(
            call.method, self.url + call.path, content=call.content or None, headers=headers
        ) as answer:
            pieces: list[bytes] = []
            size = 0
            for piece in answer.iter_bytes():
                pieces.append(piece)
                size += len(piece)
                if size > _LARGEST_ANSWER:
                    raise ValueError("the answer is larger than any answer could be")
                if time.monotonic() > until:
                    # A server that sends a byte now and then would never run into the timeout of
                    # one read.
                    raise ValueError(f"the answer took over {self.limits.timeout:g} s")
        return answer.status_code, b"".join(pieces), answer

    def _reserve(self, expected: Tokens) -> float:
        estimate = self.limits.cost(expected)
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

    def _classify(self, status: int, answer: Any, content: bytes) -> None:
        if may_pass(status):
            return
        words = content[:300].decode("utf-8", "replace")
        if status in _NOT_TAKEN:
            raise RejectedError(f"{status}: {words}")
        raise DataUnavailable(
            f"the endpoint answered {status} {answer.reason_phrase}: {words}",
            where=self.url,
            next_step=(
                "check the address, the model's name and the key (key_env names the variable that"
                " holds it)"
            ),
        )

    def _wait_for_turn(self, expected: Tokens) -> None:
        with self._lock:
            start = max(time.monotonic(), self._next_start)
            self._next_start = start + self.limits.spacing(expected)
        self._sleep(start - time.monotonic())

    def _pause(self, attempt: int, wait_seconds: float | None) -> None:
        if wait_seconds is not None:
            with self._lock:
                self._next_start = max(self._next_start, time.monotonic() + wait_seconds)
        self._sleep(pause(attempt, self.limits.first_wait, wait_seconds))

    def _sleep(self, seconds: float) -> None:
        if seconds > 0 and self._stopped.wait(seconds):
            raise DataUnavailable("work was stopped while a request waited", where=self.url)


def nonsense(cause: Exception, url: str, allowed: str, next_step: str) -> PalateError:
    """The error for an answer that cannot be what was requested."""
    return DataUnavailable(
        f"the endpoint's answer makes no sense: {cause}",
        where=url,
        allowed=allowed,
        next_step=next_step,
    )


def _words(trouble: Exception) -> str:
    return str(trouble).partition("\n")[0] or type(trouble).__name__
