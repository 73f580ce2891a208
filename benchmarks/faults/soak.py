"""A live service is asked a million times: whether its memory grows."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from closed_loop import closed_loop
from service.process import Process
from service.readers import Shop, wanted
from service.shop import made_run

name = "faults_soak"
SIZES = {
    "requests": int(os.environ.get("PALATE_FAULTS_SOAK", "1000000")),
    "frozen": int(os.environ.get("PALATE_FAULTS_SOAK", "1000000")) // 3,
    "clients": 8,
    "items": 2000,
    "users": 500,
}
PART_SECONDS = float(os.environ.get("PALATE_FAULTS_SOAK_SECONDS", "60"))
WITHIN = shlex.split(os.environ.get("PALATE_FAULTS_SOAK_WITHIN", ""))
"""What each part is started by, such as a command that waits until a machine is free."""
WARM = 0.1
"""Share of the requests after which memory is held against that at the end."""
MOST = 0.05
what = (
    f"{SIZES['requests']:,} requests to one palate serve over {SIZES['items']:,} items by"
    f" {SIZES['clients']} clients in a closed loop: half of them events of {SIZES['users']} people"
    " with any item, the others lists (recommended, ranked, searched), which are kept as they are"
    " by default; its resident memory after a tenth of them and at the end. The model counts which"
    " items stand together: by the end it has learnt from a hundred times the events of its run,"
    f" and holds nearly every pair. {SIZES['frozen']:,} more to one that does not learn"
)


@dataclass(frozen=True)
class Soaked:
    """What came of it.

    Attributes:
        requests: Answered, all with success.
        megabytes: Resident memory after each part, and how many requests were answered by then.
        seconds: All parts together.
    """

    requests: int
    megabytes: list[tuple[int, float]]
    seconds: float

    def grown(self, warm: int) -> tuple[float, float]:
        """Megabytes after the first `warm` requests, and at the end."""
        first = next(mb for done, mb in self.megabytes if done >= warm)
        return first, self.megabytes[-1][1]


def soaked(served: Process, shop: Shop, requests: int, clients: int, part_seconds: float) -> Soaked:
    """Ask a service that runs so many times.

    Args:
        served: The service.
        shop: What is asked for.
        requests: In all, at least.
        clients: At a time.
        part_seconds: Of each part; memory is looked at behind it.
    """
    rng, address = np.random.default_rng(5), f"http://127.0.0.1:{served.port}"
    done, seconds, megabytes = 0, 0.0, list[tuple[int, float]]()
    while done < requests:
        timed = closed_loop(address, clients, part_seconds, _mixed(rng, shop), WITHIN)
        done += len(timed.milliseconds)
        seconds += timed.seconds
        megabytes.append((done, round(served.resident_mb(), 1)))
        print(f"    {done:,} requests, {megabytes[-1][1]} MB", flush=True)
    return Soaked(done, megabytes, seconds)


def _mixed(rng: np.random.Generator, shop: Shop, n: int = 4000) -> list[tuple[str, Any]]:
    """Events and lists in turn."""
    found: list[tuple[str, Any]] = []
    for _ in range(n // 2):
        event = {"user": str(rng.choice(shop.users)), "item": str(rng.choice(shop.items))}
        found.append(("/v1/events", event))
        kind = rng.choice(_KINDS)
        one = wanted(rng, shop, kind)
        found.append((one.path, one.body))
    return found


_KINDS: Sequence[Any] = ("recommend", "recommend", "rank", "search")


def run() -> dict[str, Any]:
    """All requests to a service that learns, then some to one that does not."""
    learning = _row("events and lists, while the model learns", SIZES["requests"], [])
    frozen = _row(
        "the same, but the model stays as it is", SIZES["frozen"], ["--learn-seconds", "0"]
    )
    claims = [
        {"claim": f"{tried}: memory grew by {growth:.1%}, goal {MOST:.0%}", "holds": growth <= MOST}
        for tried, growth in ((row["tried"], growth) for row, growth in (learning, frozen))
    ]
    return {"rows": [learning[0], frozen[0]], "claims": claims}


def _row(tried: str, requests: int, options: list[str]) -> tuple[dict[str, Any], float]:
    """A row of the table, and by how much memory grew."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made_run(folder / "run", SIZES["items"], SIZES["users"])
        options = ["--model", "both", "--rate", "1e9", *options]
        served = Process(folder / "run", folder / "live", options)
        served.start()
        shop = Shop(_ids(SIZES["items"]), _ids(SIZES["users"]))
        found = soaked(served, shop, requests, SIZES["clients"], PART_SECONDS)
        served.kill()
    first, last = found.grown(int(WARM * SIZES["requests"]))
    half, _ = found.grown(requests // 2)
    growth = last / first - 1
    return {
        "tried": tried,
        "how much": f"{found.requests:,} requests in {found.seconds / 60:.0f} minutes",
        "asked": f"memory at most {MOST:.0%} larger at the end than after"
        f" {int(WARM * SIZES['requests']):,} of them",
        "found": f"{first:.0f} MB, {half:.0f} MB after half, {last:.0f} MB at the end"
        f" ({growth:+.1%}); no request failed",
    }, growth


def _ids(n: int) -> list[str]:
    return [str(number) for number in range(n)]
