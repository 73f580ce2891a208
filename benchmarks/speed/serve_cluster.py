"""One, two and four processes over one PostgreSQL and one Valkey, asked over loopback: throughput,
and how soon one knows what another was given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import polars as pl

import palate
from palate.testing.servers import postgres, valkey

name = "serve_cluster"
ITEMS, USERS, CLIENTS, BATCH, K = 20_000, 5_000, 8, 64, 20
SECONDS = float(os.environ.get("PALATE_BENCH_SECONDS", "5"))
TURNS = 40
what = (
    "palate serve --store postgresql://... --state redis://... in one, two and four processes over"
    f" a made-up shop of {ITEMS:,} items and {USERS:,} users (model: co-occurrence), beside one"
    f" process with files; {CLIENTS} clients on loopback in a closed loop, spread over the"
    f" processes, for {SECONDS:g} seconds each; PostgreSQL syncs its disk at every commit. All"
    " processes, both servers and the clients share the cores named below, so that more processes"
    " cannot be more throughput here: what is seen is what sharing costs. The lower rows:"
    " milliseconds from an answer of one process until another knows what it was given"
)

Body = tuple[str, Any]


class Client:
    """One connection that stays open."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.connection = HTTPConnection(str(parts.hostname), parts.port, timeout=60)

    def ask(self, path: str, body: Any = None) -> Any:
        """The answer; anything but success is an error of the benchmark."""
        encoded = None if body is None else json.dumps(body)
        self.connection.request("GET" if body is None else "POST", path, encoded)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{path}: {response.status} {answer[:200]!r}")
        return json.loads(answer)


def run() -> dict[str, Any]:
    """Throughput for each number of processes, then what takes how long to be known."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made_run(folder / "run")
        store = stack.enter_context(postgres(fsync=True))
        state = stack.enter_context(valkey())
        rows = throughput(folder, 1, "1 with files", [])
        for number in (1, 2, 4):
            words = ["--store", store.new_database(), "--state", state.new_database()]
            rows += throughput(folder, number, f"{number} with servers", words)
        words = ["--store", store.new_database(), "--state", state.new_database()]
        rows += known_elsewhere(folder, words)
    late = [row for row in rows if row["case"].startswith("known")]
    claims = [
        {
            "claim": f"{row['processes']}: {row['case']}: p99 {row['p99 ms']} ms, goal 1,000",
            "holds": row["p99 ms"] <= 1000,
        }
        for row in late
    ]
    return {"rows": rows, "claims": claims}


def made_run(folder: Path) -> None:
    """A run over a made-up shop."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(USERS), 10)
    item = np.minimum(rng.zipf(1.2, len(user)) + rng.integers(0, ITEMS, len(user)) // 2, ITEMS - 1)
    log = pl.DataFrame({"user_id": user, "item_id": item, "timestamp": np.arange(len(user))})
    items = pl.DataFrame({"item_id": np.arange(ITEMS), "title": [f"t {i}" for i in range(ITEMS)]})
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "models": {"ids": {"part": "model.cooccurrence.v1"}},
        "evaluate": {"metrics": ["ndcg@10"], "controls": False, "users": 200},
        "report": {"users": 1},
    }
    distinct = log.unique(["user_id", "item_id"], maintain_order=True)
    palate.run(palate.read(distinct, items), recipe, folder=folder)


class Processes:
    """Services that are started together and ended together."""

    def __init__(self, folder: Path, number: int, words: Sequence[str]) -> None:
        self.processes, self.addresses = list[subprocess.Popen[str]](), list[str]()
        live = Path(tempfile.mkdtemp(dir=folder))
        for _ in range(number):
            command = ["serve", str(folder / "run"), "--data", str(live), "--port", "0", "--json"]
            process = subprocess.Popen(
                [sys.executable, "-m", "palate", *command, "--rate", "1000000", *words],
                stdout=subprocess.PIPE,
                text=True,
            )
            self.processes.append(process)
            text = ""
            while not text.endswith("\n}\n"):
                text += process.stdout.readline()  # type: ignore[union-attr]
            started = json.loads(text)
            if "address" not in started:
                raise RuntimeError(text)
            self.addresses.append(started["address"])

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(60)


def throughput(
    folder: Path, number: int, processes: str, words: Sequence[str]
) -> list[dict[str, Any]]:
    """Lists and events, by all clients at the same time."""

    def event(rng: np.random.Generator) -> dict[str, str]:
        return {"user": str(rng.integers(USERS)), "item": str(rng.integers(ITEMS))}

    def recommended(rng: np.random.Generator) -> Body:
        return "/v1/recommendations", {"user": str(rng.integers(USERS)), "k": K}

    cases: tuple[tuple[str, int, Callable[[np.random.Generator], Body]], ...] = (
        ("lists", 1, recommended),
        ("events one by one", 1, lambda rng: ("/v1/events", event(rng))),
        (
            f"events, batches of {BATCH}",
            BATCH,
            lambda rng: ("/v1/events", [event(rng) for _ in range(BATCH)]),
        ),
        ("lists after events", 1, recommended),
    )
    with Processes(folder, number, words) as running:
        return [
            row(processes, case, *closed_loop(running.addresses, body), of_each)
            for case, of_each, body in cases
        ]


def closed_loop(
    addresses: Sequence[str], body_of: Callable[[np.random.Generator], Body]
) -> tuple[list[float], float]:
    """Milliseconds of each answer, and how long all took; a client asks again when it has its
    answer.
    """
    connected = threading.Barrier(CLIENTS + 1)
    took: list[list[float]] = [[] for _ in range(CLIENTS)]

    def ask(number: int) -> None:
        client, rng = Client(addresses[number % len(addresses)]), np.random.default_rng(number)
        client.ask(*body_of(rng))  # the first answers of a process arrange what the others use
        connected.wait()
        until = time.perf_counter() + SECONDS
        while time.perf_counter() < until:
            path, body = body_of(rng)
            started = time.perf_counter()
            client.ask(path, body)
            took[number].append((time.perf_counter() - started) * 1000)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    connected.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return [ms for one in took for ms in one], time.perf_counter() - started


def known_elsewhere(folder: Path, words: Sequence[str]) -> list[dict[str, Any]]:
    """What one process was given, until the other one knows."""
    with Processes(folder, 2, words) as running:
        one, two = (Client(address) for address in running.addresses)

        def listed(item: str) -> bool:
            wanted = {"user": "1", "candidates": [item], "seen": "allow"}
            return bool(two.ask("/v1/recommendations", wanted)["items"])

        cases: tuple[tuple[str, Callable[[int], Any], Callable[[int], bool]], ...] = (
            (
                "known elsewhere: an event",
                lambda n: one.ask("/v1/events", {"user": f"new {n}", "item": "5"}),
                lambda n: two.ask("/v1/recommendations", {"user": f"new {n}"})["model"] == "ids",
            ),
            (
                "known elsewhere: a hidden item",
                lambda n: one.ask(f"/v1/items/{n}/hide", {}),
                lambda n: not listed(str(n)),
            ),
            (
                "known elsewhere: a new item",
                lambda n: one.ask("/v1/items", {"item": f"new {n}", "fields": {"title": "t"}}),
                lambda n: listed(f"new {n}"),
            ),
        )
        return [
            row("2 with servers", case, [_until(give, known, n) for n in range(TURNS)], None)
            for case, give, known in cases
        ]


def _until(give: Callable[[int], Any], known: Callable[[int], bool], number: int) -> float:
    give(number)
    started = time.perf_counter()
    while not known(number):
        time.sleep(0.002)
    return (time.perf_counter() - started) * 1000


def row(
    processes: str, case: str, milliseconds: list[float], seconds: float | None, of_each: int = 1
) -> dict[str, Any]:
    """One line of the table."""
    ordered = sorted(milliseconds)
    return {
        "processes": processes,
        "case": case,
        "answers": len(ordered),
        "a second": None if seconds is None else round(len(ordered) * of_each / seconds),
        "p50 ms": round(ordered[len(ordered) // 2], 2),
        "p99 ms": round(ordered[min(int(0.99 * len(ordered)), len(ordered) - 1)], 2),
    }
