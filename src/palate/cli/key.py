"""`palate key`: make, list and revoke the keys of a service."""

from __future__ import annotations

import argparse
import datetime
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli.console import Console, add_output_flags
from palate.errors import BadInput

if TYPE_CHECKING:
    from palate.serve.documents import Document
    from palate.serve.keys import Key

NAME = "key"
HELP = "make, list and revoke keys of a service"
EXAMPLES = """  palate key new --role read --role event --label shop --data live/clicks
  palate key list --data live/clicks
  palate key revoke 3f9c01ab --data live/clicks
  palate key new --role admin --store 'postgresql://shop:$PASSWORD@db/shop'"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    new = verbs.add_parser("new", help="make a key; it is shown once")
    new.add_argument(
        "--role",
        action="append",
        required=True,
        choices=("read", "event", "admin"),
        help="read: lists and items; event: send events; admin: everything; may be given again",
    )
    new.add_argument("--label", default="", metavar="TEXT", help="what it is for")
    new.add_argument(
        "--days",
        type=float,
        default=0.0,
        metavar="N",
        help="after which it is refused (default 0: never)",
    )
    new.set_defaults(call=call_new)
    listed = verbs.add_parser("list", help="which keys there are")
    listed.set_defaults(call=call_list)
    revoke = verbs.add_parser("revoke", help="refuse a key from now on")
    revoke.add_argument("id", metavar="ID", help="as palate key list shows it")
    revoke.set_defaults(call=call_revoke)
    for verb in (new, listed, revoke):
        verb.add_argument("--data", type=Path, metavar="FOLDER", help="of the service")
        verb.add_argument("--key-file", type=Path, metavar="FILE", help="in place of --data")
        verb.add_argument(
            "--store",
            default="",
            metavar="ADDRESS",
            help="postgresql://... in place of --data, of processes that share their keys",
        )
        add_output_flags(verb)


def call_new(args: argparse.Namespace, console: Console) -> int:
    """Print the key, which is nowhere else."""
    from palate.serve.keys import new_key

    with _kept(args) as kept:
        secret, key = new_key(kept, args.role, args.label, args.days)
    found = {"key": secret, "id": key.id, "roles": list(key.roles), "label": key.label}
    console.result(found, secret)
    return 0


def call_list(args: argparse.Namespace, console: Console) -> int:
    """Print all keys; the keys themselves are not known."""
    from palate.serve.keys import read_keys

    with _kept(args) as kept:
        keys = read_keys(kept).keys
    rows = [
        [key.id, " ".join(key.roles), _day(key.created), key.label, _state(key)] for key in keys
    ]
    columns = ["id", "roles", "made", "label", "state"]
    console.table("", columns, rows)
    console.result([dict(zip(columns, row, strict=True)) for row in rows])
    return 0


def call_revoke(args: argparse.Namespace, console: Console) -> int:
    """Revoke it."""
    from palate.serve.keys import revoke_key

    with _kept(args) as kept:
        key = revoke_key(kept, args.id)
    console.result({"id": key.id, "state": "revoked"}, f"revoked: {key.id}")
    return 0


def _kept(args: argparse.Namespace) -> AbstractContextManager[Document]:
    from palate.serve.extras import check_keys

    check_keys()
    given = [one for one in (args.data, args.key_file, args.store) if one]
    if len(given) != 1:
        raise BadInput(
            "nothing says whose keys" if not given else "whose keys is said more than once",
            where="palate key",
            allowed="--data FOLDER, the folder of a service; --key-file FILE; or --store ADDRESS",
        )
    from palate.serve.kept_keys import opened_keys
    from palate.serve.stores import StoreSettings

    return opened_keys(args.data, args.key_file, StoreSettings(args.store))


def _state(key: Key) -> str:
    """Whether it is still one, and until when."""
    if key.revoked:
        return "revoked"
    if not key.expires:
        return ""
    return f"until {_day(key.expires)}" if key.valid else "expired"


def _day(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d")
