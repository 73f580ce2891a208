from __future__ import annotations

import datetime
import decimal
import json
from pathlib import Path
from uuid import UUID

import polars as pl
import pytest

from palate.data.readers.files import read_file
from palate.errors import BadInput


def _read(folder: Path, frame: pl.DataFrame, name: str = "x.parquet"):  # type: ignore[no-untyped-def]
    frame.write_parquet(folder / name)
    return read_file(folder / name)


def test_types_are_kept_or_made_plain(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "cat": pl.Series(["a", "b"], dtype=pl.Categorical),
            "enum": pl.Series(["x", "y"], dtype=pl.Enum(["x", "y"])),
            "money": [decimal.Decimal("1.50"), None],
            "when": [datetime.date(2020, 1, 1), None],
            "tags": [["a"], []],
            "n": pl.Series([1, 2], dtype=pl.Int8),
            "thing": [{f"k{n}": n for n in range(13)}, None],
            "user": [{"id": 1, "age": 3}, None],
            "raw": [b"abc", b"\xff"],
        }
    )
    table = _read(tmp_path, frame)
    got = table.frame
    assert got.schema["cat"] == got.schema["enum"] == pl.String
    assert got["money"].to_list() == [1.5, None]
    assert got.schema["when"] == pl.Date
    assert got.schema["n"] == pl.Int8
    assert got["thing"].to_list() == [json.dumps({f"k{n}": n for n in range(13)}), None]
    assert got["user.id"].to_list() == [1, None]
    assert got["raw"].to_list() == ["abc", None]
    assert table.objects == ("thing",)
    assert ["objects" in n for n in table.notes] == [True, False]
    assert "1 values are not" in table.notes[1]


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    assert len(_read(tmp_path, pl.DataFrame({"a": [1]}), "log.csv")) == 1


def test_names_that_look_like_patterns(tmp_path: Path) -> None:
    assert len(_read(tmp_path, pl.DataFrame({"a": [1]}), "log[1]*.parquet")) == 1


def test_rows_have_no_lines(tmp_path: Path) -> None:
    assert _read(tmp_path, pl.DataFrame({"a": [1]})).at(0).endswith("x.parquet, row 1")


@pytest.mark.parametrize("frame", [pl.DataFrame({"a": []}), pl.DataFrame()])
def test_nothing_is_refused(tmp_path: Path, frame: pl.DataFrame) -> None:
    with pytest.raises(BadInput, match="no row"):
        _read(tmp_path, frame)


def test_objects_of_bytes_and_path_are_files(tmp_path: Path) -> None:
    held = [{"bytes": b"\xff\xd8", "path": "a.jpg"}, None]
    named = [{"bytes": None, "path": "a.jpg"}, {"bytes": None, "path": None}]
    schema = {"bytes": pl.Binary, "path": pl.String}
    frame = pl.DataFrame({"id": ["a", "b"]}).with_columns(
        held=pl.Series(held, dtype=pl.Struct(schema)),
        named=pl.Series(named, dtype=pl.Struct(schema)),
    )
    table = _read(tmp_path, frame)
    assert table.frame["held"].to_list() == [b"\xff\xd8", None]
    assert table.frame["named"].to_list() == ["a.jpg", None]


def test_bytes_that_are_mostly_no_text_are_kept(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"raw": [b"\xff\x00", b"\xfe", b"a", None], "text": [b"a", b"b", b"\xff", None]}
    )
    table = _read(tmp_path, frame)
    assert table.frame["raw"].to_list() == [b"\xff\x00", b"\xfe", b"a", None]
    assert table.frame["text"].to_list() == ["a", "b", None, None]


def test_uuids_of_sixteen_bytes_are_text(tmp_path: Path) -> None:
    ids = [UUID(int=2**120 + 977 * n) for n in range(5)]
    path = tmp_path / "log.parquet"
    pl.DataFrame({"item": [i.bytes for i in ids]}).write_parquet(path)
    table = read_file(path)
    assert table.frame["item"].to_list() == [str(i) for i in ids]
    assert "UUIDs" in table.notes[0]
