"""`palate ope`: what another policy would have brought, from the log of the one at work."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli.console import Console
from palate.cli.of_a_log import add_evidence, answered
from palate.errors import BadInput

if TYPE_CHECKING:
    from palate.study.offpolicy.rounds import RoundColumns
    from palate.study.offpolicy.study import OffPolicyResult

NAME = "ope"
HELP = "what another policy would have brought, from a log with propensities"
EXAMPLES = """  palate ope shown.parquet --policy uniform
  palate ope shown.csv --policy runs/clicks --column reward=bought
  palate ope shown.csv --policy softer.toml --resamples 200
  palate ope old.csv --policy uniform --estimate-propensities"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "log",
        type=Path,
        metavar="LOG",
        help="what was shown, with which propensity, and what it brought, a row each",
    )
    parser.add_argument(
        "--policy",
        required=True,
        metavar="POLICY",
        help='"uniform", a run directory, or a TOML file with run, model and [policy]',
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="WHAT=NAME",
        help="the column of item, reward, propensity, user, position or time; context=NAME for a"
        " number that the model of rewards reads; may be given again",
    )
    parser.add_argument(
        "--estimate-propensities",
        action="store_true",
        help="count how often each item was shown, where the log has no propensities",
    )
    parser.add_argument(
        "--resamples",
        type=int,
        default=0,
        metavar="N",
        help="second intervals, by drawing users again so many times (default: none)",
    )
    add_evidence(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Evaluate. Raises Refused where the log cannot tell."""
    from palate.study.offpolicy.study import OffPolicySettings, off_policy

    found = off_policy(
        args.log,
        args.policy,
        _columns(args.column),
        OffPolicySettings(args.estimate_propensities, args.resamples, args.seed, force=args.force),
        progress=console,
    )
    console.close()
    if not args.json:
        _tables(found, console)
    step = "evaluate a policy that is nearer to the one at work, or log one that explores more"
    return answered(found, bool(found.card.estimates), step, console)


def _columns(given: list[str]) -> RoundColumns:
    from palate.study.offpolicy.rounds import RoundColumns

    names, context = dict[str, str](), list[str]()
    known = [field.name for field in dataclasses.fields(RoundColumns)]
    for one in given:
        what, _, name = one.partition("=")
        if what not in known or not name:
            raise BadInput(
                f'"{one}"', where="--column", allowed=f"WHAT=NAME, WHAT one of {', '.join(known)}"
            )
        if what == "context":
            context.append(name)
        else:
            names[what] = name
    return RoundColumns(**names, context=tuple(context))


def _tables(found: OffPolicyResult, console: Console) -> None:
    card = found.card
    console.table(
        "the log",
        ["figure", "value"],
        [
            ["rounds", f"{card.n_rounds:,}"],
            ["users", f"{card.n_users:,}"],
            ["items", f"{found.items:,}"],
            ["mean reward", f"{card.logged.value:.4g}"],
            ["effective rounds", f"{card.effective:,.0f}"],
            ["largest weight", f"{card.largest:,.1f}"],
            ["mean weight", f"{card.mean_weight.value:.3f} ± {card.mean_weight.error:.3f}"],
            ["verdict", console.translated(card.verdict)],
        ],
        words=(0,),
    )
    if card.estimates:
        console.table(
            "what the policy would bring a round",
            ["estimator", "value", "low", "high"],
            [
                [name, one.value, *((one.low, one.high) if one.low == one.low else ("", ""))]
                for name, one in card.estimates.items()
            ],
        )
    if card.reasons:
        console.say("\n".join(card.reasons))
