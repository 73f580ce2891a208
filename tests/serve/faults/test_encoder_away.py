"""The encoder raises, or hangs: answers go on, and what it owes is made up when it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from starlette.testclient import TestClient
from tests.serve.conftest import recipe_of

import palate
from palate.encode.fitted import FittedBlock
from palate.runs.open import open_run
from palate.serve.data_folder import EVENTS, RECORDS
from palate.serve.engine.encoding import EncoderAway, Encoding
from palate.serve.engine.engine import Engine, Parts
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.records.store import Records
from palate.serve.settings import ServiceSettings
from palate.serve.state.live import Folded, LiveState


@pytest.fixture(scope="module")
def two_texts(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> Path:
    """A run with two blocks of texts; its model reads one of them."""
    words = {"part": "text.tfidf.v1", "fields": ["title"]}
    blocks = {"words": words, "letters": {**words, "sublinear": False}}
    folder = tmp_path_factory.mktemp("texts") / "run"
    palate.run(palate.read(*frames), recipe_of(blocks=blocks), folder=folder)
    return folder


@pytest.fixture
def client(two_texts: Path, tmp_path: Path) -> Iterator[TestClient]:
    store, records = SqliteEvents(tmp_path / EVENTS), Records(tmp_path / RECORDS)
    parts = Parts(
        store,
        records,
        LiveState(Folded()),
        encoding=Encoding(seconds=0.3, again_seconds=0.1),
        again_seconds=0.1,
    )
    engine = Engine(parts, open_run(two_texts), "both")
    service = Service(engine, Keyring(tmp_path / "keys.json"), ServiceSettings())
    with TestClient(application(service), raise_server_exceptions=False) as client:
        yield client
    service.close()
    engine.close()
    store.close()
    records.close()


class Away:
    """Encoders of some blocks that are away, in one way or another, until they are let go."""

    def __init__(self, blocks: tuple[str, ...], hang: bool) -> None:
        self._blocks, self._hang = blocks, hang
        self._back = threading.Event()
        self._extend, self._encode = FittedBlock.extend, FittedBlock.encode

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> Away:
        monkeypatch.setattr(FittedBlock, "extend", self._instead(self._extend))
        monkeypatch.setattr(FittedBlock, "encode", self._instead(self._encode))
        return self

    def come_back(self) -> None:
        self._back.set()

    def _instead(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def called(block: FittedBlock, what: Any) -> Any:
            if block.block.name in self._blocks and not self._back.is_set():
                if not self._hang:
                    raise ConnectionError("the endpoint is away")
                self._back.wait()
            return method(block, what)

        return called


def listed(client: TestClient, path: str, **body: Any) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return {**found, "ids": [one["item"] for one in found["items"]]}


def until(holds: Callable[[], bool]) -> None:
    """Wait for what happens in another thread."""
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to be")


@pytest.mark.parametrize("hang", [False, True], ids=["raises", "hangs"])
def test_answers_go_on_and_items_are_encoded_later(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, hang: bool
) -> None:
    away = Away(("words", "letters"), hang).patch(monkeypatch)
    item = {"item": "n1", "fields": {"title": "violin of glass"}}
    assert client.post("/v1/items", json=item).status_code == 201
    assert client.get("/v1/items/n1").json()["fields"]["title"] == "violin of glass"
    assert not client.get("/health/ready").json()["encoded"]
    answer = listed(client, "/v1/recommendations", user="u1", k=5)
    assert (answer["model"], answer["degraded"], len(answer["ids"])) == ("both", False, 5)
    assert client.post("/v1/items/i3/hide").status_code == 200
    assert "i3" not in listed(client, "/v1/recommendations", history=["i1"], k=75)["ids"]
    assert client.post("/v1/events", json={"user": "u", "item": "n1"}).status_code == 200
    gone = client.post("/v1/search", json={"text": "violin"})
    assert (gone.status_code, gone.headers["retry-after"]) == (503, "1")
    assert client.get("/v1/items/n1/words").status_code == 503
    away.come_back()
    until(lambda: bool(client.get("/health/ready").json()["encoded"]))
    assert "n1" in listed(client, "/v1/recommendations", history=["i2"], k=20)["ids"]
    found = listed(client, "/v1/search", text="violin glass", k=3)
    assert (found["ids"][0], found["degraded"]) == ("n1", False)


@pytest.mark.parametrize("hang", [False, True], ids=["raises", "hangs"])
def test_a_search_goes_on_with_the_other_blocks_and_says_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, hang: bool
) -> None:
    away = Away(("letters",), hang).patch(monkeypatch)
    found = listed(client, "/v1/search", text="violin", k=5)
    assert found["degraded"]
    assert all("violin" in one["title"] for one in found["items"])
    assert {reason["member"] for one in found["items"] for reason in one["reasons"]} == {"words"}
    assert client.post("/v1/items", json={"item": "n2", "fields": {"title": "violin"}}).is_success
    assert "n2" in listed(client, "/v1/search", text="violin", k=75)["ids"]
    away.come_back()

    def whole() -> bool:
        return not listed(client, "/v1/search", text="violin", k=5)["degraded"]

    until(whole)
    until(lambda: bool(client.get("/health/ready").json()["encoded"]))


def test_a_call_that_hangs_is_let_alone_and_tried_again() -> None:
    encoding, back = Encoding(seconds=0.05, again_seconds=0.2, most_hanging=2), threading.Event()
    tried = list[int]()

    def hanging() -> int:
        tried.append(1)
        back.wait()
        return 1

    for _ in range(5):  # one waits, the others are refused at once
        with pytest.raises(EncoderAway, match=r"d(oes|id) not answer"):
            encoding.ask("a", hanging)
    assert len(tried) == 1
    assert encoding.ask("b", lambda: 2) == 2
    time.sleep(0.25)
    for _ in range(5):
        with pytest.raises(EncoderAway):
            encoding.ask("a", hanging)
    assert len(tried) == 2
    time.sleep(0.25)
    with pytest.raises(EncoderAway):
        encoding.ask("a", hanging)
    assert len(tried) == 2  # as many hang as may
    back.set()
    until(lambda: not encoding._blocks["a"].hanging)
    assert encoding.ask("a", hanging) == 1


def test_what_an_encoder_raises_is_told() -> None:
    def timeout() -> None:
        raise TimeoutError("the endpoint took too long")

    encoding = Encoding(seconds=5)
    for _ in range(2):
        with pytest.raises(EncoderAway, match="took too long"):
            encoding.ask("a", timeout)
