"""Trying a Parquet file in a process of its own before this one opens it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from palate.data.readers.magic import PARQUET
from palate.data.readers.parquet import read_parquet
from palate.data.readers.source import open_source
from palate.errors import BadInput, PalateError

SECONDS: Final = 60
_REFUSED: Final = 3


def try_parquet(paths: Sequence[Path]) -> None:
    """Read Parquet files in one child process, and raise here what went wrong there.

    A single wrong byte can make the native reader ask for 10^18 bytes, which ends the process; a
    check of unknown files must outlive that. Other kinds of files are passed over.

    Args:
        paths: Any files.

    Raises:
        BadInput: A file is damaged, or reading it ended the child or took over a minute.

    Cost: the time of reading the files, and half a second for the process.
    """
    parquet = [str(p) for p in paths if open_source(p).kind is PARQUET]
    if not parquet:
        return
    command = [sys.executable, "-m", "palate.data.readers.apart", *parquet]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as cause:
        raise _damaged(parquet, f"reading it takes over {SECONDS} s") from cause
    if done.returncode == _REFUSED:
        raise BadInput(**json.loads(done.stdout))
    if done.returncode:
        raise _damaged(parquet, "reading it ends the process")


def main(paths: Sequence[str]) -> int:
    """What the child does: read, and print as JSON why that failed."""
    try:
        for path in paths:
            read_parquet(open_source(Path(path)))
    except PalateError as problem:
        record = {"what": problem.what, "where": problem.where, "allowed": problem.allowed}
        sys.stdout.write(json.dumps({**record, "next_step": problem.next_step}))
        return _REFUSED
    return 0


def _damaged(paths: Sequence[str], how: str) -> BadInput:
    what = f"the Parquet file is damaged: {how}"
    return BadInput(what, where=" or ".join(paths), next_step="fetch or write the file again")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
