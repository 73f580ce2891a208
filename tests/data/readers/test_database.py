from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import palate
from palate.cli import main
from palate.data import column_values
from palate.data.assemble import read
from palate.data.readers import projection
from palate.data.readers.database import read_database
from palate.data.settings import DataSettings
from palate.errors import BadInput, BadRecipe, MissingExtra
from palate.recipe import extends
from palate.recipe.recipe import load

N = 60
ROWS = [(f"u{i % 7}", f"i{i % 11}", 1 + i % 5, 1_600_000_000 + i, "a review") for i in range(N)]
LOG = pl.DataFrame(ROWS, ["user_id", "item_id", "rating", "time", "review text"], orient="row")
CREATE = (
    'create table events (user_id varchar(20), item_id varchar(20), rating int, "time" bigint,'
    ' "review text" varchar(20))'
)
QUERY = 'select user_id, item_id, rating, "time" from events where rating > 2 order by "time";'


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of some dozens of rows count as long."""
    monkeypatch.setattr(projection, "SAMPLE", 20)
    monkeypatch.setattr(column_values, "SAMPLE", 20)
    monkeypatch.setattr(projection, "LEAST", 40)


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.execute(CREATE)
        made.executemany("insert into events values (?, ?, ?, ?, ?)", ROWS)
        made.execute("create table products (item_id text, title text)")
        made.executemany(
            "insert into products values (?, ?)", [(f"i{i}", f"title {i}") for i in range(11)]
        )
    made.close()
    return tmp_path


@pytest.fixture
def duckdb(tmp_path: Path) -> Path:
    library = pytest.importorskip("duckdb")
    made = library.connect(str(tmp_path / "shop.duckdb"))
    made.execute(CREATE)
    made.executemany("insert into events values (?, ?, ?, ?, ?)", ROWS)
    made.execute("create schema goods")
    made.execute("create table goods.products (item_id varchar, price decimal(10, 2))")
    made.execute("insert into goods.products values ('i1', 9.50)")
    made.close()
    return tmp_path


def plain() -> pl.DataFrame:
    return palate.read(LOG.drop("review text")).data.interactions.frame()


@pytest.mark.parametrize("address", ["sqlite:///shop.db#events", "duckdb:///shop.duckdb#events"])
def test_a_table_is_read_as_a_frame_is(
    address: str, sqlite: Path, request: pytest.FixtureRequest
) -> None:
    if address.startswith("duckdb"):
        request.getfixturevalue("duckdb")
    data = read(DataSettings(interactions=address), sqlite)
    assert data.interactions.frame().equals(plain())
    assert list(data.sources) == [address.rpartition("/")[2]]


def test_only_columns_with_a_meaning_are_asked_for(
    sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    from palate.data.readers import engines

    whole = engines._Sqlite.frame

    def frame(self: engines._Sqlite, sql: str) -> pl.DataFrame:
        asked.append(sql)
        return whole(self, sql)

    monkeypatch.setattr(engines._Sqlite, "frame", frame)
    read(DataSettings(interactions="sqlite:///shop.db#events"), sqlite)
    assert asked[-1] == 'select "user_id", "item_id", "rating", "time" from "events"'
    assert asked[-2] == 'select * from "events" limit 20'


@pytest.mark.parametrize("address", ["sqlite:///shop.db", "duckdb:///shop.duckdb"])
def test_the_rows_of_a_query(address: str, sqlite: Path, request: pytest.FixtureRequest) -> None:
    if address.startswith("duckdb"):
        request.getfixturevalue("duckdb")
    data = read(DataSettings(interactions=address, interactions_query=QUERY), sqlite)
    expected = palate.read(LOG.filter(pl.col("rating") > 2).drop("review text"))
    assert data.interactions.frame().equals(expected.data.interactions.frame())


def test_catalogue_from_a_database_beside_a_log_in_a_file(sqlite: Path) -> None:
    LOG.write_csv(sqlite / "log.csv")
    settings = DataSettings(interactions="log.csv", items="sqlite:///shop.db#products")
    assert read(settings, sqlite).catalogue.fields["title"][3] == "title 3"


def test_palate_read_and_tables_of_a_schema(duckdb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(duckdb)
    shop = "duckdb:///shop.duckdb"
    source = palate.read(f"{shop}#events", f"{shop}#goods.products")
    assert source.data.interactions.frame().equals(plain())
    assert source.data.catalogue.fields["price"].drop_nulls().to_list() == [9.5]


def test_the_only_table_needs_no_name(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "one.db") as made:
        made.execute("create table clicks (user_id text, item_id text)")
        made.execute("insert into clicks values ('u', 'i')")
    made.close()
    table = read_database("sqlite:///one.db", tmp_path)
    assert table.name == "sqlite:///one.db#clicks"
    assert table.frame.rows() == [("u", "i")]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("sqlite:///shop.db", "has 2 tables, and none is named"),
        ("sqlite:///shop.db#event", 'has no table "event"'),
        ("sqlite:///nothing.db#events", "there is no such file"),
        ("sqlite:///text.db#events", "file is not a database"),
        ("sqlite://", "names no database"),
        ("sqlite:///$NOWHERE_SET/shop.db#events", "NOWHERE_SET of the environment is not set"),
    ],
)
def test_what_is_not_there_is_said(sqlite: Path, address: str, says: str) -> None:
    (sqlite / "text.db").write_text("user_id,item_id\n" * 200)
    with pytest.raises(BadInput, match=says) as problem:
        read(DataSettings(interactions=address), sqlite)
    assert problem.value.where
    if "event" in says:
        assert "events" in str(problem.value)


def test_queries_that_write_are_refused(sqlite: Path) -> None:
    for query in ("drop table events", "insert into events values (1)", "events"):
        settings = DataSettings(interactions="sqlite:///shop.db", interactions_query=query)
        with pytest.raises(BadRecipe, match="no statement that reads"):
            read(settings, sqlite)
    # and one that hides it cannot write, since the file is opened for reading
    hidden = DataSettings(
        interactions="sqlite:///shop.db",
        interactions_query="with x as (select 1) delete from events",
    )
    with pytest.raises(BadInput, match="readonly"):
        read(hidden, sqlite)


def test_a_query_the_database_does_not_understand(sqlite: Path) -> None:
    settings = DataSettings(
        interactions="sqlite:///shop.db", interactions_query="select nowhere from events"
    )
    with pytest.raises(BadInput, match="no such column: nowhere") as problem:
        read(settings, sqlite)
    assert problem.value.__cause__ is None


def test_table_and_query_or_query_without_address_are_refused(sqlite: Path) -> None:
    both = DataSettings(interactions="sqlite:///shop.db#events", interactions_query=QUERY)
    with pytest.raises(BadRecipe, match="both a table"):
        read(both, sqlite)
    with pytest.raises(BadRecipe, match="needs the address"):
        DataSettings(interactions="log.csv", interactions_query=QUERY)


def test_a_driver_that_is_missing_is_named(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    (sqlite / "x.duckdb").write_bytes(b"x")
    with pytest.raises(MissingExtra, match=r"palate\[sql\]"):
        read(DataSettings(interactions="duckdb:///x.duckdb#t"), sqlite)


def test_any_other_address_goes_to_sqlalchemy(sqlite: Path) -> None:
    pytest.importorskip("sqlalchemy")
    address = f"sqlite+pysqlite:///{sqlite / 'shop.db'}"
    data = read(DataSettings(interactions=f"{address}#events"), Path())
    assert data.interactions.frame().equals(plain())
    with pytest.raises(BadInput, match="cannot be reached"):
        read_database("nosuchkind://host/db#t", Path())
    with pytest.raises(BadInput, match='no table "event"'):
        read_database(f"{address}#event", Path())


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:hunter2@host/db#events",
        "postgresql://host/db?user=ann&password=hunter2#events",
        "snowflake://ann:hunter2@account/db",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    for refused in (
        lambda: DataSettings(interactions=address),
        lambda: palate.read(address),
        lambda: DataSettings(items=address),
    ):
        with pytest.raises(BadRecipe, match="a password stands in the address") as problem:
            refused()
        assert "hunter2" not in str(problem.value)
    DataSettings(interactions=address.replace("hunter2", "$PASSWORD"))


def test_faulty_rows_name_the_table_and_row(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "one.db") as made:
        made.execute("create table clicks (user_id text, item_id text, rating text)")
        made.executemany("insert into clicks values (?, ?, ?)", [("u", "i", "5"), ("v", "j", "x")])
    made.close()
    with pytest.raises(BadInput, match=r"sqlite:///one.db#clicks, row 2, column rating"):
        read(DataSettings(interactions="sqlite:///one.db#clicks"), tmp_path)


def test_init_and_the_checks_take_addresses(
    sqlite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(sqlite)
    shop = "sqlite:///shop.db"
    (sqlite / "other").mkdir()
    files = [f"{shop}#events", f"{shop}#products"]
    assert main(["init", *files, "--out", "other/recipe.toml"]) == 0
    text = (sqlite / "other" / "recipe.toml").read_text()
    assert f'interactions = "sqlite:///{sqlite}/shop.db#events"' in text
    recipe = load(sqlite / "other" / "recipe.toml")
    assert len(read(recipe.data, recipe.base).interactions) == N
    assert main(["data", "check", *files]) == 0
    assert "sqlite:///shop.db#events + sqlite:///shop.db#products" in capsys.readouterr().out
    query = f"interactions_query={QUERY}"
    assert main(["init", shop, query, "--out", "queried.toml"]) == 0
    assert "rating > 2" in (sqlite / "queried.toml").read_text()


def test_a_recipe_that_extends_another_reads_the_database_of_that_one(sqlite: Path) -> None:
    table = {"data": {"interactions": "sqlite:///shop.db#events", "items": "$HOST_URL#items"}}
    extends.anchor(table, sqlite)
    assert table["data"] == {
        "interactions": f"sqlite:///{sqlite}/shop.db#events",
        "items": "$HOST_URL#items",
    }


@pytest.fixture(scope="module")
def postgres() -> Iterator[int]:
    pytest.importorskip("adbc_driver_postgresql")
    from tests.data.readers.postgres import PASSWORD, server

    with server() as port:
        from urllib.parse import quote

        import adbc_driver_postgresql.dbapi as driver

        url = f"postgresql://postgres:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
        with driver.connect(url) as made, made.cursor() as cursor:
            cursor.execute(CREATE)
            values = ", ".join(f"('{u}', '{i}', {r}, {t}, '{x}')" for u, i, r, t, x in ROWS)
            cursor.execute(f"insert into events values {values}")
            cursor.execute("create schema shop")
            cursor.execute("create table shop.events (user_id text, item_id text, at timestamptz)")
            cursor.execute("insert into shop.events values ('u', 'i', '2020-01-02T03:04:05Z')")
            made.commit()
        yield port


def test_postgresql(postgres: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tests.data.readers.postgres import PASSWORD

    monkeypatch.setenv("DB_PASSWORD", PASSWORD)
    base = f"postgresql://postgres:$DB_PASSWORD@127.0.0.1:{postgres}/postgres"
    data = read(DataSettings(interactions=f"{base}#events"), tmp_path)
    assert data.interactions.frame().equals(plain())
    queried = read(DataSettings(interactions=base, interactions_query=QUERY), tmp_path)
    assert len(queried.interactions) == sum(row[2] > 2 for row in ROWS)
    other = read(DataSettings(interactions=f"{base}#shop.events"), tmp_path)
    assert other.interactions.frame().row(0) == ("u", "i", 1.0, 1_577_934_245)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    by_library = base.replace(":$DB_PASSWORD", "")
    assert len(read(DataSettings(interactions=f"{by_library}#events"), tmp_path).interactions) == N
    monkeypatch.setenv("DATABASE_URL", by_library)
    assert len(palate.read("$DATABASE_URL#events").data.interactions) == N


def test_postgresql_says_what_is_wrong_and_shows_no_password(
    postgres: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.data.readers.postgres import PASSWORD

    monkeypatch.setenv("RIGHT", PASSWORD)
    monkeypatch.setenv("WRONG", "hunter2")
    host = f"127.0.0.1:{postgres}/postgres"

    def refusal(address: str, **more: str) -> str:
        with pytest.raises(BadInput) as problem:
            read(DataSettings(interactions=address, **more), tmp_path)
        assert problem.value.__cause__ is None
        assert problem.value.next_step
        assert "hunter2" not in str(problem.value)
        assert PASSWORD not in str(problem.value)
        return str(problem.value)

    assert "password authentication failed" in refusal(
        f"postgresql://postgres:$WRONG@{host}#events"
    )
    assert 'no table "event"' in refusal(f"postgresql://postgres:$RIGHT@{host}#event")
    nowhere = host.replace(str(postgres), "1")
    assert "refused" in refusal(f"postgresql://postgres:$RIGHT@{nowhere}#events")
    writes = "with gone as (delete from events returning 1) select * from gone"
    with pytest.raises(BadInput, match="read-only transaction"):
        read(
            DataSettings(
                interactions=f"postgresql://postgres:$RIGHT@{host}", interactions_query=writes
            ),
            tmp_path,
        )
