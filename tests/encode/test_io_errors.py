"""Every file operation fails once, in turn: what is on the disk afterwards is the old state or the
new one.
"""

import errno
import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from palate import store
from palate.encode import row_table as cached
from palate.encode.content_encoder import text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.stream import encode_to_file
from palate.encode.text.hashing import Hashing, HashingSettings
from palate.errors import PalateError

PART = Hashing(HashingSettings(dims=16))
OLD, NEW = ["before", "then"], [f"text {i}" for i in range(30)]
CODES = [errno.ENOSPC, errno.EIO]


class Disk:
    """Counts operations and fails at the n-th."""

    def __init__(self, left, code):
        self.left, self.code = left, code

    def step(self):
        self.left -= 1
        if self.left == 0:
            raise OSError(self.code, os.strerror(self.code))


class Wrapped:
    """An open file whose every operation may fail; a write that fails has written half."""

    def __init__(self, file, disk):
        self._file, self._disk = file, disk

    def write(self, data):
        try:
            self._disk.step()
        except OSError:
            self._file.write(bytes(data)[: len(data) // 2])
            raise
        return self._file.write(data)

    def __getattr__(self, name):
        if name in ("flush", "seek", "fileno"):
            self._disk.step()
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()
        self._disk.step()


@contextmanager
def failing(monkeypatch, n, code=errno.ENOSPC):
    disk = Disk(n, code)
    plain = {"open": Path.open, "mkdir": Path.mkdir, "replace": os.replace, "fsync": os.fsync}

    def opened(path, mode="r", *arguments, **settings):
        if "r" in mode:
            return plain["open"](path, mode, *arguments, **settings)
        disk.step()
        return Wrapped(plain["open"](path, mode, *arguments, **settings), disk)

    def counted(function):
        def call(*arguments, **settings):
            disk.step()
            return function(*arguments, **settings)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        patch.setattr(Path, "mkdir", counted(plain["mkdir"]))
        patch.setattr(os, "replace", counted(plain["replace"]))
        patch.setattr(os, "fsync", counted(plain["fsync"]))
        yield disk


def every_operation(monkeypatch, prepare, work, state, codes=CODES):
    """Run `work` with its n-th operation failing, for every n; how many there were, and which
    states were left.
    """
    reached, left = 0, set()
    for code in codes:
        n = 0
        while True:
            n += 1
            place = prepare(f"{code}-{n}")
            with failing(monkeypatch, n, code) as disk:
                try:
                    work(place)
                    failed = False
                except (OSError, PalateError):
                    failed = True
            left.add(state(place))
            if not failed and disk.left > 0:
                break
            work(place)
            assert state(place) == "new", "the next run did not mend it"
        reached = max(reached, n)
    return reached, left


def test_a_stream_leaves_the_old_file_or_the_new_one(tmp_path, monkeypatch):
    def prepare(name):
        place = tmp_path / name
        place.mkdir()
        encode_to_file(PART, OLD, place / "out.npy")
        return place

    def work(place):
        encode_to_file(PART, NEW, place / "out.npy", slice_size=7)

    def state(place):
        assert [p.name for p in place.iterdir()] == ["out.npy"]
        found = np.load(place / "out.npy")
        known = {"old": text_matrix(PART, OLD)[0], "new": text_matrix(PART, NEW)[0]}
        return next(
            (name for name, matrix in known.items() if np.array_equal(found, matrix)), "a mix"
        )

    n, left = every_operation(monkeypatch, prepare, work, state)
    assert n > 10
    assert left == {"old", "new"}


@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_an_artefact_is_the_old_one_or_the_new_one(tmp_path, monkeypatch, kind):
    arrays = {
        "old": {"a": np.arange(50), "b": np.ones(3)},
        "new": {"a": np.arange(70), "b": np.zeros(3)},
    }

    def prepare(name):
        store.write(tmp_path / name, arrays["old"], {"state": "old"}, kind)
        return tmp_path / name

    def state(place):
        found = store.read(place)
        name = found.facts["state"]
        whole = all(np.array_equal(found.arrays[k], v) for k, v in arrays[name].items())
        return name if whole else "a mix"

    n, left = every_operation(
        monkeypatch,
        prepare,
        lambda place: store.write(place, arrays["new"], {"state": "new"}, kind),
        state,
    )
    assert n > 10
    assert left == {"old", "new"}


def test_a_text_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    def prepare(name):
        store.write_text(tmp_path / name / "a.txt", "old")
        return tmp_path / name

    _, left = every_operation(
        monkeypatch,
        prepare,
        lambda place: store.write_text(place / "a.txt", "new"),
        lambda place: (place / "a.txt").read_text(),
    )
    assert left == {"old", "new"}


def in_chunks(folder):
    """Encode five texts at a time; what was said when that failed."""
    try:
        for start in range(0, 30, 5):
            text_matrix(PART, NEW[start : start + 5], RowCache(folder))
    except PalateError as error:
        return str(error)
    return ""


def test_a_disk_that_is_full_at_every_size(tmp_path, monkeypatch):
    """The file of the cache may have so many pages and no more; then there is room again."""
    expected, original, kept = text_matrix(PART, NEW)[0], sqlite3.connect, []
    for pages in range(1, 40):

        def limited(*arguments, pages=pages, **settings):
            connection = original(*arguments, **settings)
            connection.execute(f"PRAGMA max_page_count = {pages}")
            return connection

        folder = tmp_path / str(pages)
        with monkeypatch.context() as patch:
            patch.setattr(cached.sqlite3, "connect", limited)
            said = in_chunks(folder)
        assert not said or "full" in said
        cache = RowCache(folder)
        assert text_matrix(PART, NEW, cache)[0].tobytes() == expected.tobytes()
        assert cache.stats.hits % 5 == 0, "a chunk was kept in part"
        assert cache.stats.damaged == cache.stats.damaged_files == 0
        kept.append(cache.stats.hits)
        if not said:
            break
    assert kept[0] == 0
    assert kept[-1] == 30
    assert kept == sorted(kept)
