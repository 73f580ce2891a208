"""A live service gets five times the requests that it can answer: what it refuses and how, how long
those wait that it takes, and how soon it is as before.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from closed_loop import Timed, closed_loop
from open_loop import UNSENT, Came, open_loop
from service.process import Process
from service.shop import made_run

name = "faults_overload"
TIMES = 5
SIZES = {
    "seconds": float(os.environ.get("PALATE_FAULTS_OVERLOAD_SECONDS", "8")),
    "items": 2000,
    "users": 500,
    "clients": 64,
}
what = (
    f"{SIZES['clients']} clients in a closed loop, as many as palate serve is at work for at a"
    " time, show how many lists of 20 a second it answers; then lists are asked for at fixed"
    f" times, answered or not: at half of that rate, at {TIMES} times of it, and at half of it"
    f" again, for {SIZES['seconds']:g} seconds each; times are from when a request was due. Those"
    " who ask share two hardware threads with the service. It has recovered when no request is"
    " refused any more or waits longer than twice the p99 of the first half rate"
)


@dataclass(frozen=True)
class Overloaded:
    """What came of it.

    Attributes:
        full: The closed loop.
        rate: Requests a second under overload.
        came: Status -> requests under overload; 0 where there was no answer.
        without: Refusals that do not say when to come again.
        p99: Milliseconds of the requests that were taken under overload.
        recovered: Seconds from the end of it.
    """

    full: Timed
    rate: float
    came: Counter[int]
    without: int
    p99: float
    recovered: float


def overloaded(served: Process, seconds: float, clients: int, users: int) -> Overloaded:
    """Ask a service that runs for more than it can answer.

    Args:
        served: The service.
        seconds: Of each part.
        clients: Who show what it can answer.
        users: Of its run.
    """
    address = f"http://127.0.0.1:{served.port}"
    rng = np.random.default_rng(3)
    requests = [
        ("/v1/recommendations", {"user": str(rng.integers(users)), "k": 20}) for _ in range(2000)
    ]
    closed_loop(address, clients, 1.0, requests)
    full = closed_loop(address, clients, seconds, requests)
    rate = len(full.milliseconds) / full.seconds
    phases = [(rate / 2, seconds), (TIMES * rate, seconds), (rate / 2, seconds)]
    every = open_loop(address, phases, requests)
    before, during, after = ([one for one in every if one.phase == n] for n in range(3))
    refused = [one for one in during if one.status == 503]
    return Overloaded(
        full,
        TIMES * rate,
        Counter(one.status for one in during),
        sum(not one.says_when for one in refused),
        _p99(during),
        _recovered(after, 2 * _p99(before)),
    )


def _p99(came: Sequence[Came]) -> float:
    taken = sorted(one.milliseconds for one in came if one.status == 200)
    return taken[int(0.99 * len(taken))] if taken else float("inf")


def _recovered(after: Sequence[Came], most: float) -> float:
    """Seconds until the last request that was refused or waited too long; of slow ones, those that
    are no more than the 1 in 100 of ever.
    """
    slow = [one.wanted for one in after if one.status != 200 or one.milliseconds > most]
    spare = len(after) // 100
    return 0.0 if len(slow) <= spare else slow[-1 - spare]


def run() -> dict[str, Any]:
    """The closed loop, then the three rates."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made_run(folder / "run", SIZES["items"], SIZES["users"])
        served = Process(folder / "run", folder / "live", ["--model", "both", "--rate", "1e9"])
        served.start()
        found = overloaded(served, SIZES["seconds"], SIZES["clients"], SIZES["users"])
        alive = served.client().ask("GET", "/health/ready").status == 200
        served.kill()
    taken, refused = found.came[200], found.came[503]
    unsent = found.came[UNSENT]
    others = found.came.total() - taken - refused - unsent
    full = found.full.percentile(0.99)
    row = {
        "tried": f"lists at {TIMES} times the rate that can be answered",
        "how much": f"{found.came.total():,} requests, {found.rate:,.0f} a second for"
        f" {SIZES['seconds']:g} s",
        "asked": "503 with Retry-After or an answer, p99 of these at most twice that at the full"
        " rate, as before within 5 s",
        "found": f"{taken:,} answered with p99 {found.p99:.0f} ms (at the full rate {full:.0f}),"
        f" {refused:,} refused, {others:,} neither ({unsent:,} more not sent, as every connection"
        f" was waiting); as before after {found.recovered:.1f} s",
    }
    return {
        "rows": [row],
        "claims": [
            {
                "claim": f"{found.without} of {refused:,} refusals without Retry-After, goal 0",
                "holds": refused > 0 and not found.without,
            },
            {
                "claim": f"{others} requests neither answered nor refused, goal 0",
                "holds": not others,
            },
            {
                "claim": f"p99 of what is answered is {found.p99 / full:.1f} times that at the full"
                " rate, goal 2",
                "holds": found.p99 <= 2 * full,
            },
            {
                "claim": f"as before after {found.recovered:.1f} s, goal 5 s",
                "holds": found.recovered <= 5,
            },
            {"claim": "the service is ready afterwards", "holds": alive},
        ],
    }
