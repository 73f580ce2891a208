"""Run the benchmarks, write their results with the machine's facts, then the tables in the docs.

A benchmark is a module under benchmarks/speed, benchmarks/quality or benchmarks/faults with

    name    the name of its result file
    what    one sentence: what was measured, and how
    run()   -> {"rows": [{column: value}, ...], "claims": [{"claim": sentence, "holds": bool}, ...]}

    python benchmarks/run.py                 all of them
    python benchmarks/run.py import_time     those whose name contains a word
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import palate

HERE = Path(__file__).resolve().parent
KINDS = ("speed", "quality", "faults")


def discover(folder: Path, words: Sequence[str]) -> list[ModuleType]:
    """The benchmark modules whose name contains one of `words`, or all."""
    found = []
    # what several benchmarks share lies beside this file
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    for file in sorted(file for kind in KINDS for file in (folder / kind).glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"benchmark_{file.stem}", file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        # dataclasses look up their module by name
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        if not words or any(word in module.name for word in words):
            found.append(module)
    return found


def machine() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return {
        "processor": _processor(),
        "cores": (
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        ),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
        "palate": palate.__version__,
    }


def measure(module: ModuleType, results: Path) -> bool:
    """Run one benchmark and write its result; whether all that it claims holds."""
    started = time.perf_counter()
    told = module.run()
    result = {
        "name": module.name,
        "what": module.what,
        "rows": told["rows"],
        "claims": told.get("claims", []),
        "seconds": round(time.perf_counter() - started, 1),
        "machine": machine(),
    }
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{module.name}.json").write_text(
        json.dumps(result, indent=1, allow_nan=False) + "\n"
    )
    for claim in result["claims"]:
        print(f"  {'holds' if claim['holds'] else 'FAILS'}: {claim['claim']}", flush=True)
    return all(claim["holds"] for claim in result["claims"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; exit code 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only benchmarks whose name contains one of these")
    parser.add_argument(
        "--results", type=Path, default=HERE / "results", help="folder of the result files"
    )
    args = parser.parse_args(arguments)
    held = True
    modules = discover(HERE, args.words)
    if not modules:
        parser.error(f"no benchmark has a name with {' or '.join(args.words)} in it")
    for module in modules:
        print(module.name, flush=True)
        held = measure(module, args.results) and held
    if args.results == HERE / "results":
        subprocess.run([sys.executable, HERE.parent / "docs" / "build.py"], check=True)
    return int(not held)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


if __name__ == "__main__":
    sys.exit(main())
