"""A live service that both clients ask, and one that answers as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
from tests.serve.conftest import opened, run_folder
from tests.serve.http.conftest import start

from palate.client import Client, Patience

__all__ = ["opened", "run_folder", "start"]  # fixtures

QUICK = Patience(retries=3, first_seconds=0.001)


def problem(status: int, what: str = "no", **more: str) -> httpx.Response:
    body = {"title": "t", "status": status, "what": what, "request": "r1", **more}
    return httpx.Response(status, json=body)


class Script:
    """Answers with one response after the other, and keeps what was asked."""

    def __init__(self, *outcomes: httpx.Response | Exception) -> None:
        self.outcomes, self.asked = list(outcomes), list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @property
    def bodies(self) -> list[object]:
        return [json.loads(request.content) for request in self.asked]


Scripted = Callable[..., tuple[Client, Script]]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """A client of a service that answers so; waits take no time, and are kept in `waits`."""

    def made(*outcomes: httpx.Response | Exception, **more: object) -> tuple[Client, Script]:
        script = Script(*outcomes)
        patience = more.pop("patience", QUICK)
        client = Client(transport=httpx.MockTransport(script), patience=patience, **more)  # type: ignore[arg-type]
        return client, script

    return made
