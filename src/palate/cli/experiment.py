"""`palate experiment`: plan, start, look at and stop an experiment of a live service."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from palate.cli.console import Console, add_output_flags
from palate.errors import BadInput

if TYPE_CHECKING:
    from palate.client import Client
    from palate.serve.http.bodies import VariantBody
    from palate.serve.http.replies import ExperimentReply

NAME = "experiment"
HELP = "plan, start, look at and stop an experiment of a live service"
EXAMPLES = """  palate experiment plan --rate 0.10 --smallest 0.01 --users-a-day 2000
  palate experiment start words --variant clicks --variant clicks-2 --users 4000 --guard skip
  palate experiment status
  palate experiment stop words"""
KEY = "PALATE_KEY"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_plan(verbs.add_parser("plan", help="how many users and days it takes"))
    start = verbs.add_parser("start", help="split users between deployed models from now on")
    start.add_argument("name", metavar="NAME", help="of the experiment")
    start.add_argument(
        "--variant",
        action="append",
        required=True,
        metavar="MODEL[=SHARE]",
        help="a deployed model; the first one is what the others are compared with; equal shares"
        " where none is given; two or more times",
    )
    start.add_argument(
        "--users", type=int, required=True, metavar="N", help="users that it is planned for"
    )
    start.add_argument(
        "--action", action="append", default=[], help="what counts as success; default: any action"
    )
    start.add_argument(
        "--guard",
        action="append",
        default=[],
        metavar="ACTION",
        help="what no variant may bring more of, such as skip: one that clearly does is stopped",
    )
    start.set_defaults(call=call_start)
    status = verbs.add_parser("status", help="the figures; they hold at every look")
    status.add_argument("name", nargs="?", default="", metavar="NAME", help="default: all")
    status.set_defaults(call=call_status)
    stop = verbs.add_parser("stop", help="split no more; the figures stay")
    stop.add_argument("name", metavar="NAME", help="of the experiment")
    stop.set_defaults(call=call_stop)
    for verb in (start, status, stop):
        verb.add_argument("--url", default="", help="of the service (http://127.0.0.1:8765)")
        add_output_flags(verb)


def _add_plan(plan: argparse.ArgumentParser) -> None:
    plan.add_argument(
        "--rate", type=float, required=True, help="share of lists that succeed today, 0 to 1"
    )
    plan.add_argument(
        "--smallest",
        type=float,
        required=True,
        metavar="DIFFERENCE",
        help="the smallest difference of that share that matters, such as 0.01",
    )
    plan.add_argument(
        "--power", type=float, default=0.8, help="chance to find one of that size (default 0.8)"
    )
    plan.add_argument("--users-a-day", type=float, default=0.0, metavar="N", help="that come")
    add_output_flags(plan)
    plan.set_defaults(call=call_plan)


def call_plan(args: argparse.Namespace, console: Console) -> int:
    """Users, and days where it is known how many come."""
    from palate.evaluate.online.comparison import planned_users

    for name, value in (("rate", args.rate), ("power", args.power)):
        if not 0 < value < 1:
            raise BadInput(f"{name} {value:g}", where=f"--{name}", allowed="between 0 and 1")
    users = planned_users(args.smallest, args.rate * (1 - args.rate), power=args.power)
    said = (
        f"{users:,} users, half of them for each of two variants, find a difference of"
        f" {args.smallest:g} in {args.power:.0%} of experiments at the latest"
    )
    found = {"users": float(users)}
    if args.users_a_day > 0:
        found["days"] = users / args.users_a_day
        said += f": {found['days']:.1f} days"
    console.close()
    console.result(found, said)
    return 0


def call_start(args: argparse.Namespace, console: Console) -> int:
    """Begin."""
    from palate.client.plain import plain

    with _client(args) as client:
        begun = client.start_experiment(
            name=args.name,
            variants=_variants(args.variant),
            planned_users=args.users,
            actions=args.action,
            guards=args.guard,
        )
    console.close()
    console.result(plain(begun), f"experiment {begun.name} runs; palate experiment status")
    return 0


def call_status(args: argparse.Namespace, console: Console) -> int:
    """Figures of one, or of all."""
    from palate.client.plain import plain

    with _client(args) as client:
        every = client.list_experiments().experiments
    found = [one for one in every if args.name in ("", one.name)]
    if args.name and not found:
        raise BadInput(
            f'there is no experiment "{args.name}"',
            where="NAME",
            allowed=", ".join(one.name for one in every) or "none has been started",
        )
    console.close()
    for one in found:
        _table(one, console)
    console.result([plain(one) for one in found], "" if found else "no experiment yet")
    return 0


def call_stop(args: argparse.Namespace, console: Console) -> int:
    """End it, and say what came of it."""
    from palate.client.plain import plain

    with _client(args) as client:
        ended = client.end_experiment(args.name)
    console.close()
    _table(ended, console)
    console.result(plain(ended), f"experiment {ended.name} has ended; its figures stay")
    return 0


def _client(args: argparse.Namespace) -> Client:
    from palate.client import Client
    from palate.client.connection import ADDRESS

    return Client(args.url or ADDRESS, key=os.environ.get(KEY, ""))


def _variants(given: list[str]) -> list[VariantBody]:
    from palate.serve.http.bodies import VariantBody

    named = [one.partition("=") for one in given]
    shares = [share for _, _, share in named]
    if all(not share for share in shares):
        return [VariantBody(model, 1 / len(named)) for model, _, _ in named]
    try:
        return [VariantBody(model, float(share)) for model, _, share in named]
    except ValueError as error:
        raise BadInput(
            ", ".join(given), where="--variant", allowed="MODEL=0.5 for each, or MODEL for all"
        ) from error


def _table(one: ExperimentReply, console: Console) -> None:
    first = one.variants[0].model
    console.table(
        f"{one.name}: {one.users:,} of {one.planned_users:,} users"
        + ("" if one.running else ", ended"),
        ["model", "users", "lists", "rate", f"beside {first}", "low", "high", "verdict"],
        [
            [
                *(v.model, v.users, v.lists, v.rate),
                *(v.difference, v.difference_low, v.difference_high),
                v.verdict,
            ]
            for v in one.variants
        ],
    )
    if one.split_p is not None and one.split_p < 0.001:
        console.say("users of one variant are lost somewhere: no figure here is to be believed")
