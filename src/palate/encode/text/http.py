"""Texts embedded by a server: any endpoint that speaks OpenAI's embeddings protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Floats, Longs, l2_normalised
from palate.capabilities import NamesModel
from palate.encode.content import Layout
from palate.encode.content_encoder import TextRows, Vectors
from palate.encode.endpoint import Call, Endpoint, Limits, RejectedError, Tokens, Usage, nonsense
from palate.encode.keys import key_from
from palate.encode.token_estimate import tokens_at_most
from palate.errors import BadInput, BadRecipe, PalateError
from palate.store import digest

_NAMED = 10


@dataclass(frozen=True)
class HttpSettings:
    """Settings of `text.http.v1`."""

    url: str = "http://127.0.0.1:8080/v1/embeddings"
    """Full address of the endpoint."""

    model: str = "text-embedding-3-small"
    """What the endpoint calls the model."""

    width: Annotated[int, Ge(1), Le(65_536)] = 1536
    """Length of its vectors; checked with every answer."""

    shorten: bool = False
    """Ask the endpoint for vectors of `width` numbers, for models that can give shorter ones."""

    key_env: str = ""
    """Name of the environment variable that holds the key; the key itself never stands in a
    recipe."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every text field."""

    layout: Layout = "joined"
    """`"joined"`: the texts one after the other; `"named"`: each after its field's name."""

    prompt: str = ""
    """Put before every text."""

    max_letters: Annotated[int, Ge(1)] | None = None
    """Longer texts are cut off after so many letters; by default none are."""

    normalise: bool = True
    """Scale every vector to length one."""

    batch: Annotated[int, Ge(1), Le(2048)] = 64
    """Texts of one request: what a crash may cost, once for each of `concurrency`."""

    concurrency: Annotated[int, Ge(1), Le(64)] = 4
    """Requests under way at a time."""

    retries: Annotated[int, Ge(0), Le(20)] = 6
    """How often a request is sent again after a failure that may pass."""

    timeout: Annotated[float, Gt(0)] = 60.0
    """Seconds that an answer may take."""

    requests_per_minute: Annotated[float, Gt(0)] | None = None
    """Most requests a minute; by default as many as `concurrency` allows."""

    price: Annotated[float, Ge(0)] = 0.0
    """Of a million tokens, in any currency."""

    budget: Annotated[float, Ge(0)] | None = None
    """Most that may be spent; a request that could exceed it is not sent."""


class Http(TextRows, NamesModel):
    """Vectors from an endpoint: a hosted model, or vLLM, TEI, infinity or Ollama on a machine of
    your own.

    Everything that was paid for is kept in the row cache at once, so a run that fails or is killed
    goes on where it stopped. A text that the endpoint does not take is found by halving its batch,
    and named when all others are done. Nothing but the model's name says which weights answer: a
    server that changes them under the same name must be given another name here. For weights on
    this machine use `text.transformer.v1`.

    Args:
        settings: See `HttpSettings`.

    Cost: that of the endpoint; counted in `usage`.
    """

    Settings = HttpSettings
    name: ClassVar[str] = "text.http.v1"
    block_name: ClassVar[str] = "text.http"
    splits: ClassVar[bool] = False
    local: ClassVar[tuple[str, ...]] = (
        "key_env",
        "batch",
        "concurrency",
        "retries",
        "timeout",
        "requests_per_minute",
        "price",
        "budget",
    )

    def __init__(self, settings: HttpSettings = HttpSettings()) -> None:
        self.settings = settings

    @classmethod
    def model_of(cls, settings: HttpSettings) -> str:
        """What the endpoint calls it."""
        return settings.model

    def identity(self) -> Mapping[str, Any]:
        """Endpoint, model and every setting that changes a vector."""
        s = self.settings
        return {
            "part": self.name,
            "url": s.url,
            "model": s.model,
            "width": s.width,
            "shorten": s.shorten,
            "prompt": s.prompt,
            "max_letters": s.max_letters,
            "normalise": s.normalise,
        }

    def weights(self) -> str:
        """Digest of the endpoint's address and the model's name, for want of better."""
        return digest([self.settings.url, self.settings.model])

    def width(self) -> int:
        """d, the number of columns."""
        width: int = self.settings.width
        return width

    @property
    def usage(self) -> Usage:
        """Requests, tokens and cost so far."""
        return self.endpoint.usage

    @cached_property
    def endpoint(self) -> Endpoint:
        """The endpoint; nothing is sent yet.

        Raises:
            BadRecipe: The address is none, or the key's variable is not set.
        """
        s = self.settings
        limits = Limits(s.retries, s.timeout, s.requests_per_minute, s.price, s.budget)
        return Endpoint(s.url, key_from(s.key_env), limits)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Encode texts, requests side by side; what is done is given out before a failure is
        raised.

        Raises:
            Refused: The budget is spent.
            BadInput: The endpoint does not take some texts.
            DataUnavailable: It does not answer.
        """
        s = self.settings
        sent = self._sent(texts)
        batches = (np.arange(i, min(i + s.batch, len(sent))) for i in range(0, len(sent), s.batch))
        rejected: list[tuple[int, str]] = []
        failure: PalateError | None = None
        taken = 0
        answered = self.endpoint.each(
            batches, partial(self._embed, sent), s.concurrency, lambda: failure is not None
        )
        with closing(answered):
            for done in answered:
                rejected += done.rejected
                taken += len(done.chunks)
                # Halving every batch of a server that takes nothing at all would only hammer it.
                hopeless = not taken and len(rejected) >= 2
                failure = failure or done.failure
                if hopeless:
                    failure = failure or _rejection(rejected, texts, s.url)
                yield from done.chunks
        if failure is not None:
            raise failure
        if rejected:
            raise _rejection(rejected, texts, s.url)

    def count_tokens(self, contents: Sequence[str]) -> int:
        """An estimate by their letters: only the endpoint can count them."""
        return tokens_at_most(self._sent(contents))

    def price_per_token(self) -> float:
        """By the setting `price`."""
        price: float = self.settings.price
        return price / 1e6

    def _sent(self, texts: Sequence[str]) -> list[str]:
        s = self.settings
        return [s.prompt + (t if s.max_letters is None else t[: s.max_letters]) for t in texts]

    def _embed(self, texts: Sequence[str], positions: Longs) -> _Done:
        try:
            return _Done(chunks=((positions, self._request([texts[p] for p in positions])),))
        except RejectedError as error:
            if len(positions) == 1:
                return _Done(rejected=((int(positions[0]), str(error)),))
        except PalateError as error:
            return _Done(failure=error)
        half = len(positions) // 2
        one, two = self._embed(texts, positions[:half]), self._embed(texts, positions[half:])
        return _Done(
            (*one.chunks, *two.chunks), (*one.rejected, *two.rejected), one.failure or two.failure
        )

    def _request(self, texts: list[str]) -> Floats:
        s = self.settings
        body: dict[str, Any] = {"model": s.model, "encoding_format": "float"}
        if s.shorten:
            body["dimensions"] = s.width
        call = Call(json.dumps({**body, "input": texts}).encode(), Tokens(tokens_at_most(texts)))
        vectors = self.endpoint.send(call, partial(_read, len(texts), s.url))
        if vectors.shape[1] != s.width:
            raise BadRecipe(
                f"the endpoint gives vectors of {vectors.shape[1]} numbers",
                where="width",
                next_step=f"write width = {vectors.shape[1]}",
            )
        return np.asarray(l2_normalised(vectors) if s.normalise else vectors, np.float32)


@dataclass(frozen=True)
class _Done:
    """What became of one batch."""

    chunks: tuple[tuple[Longs, Floats], ...] = ()
    rejected: tuple[tuple[int, str], ...] = ()
    failure: PalateError | None = None


def _read(n: int, url: str, content: bytes) -> tuple[Floats, Tokens | None]:
    answer = json.loads(content)
    if not isinstance(answer, dict):
        raise ValueError("the answer is not a JSON object")
    used = answer.get("usage") or {}
    found = used.get("total_tokens", used.get("prompt_tokens")) if isinstance(used, dict) else None
    tokens = Tokens(found) if isinstance(found, int) and found >= 0 else None
    return _vectors(answer, n, url), tokens


def _vectors(answer: Mapping[str, Any], n: int, url: str) -> Floats:
    try:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        if [row["index"] for row in rows] != list(range(n)):
            raise ValueError(f"{len(rows)} vectors for {n} texts")
        vectors = np.array([row["embedding"] for row in rows], np.float32)
        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise ValueError("a vector is empty, or not all of it are finite numbers")
    except (KeyError, TypeError, ValueError) as cause:
        raise nonsense(
            cause,
            url,
            '{"data": [{"index": 0, "embedding": [...]}, ...]}',
            "check that this is an embeddings endpoint",
        ) from cause
    return vectors


def _rejection(rejected: Sequence[tuple[int, str]], texts: Sequence[str], url: str) -> BadInput:
    place, said = min(rejected)
    others = [repr(texts[p][:60]) for p, _ in sorted(rejected)[1:_NAMED]]
    more = (
        f"; others: {', '.join(others)}{' ...' if len(rejected) > _NAMED else ''}" if others else ""
    )
    return BadInput(
        f"the endpoint does not take {len(rejected)} of {len(texts)} texts; the first begins "
        f"{texts[place][:60]!r} and was answered with {said}{more}",
        where=url,
        next_step=(
            "what it took is kept, and only these are requested again; cut long texts off with"
            " max_letters, clean these, or check the model's name"
        ),
    )
