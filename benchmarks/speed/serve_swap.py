"""A model takes the place of another one while many ask: what they notice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from made_shop import made_run

name = "serve_swap"
ITEMS = int(os.environ.get("PALATE_SWAP_ITEMS", "100000"))
USERS = int(os.environ.get("PALATE_SWAP_USERS", "20000"))
SECONDS = float(os.environ.get("PALATE_SWAP_SECONDS", "8"))
CLIENTS, PAUSE, K = 4, 0.02, 20
what = (
    f"`palate serve` over a made-up shop of {ITEMS:,} items and {USERS:,} users, and a copy of its"
    f" run that is deployed, rolled back and deployed again. {CLIENTS} clients on loopback each ask"
    f" for a list of {K}, and for the next one {1000 * PAUSE:g} ms after the answer; they share"
    " two hardware threads with the service. Deploying reads every byte of the run, opens it in a"
    " process of its own, then in the service. The first row is the time before"
)


class Clients:
    """Ask until they are stopped; every answer counts, whatever it is."""

    def __init__(self, address: str) -> None:
        self._address, self._stop = address, threading.Event()
        self.took: list[tuple[float, float, int]] = []
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def during(self, case: str, start: float, end: float) -> dict[str, Any]:
        """The answers that were wanted between two times."""
        some = [one for one in list(self.took) if start <= one[0] <= end]
        milliseconds = sorted(1000 * one[1] for one in some)
        return {
            "case": case,
            "answers": len(some),
            "not 200": sum(one[2] != 200 for one in some),
            "p50 ms": round(milliseconds[len(some) // 2], 2),
            "p99 ms": round(milliseconds[int(0.99 * len(some))], 2),
            "seconds": round(end - start, 3),
        }

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        parts = urlsplit(self._address)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        rng = np.random.default_rng(number)
        while not self._stop.is_set():
            body = json.dumps({"user": str(rng.integers(USERS)), "k": K})
            started = time.monotonic()
            connection.request("POST", "/v1/recommendations", body)
            response = connection.getresponse()
            response.read()
            self.took.append((started, time.monotonic() - started, response.status))
            time.sleep(PAUSE)


def run() -> dict[str, Any]:
    """Deploy, roll back, deploy again."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made_run(folder / "runs" / "first", ITEMS, USERS)
        shutil.copytree(folder / "runs" / "first", folder / "runs" / "second")
        words = ["serve", str(folder / "runs" / "first"), "--data", str(folder / "live")]
        words += ["--port", "0", "--json", "--model", "both", "--rate", "1e9"]
        process = subprocess.Popen(
            [sys.executable, "-m", "palate", *words, "--runs", str(folder / "runs")],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            rows = _measured(_address(process))
        finally:
            process.terminate()
            process.wait(60)
    return {"rows": rows, "claims": _claims(rows)}


def _measured(address: str) -> list[dict[str, Any]]:
    clients = Clients(address)
    time.sleep(2)
    start = time.monotonic()
    time.sleep(SECONDS)
    rows = [clients.during("no change", start, time.monotonic())]
    steps = [
        ("deploy: check, open, switch", "/v1/models", {"run": "second", "model": "both"}),
        ("roll back", "/v1/models/roll-back", None),
        ("let a deployed model answer", "/v1/models/second/deploy", None),
    ]
    for case, path, body in steps:
        start = time.monotonic()
        _post(address, path, body)
        took = time.monotonic() - start
        time.sleep(max(0.0, 2 - took))  # a step that takes milliseconds: the two seconds with it
        rows.append({**clients.during(case, start, time.monotonic()), "seconds": round(took, 3)})
    clients.stop()
    return rows


def _post(address: str, path: str, body: Any) -> None:
    parts = urlsplit(address)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=300)
    connection.request("POST", path, None if body is None else json.dumps(body))
    response = connection.getresponse()
    answer = response.read()
    if response.status >= 300:
        raise RuntimeError(f"{path}: {response.status} {answer[:200]!r}")


def _address(process: subprocess.Popen[str]) -> str:
    text = ""
    while not text.endswith("\n}\n"):
        text += process.stdout.readline()  # type: ignore[union-attr]
    return str(json.loads(text)["address"])


def _claims(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    before, *steps = rows
    failed = sum(row["not 200"] for row in rows)
    found = [{"claim": f"{failed} answers that are not 200, goal 0", "holds": failed == 0}]
    for row in steps:
        times = row["p99 ms"] / before["p99 ms"]
        claim = f"{row['case']}: p99 {times:.1f} times that of before, goal 2"
        found.append({"claim": claim, "holds": times <= 2})
    back = steps[1]["seconds"]
    found.append({"claim": f"rolled back in {back} s, goal 1", "holds": back <= 1})
    return found
