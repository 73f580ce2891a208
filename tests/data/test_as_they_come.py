"""Texts and values as they come: one encoding a file, long fields, decimal commas in ratings."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from palate.data.assemble import read
from palate.data.checks import check
from palate.data.settings import DataSettings

LOG = "user_id,item_id\nu1,café\nu1,thé\nu2,thé\nu2,lait\n"
ITEMS = "item_id,title\ncafé,noir\nthé,vert\nlait,blanc\n"
FILES = DataSettings(interactions="log.csv", items="items.csv")


@pytest.mark.parametrize(
    "settings",
    [
        FILES,
        DataSettings(interactions="log.csv", items="items.csv", encoding="latin-1"),
        DataSettings(interactions="log.csv", items="items.csv", items_encoding="latin-1"),
    ],
)
def test_each_file_has_its_own_encoding(tmp_path: Path, settings: DataSettings) -> None:
    (tmp_path / "log.csv").write_bytes(LOG.encode())
    (tmp_path / "items.csv").write_bytes(ITEMS.encode("latin-1"))
    data = read(settings, tmp_path)
    assert data.interactions.items.ids == ("café", "thé", "lait")
    guessed = [f.where for f in check(data) if f.code == "guessed-encoding"]
    named = settings.encoding or settings.items_encoding
    assert guessed == ([] if named else [str(tmp_path / "items.csv")])


@pytest.mark.parametrize("packed", [True, False])
def test_fields_of_any_length(tmp_path: Path, packed: bool) -> None:
    long = "word " * 30_000
    cell, first = (f'"{long}"', '"a, b"') if packed else (long, "a")
    (tmp_path / "log.csv").write_text("user_id,item_id\nu1,1\nu1,2\nu2,2\nu2,3\n")
    (tmp_path / "items.csv").write_text(f"item_id,title\n1,{first}\n2,{cell}\n3,c\n")
    before = csv.field_size_limit()
    fields = read(FILES, tmp_path).catalogue.fields
    assert fields["title"].str.len_chars().to_list()[1] == 150_000
    assert csv.field_size_limit() == before


def test_ratings_with_a_comma(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id;item_id;rating\nu;1;3,5\nu;2;4\nv;1;0,5\n")
    data = read(DataSettings(interactions="log.csv"), tmp_path)
    assert data.interactions.value.tolist() == [3.5, 4.0, 0.5]
