"""The help of every command, as `palate COMMAND --help` prints it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from unittest import mock

from palate.cli.main import CODES, build_parser


def exit_codes() -> str:
    """A table of the exit codes."""
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in CODES.items())
    return f"| exit code | when |\n|---|---|\n{rows}"


def all_commands() -> str:
    """One section a command, sub-commands after the command they belong to."""
    with mock.patch.dict(os.environ, COLUMNS="100", NO_COLOR="1"):
        return "\n\n".join(
            f"## `{parser.prog}`\n\n```text\n{parser.format_help().strip()}\n```"
            for parser in _parsers(build_parser())
        )


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in dict.fromkeys(action.choices.values()):  # an alias is not another command
                yield from _parsers(inner)
