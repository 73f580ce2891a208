"""`palate serve`: a finished run as a live service."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli.configured import configurable, configured, hidden
from palate.cli.console import Console, add_output_flags
from palate.errors import BadInput

if TYPE_CHECKING:
    from palate.serve.data_folder import Opened

NAME = "serve"
HELP = "serve a finished run over HTTP: lists for what people did a second ago"
EXAMPLES = """  palate serve runs/clicks
  palate serve runs/clicks --port 9000 --data live/clicks --access-log
  palate key new --role admin --data live/clicks
  palate serve runs/clicks --host 0.0.0.0 --data live/clicks
  palate serve --config serve.toml --print-config
  palate serve runs/clicks --store 'postgresql://shop:$PASSWORD@db/shop' --state redis://cache/0"""

VARIABLES = "PALATE_SERVE_"
"""How the variables of the environment begin that stand for options."""

# the same as in palate.serve.settings, which is not imported so that --help stays quick; a test
# compares them
HOST, PORT, THREADS, RATE, RECENT, HALF_LIFE = "127.0.0.1", 8765, 1, 1000.0, 200, 7.0
LEARN, EXHAUSTIVE = 2.0, 50_000
KEEP_LISTS = 7.0


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("run", type=Path, nargs="?", metavar="RUN", help="a run directory")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="where events, items, users and keys are kept (default: RUN-live beside the run)",
    )
    parser.add_argument(
        "--host",
        default=HOST,
        metavar="ADDRESS",
        help=f"where to listen (default {HOST}); other addresses than this machine's need keys",
    )
    parser.add_argument(
        "--port", type=int, default=PORT, metavar="N", help=f"default {PORT}; 0 for a free one"
    )
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help="of keys (default keys.json in --data)"
    )
    add_stores(parser)
    _add_limits(parser)
    _add_memory(parser)
    parser.add_argument(
        "--access-log", action="store_true", help="one line of JSON on stderr for every request"
    )
    configurable(parser, VARIABLES)
    add_output_flags(parser)
    parser.set_defaults(call=call)


def add_stores(parser: argparse.ArgumentParser) -> None:
    """Where else than in a folder things are kept."""
    parser.add_argument(
        "--store",
        default="",
        metavar="ADDRESS",
        help="postgresql://..., where several processes keep events, items and users together"
        " (default: files in --data); $NAME in it stands for a variable of the environment",
    )
    parser.add_argument(
        "--state",
        default="",
        metavar="ADDRESS",
        help="redis://... or valkey://..., where they keep what they know of people; with --store",
    )
    parser.add_argument(
        "--value-key",
        default="",
        metavar="FILE",
        help="encrypt what is said of people, with keys of 32 bytes in base64, one a line, the"
        " newest first (or PALATE_VALUE_KEY)",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="", metavar="NAME", help="default: that of the headline")
    parser.add_argument(
        "--runs",
        default="",
        metavar="FOLDER",
        help="of runs that may be deployed while it serves (default: none may)",
    )
    _add_lists(parser)
    parser.add_argument(
        "--rate",
        type=float,
        default=RATE,
        metavar="N",
        help=f"requests a second of one key (default {RATE:g})",
    )


def _add_memory(parser: argparse.ArgumentParser) -> None:
    """What it learns from events, and how long what is kept."""
    parser.add_argument(
        "--learn-seconds",
        type=float,
        default=LEARN,
        metavar="S",
        help="seconds between two updates of the model by new events, where it can be updated"
        f" (default {LEARN:g}); 0: it stays as the run left it",
    )
    parser.add_argument(
        "--keep-lists",
        type=float,
        default=KEEP_LISTS,
        metavar="DAYS",
        help="how long lists are kept with the features that they were made of, for palate feedback"
        f" (default {KEEP_LISTS:g}); 0: none is",
    )
    parser.add_argument(
        "--recent",
        type=int,
        default=RECENT,
        metavar="N",
        help=f"events of each kind that a history goes back (default {RECENT})",
    )
    parser.add_argument(
        "--half-life",
        type=float,
        default=HALF_LIFE,
        metavar="DAYS",
        help=f"after which an event counts half in the counters of lately (default {HALF_LIFE:g})",
    )


def _add_lists(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threads",
        type=int,
        default=THREADS,
        metavar="N",
        help=f"threads that make lists, each those of many requests at a time (default {THREADS})",
    )
    parser.add_argument(
        "--exhaustive-items",
        type=int,
        default=EXHAUSTIVE,
        metavar="N",
        help="items up to which every one is looked at for a list; in larger catalogues promising"
        f" ones are retrieved first (default {EXHAUSTIVE})",
    )


def call(args: argparse.Namespace, console: Console) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    found = configured(args, os.environ)
    if args.print_config:
        console.result(
            {name: hidden(name, str(getattr(found.args, name))) for name in found.origin},
            found.printed(),
        )
        return 0
    args = found.args
    if args.run is None:
        raise BadInput(
            "there is no run to serve",
            where="palate serve",
            allowed=f"palate serve RUN, run = ... in --config, or {VARIABLES}RUN",
        )
    from palate import config
    from palate.serve.extras import check_service

    check_service()
    from palate.serve.server import serve
    from palate.serve.settings import ServiceSettings

    settings = config.parse(
        ServiceSettings,
        {
            "host": args.host,
            "port": args.port,
            "model": args.model,
            "runs": args.runs,
            "threads": args.threads,
            "language": console.language,
            "learn_seconds": args.learn_seconds,
            "keep_lists_days": args.keep_lists,
            "lists": {"exhaustive_items": args.exhaustive_items},
            "limits": {"per_second": args.rate},
            "stores": {"store": args.store, "state": args.state, "value_key": args.value_key},
            "state": {"recent": args.recent, "half_life_days": args.half_life},
        },
        "serve",
    )
    if args.access_log:
        _log_requests()

    def started(address: str, opened: Opened) -> None:
        _say(console, address, opened)

    serve(args.run, data_folder(args), settings, args.key_file, started)
    return 0


def data_folder(args: argparse.Namespace) -> Path:
    """The folder that is named, or the one beside the run."""
    if args.data is not None:
        return Path(args.data)
    run = Path(args.run).resolve()
    return run.with_name(f"{run.name}-live")


def _say(console: Console, address: str, opened: Opened) -> None:
    engine = opened.engine
    facts = {
        "address": address,
        "model": engine.model,
        "learns": engine.learns,
        "items": len(engine.view.items.catalogue),
        "offset": engine.state.offset,
        "seconds": round(opened.seconds, 3),
    }
    console.result(
        facts,
        f"serving at {address}: model {engine.model}, which"
        f" {'learns' if engine.learns else 'does not learn'} from new events,"
        f" {facts['items']:,} items, ready after {opened.seconds:.1f} s; Ctrl-C ends it",
    )
    sys.stdout.flush()  # it may be read from a pipe


def _log_requests() -> None:
    log = logging.getLogger("palate.serve.access")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
