"""How long a log takes from its file to the events, beside polars alone with the same columns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

name = "reading"
what = (
    "A log of a user and an item (10 characters each), a rating, a time (ISO, to the second) and a"
    " text that no one needs, read by palate.data.assemble.read into events with their"
    " vocabularies, all checks included, and by polars alone, which reads the same four columns"
    " into a frame and looks at nothing; both in turn in one process, after a small file, the less"
    " of two; processor time counts all threads; the peak is that of palate in a process of its own"
)
SIZES = (1_000_000, 5_000_000)
COLUMNS = ["user_id", "item_id", "rating", "timestamp"]
FORMATS = (
    "csv",
    "csv, quoted",
    "csv, whole numbers",
    "csv.gz",
    "parquet",
    "parquet, parts",
    "duckdb",
)
GOAL = 3.0
TURNS = 2


def run() -> dict[str, Any]:
    """Seconds, processor seconds, ratio and peak for every size and format."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for n in SIZES:
            folder = Path(temporary) / str(n)
            folder.mkdir()
            _write(folder, n)
            rows += [_row(folder, n, kind) for kind in FORMATS]
    worst = {row["format"]: row["ratio, processor"] for row in rows if row["events"] == SIZES[-1]}
    return {
        "rows": rows,
        "claims": [
            {
                "claim": (
                    f"{SIZES[-1]:,} events, {kind}: {ratio} times the processor time of polars"
                    f" alone, goal {GOAL:g}"
                ),
                "holds": ratio <= GOAL,
            }
            for kind, ratio in worst.items()
        ],
    }


def log(n: int) -> pl.DataFrame:
    """n events; some popular items, and as many users as make 20 events each."""
    rng = np.random.default_rng(0)
    n_items = min(n // 50, 100_000)
    frame = pl.DataFrame(
        {
            "user_id": rng.integers(0, n // 20, n),
            "item_id": (n_items * rng.random(n) ** 2).astype(np.int64),
            "rating": rng.integers(1, 6, n),
            "timestamp": np.sort(rng.integers(1_500_000_000, 1_700_000_000, n)),
        }
    )
    return frame.with_columns(
        (pl.lit("U") + pl.col("user_id").cast(pl.String).str.zfill(9)).alias("user_id"),
        (pl.lit("B00") + pl.col("item_id").cast(pl.String).str.zfill(7)).alias("item_id"),
        pl.from_epoch("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        review=pl.lit("some words of a review that no one reads"),
    )


def _write(folder: Path, n: int) -> None:
    frame = log(n)
    frame.write_csv(folder / "csv.csv")
    frame.write_csv(folder / "quoted.csv", quote_style="always")
    digits = [pl.col(c).str.slice(3).cast(pl.Int64) for c in ("user_id", "item_id")]
    seconds = pl.col("timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%SZ").dt.epoch("s")
    frame.drop("review").with_columns(*digits, seconds).write_csv(folder / "numbers.csv")
    (folder / "csv.csv.gz").write_bytes(_packed((folder / "csv.csv").read_bytes()))
    frame.write_parquet(folder / "parquet.parquet")
    for part in range(20):
        place = folder / "parts" / f"part={part}"
        place.mkdir(parents=True)
        frame[part * n // 20 : (part + 1) * n // 20].write_parquet(place / "0.parquet")
    import duckdb

    with duckdb.connect(str(folder / "log.duckdb")) as made:
        made.execute(f"create table log as select * from '{folder / 'parquet.parquet'}'")


def _packed(data: bytes) -> bytes:
    import gzip

    return gzip.compress(data, 1)


def _source(folder: Path, kind: str) -> tuple[str, Callable[[], pl.DataFrame]]:
    """What palate reads, and how polars alone reads it."""
    files = {
        "csv": "csv.csv",
        "csv, quoted": "quoted.csv",
        "csv, whole numbers": "numbers.csv",
        "csv.gz": "csv.csv.gz",
        "parquet": "parquet.parquet",
    }
    if kind in files:
        path = folder / files[kind]
        bare = pl.read_parquet if kind == "parquet" else pl.read_csv
        return str(path), lambda: bare(path, columns=COLUMNS)
    if kind == "parquet, parts":
        return str(folder / "parts"), lambda: pl.read_parquet(
            folder / "parts" / "**" / "*.parquet", columns=COLUMNS
        )

    def asked() -> pl.DataFrame:
        """The rows as DuckDB gives them to polars."""
        import duckdb

        with duckdb.connect(str(folder / "log.duckdb"), read_only=True) as made:
            return pl.DataFrame(made.sql(f"select {', '.join(COLUMNS)} from log"))

    return f"duckdb:///{folder / 'log.duckdb'}#log", asked


def _row(folder: Path, n: int, kind: str) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), kind]
    timed, peaked = (
        json.loads(
            subprocess.run([*command, how], check=True, capture_output=True, text=True).stdout
        )
        for how in ("time", "peak")
    )
    mine, bare = timed["palate"], timed["polars"]
    return {
        "events": n,
        "format": kind,
        "palate, s": round(mine[0], 2),
        "polars, s": round(bare[0], 2),
        "ratio": round(mine[0] / bare[0], 1),
        "palate, processor s": round(mine[1], 2),
        "polars, processor s": round(bare[1], 2),
        "ratio, processor": round(mine[1] / bare[1], 1),
        "peak, MB": peaked["peak"],
    }


def main() -> None:
    """One format in a process of its own: FOLDER FORMAT time|peak."""
    from palate.data.assemble import read
    from palate.data.settings import DataSettings

    folder, kind, how = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    place, bare = _source(folder, kind)
    settings = DataSettings(interactions=place)
    if how == "peak":
        read(settings, Path())
        print(json.dumps({"peak": round(_peak())}))
        return
    small = folder / f"small-{os.getpid()}.csv"
    small.write_text(
        "user_id,item_id,timestamp\nu,a,2020-01-02T00:00:00Z\nv,b,2020-01-02T00:00:00Z\n"
    )
    read(DataSettings(interactions=str(small)), Path())
    small.unlink()
    measured: dict[str, list[tuple[float, float]]] = {"polars": [], "palate": []}
    for _ in range(TURNS):
        measured["polars"].append(_timed(bare))
        measured["palate"].append(_timed(lambda: read(settings, Path())))
    least = {who: np.min(turns, axis=0).tolist() for who, turns in measured.items()}
    print(json.dumps(least))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


def _peak() -> float:
    """Greatest resident size of this process in MB."""
    import resource

    status = Path("/proc/self/status")
    if status.is_file():
        lines = status.read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    main()
