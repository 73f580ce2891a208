"""`palate importance`: the importance of a run's features."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from palate.budget import Budget
from palate.cli import durations
from palate.cli.console import Console, add_output_flags
from palate.cli.run import redraw

if TYPE_CHECKING:
    from palate.runs.rows import Importance
    from palate.study.importance.importance import ImportanceResult

NAME = "importance"
HELP = (
    "which features are worth paying for: a few questions to every block, with intervals, verdicts"
    " and costs"
)
EXAMPLES = """  palate importance runs/demo
  palate importance runs/demo --budget 300 --cases 5000
  palate importance runs/mine --fields --metric recall@10 --json"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="a run directory that palate run wrote"
    )
    by = parser.add_mutually_exclusive_group()
    by.add_argument(
        "--fields", action="store_true", help="ask about the fields of blocks with named columns"
    )
    by.add_argument("--columns", action="store_true", help="ask about their single columns")
    parser.add_argument(
        "--budget",
        type=durations.seconds,
        default=60.0,
        metavar="TIME",
        help="how long it may take, e.g. 90s, 5m; what does not fit is left out and said (60s)",
    )
    parser.add_argument(
        "--memory", type=float, default=2.0, metavar="GIB", help="most memory it may take (2)"
    )
    parser.add_argument(
        "--cases", type=int, default=2000, metavar="N", help="most test cases, drawn by seed (2000)"
    )
    parser.add_argument(
        "--model", default="", metavar="NAME", help="the model to ask; else the one of the headline"
    )
    parser.add_argument(
        "--metric", default="", metavar="NAME", help="e.g. recall@10; else the run's primary one"
    )
    parser.add_argument(
        "--q",
        type=float,
        default=0.1,
        help="share of false discoveries allowed among the blocks (0.1)",
    )
    parser.add_argument(
        "--force", action="store_true", help="go on where the answers would be no evidence"
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Ask, print the table and what it means."""
    budget = Budget(args.budget)  # what is imported below takes time as well
    from palate.study.importance.importance import ImportanceOptions, importance

    by = "fields" if args.fields else "columns" if args.columns else "blocks"
    options = ImportanceOptions(
        by,  # type: ignore[arg-type]
        args.budget,
        args.cases,
        args.q,
        args.model,
        args.metric,
        args.force,
        args.memory,
    )
    found = importance(args.run, options, console, budget)
    redraw(args.run, console)
    console.close()
    show(found, console)
    return 0


def show(found: ImportanceResult, console: Console) -> None:
    """One table for each question, then what it all means and costs."""
    from palate.runs.files import plain

    study = found.study
    for method in dict.fromkeys(row.method for row in found.rows):
        rows = [row for row in found.rows if row.method == method]
        console.table(
            f"{rows[0].question} ({method}, {rows[0].metric})",
            ["block", "worth", "95 % interval, corrected", "p, corrected"],
            [[r.block, r.value, _between(r), r.p] for r in rows],
        )
    console.table(
        f"{study.model}: what to pay for, by {study.metric} of {study.users:,} test users",
        ["block", "verdict", "seconds to make", "bytes"],
        [[t.block, t.verdict, t.seconds and round(t.seconds, 2), t.bytes] for t in study.told],
    )
    record = {**plain(study), "rows": plain(found.rows)}
    console.result(record, "\n".join(_lines(found)))


def _between(row: Importance) -> str:
    return "-" if row.low is None else f"{row.low:.4f} to {row.high:.4f}"


def _lines(found: ImportanceResult) -> list[str]:
    study = found.study
    lines = [""] if study.evidence else ["", "NOT EVIDENCE: an assumption fails, see below.", ""]
    lines += [f"{t.block}: {t.advice.lower()}. {t.sentence}" for t in study.told]
    lines += [f"{f.severity}: {f.message} {f.advice}" for f in study.findings]
    lines += [f"left out: {left.method}; {left.why}" for left in study.left_out]
    return lines
