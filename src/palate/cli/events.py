"""`palate events`: a log of files into the log of a service."""

from __future__ import annotations

import argparse
import dataclasses
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palate.cli.console import Console, add_output_flags, add_overrides

if TYPE_CHECKING:
    from palate.serve.events.shapes import Shaped

JSON = (".json", ".jsonl", ".ndjson")

NAME = "events"
HELP = "take the events of files into the log of a service"
EXAMPLES = """  palate events import clicks.csv --data live/clicks
  palate events import since.parquet --data live/clicks action_column=what
  palate events import feedback.json --data live/clicks --shape gorse"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    take = verbs.add_parser(
        "import", help="append a log that came after the run; what was imported before stays once"
    )
    take.add_argument("log", metavar="FILE", help="any log that palate reads")
    add_overrides(take)
    take.add_argument(
        "--shape",
        default="",
        choices=("", "gorse", "metarank", "recombee"),
        help="a file of JSON as that service keeps it; without it, as its first object looks",
    )
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
    from palate.serve.events.shapes import read_shape
    from palate.serve.events.sqlite import SqliteEvents

    if args.shape or Path(args.log).suffix in JSON:
        shaped = read_shape(Path(args.log), args.shape)
        if shaped is not None:
            return _of_shape(args, shaped, console)
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


def _of_shape(args: argparse.Namespace, shaped: Shaped, console: Console) -> int:
    from palate.serve.events.importing import import_shape
    from palate.serve.events.sqlite import SqliteEvents
    from palate.serve.records.store import Records

    with ExitStack() as opened:
        store = SqliteEvents(args.data / "events.db")
        opened.callback(store.close)
        records = Records(args.data / "records.db")
        opened.callback(records.close)
        done = import_shape(shaped, store, records)
    text = (
        f"{done.new:,} new of {done.events:,} events, {done.items:,} items, {done.users:,} users;"
        f" the log ends at {done.offset:,}"
    )
    console.result(dataclasses.asdict(done), text)
    return 0
