"""How long each way to install palate takes, and how much disk it needs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

name = "install"
what = (
    "Fresh environments, one after another: seconds of pip install of this repository with the"
    " pinned constraints, without pip's cache, and the megabytes of what it put there (an empty"
    " environment with pip is taken off), with the bytecode that pip compiles and without it (pip"
    " install --no-compile). The seconds depend on the index that is in reach; torch is the build"
    " that pip finds, here the one named."
)

WAYS = {
    "core: pip install palate": "",
    "palate[text]": "[text]",
    "palate[text,minilm]": "[text,minilm]",
    "palate[text,minilm,dev], for the tests": "[text,minilm,dev]",
}
CPU = "palate[text,minilm]"
LIMIT_MB = 1536

FACTS = """
import importlib.metadata as m, json
found = {d.name.lower(): d.version for d in m.distributions()}
print(json.dumps({"packages": len(found), "torch": found.get("torch", "")}))
"""


def run() -> dict[str, Any]:
    """One row a way to install."""
    rows = [_installed(way, extras) for way, extras in WAYS.items()]
    small = next(row for row in rows if row["installed"] == CPU)
    size = small["MB without bytecode"]
    claim = (
        f"{CPU} with torch {small['torch']} takes under {LIMIT_MB:,} MB without bytecode"
        f" ({size:,} MB)"
    )
    return {"rows": rows, "claims": [{"claim": claim, "holds": size < LIMIT_MB}]}


def _installed(way: str, extras: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = str(Path(folder) / "bin" / "python")
        empty, bare = (_megabytes(Path(folder), but) for but in ("none", ".pyc"))
        pip = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        started = time.perf_counter()
        subprocess.run(
            [*pip, "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}{extras}"], check=True
        )
        seconds = time.perf_counter() - started
        facts = json.loads(
            subprocess.run([python, "-c", FACTS], check=True, capture_output=True).stdout
        )
        return {
            "installed": way,
            "seconds": round(seconds),
            "MB": round(_megabytes(Path(folder)) - empty),
            "MB without bytecode": round(_megabytes(Path(folder), ".pyc") - bare),
            "packages": facts["packages"],
            "torch": facts["torch"],
        }


def _megabytes(folder: Path, but: str = "none") -> float:
    """Megabytes (2^20) of disk that all files take but those that end so, each counted once."""
    files = [file.lstat() for file in folder.rglob("*") if file.suffix != but and not file.is_dir()]
    return float(sum({stat.st_ino: 512 * stat.st_blocks for stat in files}.values())) / 2**20
