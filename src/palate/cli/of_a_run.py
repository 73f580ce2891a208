"""Arguments of the commands that look at a finished run and write a recipe."""

from __future__ import annotations

import argparse
from pathlib import Path

from palate.cli import durations
from palate.cli.console import add_output_flags


def add_run(parser: argparse.ArgumentParser) -> None:
    """The run."""
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="a run directory that palate run wrote"
    )


def add_budget(parser: argparse.ArgumentParser, seconds: float, shown: str) -> None:
    """How long it may take.

    Args:
        parser: Of the command.
        seconds: By default.
        shown: The same, as it would be written.
    """
    parser.add_argument(
        "--budget",
        type=durations.seconds,
        default=seconds,
        metavar="TIME",
        help="how long it may take, e.g. 90s, 10m; what does not fit is left out and said"
        f" ({shown})",
    )


def add_recipe(parser: argparse.ArgumentParser, name: str) -> None:
    """Where the recipe goes, and the flags of all output."""
    parser.add_argument(
        "--out", type=Path, default=Path(name), metavar="RECIPE", help="where to write it"
    )
    parser.add_argument(
        "--force", action="store_true", help="write over a recipe that is there already"
    )
    add_output_flags(parser)
