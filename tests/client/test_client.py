"""Both clients against a live service, and against one that fails in every way."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx
import pytest
from tests.client.conftest import QUICK, Scripted, problem
from tests.serve.http.conftest import Starter

import palate
from palate.client import AsyncClient, Client, EventBody, Failed, ItemBody, NotAllowed, Patience
from palate.errors import BadInput, PalateError
from palate.serve.refusals import Conflict, NotFound, Overloaded, Unavailable

OK = {"accepted": 1, "duplicates": 0, "events": []}


def test_it_is_at_the_front_door() -> None:
    assert palate.Client is Client
    assert palate.AsyncClient is AsyncClient


def test_a_visit_to_a_live_service(start: Starter) -> None:
    running = start()
    with Client(running.address) as client:
        assert client.live().status == "live"
        before = client.ready()
        answer = client.recommend(user="u1", k=3)
        first = answer.items[0]
        assert [one.position for one in answer.items] == [1, 2, 3]
        assert first.score == pytest.approx(sum(reason.value for reason in first.reasons))
        kept = client.send_event("u1", first.item, "view", request_id=answer.request_id, position=1)
        assert kept.accepted == 1
        assert client.ready().offset == before.offset + 1
        again = client.send_events([EventBody("u1", first.item, event_id="e1")] * 2)
        assert (again.accepted, again.duplicates) == (1, 1)
        assert client.rank(["i1", "i2"], user="u1").items
        client.create_item("n/1", {"title": "garden rose soil"})
        client.create_items([ItemBody("n2"), ItemBody("n3")])
        assert client.similar("n/1", k=2).items
        assert "n/1" in {one.item for one in client.search("garden rose", k=75).items}
        assert client.hide_item("n/1").hidden
        assert not client.show_item("n/1").hidden
        assert client.change_item("n/1", {"title": "x"}).fields == {"title": "x"}
        client.delete_item("n/1")
        with pytest.raises(NotFound, match="n/1") as caught:
            client.get_item("n/1")
        assert "POST /v1/items" in caught.value.next_step
        assert caught.value.__notes__[0].startswith("request ")
        client.create_user("new", {"language": "en"})
        with pytest.raises(Conflict):
            client.create_user("new")
        assert client.change_user("new", {"language": "zh"}).fields == {"language": "zh"}
        assert client.get_user("u1").history[-1].item == first.item
        assert client.erase_user("u1").events == 2
        assert 'palate_events_total{result="new"}' in client.metrics()
        with pytest.raises(BadInput) as refused:
            client.recommend(user="7", k=0)
        assert refused.value.where == "body.k"


def test_the_same_without_waiting(start: Starter) -> None:
    running = start()

    async def visit() -> None:
        async with AsyncClient(running.address) as client:
            lists = await asyncio.gather(*(client.recommend(user=f"u{n}", k=2) for n in range(5)))
            assert all(len(answer.items) == 2 for answer in lists)
            assert (await client.send_event("u1", "i1")).accepted == 1
            with pytest.raises(NotFound):
                await client.similar("nothing")

    asyncio.run(visit())


def test_a_retried_event_has_the_same_id(scripted: Scripted) -> None:
    lost = httpx.ReadTimeout("lost")
    client, script = scripted(lost, problem(503), httpx.Response(200, json=OK))
    client.send_event("u", "i")
    ids = [body["event_id"] for body in script.bodies]  # type: ignore[index]
    assert len(ids) == 3
    assert len(set(ids)) == 1
    client, script = scripted(lost, httpx.Response(200, json=OK))
    client.send_events([EventBody("u", "i"), EventBody("u", "i", event_id="mine")])
    assert script.bodies[0] == script.bodies[1]
    first, second = script.bodies[0]  # type: ignore[misc]
    assert first["event_id"]
    assert second["event_id"] == "mine"


def test_a_retried_event_counts_once_in_a_live_service(start: Starter) -> None:
    """The answer of the first attempt is lost on its way."""
    running = start()
    real, lost = httpx.HTTPTransport(), []

    class Loses(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = real.handle_request(request)
            if request.method == "POST" and not lost:
                response.read()
                lost.append(request)
                raise httpx.ReadError("the connection broke")
            return response

        def close(self) -> None:
            real.close()

    with Client(running.address, transport=Loses(), patience=QUICK) as client:
        kept = client.send_event("u1", "i1", "view")
        assert (kept.accepted, kept.duplicates) == (0, 1)
        assert lost
        assert client.ready().offset == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadInput),
        (401, NotAllowed),
        (403, NotAllowed),
        (404, NotFound),
        (409, Conflict),
        (413, BadInput),
        (422, BadInput),
        (500, Failed),
    ],
)
def test_refusals_are_errors_of_their_kind_and_not_tried_again(
    scripted: Scripted, status: int, kind: type[PalateError]
) -> None:
    client, script = scripted(problem(status, "what", where="w", allowed="a", next_step="n"))
    with pytest.raises(kind) as caught:
        client.recommend(user="7")
    error = caught.value
    assert (error.what, error.where, error.allowed, error.next_step) == ("what", "w", "a", "n")
    assert error.__notes__ == ["request r1"]
    assert len(script.asked) == 1


@pytest.mark.parametrize(("status", "kind"), [(429, Overloaded), (503, Unavailable)])
def test_what_may_succeed_later_is_tried_as_often_as_patience_says(
    scripted: Scripted, status: int, kind: type[PalateError]
) -> None:
    client, script = scripted(*[problem(status)] * 4)
    with pytest.raises(kind):
        client.recommend(user="7")
    assert len(script.asked) == 4


def test_retry_after_is_waited(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[float]()
    monkeypatch.setattr("palate.client.waiting.time.sleep", waits.append)
    busy = problem(503)
    busy.headers["Retry-After"] = "2"
    ready = httpx.Response(200, json={"status": "live"})
    client, _ = scripted(busy, problem(503), ready)
    client.live()
    assert waits[0] == 2
    assert 0 < waits[1] < 1
    away = problem(503)
    away.headers["Retry-After"] = "3600"
    client, script = scripted(away)
    with pytest.raises(Unavailable):
        client.live()
    assert len(script.asked) == 1


def test_what_would_be_done_twice_is_sent_again_only_if_it_was_not_done(
    scripted: Scripted,
) -> None:
    made = httpx.Response(201, json={"items": []})
    client, script = scripted(httpx.ConnectError("refused"), problem(503), made)
    client.create_item("n")
    assert len(script.asked) == 3
    client, script = scripted(httpx.ReadTimeout("slow"))
    with pytest.raises(Unavailable, match="in time"):
        client.create_item("n")
    client, script = scripted(problem(504))
    with pytest.raises(Unavailable):
        client.delete_item("n")
    assert len(script.asked) == 1


def test_nobody_is_there() -> None:
    with (
        Client("http://127.0.0.1:9", patience=Patience(retries=0)) as client,
        pytest.raises(Unavailable, match="no answer") as caught,
    ):
        client.live()
    assert "palate serve" in caught.value.next_step


def test_somebody_else_is_there(scripted: Scripted) -> None:
    client, _ = scripted(httpx.Response(200, text="<html>"))
    with pytest.raises(Failed, match="not understood"):
        client.recommend(user="7")
    client, _ = scripted(httpx.Response(404, text="<html>"))
    with pytest.raises(NotFound, match="404"):
        client.get_item("7")


def test_fields_that_a_later_service_adds_are_passed_over(scripted: Scripted) -> None:
    client, _ = scripted(httpx.Response(200, json={"status": "live", "later": 1}))
    assert client.live().status == "live"


def test_the_key_goes_along(scripted: Scripted) -> None:
    client, script = scripted(httpx.Response(200, json={"status": "live"}), key="palate_k")
    client.live()
    assert script.asked[0].headers["Authorization"] == "Bearer palate_k"


@pytest.mark.parametrize("url", ["", "127.0.0.1:8765", "ftp://x", "http://", "http://[::"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        Client(url)


def test_without_the_extra_it_says_what_to_install() -> None:
    code = """
import sys
sys.modules["httpx"] = None
import palate
try:
    palate.Client
except palate.errors.MissingExtra as error:
    print(error.next_step)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "pip install 'palate[client]'", done.stderr
