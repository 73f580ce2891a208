"""A live service, from a made-up shop to a list that knows what somebody clicked a second ago.

    python examples/live_service.py

A run is made, served by a process of its own, and asked over HTTP with nothing but the standard
library: a click changes the next list, a new item is recommended for what its title says, a hidden
one is not. Everything happens in a temporary folder, on a free port of this machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import palate

KINDS = ("green tea", "garden rake", "violin bow", "star chart", "rye bread", "wool scarf")


def made_run(folder: Path) -> Path:
    """A run of a shop in which each of 120 customers likes one kind of things."""
    random = np.random.default_rng(0)
    customer = np.repeat(np.arange(120), 8)
    kind = np.where(random.random(960) < 0.9, customer, random.integers(0, 6, 960)) % 6
    item = 6 * random.integers(0, 30, 960) + kind
    clicks = pl.DataFrame({"user": customer, "item": item, "time": 1_700_000_000 + np.arange(960)})
    items = pl.DataFrame(
        {"item": range(180), "title": [f"{KINDS[i % 6]}, number {i}" for i in range(180)]}
    )
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"words": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "text": {"part": "model.text_kernel.v1", "block": "words"},
            "both": {"part": "model.blend.v1", "members": ["ids", "text"]},
        },
        "evaluate": {"controls": False},
    }
    data = palate.read(clicks.unique(["user", "item"], maintain_order=True), items)
    palate.run(data, recipe, folder=folder)
    return folder


class Shop:
    """What a shop's own program does: it sends events and asks for lists."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, body: Any = None) -> Any:
        """The answer to a request; with a body it is a POST."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.address + path, data, timeout=10) as answer:
            return json.load(answer)

    def titles(self, user: str) -> list[str]:
        """What the user would be shown."""
        found = self.ask("/v1/recommendations", {"user": user, "k": 4})
        return [item["title"] for item in found["items"]]


def main(folder: Path) -> None:
    """Serve a run, use it, and stop it."""
    run = made_run(folder / "run")
    command = [sys.executable, "-m", "palate", "serve", str(run), "--model", "both"]
    process = subprocess.Popen(
        [*command, "--data", str(folder / "live"), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        shop = Shop(_address(process))
        print("somebody new is shown what is popular:", *shop.titles("new"), sep="\n  ")
        shop.ask("/v1/events", {"user": "new", "item": "2", "action": "click"})
        print("after one click on a violin bow:", *shop.titles("new"), sep="\n  ")
        shop.ask("/v1/items", {"item": "n1", "fields": {"title": "violin bow of glass"}})
        like = shop.ask("/v1/search", {"text": "glass bow", "k": 1})["items"][0]
        print(f"a new item is found at once: {like['title']}")
        shop.ask("/v1/items/n1/hide", {})
        found = shop.ask("/v1/search", {"text": "glass bow", "k": 180})["items"]
        print(f"hidden, it is on no list: {all(item['item'] != 'n1' for item in found)}")
    finally:
        process.terminate()
        process.wait(30)


def _address(process: subprocess.Popen[str]) -> str:
    """Where it listens, which it says when it is ready."""
    text = ""
    assert process.stdout is not None
    while not text.rstrip().endswith("}"):
        text += process.stdout.readline()
    return str(json.loads(text)["address"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
