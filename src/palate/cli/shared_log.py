"""Flags of commands that read or write the log of a service where several processes share it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from palate.serve.stores import StoreSettings


def add_shared_log(parser: argparse.ArgumentParser) -> None:
    """Where the log is, if it is not in a folder."""
    parser.add_argument(
        "--store",
        default="",
        metavar="ADDRESS",
        help="postgresql://... in place of --data; services may run meanwhile",
    )
    parser.add_argument(
        "--value-key", default="", metavar="FILE", help="of the service, if it encrypts values"
    )


def shared_log(args: argparse.Namespace) -> StoreSettings:
    """What the flags say."""
    from palate.serve.stores import StoreSettings

    return StoreSettings(args.store, "", args.value_key)
