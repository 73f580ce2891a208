"""`palate events`: a log of files into the log of a service."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from palate.cli.console import Console, add_output_flags, add_overrides

NAME = "events"
HELP = "take the events of files into the log of a service"
EXAMPLES = """  palate events import clicks.csv --data live/clicks
  palate events import since.parquet --data live/clicks action_column=what"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    take = verbs.add_parser(
        "import", help="append a log that came after the run; what was imported before stays once"
    )
    take.add_argument("log", metavar="FILE", help="any log that palate reads")
    add_overrides(take)
    take.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="of the service, which must rest"
    )
    add_output_flags(take)
    take.set_defaults(call=call_import)


def call_import(args: argparse.Namespace, console: Console) -> int:
    """Read, append, and say how many were new."""
    from palate import config
    from palate.data.assemble import read_unseen
    from palate.data.settings import DataSettings
    from palate.recipe.recipe import set_key
    from palate.serve.events.importing import import_events
    from palate.serve.events.sqlite import SqliteEvents

    table: dict[str, Any] = {"interactions": args.log}
    for override in args.overrides:
        set_key(table, override)
    data, _ = read_unseen(config.parse(DataSettings, table, "data"), Path.cwd())
    store = SqliteEvents(args.data / "events.db")
    try:
        done = import_events(data, store, console)
    finally:
        store.close()
    console.close()
    text = f"{done.new:,} new of {done.events:,} events; the log ends at {done.offset:,}"
    console.result(dataclasses.asdict(done), text)
    return 0
