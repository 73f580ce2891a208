"""A file that did not change is not read again to know it, and one that did is."""

import hashlib
import os
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate.encode import file_digests as stamps
from palate.encode import file_rows, files
from palate.encode.content_encoder import encode_rows
from palate.encode.image.classical import Classical, ClassicalSettings
from palate.encode.row_cache import RowCache
from palate.errors import PalateError
from palate.tables import Catalogue, Vocabulary
from palate.testing.files import made_picture

pytest.importorskip("PIL")

LONG_AGO = time.time_ns() - 60_000_000_000


@pytest.fixture
def shop(tmp_path):
    """Eight pictures, named twice each, written long ago."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for place in range(8):
        write(folder / f"{place}.png", made_picture(place))
    names = [f"{place % 8}.png" for place in range(16)]
    return Catalogue(
        Vocabulary.of(f"i{n}" for n in range(16)), pl.DataFrame({"poster": names}), folder
    )


def write(path, data, when=LONG_AGO):
    path.write_bytes(data)
    os.utime(path, ns=(when, when))


@pytest.fixture
def reads(monkeypatch):
    """Names of the files that were read."""
    told = []
    original = files._read

    def read(path: str, max_bytes: int) -> bytes:
        told.append(Path(path).name)
        return original(path, max_bytes)

    monkeypatch.setattr(files, "_read", read)
    return told


@pytest.fixture
def _later(monkeypatch):
    """As if the files had been written long before: the change of the inode cannot be set back."""
    real = time.time_ns

    monkeypatch.setattr("palate.encode.file_digests.time.time_ns", lambda: real() + 60_000_000_000)


def encoded(shop, cache, **settings):
    part = Classical(ClassicalSettings(fields=("poster",), **settings))
    return encode_rows(part.fit(shop, np.arange(len(shop), dtype=np.int32)), shop, cache)


@pytest.mark.usefixtures("_later")
def test_unchanged_files_are_not_read_again(shop, reads, tmp_path):
    cache = RowCache(tmp_path / "rows")
    first = encoded(shop, cache)
    assert len(reads) == 16  # to know them, and to decode them
    reads.clear()
    again = encoded(shop, cache)
    assert reads == []
    assert again.matrix.tobytes() == first.matrix.tobytes() == encoded(shop, None).matrix.tobytes()
    assert again.origin.key() == first.origin.key()
    assert (cache.stats.computed, cache.stats.hits) == (8, 8)


@pytest.mark.usefixtures("_later")
@pytest.mark.parametrize("same_time", [True, False])
def test_a_changed_file_is_noticed(shop, reads, tmp_path, same_time):
    cache = RowCache(tmp_path / "rows")
    first = encoded(shop, cache)
    path = shop.folder / "3.png"
    size = path.stat().st_size
    other = next(p for seed in range(50, 500) if len(p := made_picture(seed)) == size)
    reads.clear()
    # Same size, and even the same time of the content: the inode's own time cannot be forged.
    write(path, other, LONG_AGO if same_time else LONG_AGO + 1)
    changed = encoded(shop, cache)
    assert set(reads) == {"3.png"}
    assert not np.array_equal(changed.matrix[3], first.matrix[3])
    assert changed.matrix.tobytes() == encoded(shop, None).matrix.tobytes()


def test_a_file_of_this_moment_is_read_again(shop, reads, tmp_path):
    cache = RowCache(tmp_path / "rows")
    encoded(shop, cache)
    reads.clear()
    encoded(shop, cache)
    assert len(reads) == 8


@pytest.mark.usefixtures("_later")
def test_limits_hold_for_known_files_too(shop, tmp_path):
    cache = RowCache(tmp_path / "rows")
    assert encoded(shop, cache).present.all()
    assert not encoded(shop, cache, max_bytes=10).present.any()


@pytest.mark.usefixtures("_later")
def test_a_file_that_is_gone_is_absent_though_known(shop, tmp_path):
    cache = RowCache(tmp_path / "rows")
    encoded(shop, cache)
    (shop.folder / "0.png").unlink()
    assert np.flatnonzero(~encoded(shop, cache).present).tolist() == [0, 8]


@pytest.mark.usefixtures("_later")
def test_damaged_digests_are_never_used(shop, tmp_path):
    cache = RowCache(tmp_path / "rows")
    expected = encoded(shop, cache).matrix.tobytes()
    for path in (tmp_path / "rows").glob("*.sqlite"):
        content = bytearray(path.read_bytes())
        for place in range(4200, len(content), 37):
            content[place] ^= 0x55
        path.write_bytes(bytes(content))
    assert encoded(shop, RowCache(tmp_path / "rows")).matrix.tobytes() == expected


def test_addresses_have_no_stamp(tmp_path):
    shop = Catalogue(
        Vocabulary.of("ab"), pl.DataFrame({"poster": ["https://a.b/c.png", "a\0.png"]}), tmp_path
    )
    assert not encoded(shop, RowCache(tmp_path / "rows")).present.any()
    assert file_rows._likely_path(b"bytes", tmp_path) is None


@pytest.fixture
def weights(tmp_path):
    made = []
    for name in ("a.safetensors", "config.json"):
        (tmp_path / name).write_bytes(name.encode() * 100)
        os.utime(tmp_path / name, (1e9, 1e9))
        made.append(tmp_path / name)
    return made


@pytest.fixture
def digested(monkeypatch):
    """Files whose bytes were digested."""
    original, files = stamps.store.digest_file, []
    monkeypatch.setattr(stamps.store, "digest_file", lambda f: files.append(f.name) or original(f))
    monkeypatch.setattr(stamps, "_FRESH_NS", -(10**12))
    return files


def test_weights_are_read_once_until_they_change_or_verification_is_asked_for(
    tmp_path, weights, digested
):
    cache = RowCache(tmp_path / "rows")
    first = stamps.digests_of(weights, cache)
    assert first == [hashlib.sha256(f.read_bytes()).hexdigest() for f in weights]
    assert stamps.digests_of(weights, cache) == first
    assert digested == ["a.safetensors", "config.json"]
    weights[1].write_bytes(b"changed.... " * 100)
    assert (
        stamps.digests_of(weights, cache)[1]
        == hashlib.sha256(weights[1].read_bytes()).hexdigest()
        != first[1]
    )
    assert len(digested) == 3
    stamps.forget_digests(cache)
    stamps.digests_of(weights, cache)
    assert len(digested) == 5


def test_the_known_limit_and_how_to_get_around_it(tmp_path, weights, digested, monkeypatch):
    cache = RowCache(tmp_path / "rows")
    monkeypatch.setattr(
        stamps, "_state", lambda path, now, most: Path(path).name.encode().ljust(32)
    )
    before = stamps.digests_of(weights, cache)
    weights[0].write_bytes(b"A.safetensors" * 100)
    assert stamps.digests_of(weights, cache) == before
    stamps.forget_digests(cache)
    assert stamps.digests_of(weights, cache) != before


def test_without_a_usable_cache_all_are_read(tmp_path, weights, digested, monkeypatch):
    def broken(*arguments, **settings):
        raise PalateError("the disk is full")

    monkeypatch.setattr(stamps, "known_digests", broken)
    assert stamps.digests_of(weights) == [
        hashlib.sha256(f.read_bytes()).hexdigest() for f in weights
    ]
