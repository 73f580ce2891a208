"""A service is asked to end while clients ask it: what was begun is answered, and no connection
is reset.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
from service.process import Process
from service.shop import made_run

from palate.serve.events.sqlite import SqliteEvents

name = "faults_drain"
SIZES = {"ends": int(os.environ.get("PALATE_FAULTS_ENDS", "20")), "clients": 8, "items": 2000}
what = (
    f"palate serve is ended {SIZES['ends']} times by SIGTERM under {SIZES['clients']} clients that"
    " send events and ask for lists, half of them with a new connection for each request; a request"
    " counts as dropped if it was sent whole on a connection that was there and not answered"
)


@dataclass
class Drained:
    """What came of it.

    Attributes:
        answered: Requests.
        dropped: What happened to those that were begun and not answered.
        lost: Events that were answered with 200 and are not in the log.
        codes: Exit codes other than 0.
        seconds: From SIGTERM to the end, each time.
    """

    answered: int = 0
    dropped: list[str] = field(default_factory=list)
    lost: int = 0
    codes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def drained(served: Process, events: Path, ends: int, clients: int, item: str) -> Drained:
    """End a service so many times.

    Args:
        served: The service, not started.
        events: Its file of events.
        ends: How many times.
        clients: At a time.
        item: Of the run.
    """
    found, rng, acknowledged, lock = (
        Drained(),
        np.random.default_rng(0),
        set[str](),
        threading.Lock(),
    )

    def ask(turn: int, number: int) -> None:
        client, n = served.client(), 0
        while True:
            n += 1
            event = f"{turn}-{number}-{n}"
            body = {"event_id": event, "user": f"c{number}", "item": item}
            path = "/v1/events" if n % 2 else "/v1/recommendations"
            try:
                if client.connection.sock is None:
                    client.connection.connect()
            except OSError:  # no one listens any more, and nothing was begun
                break
            try:
                status = client.ask("POST", path, body if n % 2 else {"user": "1"}).status
            except (OSError, HTTPException) as error:
                with lock:
                    found.dropped.append(f"{path}: {error!r}")
                break
            with lock:
                found.answered += 1
                if status == 200 and n % 2:
                    acknowledged.add(event)
            if number % 2:
                client.close()
        client.close()

    for turn in range(ends):
        served.start()
        threads = [threading.Thread(target=ask, args=(turn, n)) for n in range(clients)]
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.3, 1.0))
        started = time.perf_counter()
        code = served.terminate()
        found.seconds.append(time.perf_counter() - started)
        found.codes += [code] if code else []
        for thread in threads:
            thread.join()
    store = SqliteEvents(events)
    kept = {stored.event_id for stored in store.read(most=10_000_000)}
    store.close()
    found.lost = len(acknowledged - kept)
    return found


def run() -> dict[str, Any]:
    """All ends."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made_run(folder / "run", SIZES["items"])
        served = Process(folder / "run", folder / "live", ["--model", "both"])
        events = folder / "live" / "events.db"
        found = drained(served, events, SIZES["ends"], SIZES["clients"], "1")
    row = {
        "tried": f"SIGTERM {SIZES['ends']} times under {SIZES['clients']} clients",
        "how much": f"{found.answered:,} requests answered",
        "asked": "what was begun is answered, no connection reset",
        "found": f"{len(found.dropped)} dropped, {found.lost} events lost; ended after"
        f" {max(found.seconds):.1f} s at most",
    }
    return {
        "rows": [row],
        "claims": [
            {"claim": f"{len(found.dropped)} requests dropped, goal 0", "holds": not found.dropped},
            {"claim": f"{found.lost} answered events lost, goal 0", "holds": not found.lost},
            {"claim": "it ends with 0", "holds": not found.codes},
        ],
    }
