"""A process that encodes and is killed: `python crashing.py FOLDER MODE KILLS`; prints what
happened as JSON.

It loads everything once and forks for each attempt, so that sixty kills take seconds. The encoder
keeps a log of its own, flushed to the disk before each chunk is computed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sqlite3
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from palate.encode import row_table as cached
from palate.encode.content_encoder import TextRows, text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.stream import encode_to_file
from palate.encode.text.hashing import HashingSettings

CHUNK = 8


class Logged(TextRows):
    name = "text.logged.v1"
    block_name = "text.logged"

    def __init__(self, log=None, pause=0.0):
        self.settings = HashingSettings()
        self.log, self.pause = log, pause

    def identity(self):
        return {"part": self.name}

    def weights(self):
        return ""

    def width(self):
        return 16

    def vectors(self, texts):
        for start in range(0, len(texts), CHUNK):
            some = texts[start : start + CHUNK]
            if self.log is not None:
                with self.log.open("a") as file:
                    file.write("".join(f"{t}\n" for t in some))
                    file.flush()
                    os.fsync(file.fileno())
            time.sleep(self.pause)
            yield np.arange(start, start + len(some)), np.array([self.vector(t) for t in some])

    def vector(self, text):
        return (
            np.frombuffer(hashlib.sha512(text.encode()).digest(), np.uint32).astype(np.float32)
            / 2**32
        )


class Dying(sqlite3.Connection):
    """Kills its process before or after the n-th statement."""

    left = 10**9
    after = False

    def execute(self, *arguments):
        return self._maybe(super().execute, arguments)

    def executemany(self, *arguments):
        return self._maybe(super().executemany, arguments)

    def _maybe(self, call, arguments):
        type(self).left -= 1
        if type(self).left == 0 and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        out = call(*arguments)
        if type(self).left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return out


def texts_of(n):
    return [f"text {i % (n - n // 10)}" for i in range(n)]


def digest(matrix):
    return hashlib.sha256(matrix.tobytes()).hexdigest()


def attempt(work):
    """Run `work` in a fork; its process id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(3)
        os._exit(0)
    return child


def ended(child):
    """None while it runs, else whether it ended by itself; anything but success or a kill is an
    error.
    """
    done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        return None
    if os.WIFSIGNALED(status):
        return False
    if os.WEXITSTATUS(status):
        raise SystemExit(f"the child failed with {os.WEXITSTATUS(status)}")
    return True


def finished(child, seconds=60.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        state = ended(child)
        if state is not None:
            return state
        time.sleep(0.001)
    raise SystemExit("the child hangs")


def encode(folder, n, pause):
    part = Logged(folder / "calls.log", pause)
    matrix, _ = text_matrix(part, texts_of(n), RowCache(folder / "rows"))
    (folder / "digest").write_text(digest(matrix))


def stream(folder, n, pause):
    part = Logged(folder / "calls.log", pause)
    done = encode_to_file(
        part, texts_of(n), folder / "out.npy", RowCache(folder / "rows"), slice_size=64
    )
    (folder / "digest").write_text(digest(np.load(done.path)))


def trial(folder, n, kills):
    """What is left of one table after it was finished at last."""
    calls = (folder / "calls.log").read_text().splitlines()
    with RowCache(folder / "rows").table(Logged().identity()) as table:
        rows = len(table)
    return {
        "kills": kills,
        "computed": len(calls),
        "distinct": len(set(calls)),
        "expected": len(set(texts_of(n))),
        "rows": rows,
        "same": (folder / "digest").read_text() == digest(text_matrix(Logged(), texts_of(n))[0]),
        "left": sorted(p.name for p in folder.glob(".*")),
    }


def at_random(folder, kills, work):
    """Kill at random moments until there were enough kills, table after table."""
    draw, trials, n = random.Random(kills), [], 600
    while sum(t["kills"] for t in trials) < kills:
        place = folder / f"table{len(trials)}"
        place.mkdir()
        here = 0
        while True:
            child = attempt(partial(work, place, n, 0.001))
            time.sleep(draw.uniform(0, 0.08))
            state = ended(child)
            if state is None and here < 15:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                here += 1
                continue
            if state or (state is None and finished(child)):
                break
        trials.append(trial(place, n, here))
    return trials


def dying(folder, n, number, after):
    Dying.left, Dying.after = number, after
    original = sqlite3.connect
    cached.sqlite3.connect = lambda *a, **k: original(*a, factory=Dying, **k)
    encode(folder, n, 0)


def at_statements(folder):
    """Kill before and after every statement that a small run sends to SQLite."""
    trials, n = [], 24
    for after in (False, True):
        for number in range(1, 200):
            place = folder / f"{number}{after}"
            place.mkdir()
            survived = finished(attempt(partial(dying, place, n, number, after)))
            if not survived and not finished(attempt(partial(encode, place, n, 0))):
                raise SystemExit("the second run was killed")
            trials.append(trial(place, n, int(not survived)))
            if survived:
                break
    return trials


def main():
    folder, mode, kills = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if mode == "statements":
        print(json.dumps(at_statements(folder)))
    else:
        print(json.dumps(at_random(folder, kills, {"encode": encode, "stream": stream}[mode])))


if __name__ == "__main__":
    main()
