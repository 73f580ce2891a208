"""`palate prove`: the promises about importance and selection, tried on this machine."""

from __future__ import annotations

import argparse

from palate.cli.console import Console, add_output_flags

NAME = "prove"
HELP = (
    "try the promises about importance and selection in worlds of known truth; exit code 1 when one"
    " fails"
)
EXAMPLES = """  palate prove --quick
  palate prove P1 P4
  palate prove --json"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("promises", nargs="*", metavar="PROMISE", help="P1 to P5; none: all")
    parser.add_argument(
        "--quick", action="store_true", help="fewer worlds: under a minute in place of some minutes"
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Try them and print the table."""
    from palate.runs.files import plain
    from palate.study.prove import prove

    found = prove(tuple(args.promises), quick=args.quick, progress=console)
    console.close()
    console.table(
        "palate prove",
        ["promise", "asked", "measured", "holds", "must fail", "seconds"],
        [
            [
                f"{p.promise} {p.says}",
                p.asked,
                p.measured,
                "yes" if p.holds else "NO",
                p.control,
                f"{p.seconds:.1f}",
            ]
            for p in found
        ],
    )
    console.result(plain(found))
    return 0 if all(p.holds for p in found) else 1
