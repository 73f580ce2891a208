"""One log in several files of the same columns."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from palate.data.assemble import read
from palate.data.checks import check_paths
from palate.data.readers.several import with_patterns
from palate.data.settings import DataSettings
from palate.errors import BadInput
from palate.recipe.init import init
from palate.recipe.recipe import load

MONTHS = ("sales_01.csv", "sales_02.csv", "sales_03.csv")


@pytest.fixture
def months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Three files with five events each, and a catalogue."""
    monkeypatch.chdir(tmp_path)
    for month, name in enumerate(MONTHS):
        rows = [f"u{n % 3},p{month + n},2024-0{month + 1}-0{n + 1}" for n in range(5)]
        Path(name).write_text("\n".join(["user,product_id,day", *rows]) + "\n")
    goods = [f"p{n},tea number {n}" for n in range(7)]
    Path("products.csv").write_text("\n".join(["product_id,title", *goods]) + "\n")
    return (*MONTHS, "products.csv")


def test_init_names_them_by_a_pattern(months: tuple[str, ...]) -> None:
    init(list(months), Path("recipe.toml"))
    recipe = load(Path("recipe.toml"))
    assert (recipe.data.interactions, recipe.data.items) == ("sales_0*.csv", "products.csv")
    data = read(recipe.data, recipe.base)
    assert len(data.interactions) == 15
    assert data.interactions.time is not None
    assert data.interactions.time.tolist() == sorted(data.interactions.time.tolist())
    assert data.catalogue.column("title").null_count() == 0
    (checked,) = check_paths(months)
    assert checked.paths == (Path("sales_0*.csv"), "products.csv")
    assert checked.error is None


def test_a_folder_of_them_is_one_log(months: tuple[str, ...]) -> None:
    data = read(DataSettings(interactions="."), Path())
    assert len(data.interactions) == 15
    assert data.catalogue.fields.columns == ["title"]


def test_more_files_than_a_folder_has_tables(tmp_path: Path) -> None:
    for day in range(30):
        (tmp_path / f"{day:02}.csv").write_text(f"user,item\nu{day % 4},p{day}\n")
    assert len(read(DataSettings(interactions=str(tmp_path)), Path()).interactions) == 30


def test_each_of_them_counts_for_the_digest(months: tuple[str, ...]) -> None:
    settings = DataSettings(interactions="sales_*.csv")
    before = read(settings, Path()).sources
    Path(months[1]).write_text(Path(months[1]).read_text().replace("p3", "p4"))
    assert read(settings, Path()).sources != before


def test_packed_ones(tmp_path: Path) -> None:
    for n in range(2):
        content = f"user,item\nu{n},p{n}\n".encode()
        (tmp_path / f"log{n}.csv.gz").write_bytes(gzip.compress(content))
    files = [tmp_path / f"log{n}.csv.gz" for n in range(2)]
    assert with_patterns(files) == [tmp_path / "log*.csv.gz"]
    assert len(read(DataSettings(interactions="log*.csv.gz"), tmp_path).interactions) == 2


def test_a_pattern_that_means_more_is_not_taken(months: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="2 files have the same columns") as problem:
        init(list(months[1:]), Path("recipe.toml"))
    assert "FOLDER/*.csv" in str(problem.value.next_step)


def test_other_columns_are_refused(months: tuple[str, ...]) -> None:
    Path("sales_04.csv").write_text("user,product_id,amount\nu1,p1,3\n")
    with pytest.raises(BadInput, match=r"its columns are not those of sales_01\.csv") as problem:
        read(DataSettings(interactions="sales_*.csv"), Path())
    assert problem.value.where == "sales_04.csv"


def test_a_log_and_its_catalogue_are_two(months: tuple[str, ...]) -> None:
    assert with_patterns(["sales_01.csv", "products.csv"]) == ["sales_01.csv", "products.csv"]


@pytest.mark.parametrize(
    "start",
    ["-- MySQL dump 10.13, for Linux\n", "Export of the shop\n", "Export;2024;;\n", "# a, b\n"],
)
def test_what_stands_above_the_names_says_nothing_of_columns(tmp_path: Path, start: str) -> None:
    rows = "".join(f"u{n};p{n};3;4\n" for n in range(9))
    (tmp_path / "log.csv").write_text(f"{start}user;item;a;b\n{rows}")
    (tmp_path / "items.csv").write_text(f"{start}item;title;c;d\n{rows}")
    files = [tmp_path / "log.csv", tmp_path / "items.csv"]
    assert with_patterns(files) == files


def test_parts_may_have_titles_of_their_own(tmp_path: Path) -> None:
    for n in range(2):
        rows = "".join(f"u{n + m};p{m};3;4\n" for m in range(9))
        (tmp_path / f"log{n}.csv").write_text(f"Export of {n}\nuser;item;a;b\n{rows}")
    assert with_patterns([tmp_path / f"log{n}.csv" for n in range(2)]) == [tmp_path / "log*.csv"]
