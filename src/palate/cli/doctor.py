"""`palate doctor`: what this installation can do."""

from __future__ import annotations

import argparse

from palate.cli.console import Console, add_output_flags

NAME = "doctor"
HELP = "what is installed, which models, data and cache are at hand, and what is missing"
EXAMPLES = """  palate doctor
  palate doctor --json"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Print one line for each thing looked at; exit code 1 if something that is needed is
    missing.
    """
    from palate.pipeline.doctor import examine

    rows = examine()
    marks = {"ok": "ok", "missing": "missing", "absent": "not installed"}
    console.table(
        "palate doctor",
        ["what", "state", "detail"],
        [[r.what, marks[r.state], r.detail] for r in rows],
    )
    console.result([{"what": r.what, "state": r.state, "detail": r.detail} for r in rows])
    return 1 if any(r.state == "missing" for r in rows) else 0
