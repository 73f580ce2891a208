"""How quickly models train and rank beside the peers' own packages, in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import prepared

name = "peers"
what = (
    "Amazon Beauty without each person's last two purchases, 64 numbers an item, two cores, each"
    " model in a fresh process: seconds an epoch, seconds to rank all 12,101 items for 22,363"
    " people (scores, masks and metrics), peak memory. SASRec: 2 layers, 2 heads, 50 events,"
    " softmax over all items, both; RecBole makes an example of every prefix, palate trains on all"
    " places of a sequence at once. RecBole runs in what PEER_PYTHON names. With MODELS (names with"
    " commas between) in the environment only those are run, and the others keep their rows"
)
PEERS = Path(__file__).resolve().parents[1] / "peers"
RECBOLE = "RecBole SASRec"
EPOCHS = {
    "palate SASRec": 2,
    "palate SASRec, sampled": 2,
    "palate iALS": 10,
    "implicit ALS": 10,
    "irspack iALS": 10,
}


def run() -> dict[str, Any]:
    """All of ours and of theirs that are installed."""
    wanted = os.environ.get("MODELS", "").split(",") if os.environ.get("MODELS") else []
    rows = prepared.last(name, "model", wanted)["rows"]
    rows += [
        _row(label, _ours(label, n)) for label, n in EPOCHS.items() if not wanted or label in wanted
    ]
    rows += [_row(RECBOLE, _recbole())] if not wanted or RECBOLE in wanted else []
    found = {row["model"]: row for row in rows}
    return {"rows": rows, "claims": _claims(found)}


def _claims(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    ours, theirs = found["palate SASRec"], found[RECBOLE]
    if "s an epoch" not in theirs:
        return []
    claims = []
    for column, share in (("s an epoch", 0.5), ("ranking s", 0.5), ("peak GB", 1.0)):
        ratio = ours[column] / theirs[column]
        claims.append(
            {
                "claim": f"{column}: {ratio:.2f} of RecBole's, goal {share:g}",
                "holds": ratio <= share,
            }
        )
    return claims


def _row(label: str, told: dict[str, Any]) -> dict[str, Any]:
    if "why" in told:
        return {"model": label, "not run": told["why"]}
    row = {"model": label, "s an epoch": round(told["epoch"], 2), "peak GB": round(told["peak"], 2)}
    return row | ({"ranking s": round(told["ranking"], 1)} if "ranking" in told else {})


def _ours(label: str, epochs: int) -> dict[str, Any]:
    return _told([sys.executable, str(PEERS / "palate_models.py"), label, str(epochs)])


def _recbole() -> dict[str, Any]:
    python = os.environ.get("PEER_PYTHON", "")
    if not python:
        return {"why": "set PEER_PYTHON to an interpreter with RecBole"}
    base = Path(os.environ.get("PALATE_DATA") or "../shared/data")
    log = pl.read_parquet(base / "amazon-beauty" / "interactions.parquet")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "beauty"
        place.mkdir()
        log.select(
            pl.col("user_id").alias("user_id:token"),
            pl.col("item_id").alias("item_id:token"),
            pl.col("position").cast(pl.Float32).alias("timestamp:float"),
        ).write_csv(place / "beauty.inter", separator="\t")
        return _told([python, str(PEERS / "recbole_sasrec.py"), str(place), "2"], folder)


def _told(command: list[str], folder: str | None = None) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        return {"why": (done.stderr.strip().splitlines() or ["no answer"])[-1][:200]}
    return dict(json.loads(lines[-1]))
