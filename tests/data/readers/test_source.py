from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from palate.data.readers.magic import kind_of
from palate.data.readers.source import is_folder, open_source
from palate.errors import BadInput


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
