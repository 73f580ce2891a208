"""Clients that send events until they are acknowledged, whatever happens to the server."""

from __future__ import annotations

import itertools
import threading
import time

import httpx


class Clients(threading.Thread):
    """Sends events until it is stopped, each until it is acknowledged, to the server of now."""

    def __init__(self, number: int, address: list[str]) -> None:
        super().__init__()
        self.number, self.address = number, address
        self.acknowledged: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        with httpx.Client(timeout=5) as client:
            for turn in itertools.count():
                names = [f"{self.number}-{turn}-{n}" for n in range(1 + turn % 3)]
                self._send(client, names)
                if self.stop.is_set():
                    return

    def _send(self, client: httpx.Client, names: list[str]) -> None:
        """Until it is acknowledged, or the thread is stopped."""
        body = [{"event_id": n, "user": f"c{self.number}", "item": "i1"} for n in names]
        while not self.stop.is_set():
            try:
                response = client.post(f"{self.address[0]}/v1/events", json=body)
            except httpx.HTTPError:
                time.sleep(0.02)
                continue
            assert response.status_code in (200, 503), response.text
            if response.status_code == 200:
                self.acknowledged += names
                return
