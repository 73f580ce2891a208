"""`palate init`: look at the files, guess the columns, write a commented recipe."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from palate.cli.console import Console, add_output_flags
from palate.cli.keys import files_and_keys

NAME = "init"
HELP = "look at a log and a catalogue, say what they are, write a commented recipe"
EXAMPLES = """  palate init clicks.parquet items.csv
  palate init ml-100k/ --out movies.toml
  palate init clicks.csv items.csv time_format="%d/%m/%Y" min_user_events=5
  palate init clicks.csv items.csv --explain"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="the log, then the catalogue, then the users, or one folder; each a file, or a table"
        " of a database, such as duckdb:///clicks.duckdb#events; then any keys of a"
        " recipe, e.g. time_format=%%d/%%m/%%Y clean.min_user_events=5",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("recipe.toml"), metavar="RECIPE", help="where to write it"
    )
    parser.add_argument(
        "--force", action="store_true", help="write over a recipe that is there already"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say of each choice why it was made, from which figures, and which key changes it",
    )
    add_output_flags(parser)
    parser.set_defaults(call=call, overrides=[])


def call(args: argparse.Namespace, console: Console) -> int:
    """Write the recipe and say what was understood."""
    from palate.recipe.init import init

    files, keys = files_and_keys(args.files)
    keys += args.overrides
    made = init(files, args.out, force=args.force, overrides=keys, explain=args.explain)
    why = [line for choice in made.choices for line in ("", choice.text())]
    lines = [*made.sentences, *why, "", f"wrote {args.out}; next: palate run {args.out}"]
    document: dict[str, object] = {
        "recipe": str(args.out),
        "understood": list(made.sentences),
        **({"choices": [asdict(choice) for choice in made.choices]} if args.explain else {}),
    }
    console.result(document, "\n".join(lines))
    return 0
