"""Tools for assistants, called by the SDK's own client: over a run in this process, and over a
service that runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from tests.serve.conftest import opened, run_folder
from tests.serve.http.conftest import Starter, start

from palate.assistant.connection import Connect, to_run, to_service
from palate.assistant.tools import assistant
from palate.cli.main import main
from palate.serve.data_folder import open_engine
from palate.serve.refusals import Conflict

__all__ = ["opened", "run_folder", "start"]  # fixtures

READING = {
    *("search", "recommend", "explain", "more_like_these", "less_like_these", "item"),
    "catalogue",
}

Call = Callable[..., Awaitable[dict[str, Any]]]


def visit(connect: Connect, talk: Callable[[Call], Awaitable[None]], **options: Any) -> None:
    """Let `talk` call tools; what a tool refuses is a RuntimeError with its words."""

    async def inside() -> None:
        async with Client(assistant(connect, **options)) as client:

            async def call(tool: str, **arguments: Any) -> dict[str, Any]:
                result = await client.call_tool(tool, arguments)
                if result.is_error:
                    raise RuntimeError(result.content[0].text)  # type: ignore[union-attr]
                assert result.structured_content is not None
                return result.structured_content

            await talk(call)

    asyncio.run(inside())


@pytest.fixture
def of_run(run_folder: Path) -> Connect:
    return to_run(run_folder, model="both")


def test_lists_have_request_id_propensity_and_reasons(of_run: Connect) -> None:
    async def talk(call: Call) -> None:
        for answer in (
            await call("recommend", user="u1", k=3),
            await call("search", text="garden rose", k=3),
            await call("more_like_these", items=["i1", "i6"], k=3),
            await call("less_like_these", items=["i1"], user="u1", k=3),
            await call("explain", item="i11", user="u1"),
        ):
            assert len(answer["request_id"]) == 32
            for one in answer["items"]:
                assert one["propensity"] == 1
                assert sum(r["value"] for r in one["reasons"]) == pytest.approx(one["score"])
        assert len(answer["items"]) == 1

    visit(of_run, talk)


def test_more_and_less_mean_what_they_say(of_run: Connect) -> None:
    async def talk(call: Call) -> None:
        more = await call("more_like_these", items=["i1", "i6"], k=5)
        names = {one["item"] for one in more["items"]}
        assert not names & {"i1", "i6"}
        assert sum(int(name[1:]) % 5 == 1 for name in names) >= 3  # of their theme
        usual = await call("recommend", user="u1", k=5)
        first = usual["items"][0]["item"]
        less = await call("less_like_these", items=[first], user="u1", k=5)
        assert first not in {one["item"] for one in less["items"]}

    visit(of_run, talk)


def test_filters_and_exclusions(of_run: Connect) -> None:
    async def talk(call: Call) -> None:
        cheap = await call("recommend", user="u1", k=50, filters={"price": {"max": 2}})
        for one in cheap["items"]:
            assert (await call("item", item=one["item"]))["fields"]["price"] <= 2
        with pytest.raises(RuntimeError, match="no field of numbers"):
            await call("recommend", user="u1", filters={"prize": {"max": 2}})
        with pytest.raises(RuntimeError, match="filters"):
            await call("recommend", user="u1", filters={"price": {"least": 2}})

    visit(of_run, talk)


def test_refusals_are_words_to_act_on(of_run: Connect) -> None:
    async def talk(call: Call) -> None:
        with pytest.raises(RuntimeError, match='there is no item "nothing"'):
            await call("item", item="nothing")
        with pytest.raises(RuntimeError, match="less than or equal to 100"):
            await call("recommend", user="u1", k=1000)
        with pytest.raises(RuntimeError, match="record_event"):
            await call("record_event", item="i1", action="view", user="u1")

    visit(of_run, talk)


def test_nothing_can_be_changed_unless_it_is_said(of_run: Connect) -> None:
    async def tools(**options: Any) -> dict[str, Any]:
        async with Client(assistant(of_run, **options)) as client:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    found = asyncio.run(tools())
    assert set(found) == READING
    assert all(tool.annotations.read_only_hint for tool in found.values())
    assert all(tool.description for tool in found.values())
    assert found["recommend"].output_schema["properties"]["request_id"]
    writing = asyncio.run(tools(write=True))
    assert set(writing) == {*READING, "record_event"}
    assert not writing["record_event"].annotations.read_only_hint


def test_events_reach_a_running_service(start: Starter) -> None:
    running = start()

    async def talk(call: Call) -> None:
        answer = await call("recommend", user="u1", k=3)
        first = answer["items"][0]["item"]
        kept = await call(
            "record_event",
            item=first,
            action="view",
            user="u1",
            request_id=answer["request_id"],
            position=1,
        )
        assert kept["accepted"] == 1
        again = await call("recommend", user="u1", k=3)
        assert first not in {one["item"] for one in again["items"]}

    visit(to_service(running.address), talk, write=True)
    with running.client() as client:
        (event,) = client.get("/v1/users/u1").json()["history"]
        assert event["action"] == "view"


def test_one_person_alone_may_be_spoken_of(of_run: Connect) -> None:
    async def talk(call: Call) -> None:
        mine = await call("recommend", k=3)
        assert mine["items"] == (await call("recommend", user="u1", k=3))["items"]
        for tool in ("recommend", "explain", "record_event"):
            more = {} if tool == "recommend" else {"item": "i1"}
            more |= {"action": "view"} if tool == "record_event" else {}
            with pytest.raises(RuntimeError, match='only the user "u1"'):
                await call(tool, user="u2", **more)

    visit(of_run, talk, user="u1", write=True)


def test_a_folder_that_a_service_uses_is_refused(run_folder: Path, tmp_path: Path) -> None:
    other = open_engine(run_folder, tmp_path / "data")
    try:
        with pytest.raises((Conflict, ExceptionGroup)) as caught:
            visit(to_run(run_folder, tmp_path / "data"), _nothing)
        assert "--url" in _words(caught.value)
    finally:
        other.close()


async def _nothing(call: Call) -> None:
    pass


def _words(error: BaseException) -> str:
    inner = error.exceptions if isinstance(error, ExceptionGroup) else ()
    return " ".join([str(error), *map(_words, inner)])


def test_the_command_speaks_the_protocol(run_folder: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "palate", "mcp", str(run_folder), "--model", "both"],
        env={**os.environ},
    )

    async def talk() -> None:
        async with Client(stdio_client(command)) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == READING
            result = await client.call_tool("recommend", {"user": "u1", "k": 2})
            assert len(json.loads(result.content[0].text)["items"]) == 2  # type: ignore[union-attr]

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "either a run or the address"),
        (["run", "--url", "http://127.0.0.1:1"], "either a run or the address"),
        (["run", "--write"], "kept somewhere"),
    ],
)
def test_refusals_of_the_command(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mcp", *words]) == 2
    assert says in capsys.readouterr().err
