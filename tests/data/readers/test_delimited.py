from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.readers.delimited import read_delimited
from palate.data.readers.options import TextOptions
from palate.data.readers.source import open_source
from palate.data.table import Table
from palate.errors import BadInput


def _read(folder: Path, content: str | bytes, name: str = "x.csv", **options: object) -> Table:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_delimited(open_source(path), TextOptions(**options))  # type: ignore[arg-type]


def test_a_plain_file(tmp_path: Path) -> None:
    table = _read(tmp_path, "user_id,item_id\n007,a\n8,\n")
    assert table.frame.to_dict(as_series=False) == {"user_id": ["007", "8"], "item_id": ["a", None]}
    assert table.at(1).endswith("x.csv, row 2 (line 3)")
    assert table.notes == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(tmp_path: Path, end: str, last: bool) -> None:
    lines = ["a,b", "1,2", "3,4"]
    table = _read(tmp_path, end.join(lines) + (end if last else ""))
    assert table.frame.rows() == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("quote", ["", '"'])
def test_blank_lines_are_passed_over(tmp_path: Path, quote: str) -> None:
    table = _read(
        tmp_path,
        (
            f"\n\n{quote}a{quote},b\n\n1,2\n  \n\n3,4\n\n\n"
            if not quote
            else '"a",b\n\n1,2\n\n3,4\n\n'
        ),
    )
    assert table.frame.rows() == [("1", "2"), ("3", "4")]
    assert table.first_line is None


def test_a_flood_of_blank_lines_is_no_flood_of_memory(tmp_path: Path) -> None:
    assert len(_read(tmp_path, b"a,b\n" + b"\n" * 5_000_000 + b"1,2\n")) == 1


def test_quoted_fields_hold_anything(tmp_path: Path) -> None:
    table = _read(tmp_path, 'id,title\n1,"One, ""two""\r\nthree"\n2,Four\n')
    assert table.frame["title"].to_list() == ['One, "two"\r\nthree', "Four"]
    assert table.first_line is None


def test_rows_keep_their_lines_when_no_field_spans_two(tmp_path: Path) -> None:
    assert _read(tmp_path, 'id,title\n1,"One"\n2,Two\n').first_line == 2


def test_a_quote_inside_an_unquoted_field_is_a_character(tmp_path: Path) -> None:
    assert _read(tmp_path, 'id,title\n1,7" tablet\n2,5" pipe\n').frame["title"].to_list() == [
        '7" tablet',
        '5" pipe',
    ]


def test_tabs_and_loose_quotes(tmp_path: Path) -> None:
    table = _read(tmp_path, 'id\ttitle\n1\t"Heat" and more\n2\t"Alone\n', "x.tsv")
    assert table.frame["title"].to_list() == ['"Heat" and more', '"Alone']
    assert "ordinary characters" in table.notes[-1]


def test_tabs_with_quotes_that_nothing_explains(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="quote"):
        _read(tmp_path, 'id\ttitle\n1\t"Heat" and more\n2\n', "x.tsv")


def test_two_colons(tmp_path: Path) -> None:
    table = _read(tmp_path, 'u::i::"t"\n1::2::a"b\n', "x.dat")
    assert table.frame.rows() == [("1", "2", 'a"b')]
    assert '"::"' in table.notes[0]
    with pytest.raises(BadInput, match="control character"):
        _read(tmp_path, "u::i\n1\x1f::2\n", "x.dat")


def test_a_file_without_names(tmp_path: Path) -> None:
    table = _read(tmp_path, "196\t242\t3\t881250949\n186\t302\t3\t891717742\n", "u.data")
    assert table.frame.columns == ["column_1", "column_2", "column_3", "column_4"]
    assert len(table) == 2
    assert table.at(0).endswith("row 1 (line 1)")
    assert "no line of names" in table.notes[-1]


def test_names_may_be_given(tmp_path: Path) -> None:
    table = _read(tmp_path, "user,item\n1,2\n", columns=("u", "i"))
    assert table.frame.rows() == [("user", "item"), ("1", "2")]
    quoted = _read(tmp_path, '"user",item\n1,2\n', columns=("u", "i"))
    assert quoted.frame.columns == ["u", "i"]
    assert len(quoted) == 2
    with pytest.raises(BadInput, match="2 fields"):
        _read(tmp_path, "1,2\n", columns=("u", "i", "r"))


def test_unnamed_columns_get_a_name(tmp_path: Path) -> None:
    table = _read(tmp_path, ",a\n0,x\n")
    assert table.frame.columns == ["column_1", "a"]
    assert "column_1" in table.notes[0]


def test_gzip(tmp_path: Path) -> None:
    assert len(_read(tmp_path, gzip.compress(b"a,b\n1,2\n"), "x.csv.gz")) == 1


def test_a_named_separator_is_used(tmp_path: Path) -> None:
    assert _read(tmp_path, "a,b;c\n1,2;3\n", separator=";").frame.columns == ["a,b", "c"]


def test_many_rows_in_quotes_come_in_batches(tmp_path: Path) -> None:
    rows = "".join(f'"u{i}",{i}\n' for i in range(70_000))
    table = _read(tmp_path, "user,item\n" + rows)
    assert len(table) == 70_000
    assert table.frame.row(69_999) == ("u69999", "69999")
    with pytest.raises(BadInput, match=r"row 70001: 1 field, and the file has 2 columns; 2 rows"):
        _read(tmp_path, "user,item\n" + rows + "x\ny\n")


CELLS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\\"), max_size=8
).filter(lambda cell: cell != "NULL")  # databases' signs are read as what they stand for


@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6),
    st.sampled_from([",", "\t", ";"]),
)
def test_whatever_csv_writes_is_read(
    tmp_path: Path, rows: list[tuple[str, str, str]], separator: str
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([("first", "second", "third"), *rows])
    table = _read(tmp_path, stream.getvalue(), separator=separator)
    assert table.frame.rows() == [tuple(cell or None for cell in row) for row in rows]


@given(st.lists(st.tuples(st.integers(), st.integers()), min_size=1, max_size=20))
def test_the_quick_way_and_the_quoted_way_agree(
    tmp_path: Path, rows: list[tuple[int, int]]
) -> None:
    body = "".join(f"{a},{b}\n" for a, b in rows)
    plain = _read(tmp_path, "x,y\n" + body)
    quoted = _read(tmp_path, '"x",y\n' + body)
    assert plain.frame.equals(quoted.frame)
    assert plain.first_line == quoted.first_line == 2
    assert plain.frame.dtypes == [pl.String, pl.String]
