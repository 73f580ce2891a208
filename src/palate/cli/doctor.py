"""`palate doctor`: what this installation can do."""

from __future__ import annotations

import argparse

from palate.cli.console import Console, add_output_flags

NAME = "doctor"
HELP = "what is installed, which models, data and cache are at hand, and what is missing"
EXAMPLES = """  palate doctor
  palate doctor --measure
  palate doctor --json"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--measure",
        action="store_true",
        help="time every model on a made log (about a minute), so that palate run --dry-run knows"
        " this machine",
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Print one line for each thing looked at; exit code 1 if something that is needed is
    missing.
    """
    from palate.pipeline.doctor import examine

    if args.measure:
        return _measure(console)
    rows = examine()
    marks = {"ok": "ok", "missing": "missing", "absent": "not installed"}
    console.table(
        "palate doctor",
        ["what", "state", "detail"],
        [[r.what, marks[r.state], r.detail] for r in rows],
    )
    console.result([{"what": r.what, "state": r.state, "detail": r.detail} for r in rows])
    return 1 if any(r.state == "missing" for r in rows) else 0


def _measure(console: Console) -> int:
    """Time every model, and keep the rates."""
    from palate.pipeline.rates import measured_rates
    from palate.work import keep_rates

    rates = measured_rates(console)
    path = keep_rates(rates)
    console.close()
    rows = [[name, f"{rate.fit:.2e}", f"{rate.score:.2e}"] for name, rate in rates.items()]
    console.table("seconds of one operation", ["part", "fitting", "scoring"], rows)
    console.result({"path": str(path), "parts": list(rates)}, f"kept in {path}")
    return 0
