"""Texts and records in the row cache keep what vectors keep, and kinds are never mixed."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate import store
from palate.encode.row_cache import RowCache, key_of
from palate.encode.row_values import RECORD, TEXT, VECTOR
from palate.errors import BadInput

IDENTITY = {"part": "attributes", "model": "some-model"}
KEYS = [key_of(f"item {i}".encode()) for i in range(12)]
RECORDS = [
    {"mood": "calm", "words": ["a", "b"] * i, "price": i / 3, "new": None} for i in range(12)
]

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),  # lone surrogates too
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def file_of(folder):
    (path,) = folder.glob("*.sqlite")
    return path


def filled(folder, kind=RECORD, values=RECORDS):
    cache = RowCache(folder)
    with cache.table(IDENTITY, kind) as table:
        table.put(KEYS[: len(values)], values)
    return file_of(folder)


@settings(max_examples=40)
@given(values=st.lists(PLAIN, min_size=1, max_size=6))
def test_records_come_back_as_they_were(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("rows")
    filled(folder, RECORD, values)
    with RowCache(folder).table(IDENTITY, RECORD) as table:
        found = table.get(KEYS[: len(values)])
    # The text of JSON tells 1 from 1.0 and True, and 0.0 from -0.0; == does not.
    assert [json.dumps(found[k], sort_keys=True) for k in KEYS[: len(values)]] == [
        json.dumps(v, sort_keys=True) for v in values
    ]


@settings(max_examples=40)
@given(values=st.lists(st.text(st.characters()), min_size=1, max_size=6))
def test_texts_come_back_as_they_were(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("rows")
    filled(folder, TEXT, values)
    with RowCache(folder).table(IDENTITY, TEXT) as table:
        assert table.get(KEYS[: len(values)]) == dict(zip(KEYS, values, strict=False))


def test_equal_records_are_equal_bytes():
    assert (
        RECORD.encode({"b": 1, "a": [2]}) == RECORD.encode({"a": [2], "b": 1}) == b'{"a":[2],"b":1}'
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (RECORD, (1, 2)),
        (RECORD, {1: "a"}),
        (RECORD, {"a": float("nan")}),
        (RECORD, {"a": float("inf")}),
        (RECORD, {"a": {1, 2}}),
        (RECORD, b"bytes"),
        (TEXT, 3),
        (TEXT, b"bytes"),
        (VECTOR, "text"),
        (VECTOR, {"a": 1}),
    ],
)
def test_values_of_another_kind_are_refused_and_nothing_is_kept(tmp_path, kind, value):
    cache = RowCache(tmp_path)
    good = {"record": {}, "text": "", "vector": np.zeros(2, np.float32)}[kind.name]
    with cache.table(IDENTITY, kind) as table:
        with pytest.raises(BadInput, match=f"cannot be kept as a {kind.name}"):
            table.put(KEYS[:2], [good, value])
        assert len(table) == 0
    assert cache.stats.computed == 0


@pytest.mark.parametrize("written", [VECTOR, TEXT, RECORD])
@pytest.mark.parametrize("read", [VECTOR, TEXT, RECORD])
@pytest.mark.parametrize("writable", [True, False])
def test_a_table_of_another_kind_is_refused_and_left_alone(tmp_path, written, read, writable):
    value = {"record": {"a": 1}, "text": "a", "vector": np.ones(2, np.float32)}[written.name]
    path = filled(tmp_path, written, [value])
    before = path.read_bytes()
    cache = RowCache(tmp_path)
    if written.name == read.name:
        with cache.table(IDENTITY, read, writable=writable) as table:
            assert len(table.get(KEYS[:1])) == 1
        return
    with pytest.raises(BadInput, match=f"of the kind {written.name}, not {read.name}"):
        cache.table(IDENTITY, read, writable=writable).__enter__()
    assert path.read_bytes() == before
    assert cache.stats.damaged_files == 0


def test_rows_of_another_kind_put_into_a_table_are_never_read(tmp_path):
    records, texts = tmp_path / "records", tmp_path / "texts"
    filled(records, RECORD, ["1"])
    filled(texts, TEXT, ['"1"'])  # the same bytes under the same key
    with sqlite3.connect(file_of(texts)) as source:
        row = source.execute("SELECT key, vector, checksum FROM rows").fetchone()
    source.close()
    with sqlite3.connect(file_of(records)) as target:
        target.execute("UPDATE rows SET key = ?, vector = ?, checksum = ?", row)
    target.close()
    cache = RowCache(records)
    with cache.table(IDENTITY, RECORD) as table:
        assert table.get(KEYS[:1]) == {}
    assert cache.stats.damaged == 1


def test_sound_bytes_that_the_kind_cannot_read_are_computed_anew(tmp_path):
    class Older:
        name = "record"

        def encode(self, value):
            return value

        def decode(self, blob):
            return blob

    filled(tmp_path, Older(), [b"{not json"])
    cache = RowCache(tmp_path)
    with cache.table(IDENTITY, RECORD) as table:
        assert table.get(KEYS[:1]) == {}
        table.put(KEYS[:1], RECORDS[:1])
        assert table.get(KEYS[:1]) == {KEYS[0]: RECORDS[0]}
    assert cache.stats.damaged == 1


def test_vectors_of_earlier_caches_are_read(tmp_path):
    """The file as it was written before there were kinds: one fact, and checksums over it."""
    salt = store.digest(IDENTITY).encode()
    vector = np.arange(3, dtype="<f4")
    with RowCache(tmp_path).table({"other": 1}):
        pass
    file_of(tmp_path).unlink()
    path = tmp_path / f"{store.digest(IDENTITY)[:40]}.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE facts (identity TEXT NOT NULL)")
        old.execute(
            "CREATE TABLE rows (key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL,"
            " checksum BLOB NOT NULL)"
        )
        old.execute("INSERT INTO facts VALUES (?)", [json.dumps(IDENTITY, sort_keys=True)])
        checksum = hashlib.blake2b(salt + KEYS[0] + vector.tobytes(), digest_size=16).digest()
        old.execute("INSERT INTO rows VALUES (?, ?, ?)", [KEYS[0], vector.tobytes(), checksum])
        old.execute("PRAGMA application_id = 0x70616C31")
    old.close()
    cache = RowCache(tmp_path)
    with cache.table(IDENTITY) as table:
        assert table.get(KEYS[:1])[KEYS[0]].tolist() == [0, 1, 2]
    assert (cache.stats.damaged, cache.stats.damaged_files) == (0, 0)


def flipped(tmp_path, step):
    source = filled(tmp_path / "source")
    content = source.read_bytes()
    folder = tmp_path / "flipped"
    for place in range(0, len(content), step):
        folder.mkdir(exist_ok=True)
        for left in folder.iterdir():
            left.unlink()
        changed = bytes([content[place] ^ 0xFF])
        (folder / source.name).write_bytes(content[:place] + changed + content[place + 1 :])
        cache = RowCache(folder)
        with cache.table(IDENTITY, RECORD) as table:
            found = table.get(KEYS)
        assert all(found[k] == RECORDS[KEYS.index(k)] for k in found), f"byte {place}"
        noticed = cache.stats.damaged + cache.stats.damaged_files
        assert noticed or len(found) == len(KEYS), f"byte {place}: rows were lost unnoticed"
    return len(content)


def test_flipped_bytes_never_give_a_wrong_record(tmp_path):
    assert flipped(tmp_path, 173) > 10_000


@pytest.mark.slow
def test_no_flipped_byte_gives_a_wrong_record(tmp_path):
    flipped(tmp_path, 1)


def test_every_byte_of_what_a_records_file_says_of_itself(tmp_path):
    """A damaged kind is damage, not another kind: the rows are kept, and nothing is refused."""
    source = filled(tmp_path / "source")
    content = source.read_bytes()
    (tmp_path / "flipped").mkdir()
    facts = json.dumps(IDENTITY, sort_keys=True).encode()
    start, end = content.index(facts) - 90, content.index(facts) + len(facts) + 20
    for place in range(start, end):
        for bit in (0x01,):
            changed = content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]
            path = tmp_path / "flipped" / source.name
            for left in path.parent.iterdir():
                left.unlink()
            path.write_bytes(changed)
            with RowCache(path.parent).table(IDENTITY, RECORD) as table:
                found = table.get(KEYS)
            assert all(found[k] == RECORDS[KEYS.index(k)] for k in found)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE facts SET identity = 3 WHERE rowid = 2",
        "UPDATE facts SET identity = x'00' WHERE rowid = 2",
        "DELETE FROM facts WHERE rowid = 3",
        "DELETE FROM facts",
    ],
)
def test_facts_that_are_no_facts_are_damage(tmp_path, statement):
    path = filled(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    cache = RowCache(tmp_path)
    with cache.table(IDENTITY, RECORD) as table:
        table.put(KEYS, RECORDS)
        assert len(table.get(KEYS)) == len(KEYS)
    assert cache.stats.damaged_files == 1


def test_another_table_under_this_name_is_foreign(tmp_path):
    filled(tmp_path / "a")
    other = RowCache(tmp_path / "b")
    with other.table({"part": "other"}, RECORD) as table:
        table.put(KEYS, RECORDS[::-1])
    os.replace(file_of(tmp_path / "b"), file_of(tmp_path / "a"))
    cache = RowCache(tmp_path / "a")
    with cache.table(IDENTITY, RECORD) as table:
        assert table.get(KEYS) == {}
    assert cache.stats.damaged_files == 1
