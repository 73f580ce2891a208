from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from palate.data.readers.files import read_file
from palate.data.readers.magic import kind_of
from palate.data.readers.source import is_folder, open_source
from palate.errors import BadInput, MissingExtra


def test_two_members_and_padding_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n") + bytes(512))
    assert open_source(path).content() == b"a,b\n1,2\n"


def test_a_large_gzip_comes_out_whole(tmp_path: Path) -> None:
    content = b"".join(b"%d,%d\n" % (i, i * i) for i in range(600_000))
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(content, 1))
    assert open_source(path).content() == content


def test_garbage_after_gzip_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + b"garbage")
    with pytest.raises(BadInput, match="damaged"):
        open_source(path).content()


@pytest.mark.parametrize("cut", range(1, 28))
def test_every_cut_of_a_gzip_is_found(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"user_id,item_id\n1,2\n")[:-cut])
    with pytest.raises(BadInput, match="cut off"):
        open_source(path).content()


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.CSV", ".csv"), ("a.csv.gz", ".csv"), ("a.gz", ""), ("a", ""), ("u.data", ".data")],
)
def test_endings(tmp_path: Path, name: str, suffix: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert open_source(tmp_path / name).suffix() == suffix


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert open_source(tmp_path / "x").digest().startswith("ba7816bf")


def test_folders(tmp_path: Path) -> None:
    assert is_folder(tmp_path)
    with pytest.raises(BadInput, match="this is a folder"):
        open_source(tmp_path)
    with pytest.raises(BadInput, match="no folder"):
        is_folder(tmp_path / "a" / "b")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"PAR1", "a Parquet file"),
        (b"\x1f\x8b\x08", "a gzip file"),
        (b"  <!DOCTYPE HTML>", "a web page, perhaps the error page of a failed download"),
        (b"x" * 257 + b"ustar", "a tar archive"),
    ],
)
def test_kinds(head: bytes, name: str) -> None:
    kind = kind_of(head)
    assert kind is not None
    assert kind.name == name


@pytest.mark.parametrize("head", [b"", b"user_id,item_id", b"{", b"\xef\xbb\xbfa"])
def test_text_is_no_kind(head: bytes) -> None:
    assert kind_of(head) is None


def zstd() -> Any:
    return pytest.importorskip("zstandard")


@pytest.mark.parametrize("name", ["log.csv.zst", "log.jsonl.zst", "log.jsonl.gz"])
def test_packed_files_are_read_as_what_is_inside(tmp_path: Path, name: str) -> None:
    log = pl.DataFrame({"user_id": ["u", "v"], "item_id": ["a", "b"]})
    content = log.write_csv() if "csv" in name else log.write_ndjson()
    data = content.encode()
    packed = gzip.compress(data) if name.endswith("gz") else zstd().ZstdCompressor().compress(data)
    (tmp_path / name).write_bytes(packed)
    table = read_file(tmp_path / name)
    assert table.frame.to_dicts() == log.to_dicts()
    assert table.digest == hashlib.sha256(packed).hexdigest()


def test_zstd_of_several_frames_cut_off_damaged_or_too_large(tmp_path: Path) -> None:
    pack = zstd().ZstdCompressor().compress
    path = tmp_path / "log.csv.zst"
    lines = "".join(f"u{i},i{i % 7}\n" for i in range(20_000)).encode()
    path.write_bytes(pack(b"user_id,item_id\n") + pack(lines))
    assert read_file(path).frame.height == 20_000
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(BadInput, match="the zstd file is cut off"):
        read_file(path)
    path.write_bytes(whole[:40] + bytes(40) + whole[80:])
    with pytest.raises(BadInput, match="damaged zstd"):
        read_file(path)
    path.write_bytes(pack(b"a,b\n" * 5_000_000))
    with pytest.raises(BadInput, match="unpacks to more than 200 times"):
        read_file(path)


def test_zstd_without_its_library_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.version_info >= (3, 14):
        pytest.skip("Python reads zstd itself")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (tmp_path / "log.csv.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    with pytest.raises(MissingExtra, match=r"palate\[zstd\]"):
        read_file(tmp_path / "log.csv.zst")
