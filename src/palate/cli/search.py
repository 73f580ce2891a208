"""`palate search`: the best recipe of a space, chosen on validation alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from palate.cli.console import Console, add_output_flags, add_overrides
from palate.cli.run import add_strict

NAME = "search"
HELP = (
    "find the best blocks, model and settings on validation; run the best recipe once on the test"
    " part"
)
EXAMPLES = """  palate search recipe.toml
  palate search recipe.toml search.trials=100 execute.kind=processes"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "recipe", type=Path, metavar="RECIPE", help="a TOML file with a section [search]"
    )
    add_overrides(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where to search (default runs/NAME-search)"
    )
    add_strict(parser)
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Search, and print what was tried and what came of it."""
    from palate.recipe.recipe import load
    from palate.runs import files
    from palate.study.search.result import SEARCH
    from palate.study.search.search import BEST, search

    recipe = load(args.recipe, args.overrides)
    folder = search(recipe, args.out or Path("runs") / f"{recipe.name}-search", progress=console)
    found = SEARCH.read(folder)
    console.close()
    tried, best = found.tried, found.best
    rows = [[key, value] for key, value in best.values.items()] + [
        ["without", ", ".join(best.without) or None]
    ]
    console.table(
        f"best of {tried.all} trials ({tried.pruned} cut short, {tried.failed} failed)",
        ["key", "value"],
        rows,
    )
    text = [f"{found.metric} of {found.model}: validation {best.value:.4f}"]
    if found.test is not None:
        test = found.test
        text.append(
            f"test {test.value:.4f} [{test.low:.4f}, {test.high:.4f}], gap {found.gap:+.4f}"
        )
    errors = files.SUMMARY.read(folder / "best").errors
    wrong = "".join(f"error: {sentence}\n" for sentence in errors)
    paths = f"{wrong}recipe: {folder / BEST}\nreport: {folder / 'best' / 'report.html'}"
    console.result({"folder": str(folder), **files.plain(found)}, f"\n{', '.join(text)}\n{paths}")
    return int(args.strict and bool(errors))
