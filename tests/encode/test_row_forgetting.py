"""Whatever was made of a content can be deleted, and no byte of it stays."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from palate.encode.row_cache import RowCache, key_of
from palate.encode.row_values import RECORD, TEXT
from palate.errors import PalateError

CONTENTS = [f"content {i}".encode() for i in range(40)]
KEYS = [key_of(c) for c in CONTENTS]
SECRET = "what-nobody-may-read-again"
VECTORS = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)


@pytest.fixture
def cache(tmp_path):
    made = RowCache(tmp_path)
    with made.table({"kind": "vectors"}) as table:
        table.put(KEYS, VECTORS)
    with made.table({"kind": "texts"}, TEXT) as table:
        table.put(KEYS, [f"{SECRET}-{i}-end" for i in range(40)])
    with made.table({"kind": "records"}, RECORD) as table:
        table.put(KEYS[:20], [{"said": [f"{SECRET}-{i}-end"]} for i in range(20)])
    return made


def bytes_of(folder):
    return b"\0".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def test_no_byte_is_left_in_any_table(cache, tmp_path):
    for trace in (KEYS[3], VECTORS[3].tobytes(), f"{SECRET}-3-end".encode()):
        assert trace in bytes_of(tmp_path)
    assert cache.forget_contents([CONTENTS[3], CONTENTS[30], b"never seen"]) == 5
    left = bytes_of(tmp_path)
    for gone in (3, 30):
        assert KEYS[gone] not in left
        assert VECTORS[gone].tobytes() not in left
        assert f"{SECRET}-{gone}-end".encode() not in left
    for kept in (2, 31):
        assert KEYS[kept] in left
        assert f"{SECRET}-{kept}-end".encode() in left


def test_the_other_rows_are_as_they_were(cache):
    cache.forget_contents(CONTENTS[:10])
    with cache.table({"kind": "vectors"}) as table:
        found = table.get(KEYS)
        assert len(table) == 30
    assert [k in found for k in KEYS] == [i >= 10 for i in range(40)]
    assert all(found[KEYS[i]].tolist() == VECTORS[i].tolist() for i in range(10, 40))
    assert cache.stats.damaged_files == 0


def test_copies_that_were_once_replaced_go_too(cache, tmp_path):
    """As an earlier version left them: replaced without being overwritten."""
    (path,) = [p for p in tmp_path.glob("*.sqlite") if SECRET.encode() + b"-39" in p.read_bytes()]
    with sqlite3.connect(path, isolation_level=None) as old:
        old.execute("PRAGMA secure_delete = OFF")
        row = old.execute("SELECT * FROM rows WHERE key = ?", [KEYS[5]]).fetchone()
        old.execute("DELETE FROM rows WHERE key = ?", [KEYS[5]])
        old.execute("INSERT INTO rows VALUES (?, ?, ?)", row)
    old.close()
    cache.forget_contents([CONTENTS[5]])
    assert f"{SECRET}-5-end".encode() not in bytes_of(tmp_path)


def test_a_damaged_table_goes_whole(cache, tmp_path):
    for path in tmp_path.glob("*.sqlite"):
        content = bytearray(path.read_bytes())
        content[-4096:-4000] = bytes(96)
        path.write_bytes(content)
    cache.forget_contents([CONTENTS[3]])
    assert f"{SECRET}-3-end".encode() not in bytes_of(tmp_path)
    with cache.table({"kind": "texts"}, TEXT) as table:
        table.put(KEYS[:1], ["anew"])
        assert table.get(KEYS[:1]) == {KEYS[0]: "anew"}


def test_a_reader_in_the_way_is_told(cache, tmp_path, monkeypatch):
    original = sqlite3.connect
    monkeypatch.setattr(
        "palate.encode.row_forgetting.sqlite3.connect",
        lambda path, timeout, isolation_level: original(
            path, timeout=0.05, isolation_level=isolation_level
        ),
    )
    readers = [original(p, isolation_level=None) for p in tmp_path.glob("*.sqlite")]
    for reader in readers:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM rows").fetchone()
    with pytest.raises(PalateError, match=r"journal|locked"):
        cache.forget_contents([CONTENTS[3]])
    for reader in readers:
        reader.close()
    cache.forget_contents([CONTENTS[3]])
    assert f"{SECRET}-3-end".encode() not in bytes_of(tmp_path)


def test_an_empty_cache_has_nothing_to_forget(tmp_path):
    assert RowCache(tmp_path / "none").forget_contents(CONTENTS) == 0
