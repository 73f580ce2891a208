"""Names of files and bytes in a catalogue, found, digested and refused."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate.encode.files import FileContent, data_of, file_fields, named_files, open_named
from palate.errors import BadInput, BadRecipe
from palate.tables import Catalogue, Vocabulary


def shop(**fields):
    frame = pl.DataFrame(fields)
    return Catalogue(Vocabulary.of(f"i{n}" for n in range(frame.height)), frame)


def rows(catalogue):
    return np.arange(len(catalogue), dtype=np.int32)


def test_the_first_field_that_an_item_has_counts():
    catalogue = shop(poster=["a.jpg", None, " ", None], still=["b.jpg", "c.jpg", "d.jpg", None])
    assert list(named_files(catalogue, ["poster", "still"])) == ["a.jpg", "c.jpg", "d.jpg", None]


def test_bytes_lists_and_objects_name_files_too():
    catalogue = shop(
        raw=[b"x", b"", None],
        some=[["a.jpg", "b.jpg"], [], None],
        held=[{"bytes": b"y", "path": "z.jpg"}, {"bytes": None, "path": "z.jpg"}, None],
        none=pl.Series([None, None, None], dtype=pl.Null),
    )
    assert list(named_files(catalogue, ["raw"])) == [b"x", None, None]
    assert list(named_files(catalogue, ["some"])) == ["a.jpg", None, None]
    assert list(named_files(catalogue, ["held"])) == [b"y", "z.jpg", None]
    assert list(named_files(catalogue, ["none"])) == [None] * 3


def test_a_field_of_numbers_names_no_files():
    with pytest.raises(BadRecipe, match="can name no file"):
        list(named_files(shop(price=[1.5]), ["price"]))
    with pytest.raises(BadRecipe, match="did you mean"):
        file_fields(shop(poster=["a.jpg"]), ("postr",), np.array([0]), (".jpg",))


def test_the_only_field_of_such_names_is_found_among_the_training_items():
    catalogue = shop(
        title=["Red wine.jpg and more", "b", "c"],
        poster=["a.JPG", "b.png", "no"],
        price=[1.0, 2.0, 3.0],
    )
    assert file_fields(catalogue, (), rows(catalogue), (".jpg", ".png")) == ("poster",)
    with pytest.raises(BadRecipe, match=r"no field names \.jpg files"):
        file_fields(catalogue, (), np.array([2]), (".jpg", ".png"))
    with pytest.raises(BadRecipe, match="fields a, b all hold"):
        file_fields(shop(a=["x.jpg"], b=["y.jpg"]), (), np.array([0]), (".jpg",))


def test_equal_bytes_are_equal_contents(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"same")
    (tmp_path / "c").write_bytes(b"other")
    a, b, c = (open_named(name, tmp_path, 10) for name in "abc")
    assert a == b == open_named(b"same", tmp_path, 10)
    assert len({a, b, c}) == 2
    assert open_named(str(tmp_path / "a"), Path("/nowhere"), 10) == a
    assert data_of(a, 10) == b"same"
    assert data_of(open_named(b"same", tmp_path, 10), 10) == b"same"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("none.jpg", "no such file"),
        ("folder", "a folder"),
        ("pipe", "not a plain file"),
        ("/dev/zero", "not a plain file"),
        ("loop", "cannot be read"),
        ("empty", "empty"),
        ("large", "11 bytes are too many"),
        ("https://example.org/a.jpg", "fetch nothing"),
        ("file:///etc/passwd", "fetch nothing"),
        ("data:image/png;base64,AAAA", "fetch nothing"),
        ("a\0b", "cannot be the name"),
        ("x" * 5000, "cannot be the name"),
        ("x" * 300, "cannot be read"),
    ],
)
def test_what_is_no_file_is_refused_at_once(tmp_path, name, why):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"x" * 11)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match=why):
        open_named(name, tmp_path, 10)


def test_a_file_that_changed_since_is_not_taken_for_what_it_was(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    content = open_named("a", tmp_path, 10)
    (tmp_path / "a").write_bytes(b"two")
    with pytest.raises(BadInput, match="changed"):
        data_of(content, 10)
    with pytest.raises(BadInput, match="neither"):
        data_of(FileContent("00"), 10)


def test_names_as_windows_writes_them(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "1.png").write_bytes(b"a")
    (tmp_path / "b\\2.png").write_bytes(b"b")
    for name in ("img\\1.png", ".\\img\\1.png", "img/1.png"):
        assert open_named(name, tmp_path, 10).digest == open_named(b"a", tmp_path, 10).digest
    assert open_named("b\\2.png", tmp_path, 10).digest == open_named(b"b", tmp_path, 10).digest
