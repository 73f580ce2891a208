"""What all providers over the network need to know: whom to ask, how hard, and for how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from annotated_types import Ge, Gt, Le, MinLen

from palate.encode.attributes.untrusted import MOST_LETTERS
from palate.errors import BadRecipe


@dataclass(frozen=True)
class RemoteSettings:
    """Settings of every provider over the network."""

    url: Annotated[str, MinLen(1)] = "http://127.0.0.1:8080/v1"
    """Address of the service, up to and with its version, such as `https://host/v1`."""

    model: Annotated[str, MinLen(1)] = "default"
    """What the service calls the model."""

    served: str = ""
    """The model that answers under that name, as its replies say it; an answer by another one is
    refused. By default the service is asked, with the smallest request there is."""

    key_env: str = ""
    """Name of the environment variable that holds the key; the key itself never stands in a
    recipe."""

    most_letters: Annotated[int, Ge(1), Le(1_000_000)] = MOST_LETTERS
    """Longer texts are cut off after so many letters."""

    concurrency: Annotated[int, Ge(1), Le(64)] = 4
    """Requests under way at a time; each is about one text."""

    retries: Annotated[int, Ge(0), Le(20)] = 6
    """How often a request is sent again after a failure that may pass."""

    timeout: Annotated[float, Gt(0)] = 60.0
    """Seconds that a whole answer may take."""

    requests_per_minute: Annotated[float, Gt(0)] | None = None
    """Most requests a minute; by default as many as `concurrency` allows."""

    tokens_per_minute: Annotated[float, Gt(0)] | None = None
    """Most tokens a minute, as estimated before each request; by default no limit."""

    price: Annotated[float, Ge(0)] | None = None
    """Of a million tokens that are read; by default that of the table of prices, or nothing on this
    machine."""

    output_price: Annotated[float, Ge(0)] | None = None
    """Of a million tokens that are written; by default likewise."""

    knows_until: str = ""
    """Last day of the texts that the model learnt from, as `2026-01-31`; by default that of the
    table of prices, where its makers say it."""

    budget: Annotated[float, Ge(0)] | None = None
    """Most that may be spent; a request that could exceed it is not sent."""

    def __post_init__(self) -> None:
        refuse_no_day(self.knows_until)


def refuse_no_day(knows_until: str) -> None:
    """Raise BadRecipe for what is neither empty nor a day."""
    try:
        date.fromisoformat(knows_until or "2026-01-31")
    except ValueError as cause:
        raise BadRecipe(
            f'"{knows_until}" is no day', where="knows_until", allowed="a day such as 2026-01-31"
        ) from cause
