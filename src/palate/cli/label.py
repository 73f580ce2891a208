"""`palate label`: labels from a person or a model, for the items that help most."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli.console import Console, add_output_flags
from palate.errors import BadInput

if TYPE_CHECKING:
    from palate.study.labelling.prepare import Prepared, WantedLabels
    from palate.study.labelling.session import LabelPlan, LabelProgress, LabelSession

NAME = "label"
HELP = (
    "label the items that help a classifier most: in the terminal, on a local page, or by a model"
)
EXAMPLES = """  palate label recipe.toml
  palate label runs/mine --ask mood=glad,sad --page
  palate label recipe.toml --budget 300 --strategy margin
  palate label recipe.toml --by teacher --budget 500"""

PERSON, TEACHER = "person", "teacher"
# the same as in palate.study.labelling, which is not imported so that --help stays quick; a test
# compares them
STRATEGIES = ("auto", "random", "margin", "entropy", "diverse", "typical")


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "source", type=Path, metavar="RECIPE|RUN", help="a TOML file, or a run directory"
    )
    parser.add_argument("--block", default="", metavar="NAME", help="the block; else the first")
    parser.add_argument(
        "--question", default="", metavar="NAME", help="of the block; else its first"
    )
    parser.add_argument(
        "--ask",
        default="",
        metavar="NAME=A,B",
        help="a question that no block has, with its options; the section of the recipe is printed",
    )
    parser.add_argument(
        "--several", action="store_true", help="with --ask: any number of its options may hold"
    )
    parser.add_argument(
        "--by", choices=(PERSON, TEACHER), default=PERSON, help="who answers (person)"
    )
    parser.add_argument(
        "--page", action="store_true", help="ask on a page of this machine, not in the terminal"
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="of the page (a free one)")
    _add_plan(parser)
    add_output_flags(parser)
    parser.set_defaults(call=call)


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--budget", type=int, default=200, metavar="N", help="most labels in the file (200)"
    )
    parser.add_argument(
        "--batch", type=int, default=10, metavar="N", help="labels between two fits (10)"
    )
    parser.add_argument(
        "--held-out",
        type=int,
        default=50,
        metavar="N",
        help="items that are drawn and labelled first, to measure on (50)",
    )
    parser.add_argument(
        "--strategy",
        choices=STRATEGIES,
        default="auto",
        help="which items: typical ones first, then diverse ones among the doubtful (auto)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn (0)")
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="where they are kept (what the block names, else labels.jsonl beside the recipe,"
        " RUN.labels.jsonl beside a run)",
    )


def call(args: argparse.Namespace, console: Console) -> int:
    """Ask, and say how good the classifier is by now."""
    from palate.runs.files import plain
    from palate.study.labelling.prepare import prepare
    from palate.study.labelling.session import LabelSession

    prepared = prepare(args.source, _wanted(args), console)
    console.close()
    session = LabelSession(prepared.task, _plan(args, prepared))
    if args.by == TEACHER:
        _by_model(prepared, session, console)
    elif args.page:
        _on_page(session, args.port, console)
    else:
        from palate.cli.asking import ask_in_terminal

        ask_in_terminal(session, console, sys.stdin)
    found = session.progress()
    console.table(
        f"{found.question}: agreement with {found.held_out} labels of drawn items",
        ["labels", "micro-F1", "from", "to"],
        [[p.labels, p.f1, p.low, p.high] for p in found.curve],
    )
    console.result(plain(found), _said(found, prepared.task.block))
    return 0


def _wanted(args: argparse.Namespace) -> WantedLabels:
    from palate.study.labelling.prepare import WantedLabels

    name, _, options = args.ask.partition("=")
    given = tuple(o.strip() for o in options.replace("\uff0c", ",").split(",") if o.strip())
    if args.ask and (not name.strip() or len(set(given)) < 2):
        raise BadInput(
            f'"{args.ask}" is no question',
            where="--ask",
            allowed="a name and options: mood=glad,sad",
        )
    return WantedLabels(args.block, name.strip() or args.question, given, args.several, args.labels)


def _plan(args: argparse.Namespace, prepared: Prepared) -> LabelPlan:
    from palate.study.labelling.session import LabelPlan

    wanted = (("budget", args.budget, 1), ("batch", args.batch, 1), ("held-out", args.held_out, 0))
    for name, value, least in wanted:
        if value < least:
            raise BadInput(f"{value} is too few", where=f"--{name}", allowed=f"{least} or more")
    by = PERSON if args.by == PERSON else prepared.teacher_name
    return LabelPlan(args.budget, args.batch, args.held_out, args.strategy, by, args.seed)


def _by_model(prepared: Prepared, session: LabelSession, console: Console) -> None:
    from palate.study.labelling.by_model import label_by

    if prepared.teacher is None:
        raise BadInput(
            "the block names no teacher",
            where="--by",
            next_step='add teacher = {part = "answers.chat.v1", ...} to it',
        )
    label_by(prepared.teacher, session, console)
    console.close()


def _on_page(session: LabelSession, port: int, console: Console) -> None:
    from palate.serve.labelling.server import serve_labels

    def started(url: str) -> None:
        console.say(f"{url} (Ctrl-C ends it)")

    serve_labels(session, port, started, console.language)


def _said(found: LabelProgress, block: str) -> str:
    lines = [
        "",
        found.sentence + ".",
        f"{found.path}: {found.given} labels, {found.skipped} skipped, of {found.budget} at most",
        "",
        "In a recipe:",
        "",
        block,
    ]
    return "\n".join(lines)
