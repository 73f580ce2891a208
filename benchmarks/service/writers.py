"""Clients that write to a service and try again until they are answered, and what has to be there
afterwards.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
from service.process import Client, Process, Reply

from palate.serve.events.sqlite import SqliteEvents

AGAIN_SECONDS = 0.1


class Writer(threading.Thread):
    """One client: events one by one and in batches, some of them sent again; items created, hidden
    and shown. Each until it is answered, under the same `event_id`, to whatever service listens.

    Args:
        number: Its name, in all ids that it gives.
        port: Of the service.
        known: Ids of items of the run.

    Attributes:
        acknowledged: Ids of events that were answered with 200.
        sent: Ids of all that were ever sent.
        items: Item -> whether it is hidden, as answered; None while an answer is owed.
        again: Requests that were sent once more for want of an answer.
        wrong: Answers that nobody should get.
    """

    def __init__(self, number: int, port: int, known: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.number, self._port, self._known = number, port, known
        self.acknowledged, self.sent = set[str](), set[str]()
        self.items: dict[str, bool | None] = {}
        self.again, self.wrong = 0, list[str]()
        self.stop = threading.Event()
        self._turn = 0

    def run(self) -> None:
        """Write until it is stopped."""
        rng, client = np.random.default_rng(self.number), Client(self._port, 10)
        while not self.stop.is_set():
            self._turn += 1
            if rng.random() < 0.2:
                self._item(rng, client)
            else:
                self._events(rng, client)
        client.close()

    def _events(self, rng: np.random.Generator, client: Client) -> None:
        n = 1 if rng.random() < 0.5 else int(rng.integers(2, 65))
        names = [f"{self.number}-{self._turn}-{i}" for i in range(n)]
        if self.acknowledged and rng.random() < 0.1:  # what was answered long ago is sent again
            names.append(next(iter(self.acknowledged)))
        items = rng.choice(self._known, len(names)).tolist()
        body = [
            {"event_id": name, "user": f"w{self.number}", "item": item, "action": "view"}
            for name, item in zip(names, items, strict=True)
        ]
        self.sent |= set(names)
        if self._answered(client, "POST", "/v1/events", body[0] if n == 1 else body) is not None:
            self.acknowledged |= set(names[:1] if n == 1 else names)

    def _item(self, rng: np.random.Generator, client: Client) -> None:
        if not self.items or rng.random() < 0.3:
            name = f"n{self.number}-{self._turn}"
            self.items[name] = None
            body = {"item": name, "fields": {"title": f"tea {name}"}}
            if self._answered(client, "POST", "/v1/items", body) is not None:
                self.items[name] = False
            return
        name = str(rng.choice(list(self.items)))
        hidden = bool(rng.random() < 0.5)
        self.items[name] = None
        path = f"/v1/items/{name}/{'hide' if hidden else 'show'}"
        if self._answered(client, "POST", path) is not None:
            self.items[name] = hidden

    def _answered(self, client: Client, method: str, path: str, body: Any = None) -> Reply | None:
        """The answer; None if the thread was stopped before there was one."""
        tried = 0
        while not self.stop.is_set():
            try:
                reply = client.ask(method, path, body)
            except (OSError, HTTPException):
                reply = None
            if reply is not None:
                # of a creation that was kept and not answered, the second one says that it is there
                made = path == "/v1/items" and tried and reply.status == 409
                if reply.status in (200, 201) or made:
                    return reply
                if reply.status != 503:
                    self.wrong.append(f"{method} {path}: {reply.status} {reply.body}")
                    return None
            tried += 1
            self.again += 1
            time.sleep(AGAIN_SECONDS)
        return None


def faults_after(
    writers: list[Writer], served: Process, events: Path, known: Sequence[str]
) -> dict[str, int]:
    """What is not as it was answered: kind -> how many. It ends the service, to read its log.

    Args:
        writers: Stopped ones.
        served: The service, which is running.
        events: Its file of events.
        known: Ids of items of the run.
    """
    client = served.client()
    counted = Counter[str]()
    for writer in writers:
        counted[f"w{writer.number}"] = _views(client, f"/v1/users/w{writer.number}")
    hidden_wrong = sum(
        _hidden(client, item) is not hidden
        for writer in writers
        for item, hidden in writer.items.items()
        if hidden is not None
    )
    by_item = {item: _views(client, f"/v1/items/{item}") for item in known[:50]}
    client.close()
    served.kill()
    store = SqliteEvents(events)
    kept = store.read(most=10_000_000)
    store.close()
    names = [stored.event_id for stored in kept]
    users = Counter(stored.event.user for stored in kept)
    items = Counter(stored.event.item for stored in kept)
    acknowledged = set[str]().union(*(writer.acknowledged for writer in writers))
    sent = set[str]().union(*(writer.sent for writer in writers))
    return {
        "acknowledged": len(acknowledged),
        "kept": len(kept),
        "lost": len(acknowledged - set(names)),
        "twice in the log": len(names) - len(set(names)),
        "never sent": len(set(names) - sent),
        "counters of people that differ": sum(users[u] != n for u, n in counted.items()),
        "counters of items that differ": sum(items[i] != n for i, n in by_item.items()),
        "items": sum(len(writer.items) for writer in writers),
        "items not as answered": hidden_wrong,
        "wrong answers": sum(len(writer.wrong) for writer in writers),
    }


def _views(client: Client, path: str) -> int:
    reply = client.ask("GET", path)
    return int(reply.body["since_run"].get("view", {"count": 0})["count"]) if reply.body else -1


def _hidden(client: Client, item: str) -> bool | None:
    reply = client.ask("GET", f"/v1/items/{item}")
    return bool(reply.body["hidden"]) if reply.status == 200 else None
