"""`palate key`: make, list and revoke the keys of a service."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from palate.cli.console import Console, add_output_flags
from palate.errors import BadInput

if TYPE_CHECKING:
    from palate.serve.keys import Key

NAME = "key"
HELP = "make, list and revoke keys of a service"
EXAMPLES = """  palate key new --role read --role event --label shop --data live/clicks
  palate key list --data live/clicks
  palate key revoke 3f9c01ab --data live/clicks"""


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
        add_output_flags(verb)


def call_new(args: argparse.Namespace, console: Console) -> int:
    """Print the key, which is nowhere else."""
    path = _file(args)
    from palate.serve.keys import new_key

    secret, key = new_key(path, args.role, args.label, args.days)
    found = {"key": secret, "id": key.id, "roles": list(key.roles), "label": key.label}
    console.result(found, secret)
    return 0


def call_list(args: argparse.Namespace, console: Console) -> int:
    """Print all keys; the keys themselves are not known."""
    path = _file(args)
    from palate.serve.keys import read_keys

    keys = read_keys(path).keys
    rows = [
        [key.id, " ".join(key.roles), _day(key.created), key.label, _state(key)] for key in keys
    ]
    columns = ["id", "roles", "made", "label", "state"]
    console.table("", columns, rows)
    console.result([dict(zip(columns, row, strict=True)) for row in rows])
    return 0


def call_revoke(args: argparse.Namespace, console: Console) -> int:
    """Revoke it."""
    path = _file(args)
    from palate.serve.keys import revoke_key

    key = revoke_key(path, args.id)
    console.result({"id": key.id, "state": "revoked"}, f"revoked: {key.id}")
    return 0


def _file(args: argparse.Namespace) -> Path:
    from palate.serve.extras import check_keys

    check_keys()
    if args.key_file is not None:
        return Path(args.key_file)
    if args.data is None:
        raise BadInput(
            "nothing says whose keys",
            where="palate key",
            allowed="--data FOLDER, the folder of a service; or --key-file FILE",
        )
    return Path(args.data) / "keys.json"


def _state(key: Key) -> str:
    """Whether it is still one, and until when."""
    if key.revoked:
        return "revoked"
    if not key.expires:
        return ""
    return f"until {_day(key.expires)}" if key.valid else "expired"


def _day(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d")
