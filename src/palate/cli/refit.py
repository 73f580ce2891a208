"""`palate refit`: the model of a service, fitted again on what people did since."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli.console import Console, add_output_flags

if TYPE_CHECKING:
    from palate.serve.refit.refit import Refitted

NAME = "refit"
HELP = "fit a run again on its log and the live one, and say whether the new model may answer"
EXAMPLES = """  palate refit runs/clicks --data live/clicks --out runs/clicks-2
  palate refit runs/clicks --data live/clicks --out runs/clicks-2 --margin 0.02 --held-out 0.3"""

# the same as in palate.serve.refit, which is not imported so that --help stays quick
HELD_OUT, MARGIN = 0.2, 0.05


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the run that answers")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="of the service, which must rest; or a copy of it",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="the new run directory"
    )
    parser.add_argument(
        "--model", default="", metavar="NAME", help="the one to compare; else that of the headline"
    )
    parser.add_argument(
        "--held-out",
        type=float,
        default=HELD_OUT,
        metavar="SHARE",
        help=f"of the live events, the newest, to compare on (default {HELD_OUT:g})",
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=MARGIN,
        metavar="SHARE",
        help="how much worse than the present model is no worse, as a share of what that reaches"
        f" (default {MARGIN:g})",
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Fit, compare, say what came of it; 1 where the new model may not answer."""
    from palate import config
    from palate.serve.extras import check_service

    check_service()
    from palate.serve.refit.refit import RefitOptions, refit

    options = config.parse(
        RefitOptions,
        {"model": args.model, "held_out": args.held_out, "gate": {"margin": args.margin}},
        "refit",
    )
    found = refit(args.run, args.data, args.out, options, console)
    console.close()
    console.result(dataclasses.asdict(found), _text(found))
    return 0 if found.verdict.accepted else 1


def _text(found: Refitted) -> str:
    judged, verdict = found.verdict.judged, found.verdict
    said = "may take the place of" if verdict.accepted else "is not shown to be as good as"
    enough = (
        ""
        if verdict.accepted or verdict.wanted_users <= verdict.users
        else f"; a model that is as good needs some {verdict.wanted_users:,} users to pass"
    )
    return (
        f"{found.run}: {found.model}, fitted again with {found.events:,} live events, {said} the"
        f" present one\n{verdict.metric} on {verdict.cases:,} of the newest events of"
        f" {verdict.users:,} users: {verdict.new:.4f} against {verdict.present:.4f}, difference"
        f" {judged.difference:+.4f}, at least {judged.low:+.4f} (95 %, one-sided); no worse is"
        f" {-verdict.margin:+.4f} or more{enough}\nwith its scores shuffled it was rejected:"
        f" {verdict.damaged.difference:+.4f}, at most {verdict.damaged.high:+.4f}"
    )
