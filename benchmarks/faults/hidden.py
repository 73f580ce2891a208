"""Items are hidden and shown all the time, while others ask for lists of every kind."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from service.process import Process
from service.readers import KINDS, Shop, wanted
from service.shop import made_run

name = "faults_hidden"
SIZES = {
    "requests": int(os.environ.get("PALATE_FAULTS_HIDDEN", "100000")),
    "readers": 4,
    "hiders": 2,
    "items": 300,
}
what = (
    f"{SIZES['requests']:,} lists (recommended, ranked, similar, searched) by {SIZES['readers']}"
    f" clients, while {SIZES['hiders']} others hide and show items of a catalogue of"
    f" {SIZES['items']}, as quickly as they are answered; an answer is wrong if it was requested"
    " after the 200 of hiding an item, and lists the item"
)


class Hidden(NamedTuple):
    """An item was hidden.

    Attributes:
        since: When the 200 came.
        until: When it was asked to be shown again; infinite while it was not.
    """

    since: float
    until: float


@dataclass
class Spans:
    """When each item was hidden, as its one hider knows for sure."""

    of: dict[str, list[Hidden]] = field(default_factory=dict)

    def hidden(self, item: str, begun: float, ended: float) -> float:
        """Seconds for which the item was hidden when a request was begun, if it stayed so until it
        was answered; 0 if not.
        """
        for span in reversed(self.of.get(item, [])):
            if span.since < begun:
                return begun - span.since if ended < span.until else 0.0
        return 0.0


@dataclass
class Found:
    """What came of it.

    Attributes:
        requests: Kind -> answers.
        hidings: Items that were hidden, each time.
        listed: Items in all answers.
        wrong: (kind, seconds since the 200) of each hidden item on a list.
        failed: Answers other than 200.
    """

    requests: Counter[str] = field(default_factory=Counter)
    hidings: int = 0
    listed: int = 0
    wrong: list[tuple[str, float]] = field(default_factory=list)
    failed: Counter[int] = field(default_factory=Counter)


def hidden(served: Process, shop: Shop, requests: int, readers: int, hiders: int) -> Found:
    """Hide, show and ask a service that runs."""
    spans, found, lock = Spans(), Found(), threading.Lock()
    over = threading.Event()

    def hide(own: Sequence[str], seed: int) -> None:
        rng, client = np.random.default_rng(seed), served.client()
        while not over.is_set():
            item = str(rng.choice(own))
            history = spans.of.setdefault(item, [])
            if history and history[-1].until == np.inf:
                history[-1] = Hidden(history[-1].since, time.perf_counter())
                client.ask("POST", f"/v1/items/{item}/show")
            elif client.ask("POST", f"/v1/items/{item}/hide").status == 200:
                history.append(Hidden(time.perf_counter(), np.inf))
                found.hidings += 1
        client.close()

    def read(number: int, seed: int) -> None:
        rng, client = np.random.default_rng(seed), served.client()
        for _ in range(number):
            one = wanted(rng, shop)
            begun = time.perf_counter()
            reply = client.ask(one.method, one.path, one.body)
            ended = time.perf_counter()
            if reply.status != 200:
                with lock:
                    found.failed[reply.status] += 1
                continue
            ids = [item["item"] for item in reply.body["items"]]
            late = [(one.kind, spans.hidden(item, begun, ended)) for item in ids]
            with lock:
                found.requests[one.kind] += 1
                found.listed += len(ids)
                found.wrong += [(kind, seconds) for kind, seconds in late if seconds]
        client.close()

    shares = [shop.items[number::hiders] for number in range(hiders)]
    hiding = [threading.Thread(target=hide, args=(own, n)) for n, own in enumerate(shares)]
    each = -(-requests // readers)
    reading = [threading.Thread(target=read, args=(each, 100 + n)) for n in range(readers)]
    for thread in (*hiding, *reading):
        thread.start()
    for thread in reading:
        thread.join()
    over.set()
    for thread in hiding:
        thread.join()
    return found


def run() -> dict[str, Any]:
    """All requests."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made_run(folder / "run", SIZES["items"])
        served = Process(folder / "run", folder / "live", ["--model", "both"])
        served.start()
        shop = Shop([str(n) for n in range(SIZES["items"])], [str(n) for n in range(500)])
        found = hidden(served, shop, SIZES["requests"], SIZES["readers"], SIZES["hiders"])
        served.kill()
    late = max((seconds for _, seconds in found.wrong), default=0.0)
    row = {
        "tried": "lists of every kind while items are hidden and shown",
        "how much": f"{found.requests.total():,} lists with {found.listed:,} items,"
        f" {found.hidings:,} times an item was hidden",
        "asked": "no hidden item on a list that was requested after the 200",
        "found": f"{len(found.wrong)} such items",
    }
    return {
        "rows": [row],
        "claims": [
            {
                "claim": f"{len(found.wrong)} hidden items on lists requested after the 200, the"
                f" latest {late:.2f} s after it; goal 0",
                "holds": not found.wrong,
            },
            {
                "claim": f"{found.failed.total()} answers other than 200, goal 0",
                "holds": not found.failed,
            },
            {
                "claim": f"all of {', '.join(KINDS)} were asked for",
                "holds": all(found.requests[kind] for kind in KINDS),
            },
        ],
    }
