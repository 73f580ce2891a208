"""A live service is killed again and again under clients that try again until they are answered."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from service.process import Process
from service.shop import made_run
from service.writers import Writer, faults_after

name = "faults_kills"
SIZES = {"kills": int(os.environ.get("PALATE_FAULTS_KILLS", "60")), "clients": 8, "items": 2000}
what = (
    f"palate serve in a process of its own, killed with SIGKILL {SIZES['kills']} times under"
    f" {SIZES['clients']} clients that send events one by one and in batches, create, hide and show"
    " items, and send again under the same event_id until they are answered; one kill in six comes"
    " while the service starts. Afterwards the log and all counters are compared with what clients"
    " were answered"
)
READY_SECONDS = 3.0


@dataclass(frozen=True)
class Killed:
    """What came of it.

    Attributes:
        faults: See `service.writers.faults_after`.
        again: Requests that were sent once more.
        ready: Seconds from each start to the first answer.
    """

    faults: dict[str, int]
    again: int
    ready: list[float]


def killed(served: Process, events: Path, kills: int, clients: int, known: Sequence[str]) -> Killed:
    """Kill the service so many times.

    Args:
        served: The service, not started yet.
        events: Its file of events.
        kills: How many.
        clients: Clients at a time.
        known: Ids of items of the run.
    """
    rng, ready = np.random.default_rng(1), [served.start()]
    writers = [Writer(number, served.port, known) for number in range(clients)]
    for writer in writers:
        writer.start()
    for kill in range(kills):
        time.sleep(rng.uniform(0.1, 1.2))
        served.kill()
        if kill % 6 == 5:  # and once more before it listens
            served.begin()
            time.sleep(rng.uniform(0.3, 2.0))
            served.kill()
        ready.append(served.start())
    time.sleep(0.5)
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join()
    return Killed(
        faults_after(writers, served, events, known), sum(w.again for w in writers), ready[1:]
    )


def run() -> dict[str, Any]:
    """All kills, what was found, and how long it took to be ready again."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made_run(folder / "run", SIZES["items"])
        served = Process(folder / "run", folder / "live", ["--model", "both"])
        found = killed(
            served,
            folder / "live" / "events.db",
            SIZES["kills"],
            SIZES["clients"],
            [str(item) for item in range(SIZES["items"])],
        )
    faults, ready = found.faults, sorted(found.ready)
    wrong = sum(faults[kind] for kind in NEVER)
    row = {
        "tried": f"{SIZES['kills']} kills -9 under {SIZES['clients']} clients that try again",
        "how much": f"{faults['acknowledged']:,} events answered, {faults['items']:,} items,"
        f" {found.again:,} requests sent again",
        "asked": "none lost, none twice, ready within 3 s",
        "found": f"{faults['lost']} lost, {faults['twice in the log']} twice, {wrong} differences"
        f" in all; ready after {ready[len(ready) // 2]:.1f} s (median), {ready[-1]:.1f} s (worst)",
    }
    return {
        "rows": [row],
        "claims": [
            {"claim": f"{kind}: {faults[kind]}, goal 0", "holds": not faults[kind]}
            for kind in NEVER
        ]
        + [
            {
                "claim": f"ready again after at most {ready[-1]:.1f} s, goal {READY_SECONDS:g} s",
                "holds": ready[-1] <= READY_SECONDS,
            }
        ],
    }


NEVER = (
    "lost",
    "twice in the log",
    "never sent",
    "counters of people that differ",
    "counters of items that differ",
    "items not as answered",
    "wrong answers",
)
"""What there may be none of."""
