"""`palate features`: operators over fields and behaviour that help a second stage."""

from __future__ import annotations

import argparse

from palate.budget import Budget
from palate.cli.console import Console
from palate.cli.of_a_run import add_budget, add_recipe, add_run

NAME = "features"
HELP = (
    "try features that operators make of fields and behaviour; write a recipe with those that help"
)
EXAMPLES = """  palate features runs/demo
  palate features runs/demo --budget 20m --out better.toml
  palate features runs/demo --provider answers.gguf.v1
  palate run features.toml"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_run(parser)
    add_budget(parser, 600.0, "10m")
    parser.add_argument(
        "--cases", type=int, default=6000, metavar="N", help="most validation cases to use (6000)"
    )
    parser.add_argument(
        "--provider",
        default="",
        metavar="NAME",
        help="a language model that says what to try first: a block of attributes of the recipe,"
        " or a part such as answers.gguf.v1 (none: field by field)",
    )
    add_recipe(parser, "features.toml")
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Try them, write the recipe, say what each one gave."""
    budget = Budget(args.budget)  # what is imported below takes time as well
    from palate.runs.files import plain
    from palate.study.features.study import features

    found = features(
        args.run,
        args.out,
        args.cases,
        console,
        force=args.force,
        budget=budget,
        order=args.provider,
    )
    console.close()
    console.table(
        f"{found.model}: {found.metric} that each feature adds over the same of shuffled values",
        ["feature", "step", "gain", "standard error", "p", "kept"],
        [[t.feature, t.step, t.gain, t.error, t.p, "yes" if t.kept else ""] for t in found.tries],
    )
    lines = ["", found.sentence]
    lines += [f"not tried, for want of time: {name}" for name in found.left_out]
    lines += ["", f"wrote {args.out}; next: palate run {args.out}"]
    console.result(plain(found), "\n".join(lines))
    return 0
