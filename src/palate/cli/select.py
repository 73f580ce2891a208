"""`palate select`: a recipe with the blocks that earn their place."""

from __future__ import annotations

import argparse

from palate.budget import Budget
from palate.cli.console import Console
from palate.cli.of_a_run import add_budget, add_recipe, add_run

NAME = "select"
HELP = (
    "drop and shrink blocks as long as nothing is lost; write a recipe with what earned its place"
)
EXAMPLES = """  palate select runs/demo
  palate select runs/demo --bytes 400 --out small.toml
  palate select runs/demo --budget 20m
  palate run small.toml"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_run(parser)
    add_budget(parser, 300.0, "5m")
    parser.add_argument("--bytes", type=float, metavar="B", help="most bytes of features an item")
    parser.add_argument(
        "--ms", type=float, metavar="T", help="most milliseconds of making an item's features"
    )
    parser.add_argument(
        "--keep",
        type=float,
        default=0.99,
        metavar="SHARE",
        help="share of the metric to keep (0.99)",
    )
    parser.add_argument(
        "--no-shrink", action="store_true", help="drop blocks only, store none in fewer bytes"
    )
    parser.add_argument(
        "--cases", type=int, default=4000, metavar="N", help="most cases to measure on (4000)"
    )
    add_recipe(parser, "selected.toml")
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Choose, write the recipe, say what went and why."""
    budget = Budget(args.budget)  # what is imported below takes time as well
    from palate.runs.files import plain
    from palate.study.selection.choose import CODECS, Limits
    from palate.study.selection.select import select

    limits = Limits(args.keep, args.bytes, args.ms, () if args.no_shrink else CODECS)
    found = select(args.run, args.out, limits, args.cases, console, force=args.force, budget=budget)
    console.close()
    console.table(
        f"{found.model}: what was changed, measured on validation users",
        ["block", "what", f"{found.metric} lost", "95 % interval", "bytes an item"],
        [[m.block, m.what, m.loss, f"{m.low:.4f} to {m.high:.4f}", m.bytes] for m in found.moves],
    )
    lines = ["", *(f"error: {sentence}" for sentence in found.errors)]
    lines += [*(f"{m.block}: {m.what}. {m.why}" for m in found.moves)]
    kept = [name + (f" ({codec})" if codec else "") for name, codec in found.kept.items()]
    lines += [answer.sentence for answer in found.answers]
    lines += [f"kept: {', '.join(kept) or 'no block: none of them helps'}", found.sentence]
    lines += [f"left out, for want of time: {what}" for what in found.left_out]
    console.result(
        plain(found),
        "\n".join([*lines, "", f"wrote {found.recipe}; next: palate run {found.recipe}"]),
    )
    return 0
