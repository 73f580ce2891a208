"""`palate causal`: what a treatment changes, by a log and a stated graph."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli.console import Console
from palate.cli.of_a_log import add_evidence, answered

if TYPE_CHECKING:
    from palate.study.causal.study import CausalResult, LevelEffect

NAME = "causal"
HELP = "what a treatment changes, from a log and a graph of what causes what"
EXAMPLES = """  palate causal shown.csv --treatment featured --outcome click \\
      --graph "popularity -> featured; popularity -> click; featured -> click"
  palate causal shown.csv --treatment position --reference 1 --outcome click --graph graph.txt
  palate causal shown.csv --treatment price --above 20 --outcome click --by country \\
      --graph "brand -> price; brand -> click; price -> click\""""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("log", type=Path, metavar="LOG", help="a row for each that was treated")
    parser.add_argument("--treatment", required=True, metavar="COLUMN", help="what would change")
    parser.add_argument("--outcome", required=True, metavar="COLUMN", help="what is of interest")
    parser.add_argument(
        "--graph",
        required=True,
        metavar="EDGES",
        help='what causes what: "a -> b; b -> c", or a text file with such lines',
    )
    parser.add_argument(
        "--adjust",
        default="",
        metavar="COLUMNS",
        help="columns to hold fixed, separated by commas; the graph checks them (default: chooses)",
    )
    parser.add_argument(
        "--by", default="", metavar="COLUMNS", help="columns whose values are segments"
    )
    parser.add_argument(
        "--above", type=float, metavar="NUMBER", help="a treatment above it counts as treated"
    )
    parser.add_argument(
        "--reference", default="", metavar="LEVEL", help="level to compare with (default: first)"
    )
    parser.add_argument("--user", default="", metavar="COLUMN", help="whose row it is")
    parser.add_argument(
        "--models",
        choices=("linear", "boosting", "best"),
        default="best",
        help="kind of the models of treatment and outcome (default: what predicts better)",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a page: what was assumed, what came out"
    )
    parser.add_argument("--no-refuters", action="store_true", help="do not try to refute")
    add_evidence(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Estimate. Raises Refused where the log cannot tell."""
    from palate.study.causal.columns import CausalColumns
    from palate.study.causal.page import write_page
    from palate.study.causal.study import CausalSettings, causal, columns_named

    columns = CausalColumns(
        args.treatment,
        args.outcome,
        columns_named(args.adjust),
        args.user,
        args.above,
        args.reference,
    )
    settings = CausalSettings(
        columns_named(args.by), args.models, not args.no_refuters, args.seed, force=args.force
    )
    found = causal(args.log, columns, args.graph, settings, progress=console)
    console.close()
    if args.report:
        write_page(found, args.report, console.language)
    if not args.json:
        _tables(found, console)
    step = "compare levels that the same people might have got, or gather more rows"
    return answered(found, bool(found.effects), step, console)


def _tables(found: CausalResult, console: Console) -> None:
    from palate.study.causal.page import card_rows

    rows = [
        [name, console.translated(value) if name == "verdict" else value]
        for name, value in card_rows(found)
    ]
    console.table("the rows", ["figure", "value"], rows, words=(0,))
    for one in found.effects:
        _effect(one, console)
    if found.card.reasons:
        console.say("\n".join(found.card.reasons))


def _effect(one: LevelEffect, console: Console) -> None:
    effect, naive = one.effect, one.naive
    console.table(
        f"effect of {one.level} in place of {one.reference}",
        ["", "value", "low", "high"],
        [
            ["effect", effect.value, effect.low, effect.high],
            ["nothing held fixed", naive.value, naive.low, naive.high],
            ["E-value", one.e_value.value, one.e_value.bound, ""],
        ],
        words=(0,),
    )
    if one.segments:
        console.table(
            "effect by segment",
            ["segment", "value", "low", "high"],
            [[s.segment, s.effect.value, s.effect.low, s.effect.high] for s in one.segments],
        )
    if one.refuters:
        console.table(
            "attempts to refute it",
            ["attempt", "should be", "is", "p", "passed"],
            [
                [r.name, r.expected, r.estimate.value, r.p, "yes" if r.passed else "NO"]
                for r in one.refuters
            ],
            words=(0, 4),
        )
