"""What the guessed recipe takes on logs of growing size, untouched."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

name = "scale"
what = (
    "palate init and palate run on a made log (people with two favourite topics of fifty, items as"
    " popular as by Zipf's law, titles that say the topic, times of a year), each size in a fresh"
    " process, nothing changed: wall seconds from the first line to the report, what the dry run"
    " said of them before, the greatest resident memory, the chosen model, what was left out for"
    " want of time, and the stages that took longest."
    " SCALE in the environment names the sizes to run, e.g. 100k,1m; the others keep their rows"
)


@dataclass(frozen=True)
class Size:
    """A log, and what a run on it may take.

    Attributes:
        events: Events.
        items: Items.
        seconds: Most seconds.
        gib: Most memory.
        budget: What the command line says; empty for what `init` wrote.
    """

    events: int
    items: int
    seconds: float
    gib: float
    budget: str = ""


SIZES: dict[str, Size] = {
    "100k": Size(100_000, 5_000, 60, 4),
    "1m": Size(1_000_000, 20_000, 300, 6),
    "1m-2min": Size(1_000_000, 20_000, 135, 6, "2m"),
    "5m": Size(5_000_000, 100_000, 900, 8),
    "20m": Size(20_000_000, 200_000, 3600, 16),
}
TOPICS, OWN = 50, 0.6
EXPONENT = 1.1
_SHOWN = 6


def run() -> dict[str, Any]:
    """One row a size, and how the seconds grow."""
    import prepared

    wanted = [s for s in os.environ.get("SCALE", "").split(",") if s]
    rows = prepared.last(name, "size", wanted)["rows"]
    for size in wanted or SIZES:
        rows.append(_row(size))
        print("    " + json.dumps(rows[-1]), flush=True)
    rows.sort(key=lambda row: list(SIZES).index(row["size"]))
    return {"rows": rows, "claims": claims(rows)}


def claims(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Seconds and memory of each size, and the exponent from each to the next."""
    found = []
    for row in rows:
        size, took, peak = SIZES[row["size"]], row["seconds"], row["peak, GiB"]
        given = f" with --budget {size.budget}" if size.budget else ""
        said = f"{row['events']:,} events{given} in {took:.0f} s and {peak:.1f} GiB"
        claim = f"{said}, at most {size.seconds:.0f} s and {size.gib:g} GiB"
        found.append({"claim": claim, "holds": took <= size.seconds and peak <= size.gib})
    whole = [row for row in rows if not SIZES[row["size"]].budget]
    if len(whole) > 1:
        first, last = whole[0], whole[-1]
        grown = math.log(last["seconds"] / first["seconds"])
        exponent = grown / math.log(last["events"] / first["events"])
        said = f"seconds grow as events to the power of {exponent:.2f}, at most {EXPONENT}"
        found.append({"claim": said, "holds": exponent <= EXPONENT})
    return found


def make(folder: Path, n_events: int, n_items: int, seed: int = 5) -> None:
    """Write `log.csv` and `items.csv`."""
    rng = np.random.default_rng(seed)
    n_users = max(n_events // 20, 10)
    topic = rng.integers(0, TOPICS, n_items)
    weight = 1 / (rng.permutation(n_items) + 10.0) ** 0.9
    order = np.argsort(topic, kind="stable")
    bounds = np.searchsorted(topic[order], np.arange(TOPICS + 1))
    mass = np.concatenate([[0.0], np.cumsum(weight[order])])
    user = rng.integers(0, n_users, n_events)
    likes = rng.integers(0, TOPICS, (n_users, 2))
    theirs = likes[user, rng.integers(0, 2, n_events)]
    own = rng.random(n_events) < OWN
    low = np.where(own, mass[bounds[theirs]], 0.0)
    high = np.where(own, mass[bounds[theirs + 1]], mass[-1])
    drawn = low + rng.random(n_events) * (high - low)
    item = order[np.minimum(np.searchsorted(mass, drawn, side="right") - 1, n_items - 1)]
    when = 1_700_000_000 + np.sort(rng.integers(0, 31_536_000, n_events))
    log = pl.DataFrame({"user_id": user, "item_id": item, "timestamp": when})
    log = log.with_columns(pl.format("u{}", "user_id").alias("user_id"))
    log.with_columns(pl.format("i{}", "item_id").alias("item_id")).write_csv(folder / "log.csv")
    words = np.array([f"word{n}" for n in range(2_000)])
    said = words[rng.integers(0, len(words), (n_items, 3))]
    titles = [f"topic{t} {' '.join(more)}" for t, more in zip(topic, said, strict=True)]
    ids = [f"i{n}" for n in range(n_items)]
    pl.DataFrame({"item_id": ids, "title": titles}).write_csv(folder / "items.csv")


def _row(size: str) -> dict[str, Any]:
    wanted = SIZES[size]
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCALE_FOLDER")) as temporary:
        folder = Path(temporary)
        make(folder, wanted.events, wanted.items)
        started = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        palate = [sys.executable, "-m", "palate"]
        environment = {**os.environ, "PALATE_CACHE": str(folder / "cache")}
        guessed = [*palate, "init", "log.csv", "items.csv", "--quiet"]
        subprocess.run(guessed, env=environment, cwd=folder, check=True)
        known = time.perf_counter() - started
        foreseen = _foreseen([*palate, "run", "recipe.toml"], folder, environment)
        budget = ["--budget", wanted.budget] if wanted.budget else []
        started = time.perf_counter() - known
        command = [*palate, "run", "recipe.toml", "--out", "run", *budget]
        peak = _peak_of(command, folder, environment)
        seconds = time.perf_counter() - started
        spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        summary = json.loads((folder / "run" / "summary.json").read_text(encoding="utf-8"))
        stages = json.loads((folder / "run" / "timings.json").read_text(encoding="utf-8"))
    longest = sorted(stages, key=lambda stage: -stage["seconds"])[:_SHOWN]
    return {
        "size": size,
        "events": wanted.events,
        "items": wanted.items,
        "seconds": round(seconds, 1),
        "dry run said": round(foreseen),
        "init": round(known, 1),
        "processor seconds": round(spent),
        "peak, GiB": round(peak / 2**30, 2),
        "model": summary["best_model"],
        "left out": " ".join(w for w in summary["warnings"] if "for want of time" in w),
        "longest": ", ".join(f"{s['stage']} {s['seconds']:.0f} s" for s in longest),
    }


def _foreseen(run: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Seconds that a dry run says of the whole one."""
    dry = [*run, "--dry-run", "--json"]
    done = subprocess.run(dry, env=environment, cwd=folder, check=True, capture_output=True)
    return float(json.loads(done.stdout)["seconds"])


def _peak_of(command: list[str], folder: Path, environment: dict[str, str]) -> int:
    """Bytes that the command took at most, as the system saw it."""
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError((folder / "said.txt").read_text(encoding="utf-8")[-2000:])
    return usage.ru_maxrss * 1024
