"""Whatever is sent, the answer is one that the description of the API names: by schemathesis."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.process import Process
from service.shop import made_run

name = "faults_contract"
SIZES = {
    "examples": int(os.environ.get("PALATE_FAULTS_EXAMPLES", "300")),
    "seconds": int(os.environ.get("PALATE_FAULTS_SECONDS", "600")),
}
what = (
    "schemathesis with all of its checks (among them: no 5xx, every status, header and body as the"
    " description says, what breaks the description is refused, methods that are not there) in its"
    " four phases (examples, coverage, fuzzing, and stateful along the links of the description)"
    f" against a running palate serve, {SIZES['examples']} examples for each operation at most, for"
    f" {SIZES['seconds']} seconds at most"
)
CONFIG = Path(__file__).resolve().parents[1] / "service" / "schemathesis.toml"


@dataclass(frozen=True)
class Contract:
    """What came of it.

    Attributes:
        cases: Requests that were made up and sent.
        failures: Of its checks.
        told: What it printed.
    """

    cases: int
    failures: int
    told: str


def contract(served: Process, examples: int, seconds: int, seed: int) -> Contract:
    """Try a service that runs.

    Args:
        served: The service.
        examples: For each operation and phase, at most.
        seconds: In all, at most.
        seed: What is made up follows from it.
    """
    address = f"http://127.0.0.1:{served.port}/openapi.json"
    words = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", address]
    words += ["--checks", "all", "--max-examples", str(examples), "--max-time", str(seconds)]
    words += ["--seed", str(seed), "--no-color", "--generation-database", "none"]
    # a shared machine may be slow; how quick answers are is measured elsewhere
    words += ["--suppress-health-check", "all", "--request-timeout", "60"]
    words += ["--max-response-time", "60"]
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=place)
    told = done.stdout + done.stderr
    generated = re.search(r"(\d+) generated", told)
    failures = re.search(r"(\d+) unique failures?", told)
    if generated is None:
        raise RuntimeError(f"schemathesis did not run: {told[-3000:]}")
    found = int(failures.group(1)) if failures else int(done.returncode != 0)
    return Contract(int(generated.group(1)), found, told)


def run() -> dict[str, Any]:
    """Three seeds."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made_run(folder / "run")
        served = Process(folder / "run", folder / "live", ["--model", "both"])
        served.start()
        each = SIZES["seconds"] // 3
        found = [contract(served, SIZES["examples"], each, seed) for seed in (1, 2, 3)]
        alive = served.client().ask("GET", "/health/ready").status == 200
        served.kill()
    cases, failures = sum(one.cases for one in found), sum(one.failures for one in found)
    row = {
        "tried": "anything that the description allows or forbids, by schemathesis",
        "how much": f"{cases:,} requests, 3 seeds, all checks, stateful",
        "asked": "no 5xx, no answer that is not described",
        "found": f"{failures} failures of a check",
    }
    return {
        "rows": [row],
        "claims": [
            {"claim": f"{failures} of {cases:,} answers are wrong, goal 0", "holds": not failures},
            {"claim": "the service is ready afterwards", "holds": alive},
        ],
    }
