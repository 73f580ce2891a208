from __future__ import annotations

from pathlib import Path

import pytest

from palate.data.assemble import read
from palate.data.readers.movielens import GENRES_100K, is_movielens, read_movielens
from palate.data.settings import DataSettings
from palate.errors import BadInput
from palate.tables import Dataset


def _read(folder: Path) -> Dataset:
    return read(DataSettings(interactions=str(folder)), folder)


def _flags(*genres: str) -> str:
    return "|".join("1" if g in genres else "0" for g in GENRES_100K)


@pytest.fixture
def ml_100k(tmp_path: Path) -> Path:
    (tmp_path / "u.data").write_text("1\t2\t5\t881250949\n2\t1\t3\t891717742\n", encoding="utf-8")
    items = (
        "1|Misérables, Les"
        f" (1995)|01-Jan-1995||http://x|{_flags('Drama', 'War')}\n"
        f"2|unknown||||{_flags('unknown')}\n"
    )
    (tmp_path / "u.item").write_bytes(items.encode("latin-1"))
    (tmp_path / "u.user").write_text(
        "1|24|M|technician|85711\n2|53|F|other|94043\n", encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def ml_1m(tmp_path: Path) -> Path:
    (tmp_path / "ratings.dat").write_text(
        "1::10::5::978300760\n1::20::3::978302109\n", encoding="utf-8"
    )
    (tmp_path / "movies.dat").write_bytes(
        '10::"Great Performances" Café (1987)::Drama|War\n'.encode("latin-1")
        + b"20::B (2000)::War\n"
    )
    (tmp_path / "users.dat").write_text("1::F::1::10::48067\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def ml_latest(tmp_path: Path) -> Path:
    (tmp_path / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,1,4.5,964982703\n", encoding="utf-8"
    )
    movies = (
        'movieId,title,genres\n1,"American, The (1995)",Comedy|Drama\n2,Untold,(no genres listed)\n'
    )
    (tmp_path / "movies.csv").write_text(movies, encoding="utf-8")
    return tmp_path


def test_ml_100k(ml_100k: Path) -> None:
    data = _read(ml_100k)
    assert data.interactions.frame().rows() == [
        ("1", "2", 5.0, 881250949),
        ("2", "1", 3.0, 891717742),
    ]
    fields = data.catalogue.fields
    assert fields["title"].to_list() == ["Misérables, Les", "unknown"]
    assert fields["year"].to_list() == [1995, None]
    assert fields["genres"].to_list() == [["Drama", "War"], ["unknown"]]
    assert fields.columns == ["title", "year", "genres", "release_date", "imdb_url"]
    assert data.users is not None
    assert data.users.rows() == [(24, "M", "technician", 85711), (53, "F", "other", 94043)]


def test_ml_1m(ml_1m: Path) -> None:
    data = _read(ml_1m)
    assert data.catalogue.fields["title"].to_list() == ['"Great Performances" Café', "B"]
    assert data.catalogue.fields["genres"].to_list() == [["Drama", "War"], ["War"]]
    assert data.users is not None
    assert data.users["gender"].to_list() == ["F"]


def test_the_later_editions(ml_latest: Path) -> None:
    data = _read(ml_latest)
    assert data.interactions.value.tolist() == [4.5]
    assert data.catalogue.fields["title"].to_list() == ["American, The", "Untold"]
    assert data.catalogue.fields["genres"].to_list() == [["Comedy", "Drama"], []]
    assert data.users is None
    assert any("split into title and year" in g for g in data.guesses)


def test_other_folders_are_none(tmp_path: Path) -> None:
    assert not is_movielens(tmp_path)
    with pytest.raises(BadInput, match="no MovieLens folder"):
        read_movielens(tmp_path)


def test_a_file_with_other_columns_is_refused(ml_latest: Path) -> None:
    (ml_latest / "ratings.csv").write_text("userId,movieId\n1,1\n", encoding="utf-8")
    with pytest.raises(BadInput, match="2 columns"):
        _read(ml_latest)
