"""Killed at random moments and at every statement, failing at every statement and at every size of
the disk.
"""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from palate.encode import row_table as cached
from palate.encode.row_cache import RowCache, key_of
from palate.errors import PalateError

CHUNK = 8
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills need fork")

IDENTITY = {"part": "demo"}
KEYS = [key_of(bytes([i])) for i in range(24)]
VECTORS = np.random.default_rng(0).normal(size=(24, 16)).astype(np.float32)


def killed(folder, mode, kills=0):
    script = Path(__file__).with_name("crashing.py")
    command = [sys.executable, str(script), str(folder), mode, str(kills)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sound(trials):
    """0 missing, 0 duplicate, 0 wrong rows; at most one chunk computed again for each kill; nothing
    left over.
    """
    for trial in trials:
        assert trial["same"], trial
        assert trial["rows"] == trial["distinct"] == trial["expected"], trial
        assert trial["computed"] - trial["distinct"] <= CHUNK * trial["kills"], trial
        assert trial["left"] == [], trial
    return sum(t["kills"] for t in trials)


@pytest.mark.parametrize("mode", ["encode", "stream"])
def test_kills_at_random_moments(tmp_path, mode):
    assert sound(killed(tmp_path, mode, 12)) >= 12


@pytest.mark.slow
def test_sixty_kills_at_random_moments(tmp_path):
    assert sound(killed(tmp_path, "encode", 60)) >= 60


def test_kills_before_and_after_every_statement(tmp_path):
    trials = killed(tmp_path, "statements")
    assert sound(trials) > 20
    assert sum(not t["kills"] for t in trials) == 2


class Failing(sqlite3.Connection):
    """Fails at the n-th statement, as a bad disk does."""

    left = 10**9
    code = sqlite3.SQLITE_IOERR

    def execute(self, *arguments):
        return self._maybe(super().execute, arguments)

    def executemany(self, *arguments):
        return self._maybe(super().executemany, arguments)

    def _maybe(self, call, arguments):
        type(self).left -= 1
        if type(self).left == 0:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self.code
            raise error
        return call(*arguments)


def wrong_or_missing(folder):
    """Rows that are there and wrong, and rows that are not there."""
    with RowCache(folder).table(IDENTITY) as table:
        found = table.get(KEYS)
    return sum(not np.array_equal(found[k], VECTORS[KEYS.index(k)]) for k in found), len(
        KEYS
    ) - len(found)


def filled(folder):
    """Three puts of eight rows; how many of them returned."""
    returned = 0
    with RowCache(folder).table(IDENTITY) as table:
        table.get(KEYS)
        for start in range(0, 24, 8):
            table.put(KEYS[start : start + 8], VECTORS[start : start + 8])
            returned += 8
    return returned


def attempted(folder):
    """Rows that were put, or 0 and what was said."""
    try:
        return filled(folder), ""
    except PalateError as error:
        return 0, str(error)


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CORRUPT]
)
def test_an_error_at_every_statement(tmp_path, monkeypatch, code):
    original, n = sqlite3.connect, 0
    while True:
        n += 1
        folder = tmp_path / str(n)
        Failing.left, Failing.code = n, code
        with monkeypatch.context() as patch:
            patch.setattr(
                cached.sqlite3, "connect", lambda *a, **k: original(*a, factory=Failing, **k)
            )
            returned, said = attempted(folder)
        wrong, missing = wrong_or_missing(folder)
        assert wrong == 0
        assert missing % 8 == 0, "a put was kept in part"
        assert returned or "the row cache cannot be used" in said
        if returned and code != sqlite3.SQLITE_CORRUPT:
            assert missing == 0
        if Failing.left > 0:
            break
    assert n > 15
