"""`palate simulate`: a run's policy among people who are made up."""

from __future__ import annotations

import argparse
import dataclasses

from palate.cli.console import Console, add_output_flags
from palate.cli.of_a_run import add_run
from palate.errors import BadInput

NAME = "simulate"
HELP = "hold the policy of a run against others, among simulated people"
EXAMPLES = """  palate simulate runs/drawn
  palate simulate runs/drawn --steps 200 --seeds 20"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_run(parser)
    for flag, default, meaning in (
        ("--steps", 60, "steps of twenty visits each"),
        ("--seeds", 5, "worlds of each kind"),
        ("--items", 60, "most items of the run that compete"),
        ("--seed", 0, "seed of the first world"),
    ):
        parser.add_argument(
            flag, type=int, default=default, metavar="N", help=f"{meaning} (default {default})"
        )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Simulate, and print what each policy lost."""
    from palate.runs.open import open_run
    from palate.study.policies.of_a_run import SimulationSettings, compared

    for name, least in (("steps", 1), ("seeds", 1), ("items", 2), ("seed", 0)):
        if vars(args)[name] < least:
            raise BadInput(
                f"{vars(args)[name]}", where=f"--{name}", allowed=f"whole numbers from {least} on"
            )
    settings = SimulationSettings(args.steps, args.seeds, args.items, args.seed)
    found = compared(open_run(args.run), settings, console)
    console.close()
    console.table(
        "clicks lost against the best lists",
        ["policy", "people", "lost", "±", "clicks"],
        [
            [
                f"{one.policy} (the run's)" if one.own else one.policy,
                one.world,
                f"{one.regret:,.0f}",
                "" if one.error is None else f"{1.96 * one.error:,.0f}",
                f"{one.clicks:,.0f}",
            ]
            for one in found
        ],
    )
    console.result(
        [dataclasses.asdict(one) for one in found],
        "\nThe people are made up: this says which policy learns quicker over features like these.",
    )
    return 0
