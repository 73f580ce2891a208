from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from palate import store
from palate.data.readers.files import read_file
from palate.data.readers.options import TextOptions
from palate.errors import BadInput


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"user_id,item_id\n1,a\n"),
        ("x.TSV", b"user_id\titem_id\n1\ta\n"),
        ("x.txt", b"user_id;item_id\n1;a\n"),
        ("x", b"user_id|item_id\n1|a\n"),
        ("x.dat", b"user_id::item_id\n1::a\n"),
        ("x.jsonl", b'{"user_id": "1", "item_id": "a"}\n'),
        ("x.ndjson", b'{"user_id": "1", "item_id": "a"}\n'),
        ("x.json", b'[{"user_id": "1", "item_id": "a"}]'),
        ("x.log", b'{"user_id": "1", "item_id": "a"}\n'),
        ("x.inter", b"user_id:token\titem_id:token\n1\ta\n"),
        ("x.csv.gz", gzip.compress(b"user_id,item_id\n1,a\n", mtime=0)),
        ("x.json.gz", gzip.compress(b'[{"user_id": "1", "item_id": "a"}]', mtime=0)),
        ("x.inter.gz", gzip.compress(b"user_id:token\titem_id:token\n1\ta\n", mtime=0)),
        ("x.csv", b"\xef\xbb\xbfuser_id,item_id\r\n1,a\r\n"),
        ("x.csv", "user_id,item_id\n1,a\n".encode("utf-16")),
    ],
)
def test_every_format_reads_the_same(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    table = read_file(tmp_path / name)
    assert table.frame.to_dict(as_series=False) == {"user_id": ["1"], "item_id": ["a"]}
    assert table.digest == store.digest_file(tmp_path / name)


def test_csv_may_start_with_a_brace(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("{a},b\n1,2\n", encoding="utf-8")
    assert read_file(tmp_path / "x.csv").frame.columns == ["{a}", "b"]


def test_options_reach_the_reader(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("user_id;title\n1;é\n".encode("latin-1"))
    table = read_file(tmp_path / "x.csv", TextOptions("latin-1", ";"))
    assert table.frame["title"].to_list() == ["é"]


def test_parquet_inside_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"PAR1" + bytes(100), mtime=0))
    with pytest.raises(BadInput, match="inside the gzip file is a Parquet file"):
        read_file(tmp_path / "x.gz")
