"""`palate events`: a log of files into the log of a service."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palate.cli.console import Console, add_output_flags, add_overrides
from palate.cli.shared_log import add_shared_log, shared_log
from palate.errors import BadInput

if TYPE_CHECKING:
    from palate.protect.privacy.pattern import Kind
    from palate.serve.events.shapes import Shaped

JSON = (".json", ".jsonl", ".ndjson")

NAME = "events"
HELP = "take the events of files into the log of a service"
EXAMPLES = """  palate events import clicks.csv --data live/clicks
  palate events import since.parquet --data live/clicks action_column=what
  palate events import feedback.json --data live/clicks --shape gorse
  palate events import since.parquet --store 'postgresql://shop:$PASSWORD@db/shop'"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    take = verbs.add_parser(
        "import", help="append a log that came after the run; what was imported before stays once"
    )
    take.add_argument("log", metavar="FILE", help="any log that palate reads")
    add_overrides(take)
    take.add_argument("--data", type=Path, metavar="FOLDER", help="of the service, which must rest")
    take.add_argument(
        "--shape",
        default="",
        choices=("", "gorse", "metarank", "recombee"),
        help="a file of JSON as that service keeps it; without it, as its first object looks",
    )
    take.add_argument(
        "--keep-personal-data",
        action="store_true",
        help="keep mail addresses, telephone numbers and the like in texts, as a run with"
        " [protect] scrub = false does",
    )
    add_shared_log(take)
    add_output_flags(take)
    take.set_defaults(call=call_import)


def call_import(args: argparse.Namespace, console: Console) -> int:
    """Read, append, and say how many were new."""
    from palate import config
    from palate.data.assemble import read_unseen
    from palate.data.settings import DataSettings
    from palate.protect.privacy.dataset import without_personal_data
    from palate.recipe.recipe import set_key
    from palate.serve.data_folder import opened_log
    from palate.serve.events.importing import import_events
    from palate.serve.events.shapes import read_shape

    if args.data is None and not args.store:
        raise BadInput(
            "nothing says whose log",
            where="palate events import",
            allowed="--data FOLDER, the folder of a service; or --store postgresql://...",
        )
    if args.shape or Path(args.log).suffix in JSON:
        shaped = read_shape(Path(args.log), args.shape)
        if shaped is not None:
            return _of_shape(args, shaped, console)
    table: dict[str, Any] = {"interactions": args.log}
    for override in args.overrides:
        set_key(table, override)
    data, _ = read_unseen(config.parse(DataSettings, table, "data"), Path.cwd())
    store = opened_log(args.data, shared_log(args))
    try:
        done = import_events(without_personal_data(data, _kinds(args)), store, console)
    finally:
        store.close()
    console.close()
    text = f"{done.new:,} new of {done.events:,} events; the log ends at {done.offset:,}"
    console.result(dataclasses.asdict(done), text)
    return 0


def _of_shape(args: argparse.Namespace, shaped: Shaped, console: Console) -> int:
    from palate.serve.data_folder import opened_log, opened_records
    from palate.serve.engine.scrubber import Scrubber
    from palate.serve.events.importing import import_shape

    where = shared_log(args)
    with ExitStack() as opened:
        store = opened_log(args.data, where)
        opened.callback(store.close)
        records = opened_records(args.data, where)
        opened.callback(records.close)
        done = import_shape(Scrubber(_kinds(args)).shaped(shaped), store, records)
    text = (
        f"{done.new:,} new of {done.events:,} events, {done.items:,} items, {done.users:,} users;"
        f" the log ends at {done.offset:,}"
    )
    console.result(dataclasses.asdict(done), text)
    return 0


def _kinds(args: argparse.Namespace) -> Collection[Kind]:
    """What is replaced in texts."""
    from palate.protect.privacy.scrub import KINDS

    return () if args.keep_personal_data else KINDS
