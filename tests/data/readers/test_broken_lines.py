"""Lines that are no rows: refused by a recipe that does not name them, left out where few."""

from __future__ import annotations

from pathlib import Path

import pytest

import palate
from palate.data.assemble import read, read_unseen
from palate.data.readers.broken_lines import sound_lines
from palate.data.settings import DataSettings
from palate.errors import BadInput

ROWS = [f"u{i % 4},i{i % 5},{1 + i % 5}" for i in range(20)]


def _log(folder: Path, **bad: str) -> DataSettings:
    """A log whose rows of these numbers (from 0) are bad."""
    rows = [bad.get(f"row{i}", row) for i, row in enumerate(ROWS)]
    (folder / "log.csv").write_text("\n".join(["user,item,rating", *rows]) + "\n")
    return DataSettings(interactions=str(folder / "log.csv"))


def test_a_recipe_must_name_them(tmp_path: Path) -> None:
    settings = _log(tmp_path, row3="u,i", row7="u,i,3,4")
    with pytest.raises(BadInput, match="2 fields, and the file has 3 columns; 2 rows") as caught:
        read(settings, tmp_path)
    assert 'drop = ["ragged-rows"]' in caught.value.next_step
    data, used = read_unseen(settings, tmp_path)
    assert used.drop == ("ragged-rows",)
    assert len(data.interactions) == 18
    assert "Left out: 2 of 21 lines of log.csv" in " ".join(data.guesses)
    assert [f.code for f in data.findings] == ["ragged-rows"]
    assert len(read(used, tmp_path).interactions) == 18


def test_many_are_refused(tmp_path: Path) -> None:
    settings = _log(tmp_path, **{f"row{i}": "u,i" for i in range(6)})
    with pytest.raises(BadInput, match="6 rows are like that"):
        read_unseen(settings, tmp_path)


def test_empty_fields_beyond_the_last_column_are_cut_off(tmp_path: Path) -> None:
    data, _ = read_unseen(_log(tmp_path, row3="u,i,2,,"), tmp_path)
    assert len(data.interactions) == 20
    assert "u" in data.interactions.users.ids


def test_python_reads_alike(tmp_path: Path) -> None:
    source = palate.read(_log(tmp_path, row3="u,i").interactions)
    assert source.left_out == ("ragged-rows",)
    assert len(source.data.interactions) == 19


def test_a_quote_that_never_closes_costs_its_own_line_alone(tmp_path: Path) -> None:
    settings = _log(tmp_path, row3='"u,i', row5='"u\nv",i9,2')
    data, used = read_unseen(settings, tmp_path)
    assert used.drop == ("ragged-rows",)
    assert len(data.interactions) == 19
    assert "u\nv" in data.interactions.users.ids


def test_quotes_that_mean_nothing_are_kept_and_told(tmp_path: Path) -> None:
    data, used = read_unseen(_log(tmp_path, row3='"15" screen,i1,2'), tmp_path)
    assert used.drop == ()
    assert len(data.interactions) == 20
    assert [f.code for f in data.findings] == ["odd-quotes"]


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ('a,b\n"x\ny",1\n', 'a,b\n"x\ny",1\n', ()),
        ('a,b\n"x,1\n2,3\n"z",4\n', 'a,b\n2,3\n"z",4\n', (2,)),
        ("a,b\n\n1,2\n", "a,b\n\n1,2\n", ()),
        ("a,b\n1\n2\n", "a,b\n", (2, 3)),
    ],
)
def test_sound_lines(text: str, kept: str, dropped: tuple[int, ...]) -> None:
    found = sound_lines(text, ",", 2, quotes=True)
    assert (found.text, found.dropped) == (kept, dropped)
