"""The live service in a process of its own, asked over loopback: lists, events, what is read after
a write, new items, a start after a kill.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from closed_loop import Timed, closed_loop
from made_shop import COMMON, N_WORDS, made_run

from palate.recommend import ExhaustiveRecommender
from palate.runs.open import OpenedRun, open_run
from palate.serve.engine.list_settings import STANDARD
from palate.tables import Histories, Request
from palate.two_stage import TwoStageRecommender

name = "serve"
ITEMS = int(os.environ.get("LIVE_ITEMS", "100000"))
USERS = int(os.environ.get("LIVE_USERS", "20000"))
SECONDS = float(os.environ.get("LIVE_SECONDS", "8"))
RUN = os.environ.get("LIVE_RUN", "")
CLIENTS, BATCH, K, CANDIDATES = 8, 64, 20, 200
what = (
    f"`palate serve` in a process of its own over a made-up shop of {ITEMS:,} items with titles and"
    f" {USERS:,} users with 10 events each; the model is co-occurrence and words of titles in a"
    " blend, and learns while it serves. Clients on loopback in a closed loop (each sends when it"
    " has its answer), from one light process that shares two hardware threads with the service,"
    f" for {SECONDS:g} seconds each; lists of {K} with reasons; batches of {BATCH} events, answered"
    " when they are synced to the disk. A second and core: answers over the processor's time that"
    " the service took for them. Two stages: items are retrieved from each part of the model, and"
    " these are scored in full; what that misses is the last row. Rows of other projects say what"
    " they publish, on their own machines. Lists are kept for `palate feedback`, as they are by"
    " default, but where it says otherwise"
)


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


class Served:
    """The service, started and started again."""

    def __init__(self, run: Path, folder: Path, *more: str) -> None:
        words = ["serve", str(run), "--data", str(folder), "--port", "0", "--json"]
        self._command = [sys.executable, "-m", "palate", *words, "--model", "both"]
        self._command += ["--rate", "1e9", *more]
        self.start()

    def start(self) -> float:
        """Seconds until it listens."""
        started = time.perf_counter()
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        text = ""
        while not text.endswith("\n}\n"):  # the end of the object that it prints
            text += self.process.stdout.readline()  # type: ignore[union-attr]
        self.address = json.loads(text)["address"]
        return time.perf_counter() - started

    def timed(
        self, case: str, clients: int, requests: Sequence[tuple[str, Any]], of_each: int = 1
    ) -> dict[str, Any]:
        """One line of the table: so many clients who ask."""
        closed_loop(self.address, clients, 0.3, requests)  # connections, first calls
        before = self._processor_seconds()
        timed = closed_loop(self.address, clients, SECONDS, requests)
        return row(case, timed, of_each, self._processor_seconds() - before)

    def killed_and_started(self) -> dict[str, Any]:
        """How long a start takes after a kill."""
        took = []
        for _ in range(3):
            self.process.kill()
            self.process.wait()
            took.append(self.start() * 1000)
        return row("ready after a kill -9", Timed(took, sum(took) / 1000))

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(60)

    def _processor_seconds(self) -> float:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        ticks = stat.rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def row(
    case: str, timed: Timed, of_each: int = 1, processor_seconds: float | None = None
) -> dict[str, Any]:
    """One line of the table."""
    n = len(timed.milliseconds) * of_each
    return {
        "case": case,
        "answers": len(timed.milliseconds),
        "p50 ms": round(timed.percentile(0.5), 2),
        "p99 ms": round(timed.percentile(0.99), 2),
        "a second": round(n / timed.seconds),
        "a second and core": round(n / processor_seconds) if processor_seconds else "",
    }


def run() -> dict[str, Any]:
    """Throughput and latency of each kind of request."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(RUN) if RUN else Path(place) / "run"
        if not RUN:
            made_run(folder, ITEMS, USERS)
        rows = measured(folder, Path(place))
        opened = open_run(folder)
        rows += [features(opened), missed(opened)]
    claimed = claims({one["case"]: one for one in rows})
    return {"rows": [*rows, *PUBLISHED], "claims": claimed}


def measured(run_folder: Path, place: Path) -> list[dict[str, Any]]:
    """What the service does."""
    with Served(run_folder, place / "other", "--exhaustive-items", str(10 * ITEMS)) as every:
        exhaustive = every.timed(
            f"recommend, every item scored, {CLIENTS} clients", CLIENTS, lists()
        )
    with Served(run_folder, place / "bare", "--keep-lists", "0") as bare:
        unkept = bare.timed(
            f"recommend, two stages, lists not kept, {CLIENTS} clients", CLIENTS, lists()
        )
    with Served(run_folder, place / "live") as served:
        return [
            served.timed(f"recommend, two stages, {CLIENTS} clients", CLIENTS, lists()),
            served.timed("recommend, two stages, 1 client", 1, lists()),
            unkept,
            exhaustive,
            served.timed(f"rank {CANDIDATES}, {CLIENTS} clients", CLIENTS, ranks()),
            served.timed(f"rank {CANDIDATES}, 1 client", 1, ranks()),
            served.timed("search, 1 client", 1, searches()),
            served.timed(f"events in batches of {BATCH}", CLIENTS, list(batches()), BATCH),
            served.timed(f"events one by one, {CLIENTS} clients", CLIENTS, list(events())),
            served.timed("events one by one, 1 client", 1, list(events())),
            after_writes(served),
            new_items(served),
            served.killed_and_started(),
        ]


def lists(n: int = 3_000) -> list[tuple[str, Any]]:
    """Lists for anybody, with reasons."""
    users = np.random.default_rng(1).integers(0, USERS, n)
    return [("/v1/recommendations", {"user": str(user), "k": K}) for user in users]


def ranks(n: int = 1_000) -> list[tuple[str, Any]]:
    """Candidates for anybody."""
    rng = np.random.default_rng(2)
    return [
        (
            "/v1/rank",
            {
                "user": str(rng.integers(USERS)),
                "candidates": [str(item) for item in rng.integers(0, ITEMS, CANDIDATES)],
                "explain": False,
            },
        )
        for _ in range(n)
    ]


def searches(n: int = 1_000) -> list[tuple[str, Any]]:
    """Two words."""
    rng = np.random.default_rng(3)
    words = zip(rng.integers(0, N_WORDS, n), N_WORDS + rng.integers(0, COMMON, n), strict=True)
    return [("/v1/search", {"text": f"w{one} w{other}", "k": K}) for one, other in words]


def event(rng: np.random.Generator) -> dict[str, str]:
    """Anybody looks at anything."""
    user, item = rng.integers(USERS), rng.integers(ITEMS)
    return {"user": str(user), "item": str(item), "action": "view"}


def events(n: int = 5_000) -> Iterator[tuple[str, Any]]:
    """One by one."""
    rng = np.random.default_rng(4)
    return (("/v1/events", event(rng)) for _ in range(n))


def batches(n: int = 500) -> Iterator[tuple[str, Any]]:
    """Many at a time."""
    rng = np.random.default_rng(5)
    return (("/v1/events", [event(rng) for _ in range(BATCH)]) for _ in range(n))


def after_writes(served: Served) -> dict[str, Any]:
    """From sending a click to a list of the same person that knows of it."""
    client, took = Client(served.address), list[float]()
    started = time.perf_counter()
    for number in range(300):
        user, item = f"fresh {number}", str(number * 7 % ITEMS)
        before = time.perf_counter()
        client.ask("/v1/events", {"user": user, "item": item})
        answer = client.ask("/v1/recommendations", {"user": user, "k": K, "seen": "mask"})
        took.append((time.perf_counter() - before) * 1000)
        if answer["model"] != "both":
            raise RuntimeError("a list did not know of the click before it")
    return row("click, and the list after it", Timed(took, time.perf_counter() - started))


def new_items(served: Served) -> dict[str, Any]:
    """From sending an item to a list that has it, while others ask for lists."""
    asked = threading.Event()

    def busy() -> None:
        while not asked.is_set():
            closed_loop(served.address, 2, 1.0, lists())

    others = threading.Thread(target=busy)
    others.start()
    client, took = Client(served.address), list[float]()
    started = time.perf_counter()
    try:
        for number in range(100):
            item = {"item": f"new {number}", "fields": {"title": f"w7 w77 w777 w{N_WORDS + 7}"}}
            before = time.perf_counter()
            client.ask("/v1/items", item)
            answer = client.ask("/v1/recommendations", {"history": [item["item"]], "seen": "allow"})
            took.append((time.perf_counter() - before) * 1000)
            if number and not any(one["item"].startswith("new") for one in answer["items"]):
                raise RuntimeError("new items are on no list")
    finally:
        asked.set()
        others.join()
    seconds = time.perf_counter() - started
    return row("new item under load, and a list by its words", Timed(took, seconds))


def features(opened: OpenedRun, n: int = 500) -> dict[str, Any]:
    """Rows of 384 numbers of 500 items, by their ids, as a ranker would have them."""
    items, rng = opened.data.catalogue.items, np.random.default_rng(6)
    block = rng.random((ITEMS, 384), np.float32)
    asked = [[str(item) for item in rng.integers(0, ITEMS, n)] for _ in range(500)]

    def gather(number: int) -> None:
        block[[items.row_of[item] for item in asked[number]]]

    return row(f"features of {n} items, in process", each_timed(gather, len(asked)))


def missed(opened: OpenedRun, n: int = 500) -> dict[str, Any]:
    """What two stages miss of the lists of all items."""
    log, scorer = opened.data.interactions, opened.scorer("both")
    users = np.random.default_rng(7).integers(0, log.n_users, n).astype(np.int32)
    histories = Histories.of(log, users)
    requests = [Request.unseen(histories.one(number)) for number in range(n)]
    every = ExhaustiveRecommender(scorer, ITEMS).recommend(requests, K).items
    some = TwoStageRecommender(scorer, ITEMS, STANDARD.retrieve).recommend(requests, K).items
    found = np.mean(
        [len(set(a.tolist()) & set(b.tolist())) / K for a, b in zip(every, some, strict=True)]
    )
    same = np.mean((every == some).all(axis=1))
    case = f"two stages: {found:.2%} of the items of all lists, {same:.1%} of the lists the same"
    return {"case": case, "answers": n}


def each_timed(work: Callable[[int], None], n: int) -> Timed:
    """Milliseconds of each call."""
    took, started = list[float](), time.perf_counter()
    for number in range(n):
        before = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - before) * 1000)
    return Timed(took, time.perf_counter() - started)


PUBLISHED = [
    {
        "case": "metarank publishes: rank 200 by 17 features, state in Redis",
        "p50 ms": 14.7,
        "p99 ms": 17.5,
    },
    {"case": "metarank publishes: import of events, a second", "a second": "1,000 to 3,000"},
    {"case": "feast publishes: features of 100 rows, precomputed", "p50 ms": 9.48, "p99 ms": 114},
    {"case": "feast publishes: features of 500 rows, precomputed", "p50 ms": 40, "p99 ms": 198},
    {"case": "gorse publishes no latency; its lists are made beforehand, by default for 72 hours"},
]
GOALS = (
    (f"recommend, two stages, {CLIENTS} clients", "p50 ms", 4.0),
    (f"recommend, two stages, {CLIENTS} clients", "p99 ms", 15.0),
    (f"rank {CANDIDATES}, {CLIENTS} clients", "p99 ms", 8.0),
    ("features of 500 items, in process", "p99 ms", 1.5),
    ("search, 1 client", "p99 ms", 40.0),
    ("events one by one, 1 client", "p99 ms", 15.0),
    ("click, and the list after it", "p99 ms", 100.0),
    ("new item under load, and a list by its words", "p99 ms", 5000.0),
    ("ready after a kill -9", "p99 ms", 3000.0),
)
LEAST = (
    (f"recommend, two stages, {CLIENTS} clients", "a second and core", 400),
    (f"events in batches of {BATCH}", "a second", 10_000),
)


def claims(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The goals, each with what was measured."""
    found = [
        {
            "claim": f"{case}: {column} {rows[case][column]}, goal at most {goal:g}",
            "holds": rows[case][column] <= goal,
        }
        for case, column, goal in GOALS
    ]
    return found + [
        {
            "claim": f"{case}: {rows[case][column]:,} {column}, goal at least {goal:,}",
            "holds": rows[case][column] >= goal,
        }
        for case, column, goal in LEAST
    ]
