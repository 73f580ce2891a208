from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from palate.data.folders import kind_of_table, read_folder
from palate.data.table import Table
from palate.errors import BadInput

LOG = "user_id,item_id,rating\nu,a,5\nv,b,4\nu,b,3\n"
ITEMS = "item_id,title\na,Ant\nb,Bee\n"
USERS = "user_id,age\nu,20\nv,30\n"


def _write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def test_files_are_known_by_their_content(tmp_path: Path) -> None:
    tables = read_folder(_write(tmp_path, one=USERS, two=LOG, three=ITEMS))
    assert {kind: t.title for kind, t in tables.items()} == {
        "interactions": "two.csv",
        "items": "three.csv",
        "users": "one.csv",
    }


def test_a_name_that_says_what_it_is_is_believed(tmp_path: Path) -> None:
    tables = read_folder(
        _write(tmp_path, interactions=LOG, items="item_id,user_id\na,x\n", other="a,b\n1,2\n")
    )
    assert set(tables) == {"interactions", "items"}


def test_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    _write(tmp_path, log=LOG)
    (tmp_path / ".hidden.csv").write_text(LOG, encoding="utf-8")
    (tmp_path / "README.md").write_text("# hi", encoding="utf-8")
    (tmp_path / "sub").mkdir()
    assert set(read_folder(tmp_path)) == {"interactions"}


def test_named_tables_may_be_packed_and_have_company(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv.gz").write_bytes(gzip.compress(LOG.encode()))
    (tmp_path / "about.json").write_text('{\n "name": "x"\n}', encoding="utf-8")
    assert set(read_folder(_write(tmp_path, items=ITEMS))) == {"interactions", "items"}


def test_doubt_names_every_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_folder(_write(tmp_path, log=LOG, a=ITEMS, b=ITEMS, c="x,y\n1,2\n"))
    assert "items" in caught.value.what
    assert all(
        part in caught.value.allowed
        for part in ("log.csv: interactions", "a.csv: items", "c.csv: something else")
    )


def test_too_many_tables_are_refused_before_any_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="21 tables"):
        read_folder(_write(tmp_path, **{f"f{i}": f"broken {i}" for i in range(21)}))


def test_several_atomic_logs_are_refused(tmp_path: Path) -> None:
    for name in ("a.inter", "b.inter"):
        (tmp_path / name).write_text("user_id:token\titem_id:token\n1\t2\n", encoding="utf-8")
    with pytest.raises(BadInput, match="several files"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"user_id": [1, 1], "item_id": [1, 2]}, "interactions"),
        ({"item_id": [1, 2], "title": ["a", "b"]}, "items"),
        ({"user_id": [1, 2], "age": [20, 30]}, "users"),
        ({"item_id": [1, 2], "title": ["a b", "b c"], "rating": [4.5, 3.0]}, "items"),
    ],
)
def test_kinds(columns: dict[str, list[object]], kind: str) -> None:
    assert kind_of_table(Table("x", pl.DataFrame(columns))) == kind


@pytest.mark.parametrize(
    "columns",
    [
        {"colour": [1, 2]},
        {"item_id": [1, 1, 1, 2], "timestamp": [1, 2, 3, 4], "text": ["a b", "c d", "e f", "g h"]},
        {"user_id": [1, 1, 1, 2], "rating": [1, 2, 3, 4], "text": ["a b", "c d", "e f", "g h"]},
        {"user_id": [1, 2], "asin": [1, 2], "isbn": [1, 2]},
    ],
)
def test_what_is_neither_is_refused(columns: dict[str, list[object]]) -> None:
    with pytest.raises(BadInput):
        kind_of_table(Table("x", pl.DataFrame(columns)))
