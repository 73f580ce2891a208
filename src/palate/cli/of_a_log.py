"""What commands share that ask a log for evidence: arguments, and the answer or its refusal."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from palate.cli.console import Console, add_output_flags
from palate.errors import Refused

if TYPE_CHECKING:
    from palate.study.causal.study import CausalResult
    from palate.study.offpolicy.study import OffPolicyResult


def add_evidence(parser: argparse.ArgumentParser) -> None:
    """A seed, whether to print what is no evidence, and the flags of all output."""
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default 0")
    parser.add_argument(
        "--force", action="store_true", help="print estimates that are no evidence, too"
    )
    add_output_flags(parser)


def answered(
    found: OffPolicyResult | CausalResult, evidence: bool, next_step: str, console: Console
) -> int:
    """Print what was found.

    Args:
        found: The result.
        evidence: Whether there is anything to tell; else the log cannot.
        next_step: What to do where it cannot.
        console: Where it goes.

    Raises:
        Refused: The log cannot tell.
    """
    if not evidence:
        raise Refused(
            found.sentence,
            where=found.log,
            next_step=f"{next_step}; --force prints the estimates, which are no evidence",
        )
    console.result(dataclasses.asdict(found), f"\n{found.sentence}")
    return 0
