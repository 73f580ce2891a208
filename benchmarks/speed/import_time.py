"""How long `import palate` takes, beside libraries that everybody knows, in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any

name = "import_time"
what = (
    "Seconds from starting a Python process to its end, minus an empty one: median of 20 processes"
    " each, taken in turns so that the machine's other load falls on all alike."
)

STATEMENTS = {
    "nothing": "pass",
    "import palate": "import palate",
    "import palate, palate.run": "import palate; palate.run",
    "import numpy": "import numpy",
    "import polars": "import polars",
}
REPEATS = 20
LIMIT = 0.3


def run() -> dict[str, Any]:
    """Median, fastest and slowest of each."""
    seconds: dict[str, list[float]] = {label: [] for label in STATEMENTS}
    for _ in range(REPEATS):
        for label, statement in STATEMENTS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            seconds[label].append(time.perf_counter() - started)
    empty = statistics.median(seconds.pop("nothing"))
    rows = [
        {
            "statement": label,
            "median, s": round(max(statistics.median(s) - empty, 0.0), 4),
            "fastest, s": round(max(min(s) - empty, 0.0), 4),
            "slowest, s": round(max(max(s) - empty, 0.0), 4),
        }
        for label, s in seconds.items()
    ]
    ours = rows[0]["median, s"]
    claim = (
        f"import palate takes under {LIMIT} s (median {ours} s; the process around it"
        f" {empty:.3f} s)"
    )
    return {"rows": rows, "claims": [{"claim": claim, "holds": ours < LIMIT}]}
