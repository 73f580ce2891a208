"""`palate feedback`: the live log as the next training set, and what features are worth now."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli.console import Console, add_output_flags
from palate.cli.shared_log import add_shared_log, shared_log
from palate.errors import BadInput

if TYPE_CHECKING:
    from palate.serve.feedback.feedback import Feedback
    from palate.serve.feedback.importance_change import Interval

NAME = "feedback"
HELP = "turn the log of a service into the next training set, and see which features gained or lost"
EXAMPLES = """  palate feedback runs/clicks --data live/clicks
  palate feedback runs/clicks --data live/clicks --out next --metric recall@10
  palate run next/recipe.toml
  palate feedback runs/clicks --store 'postgresql://shop:$PASSWORD@db/shop' --out next"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the run that was served")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="of the service, which must rest; or a copy of it",
    )
    add_shared_log(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where to write (default: feedback in --data, or here)",
    )
    parser.add_argument(
        "--model", default="", metavar="NAME", help="the model to ask; else the one of the headline"
    )
    parser.add_argument(
        "--metric", default="", metavar="NAME", help="e.g. recall@10; else the run's primary one"
    )
    parser.add_argument(
        "--cases", type=int, default=2000, metavar="N", help="most cases of each side (2000)"
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Write the files, and print what was found."""
    from palate.serve.extras import check_service

    check_service()
    if (args.data is None) == (not args.store):
        raise BadInput(
            "nothing says whose log" if args.data is None else "two things say whose log",
            where="palate feedback",
            allowed="--data FOLDER, the folder of a service; or --store postgresql://...",
        )
    from palate.serve.feedback.feedback import FeedbackOptions, feedback

    out = (args.data or Path()) / "feedback" if args.out is None else args.out
    options = FeedbackOptions(args.model, args.metric, args.cases)
    where = shared_log(args)
    found = feedback(args.run, args.data, out, options, console, where)
    console.close()
    show(found, out, console)
    return 0


def show(found: Feedback, out: Path, console: Console) -> None:
    """A table of the blocks, then sentences."""
    change = found.importance
    if change.blocks:
        console.table(
            f"{change.model}: what {change.metric} loses when a block's rows change hands",
            ["block", "in the run", "live", "live minus run, 95 %, corrected", "p", ""],
            [
                [
                    one.block,
                    round(one.run.value, 4),
                    round(one.live.value, 4),
                    f"{one.difference.value:+.4f} ({_between(one.difference)})",
                    round(one.p, 4),
                    one.change,
                ]
                for one in change.blocks
            ],
        )
    console.result(dataclasses.asdict(found), "\n".join(_lines(found, out)))


def _lines(found: Feedback, out: Path) -> list[str]:
    change = found.importance
    lines = [
        f"{out}: a log of {found.log_rows:,} events, {found.events:,} of them live, and"
        f" {found.items:,} items; palate run {out}/recipe.toml learns from them",
        f"{found.lists:,} lists with {found.impressions:,} impressions, {found.answered:,} of which"
        f" were taken up, over {found.rows:,} rows of features as they were served;"
        f" {found.changed_rows:,} of these rows are others today",
    ]
    if found.left_out:
        lines.append(f"left out: {found.left_out:,} live events without a time")
    if found.uncertain:
        lines.append(
            f"{found.uncertain:,} impressions have no features: their items were being changed"
        )
    if change.why_not:
        lines.append(f"importance: nothing is said: {change.why_not}")
    if change.run_level is not None and change.live_level is not None:
        lines.append(
            f"{change.metric} of {change.model}: {change.run_level.value:.4f} on the run's test"
            f" ({change.run_users:,} users), {change.live_level.value:.4f} live"
            f" ({change.live_users:,} users)"
        )
        lines.append(found.caution)
    return lines


def _between(interval: Interval) -> str:
    return f"{interval.low:.4f} to {interval.high:.4f}"
