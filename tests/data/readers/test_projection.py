from pathlib import Path

import polars as pl
import pytest

from palate.data import assemble, column_values
from palate.data.assemble import read, read_unseen
from palate.data.readers import projection
from palate.data.readers.files import read_file
from palate.data.readers.options import TextOptions
from palate.data.settings import DataSettings
from palate.errors import BadRecipe
from palate.tables import Dataset


@pytest.fixture
def long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log that counts as long; `row` numbers its first rows and not those that follow."""
    for module in (projection, column_values):
        monkeypatch.setattr(module, "SAMPLE", 20, raising=False)
    monkeypatch.setattr("palate.data.column_roles.SAMPLE", 20)
    monkeypatch.setattr(projection, "LEAST", 40)
    n = 100
    log = pl.DataFrame(
        {
            "row": [*range(50), *range(50)],
            "user_id": [f"u{i % 7}" for i in range(n)],
            "item_id": [f"i{i % 11}" for i in range(n)],
            "rating": [1 + i % 5 for i in range(n)],
            "time": [1_600_000_000 + i for i in range(n)],
            "review": ["words, that nobody reads"] * n,
            "device": ["tv"] * n,
        }
    )
    log.write_csv(tmp_path / "quoted.csv")
    log.write_csv(tmp_path / "log.tsv", separator="\t", quote_style="never")
    log.write_parquet(tmp_path / "log.parquet")
    return tmp_path


def same(one: Dataset, other: Dataset) -> None:
    assert one.interactions.frame().equals(other.interactions.frame())
    assert one.guesses == other.guesses
    assert one.findings == other.findings
    assert one.sources == other.sources
    assert one.id_types == other.id_types


@pytest.mark.parametrize("name", ["log.tsv", "log.parquet", "quoted.csv"])
def test_what_is_read_in_part_is_what_is_read_whole(
    long: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = DataSettings(interactions=name, context_columns=("device",))
    part = read(settings, long)
    monkeypatch.setattr(projection, "LEAST", 10**9)
    same(part, read(settings, long))


@pytest.mark.parametrize("name", ["log.tsv", "log.parquet", "quoted.csv"])
def test_only_columns_with_a_meaning_are_read(long: Path, name: str) -> None:
    options = assemble._options(DataSettings(context_columns=("device",)))
    table = read_file(long / name, options)
    assert table.frame.columns == ["row", "user_id", "item_id", "rating", "time", "device"]
    assert table.first.columns[-2:] == ["review", "device"]
    assert read_file(long / name, TextOptions()).frame.width == 7


def test_first_rows_that_do_not_tell_what_the_columns_mean_lead_to_all_of_them(long: Path) -> None:
    settings = DataSettings(interactions="log.tsv", user_column="nobody")
    with pytest.raises(BadRecipe, match="nobody") as problem:
        read(settings, long)
    assert '"review"' in str(problem.value)


def test_rows_that_continue_another_are_read_with_the_column_that_tells(long: Path) -> None:
    log = pl.read_parquet(long / "log.parquet").with_columns(order=pl.int_range(pl.len()) // 2)
    first = pl.int_range(pl.len()) % 2 == 0
    log = log.with_columns(pl.when(first).then("user_id"), pl.when(first).then("time"))
    log.write_csv(long / "orders.csv")
    dataset, used = read_unseen(DataSettings(interactions="orders.csv"), long)
    assert used.fill_by == "order"
    assert len(dataset.interactions) == 100


def test_rows_of_other_length_far_down_are_refused_with_their_line(long: Path) -> None:
    path = long / "log.tsv"
    lines = path.read_text().splitlines()
    lines[80] = lines[80].rsplit("\t", 1)[0]
    path.write_text("\n".join(lines))
    with pytest.raises(Exception, match=r"6 fields, and the file has 7 columns") as problem:
        read(DataSettings(interactions="log.tsv"), long)
    assert "row 80 (line 81)" in str(problem.value)
    dataset, used = read_unseen(DataSettings(interactions="log.tsv"), long)
    assert used.drop == ("ragged-rows",)
    assert len(dataset.interactions) == 99


def test_users_that_are_missing_do_not_lead_to_all_columns(long: Path) -> None:
    log = pl.read_parquet(long / "log.parquet")
    log = log.with_columns(pl.when(pl.int_range(pl.len()) % 9 != 4).then("user_id"))
    log.write_csv(long / "guests.csv")
    options = assemble._options(DataSettings())
    table = read_file(long / "guests.csv", options)
    assert table.frame.columns == ["row", "user_id", "item_id", "rating", "time"]
    dataset, used = read_unseen(DataSettings(interactions="guests.csv"), long)
    assert (used.fill_by, used.drop) == ("", ("missing-ids",))
    assert len(dataset.interactions) == 89


def test_rows_that_continue_another_only_far_down_are_read_with_all_columns(long: Path) -> None:
    row = pl.int_range(pl.len())
    log = pl.read_parquet(long / "log.parquet").with_columns(
        pl.when((row < 60) | (row % 2 == 0)).then("user_id"),
        order=pl.when(row < 60).then(row).otherwise(row // 2 * 2),
    )
    log.write_csv(long / "orders.csv")
    dataset, used = read_unseen(DataSettings(interactions="orders.csv"), long)
    assert used.fill_by == "order"
    assert len(dataset.interactions) == 100


def test_the_state_of_orders_is_read(long: Path) -> None:
    states = ["paid"] * 90 + ["refunded"] * 10
    log = pl.read_parquet(long / "log.parquet").with_columns(order_status=pl.Series(states))
    log.write_csv(long / "orders.csv")
    found = read(DataSettings(interactions="orders.csv"), long).findings
    assert [(f.code, f.count) for f in found if f.code == "undone-orders"] == [
        ("undone-orders", 10)
    ]
