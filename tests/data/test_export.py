from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate.data.assemble import read, read_frames
from palate.data.export import export, frames_of
from palate.data.settings import DataSettings
from palate.data.writers.whole import whole_file
from palate.errors import BadInput
from palate.tables import Dataset

FORMATS = ["atomic", "parquet", "csv", "tsv", "jsonl"]
LOG = pl.DataFrame(
    {
        "user_id": ["u", "v", "u"],
        "item_id": ["a", "b", "b"],
        "rating": [5.0, 3.5, 1.0],
        "timestamp": [3, 1, 2],
    }
)
ITEMS = pl.DataFrame(
    {
        "item_id": ["a", "b", "c"],
        "title": ["The Ant", 'Bee, "the"\nbig', None],
        "genres": [["War", "Drama"], ["War"], ["Drama"]],
        "year": [1990, None, 1992],
    }
)
USERS = pl.DataFrame({"user_id": ["u", "v"], "age": [20, 30]})


def _back(folder: Path) -> Dataset:
    return read(DataSettings(interactions=str(folder)), folder)


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_comes_back(tmp_path: Path, to: str) -> None:
    data = read_frames(LOG, ITEMS, USERS)
    written = export(data, tmp_path / "out", to)
    assert [p.parent for p in written] == [tmp_path / "out"] * 3
    back = _back(tmp_path / "out")
    assert back.interactions.frame().equals(data.interactions.frame())
    assert back.interactions.items == data.interactions.items
    assert back.users is not None
    assert back.users["age"].to_list() == [20, 30]
    fields = back.catalogue.fields
    assert fields["year"].to_list() == [1990, None, 1992]
    assert fields["title"].to_list()[0] == "The Ant"
    if to not in ("atomic", "csv", "tsv"):  # three rows are too few to tell labels from names there
        assert fields.equals(data.catalogue.fields)


def test_names_of_the_files(tmp_path: Path) -> None:
    data = read_frames(LOG)
    assert [p.name for p in export(data, tmp_path / "toy", "atomic")] == ["toy.inter"]
    assert [p.name for p in export(data, tmp_path, "atomic", "mine")] == ["mine.inter"]
    assert [p.name for p in export(data, tmp_path, "tsv")] == ["interactions.tsv"]


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="allowed: atomic, parquet"):
        export(read_frames(LOG), tmp_path / "out", "xlsx")
    assert not (tmp_path / "out").exists()


def test_columns_that_are_called_like_ids_do_not_get_in_the_way() -> None:
    items = ITEMS.rename({"item_id": "sku"}).with_columns(item_id=pl.lit("x"))
    frames = frames_of(read_frames(LOG, items, settings=DataSettings(items_item_column="sku")))
    assert frames["items"]["item_id"].to_list() == ["a", "b", "c"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), whole_file(path) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


ID = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\\"),
    min_size=1,
    max_size=5,
).filter(
    lambda s: s.strip() not in ("", "NULL") and not s.endswith(".0") and not s.startswith("\ufeff")
)
TITLE = st.one_of(
    st.none(),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)


@st.composite
def _logs(draw: st.DrawFn) -> dict[str, list[Any]]:
    pairs = draw(st.lists(st.tuples(ID, ID), min_size=1, max_size=6))
    users, items = [list(c) for c in zip(*pairs, strict=True)]
    values = draw(
        st.lists(st.floats(-1e6, 1e6, width=32), min_size=len(pairs), max_size=len(pairs))
    )
    times = draw(st.lists(st.integers(0, 2 * 10**9), min_size=len(pairs), max_size=len(pairs)))
    return {"user_id": users, "item_id": items, "rating": values, "timestamp": times}


@pytest.mark.parametrize("to", FORMATS)
@settings(max_examples=15)
@given(_logs())
def test_a_log_survives_every_format(
    tmp_path: Path, to: str, columns: dict[str, list[Any]]
) -> None:
    data = read_frames(pl.DataFrame(columns))
    export(data, tmp_path / to, to)
    assert _back(tmp_path / to).interactions.frame().equals(data.interactions.frame())


@pytest.mark.parametrize("to", ["parquet", "csv", "tsv", "jsonl"])
@settings(max_examples=15)
@given(st.lists(st.tuples(ID, TITLE), min_size=1, max_size=6, unique_by=lambda r: r[0]))
def test_a_catalogue_survives_every_format_that_keeps_texts(
    tmp_path: Path, to: str, rows: list[tuple[str, str | None]]
) -> None:
    items = pl.DataFrame(rows, schema={"item_id": pl.String, "title": pl.String}, orient="row")
    log = pl.DataFrame({"user_id": ["u"], "item_id": [rows[0][0]]})
    data = read_frames(log, items.with_columns(title="t " + pl.col("title")))
    export(data, tmp_path / to, to)
    back = _back(tmp_path / to)
    assert back.interactions.items == data.interactions.items
    told = data.catalogue.fields["title"].to_list()
    assert back.catalogue.fields["title"].cast(pl.String).to_list() == told
