from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate.data.readers.columns import column_of
from palate.data.readers.files import read_file
from palate.data.readers.jsonlines import read_json
from palate.data.readers.members import members
from palate.data.readers.options import TextOptions
from palate.data.readers.plain_lines import plain_lines
from palate.data.readers.source import open_source
from palate.data.table import Table
from palate.errors import BadInput


def _read(folder: Path, content: str | bytes, name: str = "x.jsonl") -> Table:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_json(open_source(path), TextOptions())


def test_lines_and_arrays_say_the_same(tmp_path: Path) -> None:
    rows = [{"user_id": 1, "item_id": "a"}, {"item_id": "b", "user_id": 2, "rating": 3.5}]
    lines = _read(tmp_path, "\n".join(map(json.dumps, rows)))
    array = _read(tmp_path, json.dumps(rows, indent=1), "x.json")
    assert lines.frame.equals(array.frame)
    assert lines.frame["rating"].to_list() == [None, 3.5]
    assert lines.at(1).endswith("row 2 (line 2)")
    assert array.at(1).endswith("row 2")


def test_blank_lines_and_a_mark_are_harmless(tmp_path: Path) -> None:
    table = _read(tmp_path, '\ufeff{"a": 1}\r\n\r\n{"a": 2}\r\n')
    assert table.frame["a"].to_list() == [1, 2]
    assert table.first_line is None


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, None, 3], pl.Int64, [1, None, 3]),
        ([1, 2.5, None], pl.Float64, [1.0, 2.5, None]),
        ([True, False, None], pl.Boolean, [True, False, None]),
        (["a", "", None], pl.String, ["a", "", None]),
        ([["a", "b"], [], None], pl.List(pl.String), [["a", "b"], [], None]),
        ([[1, 2.5], None], pl.List(pl.Float64), [[1.0, 2.5], None]),
        ([["a", 1], None], pl.List(pl.String), [["a", "1"], None]),
        ([1, "x"], pl.String, ["1", "x"]),
        ([{"k": "é"}, "x"], pl.String, ['{"k": "é"}', "x"]),
        ([[["a"]], ["b"]], pl.String, ['[["a"]]', '["b"]']),
        ([2**70, 1], pl.String, [str(2**70), "1"]),
        ([None, None], pl.Null, [None, None]),
        ([True, 1], pl.String, ["true", "1"]),
    ],
)
def test_columns_lose_nothing(
    tmp_path: Path, values: list[Any], dtype: pl.DataType, expected: list[Any]
) -> None:
    table = _read(tmp_path, "\n".join(json.dumps({"v": v, "w": 0}) for v in values))
    assert table.frame["v"].dtype == dtype
    assert table.frame["v"].to_list() == expected


def test_mixtures_and_objects_are_told(tmp_path: Path) -> None:
    rows = ({"a": 1 if n else "x", "b": {f"k{n}": n}} for n in range(3))
    table = _read(tmp_path, "\n".join(map(json.dumps, rows)))
    assert "texts and whole numbers" in table.notes[0]
    assert "objects" in table.notes[1]
    assert table.objects == ("b",)


def test_surrogate_pairs_are_whole_characters(tmp_path: Path) -> None:
    assert _read(tmp_path, '{"a": "\\ud83d\\ude00"}').frame["a"].to_list() == ["😀"]


def test_gzip_and_content_without_the_ending(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(b'{"a": 1}\n'))
    assert read_file(tmp_path / "x.jsonl.gz").frame["a"].to_list() == [1]
    (tmp_path / "log").write_bytes(b'{"a": 1}\n')
    assert read_file(tmp_path / "log").frame["a"].to_list() == [1]


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6)
CELL = st.one_of(TEXT, st.none())


@given(
    st.lists(st.fixed_dictionaries({"id": TEXT, "title": CELL}), min_size=1, max_size=6),
    st.booleans(),
)
def test_whatever_json_writes_is_read(
    tmp_path: Path, rows: list[dict[str, Any]], ascii_only: bool
) -> None:
    content = "\n".join(json.dumps(r, ensure_ascii=ascii_only) for r in rows)
    assert _read(tmp_path, content).frame.cast(pl.String).rows(named=True) == rows


ROWS = [{"user_id": "u1", "item_id": "a"}, {"user_id": "u2", "item_id": "b"}]


@pytest.mark.parametrize("indent", [None, 2])
def test_rows_inside_of_one_object(tmp_path: Path, indent: int | None) -> None:
    whole = {"total": 2, "pages": [1, 2], "data": ROWS, "meta": {"next": None}}
    table = _read(tmp_path, json.dumps(whole, indent=indent), "x.json")
    assert table.frame.rows() == [("u1", "a"), ("u2", "b")]
    assert table.first_line is None
    assert 'The rows of x.json are those under "data".' in table.notes


def test_an_object_with_two_such_arrays_is_one_row(tmp_path: Path) -> None:
    table = _read(tmp_path, json.dumps({"users": ROWS, "items": ROWS}))
    assert len(table) == 1


def test_half_a_character_inside_of_one_object_is_refused(tmp_path: Path) -> None:
    text = '{"data": [{"user_id": "\\ud800", "item_id": "a"}, {"user_id": "b", "item_id": "c"}]}'
    with pytest.raises(BadInput, match="half of a character"):
        _read(tmp_path, text)


def test_objects_with_the_same_few_keys_are_columns(tmp_path: Path) -> None:
    rows = [
        {"user": {"id": "u1", "land": "at"}, "item": {"id": 7}, "_id": {"$oid": "a1"}},
        {"user": {"id": "u2"}, "item": {"id": 8}, "_id": {"$oid": "a2"}},
    ]
    table = _read(tmp_path, "\n".join(map(json.dumps, rows)))
    assert table.frame.to_dict(as_series=False) == {
        "user.id": ["u1", "u2"],
        "user.land": ["at", None],
        "item": [7, 8],
        "_id": ["a1", "a2"],
    }
    assert table.objects == ()


_VALUES = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.text(max_size=3)
)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), _VALUES, min_size=1), min_size=1, max_size=8)
)
def test_plain_lines_are_read_as_one_by_one(rows: list[dict[str, Any]]) -> None:
    quick = plain_lines("\n".join(map(json.dumps, rows)).encode())
    if quick is None:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    slow = {name: column_of([row.get(name) for row in rows], name, "x") for name in names}
    assert quick.columns == names
    for name, (column, said) in slow.items():
        assert (quick[name].dtype, said) == (column.dtype, [])
        assert quick[name].equals(column)


_INSIDE = st.dictionaries(
    st.sampled_from("abxyz"),
    st.one_of(
        _VALUES,
        st.lists(st.one_of(st.none(), st.integers(0, 9), st.text("a1[{", max_size=2)), max_size=2),
        st.dictionaries(st.sampled_from("abx"), _VALUES, max_size=3),
    ),
    max_size=4,
)


@given(
    st.lists(
        st.fixed_dictionaries({"a": _INSIDE | st.none()}, optional={"b": _VALUES, "c": _INSIDE}),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=300)
def test_objects_are_read_at_a_glance_as_one_by_one(rows: list[dict[str, Any]]) -> None:
    quick = plain_lines("\n".join(map(json.dumps, rows)).encode())
    if quick is None:
        return
    slow = {}
    for field in dict.fromkeys(name for row in rows for name in row):
        for name, values in members(field, [row.get(field) for row in rows]):
            slow[name] = column_of(values, name, "x")
    assert set(quick.columns) == set(slow)
    for name, (column, said) in slow.items():
        assert (quick[name].dtype, said) == (column.dtype, [])
        assert quick[name].equals(column)


def test_events_with_objects_are_read_at_a_glance() -> None:
    event = {
        "event": "view",
        "user": {"id": "u1", "geo": {"country": "DE", "city": None}},
        "item": {"id": 7},
        "device": None,
        "tags": [],
        "scores": [1, 2.5],
        "labels": ["a", None],
    }
    other = event | {"device": {"os": "ios"}, "user": {"id": "u2", "geo": None}}
    quick = plain_lines("\n".join(map(json.dumps, (event, other))).encode())
    assert quick is not None
    assert quick.to_dict(as_series=False) == {
        "event": ["view", "view"],
        "user.id": ["u1", "u2"],
        "user.geo.country": ["DE", None],
        "user.geo.city": [None, None],
        "item": [7, 7],
        "device": [None, "ios"],
        "tags": [[], []],
        "scores": [[1.0, 2.5]] * 2,
        "labels": [["a", None]] * 2,
    }


@pytest.mark.parametrize(
    "line", ['{"a": 1, "a": 2}', '{"a": "\\ud800"}', '{"a": NaN}', "[1]", '{"a": {"b": 1}}']
)
def test_what_a_glance_does_not_show_is_left_to_the_whole_reading(line: str) -> None:
    assert plain_lines(f'{{"a": 5}}\n{line}\n'.encode()) is None
