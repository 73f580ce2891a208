"""`palate mcp`: a run, or a live service, as tools for assistants."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from palate.cli.console import Console, add_output_flags
from palate.errors import BadInput

NAME = "mcp"
HELP = "let assistants search, recommend and explain (Model Context Protocol over stdio)"
EXAMPLES = """  palate mcp runs/clicks
  palate mcp --url http://127.0.0.1:8765
  palate mcp --url http://127.0.0.1:8765 --user 7 --write"""

KEY_VARIABLE = "PALATE_KEY"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("run", type=Path, nargs="?", metavar="RUN", help="a run directory")
    parser.add_argument(
        "--url",
        default="",
        metavar="URL",
        help=f"a running service in place of RUN; its key is read from {KEY_VARIABLE}",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="of the run's service, which must rest; without it the run alone answers",
    )
    parser.add_argument("--model", default="", metavar="NAME", help="default: that of the headline")
    parser.add_argument(
        "--user", default="", metavar="ID", help="the only person that may be spoken of"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="let assistants record events; without it they can change nothing",
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Answer on stdio until the assistant goes."""
    if (args.run is None) == (not args.url):
        raise BadInput(
            "either a run or the address of a service",
            where="palate mcp",
            allowed="palate mcp RUN; palate mcp --url URL",
        )
    if args.write and not args.url and args.data is None:
        raise BadInput(
            "events have to be kept somewhere",
            where="--write",
            allowed="with --data FOLDER, or with --url",
        )
    from palate.serve.extras import check_assistant

    check_assistant(service=args.run is not None)
    from palate.assistant.connection import to_run, to_service
    from palate.assistant.tools import assistant

    if args.url:
        connect = to_service(args.url, os.environ.get(KEY_VARIABLE, ""))
    else:
        connect = to_run(args.run, args.data, args.model)
    assistant(connect, write=args.write, user=args.user).run("stdio")
    return 0
