"""Lengths of time as people write them on a command line."""

from __future__ import annotations

import argparse
import re

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([smh]?)")


def seconds(text: str) -> float:
    """Seconds of `90`, `90s`, `5m` or `1.5h`.

    Raises:
        argparse.ArgumentTypeError: It is none of these, or nothing at all.

    >>> seconds("5m"), seconds("90"), seconds("0.5h")
    (300.0, 90.0, 1800.0)
    """
    found = _WRITTEN.fullmatch(text.strip().lower())
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if value <= 0:
        raise argparse.ArgumentTypeError(f'"{text}" is no length of time; write 90s, 5m or 1h')
    return value
