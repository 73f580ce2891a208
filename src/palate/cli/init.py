"""`palate init`: look at the files, guess the columns, write a commented recipe."""

from __future__ import annotations

import argparse
from pathlib import Path

from palate.cli.console import Console, add_output_flags

NAME = "init"
HELP = "look at a log and a catalogue, say what they are, write a commented recipe"
EXAMPLES = """  palate init clicks.parquet items.csv
  palate init ml-100k/ --out movies.toml"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="the log, then the catalogue, then the users; or one folder",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("recipe.toml"), metavar="RECIPE", help="where to write it"
    )
    parser.add_argument(
        "--force", action="store_true", help="write over a recipe that is there already"
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Write the recipe and say what was understood."""
    from palate.recipe.init import init

    made = init(args.files, args.out, force=args.force)
    lines = [*made.sentences, "", f"wrote {args.out}; next: palate run {args.out}"]
    console.result({"recipe": str(args.out), "understood": list(made.sentences)}, "\n".join(lines))
    return 0
