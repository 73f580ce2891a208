"""What a service does with its files, once, while one call on them fails; and whether the folder is
in an old or in a new state afterwards, and never in between.

    python scenario.py FOLDER HOW ERROR FIRST STEP LAST

in a process with `faulty.c` preloaded. For every STEP-th call from FIRST on, in a copy of a folder
with some content, it prints a line of JSON; it ends when a number is never reached, or at LAST.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from service.faulty import Faults, How

from palate.errors import PalateError
from palate.event_store import NewEvent
from palate.serve.data_folder import EVENTS, RECORDS, STATE
from palate.serve.engine.changes import CatalogueChanges
from palate.serve.events.log import EventLog
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.records.items import Change, Create, Hide
from palate.serve.records.store import Records
from palate.serve.state.live import LiveState, StateSettings
from palate.serve.state.snapshot import opened_state, write_snapshot
from palate.tables import Event

BATCH = 30
"""Events of the batch that is wholly there afterwards, or not at all."""


def batch(name: str, n: int) -> list[NewEvent]:
    """Events of a user of that name."""
    context = {"note": "x" * 400}  # so that a batch is several pages
    items = [f"i{number % 7}" for number in range(n)]
    return [
        NewEvent(f"{name}-{number}", Event(name, item, "view", 1000, 1.0, context=context))
        for number, item in enumerate(items)
    ]


class NoViews:
    """There is no model whose views would have to be made."""

    def renew(self, content: bool = True) -> None:
        """Nothing is to be made."""

    def hide(self) -> None:
        """Nothing is shown."""


class Files:
    """All of a service that writes: the log with the state behind it, and the catalogue's changes.

    There is no run, so that a process can be forked (what reads tables has threads).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = SqliteEvents(folder / EVENTS)
        try:
            self.records = Records(folder / RECORDS)
            folded = opened_state(folder / STATE, self.store, StateSettings())
            self.state = LiveState(folded)
            self.log = EventLog(self.store, [self.state])
            self.changes = CatalogueChanges(self.records, lambda item: False, NoViews)
        except BaseException:
            self.store.close()
            raise

    def erase(self, user: str) -> None:
        """Forget a user, as `palate.serve.engine.engine.Engine.erase_user` does."""
        self.records.erase_user(user)
        self.log.erase(user).result()

    def snapshot(self) -> None:
        """Write the state, as a service does when it ends."""
        write_snapshot(self.folder / STATE, self.state, self.store)

    def close(self) -> None:
        """Let the files go."""
        self.log.close()
        self.changes.close()
        self.store.close()
        self.records.close()


def made(folder: Path) -> None:
    """A folder with some content."""
    files = Files(folder)
    files.log.append(batch("old", BATCH)).result()
    files.log.append(batch("erased", BATCH)).result()
    files.changes.change([Create("kept", {}), Create("changed", {})]).result()
    files.snapshot()
    files.close()


def done(folder: Path, told: Callable[[str, str], None]) -> list[str]:
    """Everything that a service does; what of the state is wrong at the end of it.

    Args:
        folder: With some content.
        told: Gets each thing that was done and "yes", or "no" where it was refused.
    """
    try:
        files = Files(folder)
    except (PalateError, OSError) as error:
        told("start", type(error).__name__)
        return []
    steps: dict[str, Callable[[], Any]] = {
        "batch": lambda: files.log.append(batch("new", BATCH)).result(),
        "single": lambda: files.log.append(batch("one", 1)).result(),
        "create": lambda: files.changes.change([Create("made", {})]).result(),
        "change": lambda: files.changes.change(
            [Change("changed", {"title": "violin"}), Hide("kept")]
        ).result(),
        "user": lambda: files.records.put_user("somebody", {"language": "en"}),
        "erase": lambda: files.erase("erased"),
        "after": lambda: files.log.append(batch("after", 2)).result(),
        "snapshot": files.snapshot,
    }
    for name, step in steps.items():
        try:
            step()
        except (PalateError, OSError) as error:
            told(name, f"no: {type(error).__name__}")
        else:
            told(name, "yes")
    return live(files)


def live(files: Files) -> list[str]:
    """How the state in memory differs from the log; the log is read with nothing failing."""
    FAULTS.disarm()
    kept = files.store.read(most=1_000_000)
    wrong = differences(files.state, Counter((e.event.user, e.event.item) for e in kept))
    files.close()
    return [f"in memory: {one}" for one in wrong]


def differences(state: LiveState, kept: Counter[tuple[str, str]]) -> list[str]:
    """Counters of users and items that are not those of the log."""
    users, items = Counter[str](), Counter[str]()
    for (user, item), n in kept.items():
        users[user] += n
        items[item] += n
    known = {user: state.user_counters(user) for user in ("old", "erased", "new", "one", "after")}
    wrong = [
        f"user {user}: {sum(c.count for c in counters.values())}, log {users[user]}"
        for user, counters in known.items()
        if sum(c.count for c in counters.values()) != users[user]
    ]
    return wrong + [
        f"item {item}: {counted}, log {items[item]}"
        for item in (f"i{n}" for n in range(7))
        if (counted := sum(c.count for c in state.item_counters(item).values())) != items[item]
    ]


def afterwards(folder: Path, told: dict[str, str]) -> list[str]:
    """What is neither old nor new when the folder is opened again."""
    files = Files(folder)
    kept = files.store.read(most=1_000_000)
    n = Counter(event.event.user for event in kept)
    records = {record.item: record for record in files.records.items().records}
    wrong = list[str]()
    expected = {"batch": ("new", BATCH), "single": ("one", 1), "after": ("after", 2)}
    for step, (user, whole) in expected.items():
        if n[user] not in (0, whole) or (told.get(step) == "yes" and n[user] != whole):
            wrong.append(f"{step}: {n[user]} of {whole} events")
    if n["old"] != BATCH:
        wrong.append(f"{n['old']} of {BATCH} events of before")
    if n["erased"] not in (0, BATCH) or (told.get("erase") == "yes" and n["erased"]):
        wrong.append(f"erase: {n['erased']} events are left")
    if told.get("create") == "yes" and "made" not in records:
        wrong.append("create: it is not there")
    changed = (bool(records["changed"].fields), records["kept"].hidden)
    if changed not in ((False, False), (True, True)):
        wrong.append(f"change: half of it: {changed}")
    if told.get("change") == "yes" and changed != (True, True):
        wrong.append("change: it is not so")
    if told.get("user") == "yes" and files.records.user("somebody") is None:
        wrong.append("user: it is not there")
    if told.get("erase") == "yes" and _bytes_of(folder, b"erased-0"):
        wrong.append("erase: bytes are left")
    wrong += differences(files.state, Counter((e.event.user, e.event.item) for e in kept))
    files.close()
    known = {EVENTS, RECORDS, STATE}
    left = [f.name for f in folder.iterdir() if f.name not in known]
    return wrong + [f"a file is left: {name}" for name in left]


def _bytes_of(folder: Path, text: bytes) -> bool:
    return any(text in file.read_bytes() for file in folder.iterdir())


def tried(base: Path, number: int, how: How, error: int) -> dict[str, Any]:
    """One number: done in a process of its own, looked at in this one."""
    folder = base.with_name("tried")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)

        def told(name: str, what: str) -> None:
            os.write(write, json.dumps([name, what]).encode() + b"\n")

        FAULTS.arm(folder, number, how, error)
        try:
            wrong = done(folder, told)
            told("calls", str(FAULTS.disarm()))
        except BaseException as failed:
            wrong = [f"it raised {failed!r}"]
        told("wrong", json.dumps(wrong))
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as lines:
        found = dict(json.loads(line) for line in lines)
    _, status = os.waitpid(child, 0)
    wrong = json.loads(found.pop("wrong", "[]"))
    killed = os.WIFSIGNALED(status)
    if killed and how is not How.KILL:
        wrong.append(f"the process died of signal {os.WTERMSIG(status)}")
    wrong += afterwards(folder, found)
    return {"number": number, "told": found, "wrong": wrong, "killed": killed}


def main(arguments: list[str]) -> None:
    """Run as a command."""
    logging.getLogger("palate.serve").setLevel(logging.CRITICAL)
    place, how, error, first, step, last = arguments
    base = Path(place) / "base"
    base.mkdir()
    made(base)
    for number in range(int(first), int(last) + 1, int(step)):
        found = tried(base, number, How[how], getattr(errno, error))
        reached = found["killed"] or int(found["told"].get("calls", number)) >= number
        if not reached:
            return
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    FAULTS = Faults()
    main(sys.argv[1:])
