"""Entry point: find the command, run it, turn errors into messages and exit codes.

Exit codes: see `CODES`.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

import palate
from palate.cli import (
    attributes,
    causal,
    completion,
    data,
    demo,
    doctor,
    encode,
    events,
    experiment,
    features,
    feedback,
    importance,
    init,
    key,
    label,
    mcp,
    ope,
    prove,
    recommend,
    refit,
    run,
    search,
    select,
    serve,
    simulate,
)
from palate.cli.console import Console, add_language
from palate.cli.parser import CommandParser, ExampleHelp, PlainHelp, named_language, speak
from palate.errors import NotDrawn, PalateError
from palate.translation import ENGLISH, language_of, translator

OK, FOUND, BAD, INTERRUPTED = 0, 1, 2, 130

CODES = {
    OK: "It is done; also where the one who reads the output has gone away.",
    FOUND: "It is done, and a check found something: warnings with `palate data check --strict`,"
    " errors in the data with `--strict` of `run`, `demo` and `search`, a promise that failed in"
    " `palate prove`, something needed that is missing in `palate doctor`, a model that is not"
    " shown to be as good in `palate refit`.",
    BAD: "Nothing was done: input, a recipe or the command line is not understood, a library or a"
    " model is missing, or the result would be no evidence. Also faults that make data unusable in"
    " `palate data check`.",
    INTERRUPTED: "Ctrl-C; what was encoded is kept, and the same command goes on.",
}
"""Exit code -> when; the page of the command line shows them. 1 with a traceback is a fault of
palate."""

COMMANDS = (
    demo,
    init,
    run,
    search,
    data,
    encode,
    attributes,
    label,
    importance,
    select,
    features,
    causal,
    recommend,
    serve,
    refit,
    key,
    events,
    experiment,
    feedback,
    ope,
    simulate,
    mcp,
    prove,
    doctor,
    completion,
)


def build_parser(language: str = ENGLISH) -> argparse.ArgumentParser:
    """The whole command line.

    Args:
        language: Of its help.
    """
    parser = CommandParser(
        prog="palate",
        formatter_class=PlainHelp,
        description=(
            "Features for recommenders by language and vision models, and proof of what each one is"
            " worth."
        ),
        epilog="Start with: palate demo      Then: palate init clicks.csv items.csv",
    )
    parser.add_argument("--version", action="version", version=f"palate {palate.__version__}")
    add_language(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.HELP,
            epilog=f"examples:\n{command.EXAMPLES}",
            formatter_class=ExampleHelp,
        )
        command.add(sub)
    words = translator(language)
    if words is not None:
        speak(parser, words.text)
    return parser


def _parsed(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Like `parse_args`, but KEY=VALUE words may also stand behind flags, where argparse gives up
    on them.
    """
    args, rest = parser.parse_known_args(arguments)
    if any(word.startswith("-") or "=" not in word for word in rest) or (
        rest and "overrides" not in args
    ):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        args.overrides = [*args.overrides, *rest]
    return args


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Words after `palate`; those of the process if None.

    Returns:
        The exit code.
    """
    words = sys.argv[1:] if arguments is None else arguments
    language = named_language(words) or language_of(os.environ)
    try:
        args = _parsed(build_parser(language), words)
    except SystemExit as leaving:
        return BAD if leaving.code else OK
    console = Console(json_output=args.json, quiet=args.quiet, language=language)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotDrawn)  # commands say it themselves
            return int(args.call(args, console))
    except PalateError as error:
        console.error(error)
        return BAD
    except KeyboardInterrupt:
        console.interrupted(" ".join(["palate", *words]))
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has gone; point stdout elsewhere so that the interpreter's last
        # flush is quiet
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    finally:
        console.close()
