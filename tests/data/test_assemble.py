from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate import config
from palate.data.assemble import FilesReader, read, read_frames
from palate.data.settings import DataSettings
from palate.errors import BadInput, BadRecipe, SeveralProblems
from palate.tables import Dataset

LOG = pl.DataFrame(
    {"user_id": [2, 1, 2], "item_id": ["x", "b", "b"], "rating": [5, 4, 3], "timestamp": [3, 1, 2]}
)
ITEMS = pl.DataFrame({"item_id": ["a", "b"], "title": ["Ant", "Bee"]})


def test_the_catalogue_comes_first_then_what_only_the_log_has() -> None:
    data = read_frames(LOG, ITEMS)
    log = data.interactions
    assert log.items.ids == ("a", "b", "x")
    assert log.users.ids == ("2", "1")
    assert log.user.tolist() == [0, 1, 0]
    assert log.item.tolist() == [2, 1, 1]
    assert log.value.tolist() == [5.0, 4.0, 3.0]
    assert log.time is not None
    assert log.time.tolist() == [3, 1, 2]
    assert data.catalogue.fields["title"].to_list() == ["Ant", "Bee", None]


def test_without_a_catalogue_there_are_no_fields() -> None:
    data = read_frames(LOG.drop("rating", "timestamp"))
    assert data.catalogue.fields.shape == (0, 0)
    assert data.interactions.value.tolist() == [1.0, 1.0, 1.0]
    assert data.interactions.time is None
    assert any("counts 1" in g for g in data.guesses)
    assert any("order of its rows" in g for g in data.guesses)


def test_users_stand_in_the_order_of_the_log() -> None:
    users = pl.DataFrame({"user_id": ["1", "9", "1"], "age": ["20", "90", "21"]})
    data = read_frames(LOG, users=users)
    assert data.users is not None
    assert data.users["age"].to_list() == [None, 20]


def test_numbers_and_labels_of_a_catalogue_are_understood(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id\nu,a\nv,b\n", encoding="utf-8")
    rows = "a,10,Action|War,007\nb,,War,1\nc,3,Action,2\nd,3,Action|War,3\n"
    (tmp_path / "items.csv").write_text("item_id,price,genres,code\n" + rows, encoding="utf-8")
    data = read(DataSettings(interactions="log.csv", items="items.csv"), tmp_path)
    fields = data.catalogue.fields
    assert fields["price"].to_list() == [10, None, 3, 3]
    assert fields["genres"].to_list()[0] == ["Action", "War"]
    assert fields["code"].to_list()[0] == "007"
    assert any('split at "|"' in g for g in data.guesses)
    assert set(data.sources) == {"log.csv", "items.csv"}


ID = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4).filter(
    lambda s: s.strip() != "" and not s.endswith(".0")
)


@given(st.lists(st.tuples(ID, ID), min_size=1, max_size=12))
def test_ids_come_back_as_they_were(pairs: list[tuple[str, str]]) -> None:
    frame = pl.DataFrame(pairs, schema=["user_id", "item_id"], orient="row")
    back = read_frames(frame).interactions.frame()
    assert back.select("user_id", "item_id").rows() == pairs


@given(st.permutations(range(6)))
def test_the_order_of_the_file_is_kept(order: list[int]) -> None:
    frame = pl.DataFrame({"user_id": [1] * 6, "item_id": order, "timestamp": [7] * 6})
    log = read_frames(frame).interactions
    assert [int(i) for i in log.items.names(log.item)] == list(order)


@pytest.mark.parametrize(
    ("column", "values", "fault"),
    [
        ("user_id", [1, None, 2], "missing-ids"),
        ("item_id", ["a", " ", "b"], "missing-ids"),
        ("rating", [1.0, float("nan"), 2.0], "bad-values"),
        ("rating", [1.0, float("inf"), 2.0], "bad-values"),
        ("rating", [1.0, 1e300, 2.0], "bad-values"),
        ("rating", [1.0, None, 2.0], "bad-values"),
        ("rating", ["1", "x", "2"], "bad-values"),
        ("timestamp", [1, None, 2], "bad-times"),
        ("timestamp", ["2020-01-01", "soon", "2020-01-02"], "bad-times"),
    ],
)
def test_faulty_rows_are_refused_or_left_out_aloud(
    column: str, values: list[object], fault: str
) -> None:
    frame = LOG.with_columns(pl.Series(column, values))
    with pytest.raises(BadInput, match="row 2") as caught:
        read_frames(frame)
    assert f'drop = ["{fault}"]' in caught.value.next_step
    data = read_frames(frame, settings=config.parse(DataSettings, {"drop": [fault]}))
    assert len(data.interactions) == 2
    assert any("Left out: 1 of 3 rows of interactions" in g for g in data.guesses)


def test_several_faults_are_told_together() -> None:
    frame = LOG.with_columns(user_id=pl.Series([None, 1, 2]), rating=pl.Series([1.0, None, None]))
    with pytest.raises(SeveralProblems) as caught:
        read_frames(frame)
    assert len(caught.value.problems) == 2
    assert "rows 2 and 3" in caught.value.message()


def test_nothing_left_is_refused() -> None:
    frame = LOG.with_columns(rating=pl.Series([None, None, None], dtype=pl.Float64))
    with pytest.raises(BadInput, match="every row"):
        read_frames(frame, settings=DataSettings(drop=("bad-values",)))


def test_catalogue_faults() -> None:
    twice = pl.DataFrame({"item_id": ["a", "b", "a"], "title": ["1", "2", "3"]})
    with pytest.raises(BadInput, match="row 3"):
        read_frames(LOG, twice)
    kept = read_frames(LOG, twice, settings=DataSettings(drop=("duplicate-items",)))
    assert kept.catalogue.fields["title"].to_list() == [1, 2, None]
    with pytest.raises(BadInput, match="1 row without an item id"):
        read_frames(LOG, pl.DataFrame({"item_id": ["a", None], "t": ["x", "y"]}))


def test_a_column_that_is_not_wanted() -> None:
    frame = LOG.with_columns(rating=pl.Series([1.0, None, 2.0]))
    data = read_frames(frame, settings=DataSettings(value_column="-", time_column="-"))
    assert data.interactions.value.tolist() == [1.0, 1.0, 1.0]
    assert data.interactions.time is None
    assert not any("no column of" in g for g in data.guesses)


def test_frames_and_paths_mix(tmp_path: Path) -> None:
    ITEMS.write_csv(tmp_path / "items.csv")
    LOG.write_parquet(tmp_path / "log.parquet")
    both = read_frames(LOG, str(tmp_path / "items.csv"))
    paths = read_frames(tmp_path / "log.parquet", tmp_path / "items.csv")
    assert both.interactions.frame().equals(paths.interactions.frame())
    assert both.catalogue.fields.equals(paths.catalogue.fields)


def test_paths_start_from_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    LOG.write_csv(tmp_path / "sub" / "log.csv")
    assert len(read(DataSettings(interactions="sub/log.csv"), tmp_path).interactions) == 3
    monkeypatch.setenv("PALATE_DATA", str(tmp_path / "sub"))
    assert len(read(DataSettings(interactions="$PALATE_DATA/log.csv"), Path("/")).interactions) == 3
    monkeypatch.setenv("HOME", str(tmp_path / "sub"))
    assert len(read(DataSettings(interactions="~/log.csv"), Path("/")).interactions) == 3
    monkeypatch.chdir(tmp_path / "sub")
    assert len(FilesReader(DataSettings(interactions="log.csv")).read().interactions) == 3
    monkeypatch.delenv("PALATE_DATA")
    with pytest.raises(BadInput, match="PALATE_DATA is not set"):
        read(DataSettings(interactions="$PALATE_DATA/log.csv"), tmp_path)


@pytest.mark.parametrize(
    "settings", [DataSettings(), DataSettings(set="ml-100k", interactions="x.csv")]
)
def test_one_source_must_be_named(settings: DataSettings) -> None:
    with pytest.raises(BadRecipe, match="data"):
        read(settings, Path())


def test_settings_of_a_recipe_are_checked() -> None:
    with pytest.raises(BadRecipe, match="interactions"):
        config.parse(DataSettings, {"interctions": "x"}, "data")
    with pytest.raises(BadRecipe, match="drop"):
        config.parse(DataSettings, {"drop": ["missing-id"]}, "data")
    parsed = config.parse(
        DataSettings, {"drop": ["missing-ids"], "columns": ["user_id", "item_id"]}, "data"
    )
    assert parsed.drop == ("missing-ids",)


def test_a_separator_and_names_of_a_file_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("u;a;5\nv;b;3\n", encoding="utf-8")
    settings = DataSettings(
        interactions="log.txt", separator=";", columns=("user_id", "item_id", "rating")
    )
    log = read(settings, tmp_path).interactions
    assert log.frame().rows() == [("u", "a", 5.0), ("v", "b", 3.0)]


def test_reading_does_not_change_the_callers_frames() -> None:
    log, items = LOG.clone(), ITEMS.clone()
    read_frames(log, items)
    assert log.equals(LOG)
    assert items.equals(ITEMS)


def _arrays(data: Dataset) -> list[np.dtype[np.generic]]:
    log = data.interactions
    return [log.user.dtype, log.item.dtype, log.value.dtype]


def test_array_types() -> None:
    assert _arrays(read_frames(LOG)) == [np.dtype("int32"), np.dtype("int32"), np.dtype("float32")]
