"""Take the pictures of the live page that README and docs show, from a service that is fed with a
real log.

    PALATE_DATA=FOLDER python docs/live_pictures.py          MovieLens 100K -> docs/images/live-*
    python docs/live_pictures.py --out FOLDER --seconds 20   quicker, and elsewhere

The oldest nine tenths of the log make a run; the newest tenth is sent to its service, each event
after a list for the same person, some ten a second. Then a browser takes the pictures. Needs the
package playwright and a Chromium (see docs/screenshot.py); nothing is fetched.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl
from playwright.sync_api import Page, sync_playwright
from screenshot import ROOT, browser

import palate

RECIPE: dict[str, Any] = {
    "name": "films",
    "seed": 1,
    "split": {"part": "split.leave_last_out.v1"},
    "blocks": {"plots": {"part": "text.tfidf.v1", "fields": ["title", "genres", "overview"]}},
    "models": {
        "popularity": {"part": "model.popularity.v1"},
        "together": {"part": "model.cooccurrence.v1"},
        "plots": {"part": "model.text_kernel.v1", "block": "plots"},
        # no evidence asked for, so that plots count and new films are shown for what they tell
        "films": {"part": "model.blend.v1", "members": ["together", "plots"], "evidence": 0},
    },
    "evaluate": {"metrics": ["ndcg@10"], "controls": False},
    "report": {"users": 1, "title_field": "title"},
}
FIELDS = ("title", "genres", "overview", "directors", "year")
NEW_SINCE = 12
"""Films that are held back from the run and come as new items."""


@dataclass(frozen=True)
class Films:
    """MovieLens 100K, split in time.

    Attributes:
        old: Events of the run.
        new: Events that are sent to the service, oldest first.
        items: Films of the run.
        later: Films that come as new items.
    """

    old: pl.DataFrame
    new: pl.DataFrame
    items: pl.DataFrame
    later: pl.DataFrame


def films(folder: Path) -> Films:
    """The log and the catalogue."""
    log = pl.read_parquet(folder / "ratings.parquet").sort("timestamp", maintain_order=True)
    log = log.select(
        pl.col("user_id").cast(pl.String),
        pl.col("movie_id").cast(pl.String).alias("item_id"),
        pl.col("timestamp"),
    )
    items = pl.read_parquet(folder / "items.parquet")
    items = items.select(pl.col("movie_id").cast(pl.String).alias("item_id"), *FIELDS)
    border = len(log) * 9 // 10
    old, new = log[:border], log[border:]
    counts = new["item_id"].value_counts(sort=True)
    held = set(counts["item_id"][20 : 20 + NEW_SINCE].to_list())
    return Films(
        old.filter(~pl.col("item_id").is_in(held)),
        new,
        items.filter(~pl.col("item_id").is_in(held)),
        items.filter(pl.col("item_id").is_in(held)),
    )


@contextmanager
def serving(run: Path, data: Path) -> Iterator[str]:
    """The address of a service in a process of its own."""
    words = ["serve", str(run), "--data", str(data), "--port", "0", "--model", "films", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "palate", *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    text = ""
    while not text.endswith("\n}\n"):
        line = process.stdout.readline()
        if not line:
            sys.exit("the service did not start")
        text += line
    try:
        yield json.loads(text)["address"]
    finally:
        process.terminate()
        process.wait(30)


def feed(address: str, films: Films, stop: threading.Event, active: Counter[str]) -> None:
    """Lists and events of people, about ten of each a second, in waves, until it has to stop.

    Args:
        address: Of the service.
        films: The log.
        stop: Set when it is enough.
        active: Counts what each person did.
    """
    with httpx.Client(base_url=address, timeout=60) as client:
        _feed(client, films, stop, active)


def _feed(client: httpx.Client, films: Films, stop: threading.Event, active: Counter[str]) -> None:
    fields = films.later.drop("item_id").to_dicts()
    for item, values in zip(films.later["item_id"], fields, strict=True):
        client.post("/v1/items", json={"item": item, "fields": values}).raise_for_status()
    client.post(f"/v1/items/{films.items['item_id'][5]}/hide").raise_for_status()
    for number, row in enumerate(films.new.iter_rows(named=True)):
        if stop.is_set():
            return
        active[row["user_id"]] += 1
        answer = client.post("/v1/recommendations", json={"user": row["user_id"], "k": 10}).json()
        shown = {one["item"]: one["position"] for one in answer["items"]}
        event = {
            "event_id": f"film-{number}",
            "user": row["user_id"],
            "item": row["item_id"],
            "action": "watch",
        }
        if row["item_id"] in shown:
            event |= {"request_id": answer["request_id"], "position": shown[row["item_id"]]}
        events = [event]
        if number % 2:
            clicked = answer["items"][number % len(answer["items"])]["item"]
            events.append(
                {**event, "event_id": f"view-{number}", "item": clicked, "action": "view"}
            )
        client.post("/v1/events", json=events).raise_for_status()
        if number % 7 == 0:
            client.post("/v1/search", json={"text": "a robot learns to feel", "k": 5})
        time.sleep(0.03 + 0.05 * (1 + ((number // 60) % 5)) / 3)


def pictures(address: str, films: Films, person: str, out: Path) -> None:
    """All of them."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        for name, width, height, theme, place in (
            ("live-now", 1300, 960, "light", "#now"),
            ("live-now-dark", 1300, 960, "dark", "#now"),
            ("live-person", 1300, 1150, "light", f"#people/{person}"),
            ("live-item", 1300, 1500, "light", f"#items/{films.later['item_id'][0]}"),
            ("live-phone", 390, 844, "light", f"#people/{person}"),
        ):
            page = chromium.new_page(
                viewport={"width": width, "height": height},
                color_scheme=theme,
                device_scale_factor=1 if width > 500 else 2,
                reduced_motion="reduce",
            )
            page.goto(f"{address}/{place}")
            _settle(page)
            page.screenshot(path=out / f"{name}.png")
            print(f"wrote {out / name}.png")
            if name == "live-person":
                page.get_by_role("button", name="What if they took").nth(2).click()
                page.wait_for_selector("#what-if .slots")
                page.locator("#what-if").screenshot(path=out / "live-what-if.png")
        page = chromium.new_page(viewport={"width": 1300, "height": 900})
        page.goto(f"{address}/docs")
        page.screenshot(path=out / "live-docs.png")
        chromium.close()


def _settle(page: Page) -> None:
    page.wait_for_selector("#connection[data-state=live]")
    page.wait_for_load_state("load")
    page.wait_for_timeout(2500)


def main() -> None:
    """Parse, run, serve, feed, take."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--keep", type=Path, help="a folder for run and data, to look around in")
    args = parser.parse_args()
    found = films(Path(os.environ.get("PALATE_DATA", "data")) / "ml-100k")
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        if not (folder / "run").is_dir():
            palate.run(palate.read(found.old, found.items), RECIPE, folder=folder / "run")
        with serving(folder / "run", folder / "data") as address:
            stop, active = threading.Event(), Counter[str]()
            feeding = threading.Thread(target=feed, args=(address, found, stop, active))
            feeding.start()
            time.sleep(args.seconds)
            try:
                pictures(address, found, active.most_common(1)[0][0], args.out)
            finally:
                stop.set()
                feeding.join()


if __name__ == "__main__":
    main()
