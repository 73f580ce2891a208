import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate.encode.row_cache import RowCache, key_of
from palate.errors import PalateError

IDENTITY = {"part": "demo", "n": 1}
KEYS = [key_of(f"text {i}".encode()) for i in range(64)]
VECTORS = np.arange(64 * 4, dtype=np.float32).reshape(64, 4)


def filled(folder, n=64):
    cache = RowCache(folder)
    with cache.table(IDENTITY) as table:
        table.put(KEYS[:n], VECTORS[:n])
    return cache


def file_of(folder):
    (path,) = folder.glob("*.sqlite")
    return path


def recovered(folder, keys=KEYS, vectors=VECTORS):
    """What a reader gets who computes again whatever is missing; every number must be right."""
    cache = RowCache(folder)
    with cache.table(IDENTITY) as table:
        found = table.get(keys)
        for key, vector in found.items():
            assert np.array_equal(vector, vectors[keys.index(key)])
        missing = [k for k in keys if k not in found]
        if missing:
            table.put(missing, np.stack([vectors[keys.index(k)] for k in missing]))
        assert len(table.get(keys)) == len(keys)
    return cache.stats, len(missing)


def test_what_was_put_is_found_and_nothing_else(tmp_path):
    filled(tmp_path)
    cache = RowCache(tmp_path)
    with cache.table(IDENTITY) as table:
        found = table.get([KEYS[3], key_of(b"never seen"), KEYS[60]])
        assert len(table) == 64
    assert set(found) == {KEYS[3], KEYS[60]}
    assert found[KEYS[3]].tolist() == VECTORS[3].tolist()
    assert (cache.stats.hits, cache.stats.computed, cache.stats.damaged) == (2, 0, 0)


def test_many_keys_are_read_by_scan_and_few_by_key(tmp_path):
    filled(tmp_path)
    cache = RowCache(tmp_path)
    with cache.table(IDENTITY) as table:
        assert len(table.get(KEYS)) == 64
        assert len(table.get(KEYS[:3])) == 3
        assert table.get([]) == {}


@pytest.mark.parametrize(
    "other", [{"part": "demo", "n": 2}, {"part": "demo"}, {"part": "demo", "n": "1"}]
)
def test_another_identity_is_another_table(tmp_path, other):
    filled(tmp_path)
    with RowCache(tmp_path).table(other) as table:
        assert table.get(KEYS) == {}


def test_the_default_folder_is_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path))
    with RowCache().table(IDENTITY) as table:
        table.put(KEYS[:1], VECTORS[:1])
    assert file_of(tmp_path / "rows").is_file()


def test_two_writers_do_not_disturb_each_other(tmp_path):
    one, two = RowCache(tmp_path), RowCache(tmp_path)
    with one.table(IDENTITY) as a, two.table(IDENTITY) as b:
        for start in range(0, 64, 8):
            a.put(KEYS[start : start + 8], VECTORS[start : start + 8])
            b.put(KEYS[start + 4 : start + 8], VECTORS[start + 4 : start + 8])
        assert len(a) == 64
        assert len(b.get(KEYS)) == 64


@pytest.mark.parametrize("column", ["vector", "checksum", "key"])
def test_a_damaged_row_is_dropped_and_counted(tmp_path, column):
    filled(tmp_path)
    path = file_of(tmp_path)
    with sqlite3.connect(path) as connection:
        value = bytearray(
            connection.execute(f"SELECT {column} FROM rows WHERE rowid = 5").fetchone()[0]
        )
        value[1] ^= 1
        connection.execute(f"UPDATE rows SET {column} = ? WHERE rowid = 5", [bytes(value)])
    connection.close()
    stats, missing = recovered(tmp_path)
    assert missing == 1
    assert stats.damaged == 1


def test_swapped_rows_are_noticed(tmp_path):
    filled(tmp_path)
    with sqlite3.connect(file_of(tmp_path)) as connection:
        (one,), (two,) = (
            connection.execute(f"SELECT vector FROM rows WHERE rowid = {r}").fetchone()
            for r in (7, 8)
        )
        connection.executemany("UPDATE rows SET vector = ? WHERE rowid = ?", [(two, 7), (one, 8)])
    connection.close()
    stats, missing = recovered(tmp_path)
    assert (missing, stats.damaged) == (2, 2)


def test_a_row_of_text_is_no_row(tmp_path):
    filled(tmp_path)
    with sqlite3.connect(file_of(tmp_path)) as connection:
        connection.execute("UPDATE rows SET vector = 'abcd' WHERE rowid = 3")
        connection.execute("UPDATE rows SET vector = x'0011' WHERE rowid = 4")
    connection.close()
    assert recovered(tmp_path)[0].damaged == 2


def test_rows_of_another_table_put_in_its_place_are_noticed(tmp_path):
    filled(tmp_path)
    other = RowCache(tmp_path / "other")
    with other.table({"part": "demo", "n": 2}) as table:
        table.put(KEYS, VECTORS + 1)
    os.replace(file_of(tmp_path / "other"), file_of(tmp_path))
    stats, missing = recovered(tmp_path)
    assert missing == 64
    assert stats.damaged_files == 1


@pytest.mark.parametrize(
    "content", [b"", b"not a database at all" * 400, b"SQLite format 3\x00" + bytes(200)]
)
def test_a_foreign_file_is_replaced(tmp_path, content):
    filled(tmp_path)
    file_of(tmp_path).write_bytes(content)
    stats, missing = recovered(tmp_path)
    assert missing == 64
    assert stats.damaged_files == (1 if content else 0)


def every_byte(tmp_path, step, offset=0):
    source = tmp_path / "source"
    filled(source, 12)
    content = file_of(source).read_bytes()
    name = file_of(source).name
    unnoticed = 0
    for place in range(offset, len(content), step):
        folder = tmp_path / "flipped"
        folder.mkdir(exist_ok=True)
        for left in folder.iterdir():
            left.unlink()
        (folder / name).write_bytes(
            content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
        )
        stats, missing = recovered(folder, KEYS[:12], VECTORS[:12])
        noticed = stats.damaged + stats.damaged_files
        assert noticed or not missing, f"byte {place}: {missing} rows were lost and nobody noticed"
        unnoticed += not noticed and any(
            key in content[place - 40 : place + 40] for key in KEYS[:12]
        )
    return len(content), unnoticed


def test_flipped_bytes_never_give_a_wrong_vector(tmp_path):
    every_byte(tmp_path, 211)


@pytest.mark.slow
def test_no_flipped_byte_gives_a_wrong_vector(tmp_path):
    size, _ = every_byte(tmp_path, 1)
    assert size > 10_000


def test_truncated_files_never_give_a_wrong_vector(tmp_path):
    filled(tmp_path / "whole", 40)
    whole = file_of(tmp_path / "whole")
    content = whole.read_bytes()
    for length in range(0, len(content), 997):
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / whole.name).write_bytes(content[:length])
        stats, missing = recovered(folder, KEYS[:40], VECTORS[:40])
        assert not missing or stats.damaged + stats.damaged_files or length == 0


def test_sound_rows_survive_a_damaged_file(tmp_path):
    keys = [key_of(str(i).encode()) for i in range(2000)]
    vectors = np.random.default_rng(0).normal(size=(2000, 64)).astype(np.float32)
    with RowCache(tmp_path).table(IDENTITY) as table:
        table.put(keys, vectors)
    path = file_of(tmp_path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = bytes(4096)
    path.write_bytes(content)
    stats, missing = recovered(tmp_path, keys, vectors)
    assert stats.damaged_files == 1
    assert 0 < missing < 400


@contextmanager
def somebody_without_rights():
    """Root may write everywhere, so the test is somebody else for a while."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.fixture
def open_folder():
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(os.name != "posix", reason="rights work differently there")
def test_a_read_only_folder_is_read_and_not_written(open_folder):
    filled(open_folder, 10)
    open_folder.chmod(0o555)
    file_of(open_folder).chmod(0o444)
    with somebody_without_rights():
        cache = RowCache(open_folder)
        with cache.table(IDENTITY) as table:
            assert len(table.get(KEYS)) == 10
            table.put(KEYS[10:], VECTORS[10:])
    assert (cache.stats.hits, cache.stats.unsaved) == (10, 54)


@pytest.mark.skipif(os.name != "posix", reason="rights work differently there")
def test_a_damaged_read_only_file_is_left_alone_and_not_used(open_folder):
    filled(open_folder)
    path = file_of(open_folder)
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"x" * 4096
    path.write_bytes(content)
    open_folder.chmod(0o555)
    path.chmod(0o444)
    with somebody_without_rights():
        cache = RowCache(open_folder)
        with cache.table(IDENTITY) as table:
            found = table.get(KEYS)
            table.put(KEYS, VECTORS)
    assert all(np.array_equal(v, VECTORS[KEYS.index(k)]) for k, v in found.items())
    assert cache.stats.damaged_files == 1
    assert path.read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="rights work differently there")
def test_a_folder_that_may_not_be_made_keeps_nothing_and_stops_nobody(open_folder):
    open_folder.chmod(0o555)
    with somebody_without_rights():
        cache = RowCache(open_folder / "rows")
        with cache.table(IDENTITY) as table:
            assert table.get(KEYS) == {}
            table.put(KEYS, VECTORS)
    assert cache.stats.unsaved == 64


def test_a_locked_table_is_said(tmp_path, monkeypatch):
    cache = filled(tmp_path, 10)
    other = sqlite3.connect(file_of(tmp_path), isolation_level=None)
    with cache.table(IDENTITY) as table:
        table._connection.execute("PRAGMA busy_timeout = 10")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PalateError, match="locked"):
            table.put(KEYS[10:20], VECTORS[10:20])
        other.execute("ROLLBACK")
        table.put(KEYS[10:20], VECTORS[10:20])
        assert len(table) == 20
    other.close()


def test_a_full_disk_is_said_and_loses_nothing(tmp_path):
    cache = filled(tmp_path, 10)
    with cache.table(IDENTITY) as table:
        pages = table._connection.execute("PRAGMA page_count").fetchone()[0]
        table._connection.execute(f"PRAGMA max_page_count = {pages}")
        big = np.zeros((40, 4096), np.float32)
        with pytest.raises(PalateError, match="full"):
            table.put(KEYS[:40], big)
        assert len(table) == 10
    assert recovered(tmp_path)[1] == 54


@settings(max_examples=15)
@given(st.lists(st.binary(max_size=20), unique=True, min_size=1, max_size=20), st.integers(1, 5))
def test_rows_come_back_bit_for_bit(tmp_path_factory, contents, d):
    vectors = np.random.default_rng(d).normal(size=(len(contents), d)).astype(np.float32)
    vectors[0, 0] = np.float32(1e-42)
    folder = tmp_path_factory.mktemp("rows")
    keys = [key_of(c) for c in contents]
    with RowCache(folder).table(IDENTITY) as table:
        table.put(keys, vectors)
        found = table.get(keys)
    assert np.stack([found[k] for k in keys]).tobytes() == vectors.tobytes()
