from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.data import column_values
from palate.data.assemble import read
from palate.data.checks import check_path
from palate.data.readers import projection
from palate.data.readers.parts import parts_of
from palate.data.settings import DataSettings
from palate.errors import BadInput

LOG = pl.DataFrame(
    {
        "user_id": [f"u{i % 7}" for i in range(60)],
        "item_id": [f"i{i % 11}" for i in range(60)],
        "rating": [1 + i % 5 for i in range(60)],
        "review": ["words"] * 60,
    }
)


def whole(folder: Path, frame: pl.DataFrame) -> pl.DataFrame:
    frame.write_parquet(folder / "whole.parquet")
    return read(DataSettings(interactions="whole.parquet"), folder).interactions.frame()


def partitioned(folder: Path) -> Path:
    """Three days in two files each; the days are nowhere else."""
    log = folder / "log"
    for day in range(3):
        place = log / f"day=2024-01-0{day + 1}" / "shop=007"
        place.mkdir(parents=True)
        rows = LOG[day * 20 : day * 20 + 20]
        rows[:10].write_parquet(place / "part-0.parquet")
        rows[10:].write_parquet(place / "part-1.parquet")
    (log / "_SUCCESS").write_bytes(b"")
    (log / "_metadata.parquet").write_bytes(b"PAR1")
    return log


@pytest.mark.parametrize("long", [False, True])
def test_folders_called_key_and_value_are_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    if long:
        monkeypatch.setattr(projection, "SAMPLE", 20)
        monkeypatch.setattr(column_values, "SAMPLE", 20)
        monkeypatch.setattr(projection, "LEAST", 40)
    partitioned(tmp_path)
    settings = DataSettings(interactions="log", time_column="day", context_columns=("shop",))
    data = read(settings, tmp_path)
    days = [f"2024-01-0{i // 20 + 1}" for i in range(60)]
    expected = LOG.with_columns(time=pl.Series(days))
    log = data.interactions.frame()
    assert log.drop("shop").equals(whole(tmp_path, expected))
    assert set(log["shop"]) == {"007"}
    assert list(data.sources) == ["log"]
    assert "log is one table in 6 Parquet files, read in their order." in data.guesses


def test_numbered_parts_are_one_log_and_a_log_beside_a_catalogue_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    LOG[:30].write_parquet(folder / "part-00000-3f2a.snappy.parquet")
    LOG[30:].write_parquet(folder / "part-00001-3f2a.snappy.parquet")
    data = read(DataSettings(interactions="parts"), tmp_path)
    assert data.interactions.frame().equals(whole(tmp_path, LOG))
    two = tmp_path / "two"
    two.mkdir()
    LOG.write_parquet(two / "interactions.parquet")
    pl.DataFrame({"item_id": ["i1"], "title": ["one"]}).write_parquet(two / "items.parquet")
    assert parts_of(two) == []
    assert read(DataSettings(interactions="two"), tmp_path).catalogue.fields.height == 11


def test_a_catalogue_in_parts(tmp_path: Path) -> None:
    LOG.write_csv(tmp_path / "log.csv")
    place = tmp_path / "items" / "brand=acme"
    place.mkdir(parents=True)
    items = pl.DataFrame({"item_id": [f"i{i}" for i in range(11)], "title": ["a title"] * 11})
    items.write_parquet(place / "0.parquet")
    data = read(DataSettings(interactions="log.csv", items="items"), tmp_path)
    assert set(data.catalogue.fields["brand"]) == {"acme"}


def test_the_digest_is_that_of_all_files(tmp_path: Path) -> None:
    log = partitioned(tmp_path)
    before = read(DataSettings(interactions="log"), tmp_path).sources
    last = sorted(log.rglob("part-1.parquet"))[-1]
    pl.read_parquet(last).with_columns(rating=1).write_parquet(last)
    assert read(DataSettings(interactions="log"), tmp_path).sources != before


def test_a_file_that_is_none_or_differs_is_refused(tmp_path: Path) -> None:
    log = partitioned(tmp_path)
    last = sorted(log.rglob("part-1.parquet"))[-1]
    pl.read_parquet(last).with_columns(pl.col("rating").cast(pl.String)).write_parquet(last)
    with pytest.raises(BadInput, match="differs from the others") as problem:
        read(DataSettings(interactions="log"), tmp_path)
    assert problem.value.where == str(log)
    last.write_text("user_id,item_id\n")
    with pytest.raises(BadInput, match="the name says Parquet, and the file is text"):
        read(DataSettings(interactions="log"), tmp_path)


def test_the_checks_look_at_parts(tmp_path: Path) -> None:
    assert "read" in {f.code for f in check_path(partitioned(tmp_path))}
