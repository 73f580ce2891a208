"""Every call on the files of a service fails in turn, and the disk is full for a while."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from service import scenario
from service.faulty import How, compiled, preloaded
from service.process import Process
from service.shop import made_run

name = "faults_disk"
WAYS = (
    (How.ERROR_ONCE, "EIO"),
    (How.ERROR_ONCE, "ENOSPC"),
    (How.ERROR_ONCE, "EACCES"),
    (How.ERROR_FROM, "ENOSPC"),
    (How.HALF_A_WRITE, "EIO"),
    (How.KILL, "EIO"),
)
STEP = int(os.environ.get("PALATE_FAULTS_STEP", "1"))
FULL_MB = 4
what = (
    "the n-th call on a file of the data folder (open, read, write, sync, truncate, rename, delete;"
    " SQLite's own ones too, by a library that is preloaded) fails with EIO, ENOSPC or EACCES, all"
    " from the n-th on fail, half of a write is done, or the process is killed there, for every n"
    " of a start, batches of events, items created, changed and hidden, a user's fields, an erasure"
    f" and a snapshot; and a service on a file system of {FULL_MB} MB that fills up, is started"
    " again full, and gets room"
)


class Swept(NamedTuple):
    """What came of one way of failing.

    Attributes:
        calls: Numbers that were tried.
        wrong: What was neither old nor new afterwards.
    """

    calls: int
    wrong: list[str]


def swept(folder: Path, how: How, error: str, first: int, step: int) -> Swept:
    """Let every `step`-th call fail, from `first` on."""
    library = compiled(folder)
    place = folder / f"{how.name}-{error}"
    place.mkdir()
    numbers = [str(first), str(step), "100000"]
    done = preloaded(library, [scenario.__file__, str(place), how.name, error, *numbers])
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = [
        f"{how.name} {error} at {one['number']}: {said}" for one in found for said in one["wrong"]
    ]
    return Swept(len(found), wrong)


class Full(NamedTuple):
    """What came of a full disk.

    Attributes:
        answered: Events that were answered with 200.
        statuses: Of all requests to take something in while it was full.
        lists: Statuses of lists meanwhile.
        restarted: Whether the service started on the full disk and answered lists.
        recovered: Status of an event when there was room again.
        kept: Events that are there at the end.
    """

    answered: int
    statuses: set[int]
    lists: set[int]
    restarted: bool
    recovered: int
    kept: int


def mounted(place: Path) -> bool:
    """Whether a small file system of its own could be made there."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={FULL_MB}m", "tmpfs", str(place)]
    try:
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def full(run: Path, place: Path, item: str) -> Full:
    """Fill the disk of a service up, kill it, start it again, and make room.

    Args:
        run: A finished run.
        place: A file system of `FULL_MB`.
        item: Of the run.
    """
    ballast = place / "ballast"
    ballast.write_bytes(b"x" * 2_000_000)
    served = Process(run, place / "live", ["--model", "both"])
    served.errors = place.with_name("stderr")
    served.start()
    client, answered, statuses, lists, turn = served.client(), 0, set[int](), set[int](), 0
    refused = 0
    while refused < 20 and turn < 1000:
        turn += 1
        reply = client.ask("POST", "/v1/events", _events(turn, item))
        statuses.add(reply.status)
        answered += 100 * (reply.status == 200)
        refused += reply.status != 200
        if refused:
            body = {"item": f"n{turn}", "fields": {}}
            statuses.add(client.ask("POST", "/v1/items", body).status)
            lists.add(client.ask("POST", "/v1/recommendations", {"history": [item]}).status)
    client.close()
    served.kill()
    restarted = _starts(served, item)
    ballast.unlink()
    client = served.client()
    recovered = client.ask("POST", "/v1/events", _events(0, item)).status
    answered += 100 * (recovered == 200)
    since = client.ask("GET", f"/v1/items/{item}").body["since_run"]
    client.close()
    served.kill()
    return Full(answered, statuses, lists, restarted, recovered, since["view"]["count"])


def _starts(served: Process, item: str) -> bool:
    served.start()
    client = served.client()
    status = client.ask("POST", "/v1/recommendations", {"history": [item]}).status
    client.close()
    return status == 200


def _events(turn: int, item: str) -> list[dict[str, Any]]:
    same = {"item": item, "action": "view", "context": {"note": "y" * 99}}
    return [{"event_id": f"{turn}-{n}", "user": f"u{n}", **same} for n in range(100)]


def run() -> dict[str, Any]:
    """All ways to fail, and the full disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        sweeps = [swept(Path(place), how, error, 1, STEP) for how, error in WAYS]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made_run(folder / "run", 100, 60)
        disk = folder / "disk"
        if not mounted(disk):
            raise RuntimeError("a file system of its own needs the right to mount one")
        try:
            found = full(folder / "run", disk, "1")
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    return told(sweeps, found)


def told(sweeps: Sequence[Swept], found: Full) -> dict[str, Any]:
    """Rows and claims."""
    wrong = [said for sweep in sweeps for said in sweep.wrong]
    lost = found.answered - found.kept
    rows = [
        {
            "tried": "the n-th call on a file fails, for every n, in six ways",
            "how much": f"{sum(s.calls for s in sweeps):,} runs",
            "asked": "the old or the new state, in memory and after a start",
            "found": f"{len(wrong)} in between",
        },
        {
            "tried": "the disk is full, then a kill, a start, and room again",
            "how much": f"{found.answered:,} events answered on {FULL_MB} MB",
            "asked": "503, never 200; lists go on; back alone",
            "found": f"{sorted(found.statuses)} while it filled up, lists {sorted(found.lists)},"
            f" {lost} lost, {found.recovered} with room",
        },
    ]
    return {
        "rows": rows,
        "claims": [
            {"claim": f"{len(wrong)} states in between, goal 0: {wrong[:3]}", "holds": not wrong},
            {"claim": "a full disk is 503", "holds": found.statuses <= {200, 201, 503}},
            {"claim": "lists are answered on a full disk", "holds": found.lists == {200}},
            {"claim": "a service starts on a full disk", "holds": found.restarted},
            {"claim": f"{lost} events lost, goal 0", "holds": not lost},
        ],
    }
