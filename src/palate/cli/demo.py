"""`palate demo`: the whole job on MovieLens, from nothing to a report."""

from __future__ import annotations

import argparse
from pathlib import Path

from palate.cli.console import Console, add_output_flags, add_overrides
from palate.cli.run import add_strict

NAME = "demo"
HELP = "the whole job on MovieLens: get the data, encode, fit, compare, write runs/demo/report.html"
EXAMPLES = """  palate demo
  palate demo evaluate.seeds=3"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_overrides(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("runs/demo"), metavar="FOLDER", help="the run directory"
    )
    add_strict(parser)
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Run the recipe that ships with palate."""
    from importlib.resources import as_file, files

    from palate.cli.run import show
    from palate.pipeline.run import run
    from palate.recipe.recipe import load

    with as_file(files("palate.recipes") / "demo.toml") as path:
        recipe = load(path, args.overrides)
        folder = run(recipe, args.out, progress=console)
    return show(folder, console, strict=args.strict)
