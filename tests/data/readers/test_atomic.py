from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.data.assemble import read
from palate.data.readers.files import read_file
from palate.data.settings import DataSettings
from palate.data.writers.atomic import write_atomic
from palate.errors import BadInput

INTER = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "1\ta\t4\t1000000000\n2\tb\t3.5\t1000000001.0\n"
)
ITEM = (
    "item_id:token\tname:token_seq\tclass:token_seq\tv:float_seq\nb\tThe Bee\tAction War\t1"
    " 2.5\na\tAn Ant\tWar\t\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.inter").write_text(INTER, encoding="utf-8")
    (tmp_path / "toy.item").write_text(ITEM, encoding="utf-8")
    (tmp_path / "toy.user").write_text("user_id:token\tage:token\n2\t30\n1\t20\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["", "toy.inter"])
def test_the_files_of_one_name_belong_together(folder: Path, name: str) -> None:
    data = read(DataSettings(interactions=name or "."), folder)
    assert data.interactions.items.ids == ("b", "a")
    assert data.interactions.value.tolist() == [4.0, 3.5]
    assert data.interactions.time is not None
    assert data.interactions.time.tolist() == [1_000_000_000, 1_000_000_001]
    assert data.catalogue.fields["name"].to_list() == ["The Bee", "An Ant"]
    assert data.catalogue.fields["v"].to_list() == [[1.0, 2.5], None]
    assert data.users is not None
    assert data.users["age"].to_list() == [20, 30]


def test_sequences_that_come_again_are_labels(tmp_path: Path) -> None:
    rows = "".join(f"i{i}\t{'Action War' if i % 2 else 'Drama'}\n" for i in range(20))
    (tmp_path / "x.item").write_text("item_id:token\tclass:token_seq\n" + rows, encoding="utf-8")
    table = read_file(tmp_path / "x.item")
    assert table.frame["class"].to_list()[:2] == [["Drama"], ["Action", "War"]]
    assert "list of labels (3 different ones)" in table.notes[0]


def test_sequences_of_prose_stay_text_whatever_their_words(tmp_path: Path) -> None:
    rows = "".join(f"i{i}\tvery good\n" for i in range(20))
    (tmp_path / "x.item").write_text(
        "item_id:token\treview_text:token_seq\n" + rows, encoding="utf-8"
    )
    assert read_file(tmp_path / "x.item").frame["review_text"].dtype == pl.String


def test_other_separators(tmp_path: Path) -> None:
    (tmp_path / "x.inter").write_text("user_id:token,item_id:token\n1,a\n", encoding="utf-8")
    data = read(DataSettings(interactions="x.inter", separator=","), tmp_path)
    assert len(data.interactions) == 1


def test_what_is_written_has_the_types_that_others_expect(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "item_id": ["1", "2"],
            "title": ["Toy  Story", "Heat"],
            "code": ["x", "y"],
            "year": [1995, None],
            "genres": [["Sci-Fi", "Film Noir"], []],
            "v": [[1.0, 2.0], None],
            "new": [True, False],
            "a:b": [1.5, 2.5],
        }
    )
    said = write_atomic(frame, tmp_path / "x.item")
    lines = (tmp_path / "x.item").read_text(encoding="utf-8").splitlines()
    assert lines[0].split("\t") == [
        "item_id:token",
        "title:token_seq",
        "code:token",
        "year:float",
        "genres:token_seq",
        "v:float_seq",
        "new:token",
        "a_b:float",
    ]
    assert lines[1].split("\t") == [
        "1",
        "Toy Story",
        "x",
        "1995",
        "Sci-Fi Film_Noir",
        "1.0 2.0",
        "true",
        "1.5",
    ]
    assert said == ('Blanks inside the labels of "genres" were written as underscores.',)
    back = read_file(tmp_path / "x.item").frame
    assert back["v"].to_list() == [[1.0, 2.0], None]


def test_a_vector_with_a_word_is_refused_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "x.item").write_text("item_id:token\tv:float_seq\na\t1\nb\t1 x\n", encoding="utf-8")
    with pytest.raises(BadInput, match="row 2"):
        read_file(tmp_path / "x.item")
