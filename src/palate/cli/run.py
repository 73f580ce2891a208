"""`palate run`: a recipe, from raw logs to a report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli import durations
from palate.cli.console import Console, add_output_flags, add_overrides
from palate.translation import ENGLISH

if TYPE_CHECKING:
    from palate.pipeline.forecast import ForecastRow
    from palate.recipe.recipe import Recipe

NAME = "run"
SHOWN = 5
HELP = "read, encode, fit, evaluate, explain; write a run directory with report.html"
EXAMPLES = """  palate run recipe.toml
  palate run recipe.toml --budget 10m
  palate run recipe.toml --dry-run
  palate run recipe.toml evaluate.seeds=3 models.ease.l2=500
  palate run recipes/protocols/recbole-ml100k.toml --out runs/recbole"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "recipe", type=Path, metavar="RECIPE", help="a TOML file; palate init writes one"
    )
    add_overrides(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="the run directory (default runs/NAME)"
    )
    parser.add_argument(
        "--budget",
        type=durations.seconds,
        metavar="TIME",
        help="how long the whole run may take: 90s, 5m, 1h; what is left out is said (default: the"
        " recipe's)",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="read the data, say what each step would take, and fit nothing",
    )
    add_strict(parser)
    add_output_flags(parser)
    parser.set_defaults(call=call)


def add_strict(parser: argparse.ArgumentParser) -> None:
    """The flag by which errors in the data reach the exit code."""
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit code 1 when the data or the split have errors, so that no figure can be relied"
        " on; the run directory is written all the same",
    )


def call(args: argparse.Namespace, console: Console) -> int:
    """Run the recipe and print what came out."""
    from palate.pipeline.run import run
    from palate.recipe.recipe import load, within

    recipe = load(args.recipe, args.overrides)
    if args.budget is not None:
        recipe = within(recipe, args.budget)
    if args.dry_run:
        return _dry_run(recipe, console)
    folder = run(recipe, args.out or Path("runs") / recipe.name, progress=console)
    return show(folder, console, strict=args.strict)


def redraw(folder: Path, console: Console) -> None:
    """Draw the page of a run in the language of the console; it is there in English."""
    if console.language != ENGLISH:
        from palate.report import draw

        draw(folder, language=console.language)


def _dry_run(recipe: Recipe, console: Console) -> int:
    """Print what the run would take."""
    from palate.pipeline.forecast import forecast
    from palate.runs.files import plain

    found = forecast(recipe, console)
    console.close()
    size = f"{found.events:,} events of {found.users:,} users with {found.items:,} items"
    rows = [[f"{r.stage} {r.name}".strip(), *_amounts(r), r.note] for r in found.rows]
    console.table(size, ["step", "seconds", "MiB", ""], rows)
    console.result(plain(found), "\n".join(["", *found.sentences()]))
    return 0


def _amounts(row: ForecastRow) -> list[str]:
    seconds = "unknown" if row.seconds is None else f"{row.seconds:,.1f}"
    return [seconds, "" if row.mib is None else f"{row.mib:,.0f}"]


def show(folder: Path, console: Console, *, strict: bool = False) -> int:
    """Print the leaderboard, the headline (who is ahead of the best model first), what is wrong
    with the data and what seems broken.

    Returns:
        The exit code: 1 where something is wrong with the data and `strict` is set.
    """
    from palate.evaluate.slices import WHOLE
    from palate.pipeline.api import Run
    from palate.runs import files

    redraw(folder, console)
    opened = Run(folder)
    recipe, summary = opened.recipe, opened.summary
    console.close()
    rows = [
        row
        for row in files.LEADERBOARD.read(folder)
        if row.slice == WHOLE and row.kind in ("model", "published")
    ]
    metrics = list(dict.fromkeys([recipe.evaluate.primary, *recipe.evaluate.metrics]))[:SHOWN]
    values = {(row.model, row.metric): row.value for row in rows}
    names = list(dict.fromkeys(row.model for row in rows))
    console.table(
        f"{recipe.name}: all test users",
        ["model", *metrics],
        [[n, *(values.get((n, m)) for m in metrics)] for n in names],
    )
    chosen = "best by validation" if summary.validated else "reported"
    best = f"{chosen}: {summary.best_model}"
    warnings = [f"error: {sentence}" for sentence in summary.errors]
    warnings += [f"warning: {sentence}" for sentence in summary.warnings]
    report = f"report: {folder / 'report.html'}"
    text = "\n".join(["", summary.headline, "", *warnings, best, report])
    paths = {"folder": str(folder), "report": str(folder / "report.html")}
    console.result({**paths, **files.plain(summary)}, text)
    return int(strict and bool(summary.errors))
