"""What databases write in place of nothing and of line ends."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.data.readers.escapes import as_meant
from palate.data.readers.files import read_file
from palate.data.table import Table


def _meant(*cells: str) -> list[str | None]:
    table = Table("x", pl.DataFrame({"a": list(cells)}))
    return as_meant(table, "".join(cells).encode()).frame["a"].to_list()


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["\\N", "a"], [None, "a"]),
        (["NULL", "Null", "null"], [None, "Null", "null"]),
        (["one\\ntwo", "a\\\\b"], ["one\ntwo", "a\\b"]),
        (["a\\\\nb", "\\t"], ["a\\nb", "\t"]),
        (["C:\\new\\table"], ["C:\\new\\table"]),
        (["a\\qb", "c\\nd"], ["a\\qb", "c\\nd"]),
        (['{"a": "x\\ny"}'], ['{"a": "x\\ny"}']),
        (["a\\\\b"], ["a\\\\b"]),
        (["plain"], ["plain"]),
    ],
)
def test_cells(cells: list[str], meant: list[str | None]) -> None:
    assert _meant(*cells) == meant


def test_nothing_to_do_leaves_the_table() -> None:
    table = Table("x", pl.DataFrame({"a": ["b"]}), first_line=2)
    assert as_meant(table, b"b") is table


def test_quotes_with_a_backslash_before_them(tmp_path: Path) -> None:
    rows = ['"id","text"', '"1","say \\"hi\\", he said\\', 'twice"', '"2","C:\\\\a"', '"3",\\N']
    path = tmp_path / "mysql.csv"
    path.write_text("\n".join(rows) + "\n")
    table = read_file(path)
    assert table.frame["id"].to_list() == ["1", "2", "3"]
    assert table.frame["text"].to_list() == ['say "hi", he said\ntwice', "C:\\\\a", None]
    assert [f.code for f in table.findings] == ["escaped-quotes"]
