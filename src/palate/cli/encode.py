"""`palate encode`: only the feature blocks of a recipe."""

from __future__ import annotations

import argparse
from pathlib import Path

from palate.cli.console import Console, add_output_flags, add_overrides

NAME = "encode"
HELP = "make only the feature blocks of a recipe and write them for other tools"
EXAMPLES = """  palate encode recipe.toml --out features/
  palate encode recipe.toml --format npy"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("recipe", type=Path, metavar="RECIPE", help="a TOML file with [blocks.NAME] tables")
    add_overrides(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("features"), metavar="FOLDER", help="where to write the blocks"
    )
    parser.add_argument(
        "--format", choices=("parquet", "npy"), default="parquet", help="Parquet with ids, or row-aligned .npy"
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Encode, write, say how wide and how large."""
    from palate.pipeline.encode import encode
    from palate.pipeline.recipe import load

    written = encode(load(args.recipe, args.overrides), args.out, args.format, console)
    console.close()
    rows = [[w.block, w.items, w.width, round(w.seconds, 1), str(w.path)] for w in written]
    console.table("blocks", ["block", "items with content", "width", "seconds", "file"], rows)
    console.result([w.facts() for w in written])
    return 0
