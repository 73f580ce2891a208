r"""Dumps of databases are read, and nothing in them is executed."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.assemble import read
from palate.data.checks import check_paths
from palate.data.readers.dumps import holds_tables, named_table, read_tables
from palate.data.readers.files import read_file
from palate.data.settings import DataSettings
from palate.errors import BadInput
from palate.recipe.init import init
from palate.recipe.recipe import load

MYSQL = r"""-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `goods`;
CREATE TABLE `goods` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(255) DEFAULT 'a, b',
  `price` decimal(10,2) DEFAULT NULL,
  PRIMARY KEY (`id`), KEY `n` (`name`(10))
) ENGINE=InnoDB;
LOCK TABLES `goods` WRITE;
INSERT INTO `goods` VALUES (1,'It\'s; a (red) ''lamp''\nnew',NULL),(2,'back\\slash, "q"',-3.50);
INSERT INTO `goods` (`id`, `name`, `price`) VALUES (3, _utf8mb4'three', 0x1F);
UNLOCK TABLES;
"""
POSTGRES = (
    "--\n-- PostgreSQL database dump\n--\nSET client_encoding = 'UTF8';\n"
    "SELECT pg_catalog.set_config('search_path', '', false);\n"
    "CREATE TABLE public.events (\n    id integer,\n    who text\n);\n"
    "COPY public.events (id, who) FROM stdin;\n1\tann\n2\t\\N\n3\ta\\tb\\\\c\\nd; INSERT INTO x\n"
    "\\.\n\n"
    "COPY public.empty (id) FROM stdin;\n\\.\n\nALTER TABLE public.events ADD PRIMARY KEY (id);\n"
)


def tables(folder: Path, text: str) -> dict[str, list[tuple[object, ...]]]:
    path = folder / "dump.sql"
    path.write_text(text)
    return {name: table.frame.rows() for name, table in read_tables(path).items()}


def test_inserts_of_mysql(tmp_path: Path) -> None:
    assert tables(tmp_path, MYSQL) == {
        "goods": [
            ("1", "It's; a (red) 'lamp'\nnew", None),
            ("2", 'back\\slash, "q"', "-3.50"),
            ("3", "three", "0x1F"),
        ]
    }
    assert read_file(tmp_path / "dump.sql").frame.columns == ["id", "name", "price"]


def test_copy_of_postgres(tmp_path: Path) -> None:
    assert tables(tmp_path, POSTGRES) == {
        "events": [("1", "ann"), ("2", None), ("3", "a\tb\\c\nd; INSERT INTO x")]
    }


def test_what_sqlite_writes(tmp_path: Path) -> None:
    base = sqlite3.connect(":memory:")
    base.execute('create table "my log" (who text, what integer, note text)')
    rows = [("o'neill", 7, "a\\n;b"), ("x", None, "(1,'2')"), ("", -1, None)]
    base.executemany('insert into "my log" values (?, ?, ?)', rows)
    base.execute("create table plain (a, b)")
    base.executemany("insert into plain values (?, ?)", [(1, "one"), (2.5, "two")])
    base.commit()
    found = tables(tmp_path, "\n".join(base.iterdump()))
    assert found["plain"] == [("1", "one"), ("2.5", "two")]
    assert found["my log"] == [
        ("o'neill", "7", "a\\n;b"),
        ("x", None, "(1,'2')"),
        (None, "-1", None),
    ]


def test_inserts_that_name_other_columns(tmp_path: Path) -> None:
    text = "INSERT INTO a (x, y) VALUES (1, 2);\nINSERT INTO a (y, z) VALUES (3, 4);\n"
    assert tables(tmp_path, text) == {"a": [("1", "2", None), (None, "3", "4")]}
    with pytest.raises(BadInput, match="3 values, and the table has 2 columns"):
        tables(tmp_path, "INSERT INTO a (x, y) VALUES (1, 2), (3, 4, 5);")


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=("Cs", "Cc"))), st.integers()),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_sqlite_keeps_comes_back(rows: list[tuple[str, int]]) -> None:
    base = sqlite3.connect(":memory:")
    base.execute("create table t (a text, b integer)")
    base.executemany("insert into t values (?, ?)", [(a, b % 2**40) for a, b in rows])
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = tables(Path(folder), "\n".join(base.iterdump()))
    assert found["t"] == [(a or None, str(b % 2**40)) for a, b in rows]


def shop(folder: Path) -> Path:
    """Both tables of a shop, and one of something else, in one packed dump."""
    lines = ["COPY public.products (id, title) FROM stdin;"]
    lines += [f"{n}\tred lamp {n}" for n in range(20)]
    lines += ["\\.", "COPY public.purchases (n, customer_id, product_id, bought_at) FROM stdin;"]
    lines += [
        f"{n}\tc{n // 6}\t{n * n % 20}\t2024-03-{1 + n % 6:02} 10:00:00+02" for n in range(240)
    ]
    lines += ["\\.", "COPY public.settings (name, value) FROM stdin;", "a\tb", "c\td", "\\.", ""]
    path = folder / "shop.sql.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_a_dump_with_a_log_and_a_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert holds_tables(path)
    (checked,) = check_paths([Path("shop.sql.gz")])
    assert checked.error is None
    init([Path("shop.sql.gz")], Path("recipe.toml"))
    recipe = load(Path("recipe.toml"))
    data = read(recipe.data, recipe.base)
    assert (data.interactions.n_users, len(data.catalogue)) == (40, 20)
    assert data.catalogue.fields["title"][0] == "red lamp 0"


def test_tables_are_named_behind_the_file(tmp_path: Path) -> None:
    path = shop(tmp_path)
    named = DataSettings(interactions="shop.sql.gz#purchases", items="shop.sql.gz#products")
    assert len(read(named, tmp_path).interactions) == 240
    both = [Path(f"{path}#purchases"), Path(f"{path}#products")]
    assert [one.error for one in check_paths(both)] == [None]
    with pytest.raises(BadInput, match='no table "product"') as wrong:
        read_file(Path(f"{path}#product"))
    assert "products" in str(wrong.value.next_step)
    with pytest.raises(BadInput, match="holds 3 tables"):
        read_file(path)


def test_a_file_with_such_a_name_is_a_file(tmp_path: Path) -> None:
    odd = tmp_path / "a.sql#b"
    odd.write_text("user_id,item_id\n1,2\n")
    assert named_table(odd) == (odd, "")
    assert named_table(tmp_path / "b.csv#c")[1] == ""


@pytest.mark.parametrize(
    "text",
    ["CREATE TABLE a (b int);\n", "-- nothing\n", "INSERT INTO a VALUES (now(), 1);\n"],
)
def test_dumps_without_rows_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="without rows that can be read"):
        tables(tmp_path, text)


def test_a_folder_with_a_dump_beside_tables_is_read_as_ever(tmp_path: Path) -> None:
    pl.DataFrame({"user_id": [1, 1], "item_id": [2, 3]}).write_csv(tmp_path / "log.csv")
    shop(tmp_path)
    assert len(read(DataSettings(interactions="."), tmp_path).interactions) == 2
