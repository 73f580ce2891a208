"""How a service runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Gt

from palate.serve.engine.list_settings import ListSettings
from palate.serve.state.live import StateSettings
from palate.serve.stores import StoreSettings
from palate.translation import ENGLISH


@dataclass(frozen=True)
class Limits:
    """What one client may ask for."""

    body_bytes: Annotated[int, Gt(0)] = 1_000_000
    """Bytes of a body; a larger one is refused unread."""
    body_seconds: Annotated[float, Gt(0)] = 10.0
    """Seconds in which a body has to be there."""
    head_bytes: Annotated[int, Gt(0)] = 65_536
    """Bytes of a request's first line and headers."""
    head_seconds: Annotated[float, Gt(0)] = 10.0
    """Seconds in which they have to be there."""
    unread_seconds: Annotated[float, Gt(0)] = 30.0
    """Seconds for which an answer may lie unread."""
    connections: Annotated[int, Gt(0)] = 800
    """Connections at a time; with one more the oldest idle one ends."""
    at_once: Annotated[int, Gt(0)] = 64
    """Requests that are worked on or wait for it; one more is refused."""
    per_second: Annotated[float, Gt(0)] = 1000.0
    """Requests a second of one key, and twice as many in a burst."""
    future_seconds: int = 86_400
    """How far the time of an event may lie ahead."""


@dataclass(frozen=True)
class ServiceSettings:
    """How a service runs."""

    host: str = "127.0.0.1"
    """Where it listens; anything but this machine needs keys."""
    port: int = 8765
    """0: a free one."""
    model: str = ""
    """The model that answers; empty for the one of the headline."""
    runs: str = ""
    """The folder of runs that may be deployed while it serves; empty: none may."""
    threads: Annotated[int, Gt(0)] = 1
    """Threads that make lists, each those of many requests at a time."""
    language: str = ENGLISH
    """Of the page and of the description at `/docs`; what the API answers is English always."""
    drain_seconds: Annotated[int, Gt(0)] = 20
    """How long requests that were begun may take after SIGTERM."""
    limits: Limits = Limits()
    """What one client may ask for."""
    state: StateSettings = field(default_factory=StateSettings)
    """What is remembered of the log."""
    keep_lists_days: Annotated[float, Ge(0)] = 7.0
    """How long lists are kept with the features that they were made of, for `palate feedback`; 0:
    none is."""
    stores: StoreSettings = field(default_factory=StoreSettings)
    """Where things are kept."""
    lists: ListSettings = field(default_factory=ListSettings)
    """Whether every item is looked at."""
    learn_seconds: Annotated[float, Ge(0)] = 2.0
    """Least seconds between two updates of the model by new events, where it can be updated; 0: it
    stays as the run left it. What people did is in their next answer all the same."""
