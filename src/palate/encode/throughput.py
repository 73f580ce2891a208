"""How quickly rows were computed on this machine, kept beside them; an estimate of what is still to
come.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from palate import store


@dataclass(frozen=True)
class Throughput:
    """What rows of one identity took so far.

    Attributes:
        size: Bytes of their keys: of a text its length, of a file always the same.
        seconds: Time spent in the encoder, loading it included.
    """

    size: int
    seconds: float

    def seconds_for(self, size: int) -> float:
        """Seconds that contents of `size` bytes would take."""
        return self.seconds * size / self.size


def read_throughput(table: Path) -> Throughput | None:
    """What is known of a table of rows; None if nothing, or nothing that can be read."""
    try:
        record = json.loads(_file(table).read_text(encoding="utf-8"))
        measured = Throughput(int(record["size"]), float(record["seconds"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return measured if measured.size > 0 and measured.seconds >= 0 else None


def add_throughput(table: Path, size: int, seconds: float) -> None:
    """Add what `size` bytes took; where that cannot be written, nothing is lost but an estimate."""
    before = read_throughput(table) or Throughput(0, 0.0)
    record = {"seconds": round(before.seconds + seconds, 6), "size": before.size + size}
    with suppress(OSError):
        store.write_text(_file(table), json.dumps(record) + "\n")


def _file(table: Path) -> Path:
    return table.with_suffix(".pace.json")
