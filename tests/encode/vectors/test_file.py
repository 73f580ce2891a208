"""The encoder that reads vectors: whose row is whose, what is absent, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from palate.encode.blocks import encode_block
from palate.encode.vectors.file import VectorsFile, VectorsFileSettings
from palate.errors import BadInput
from palate.registry import spec

ROWS = np.array([0, 1], np.int32)


@pytest.fixture
def read(shop):
    """`read(path, "abc", column="x")` -> (part, block)."""

    def reading(path, names, **settings):
        part = VectorsFile(VectorsFileSettings(str(path), **settings))
        catalogue = shop(names)
        block = part.fit(catalogue, ROWS).encode(catalogue)
        return part, block

    return reading


@pytest.fixture
def saved(tmp_path):
    """`saved(X)` -> a .npy file."""

    def save(X, name="image_feat.npy"):
        np.save(tmp_path / name, np.asarray(X))
        return tmp_path / name

    return save


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_missing_items_are_absent_and_extra_ids_are_counted(read, saved, tmp_path):
    ids = written(tmp_path / "names.txt", "c\nz\na\ny\n")
    part, block = read(saved(np.arange(1.0, 9).reshape(4, 2)), "abc", ids=str(ids))
    assert block.matrix.tolist() == [[5, 6], [0, 0], [1, 2]]
    assert block.matrix.dtype == np.float32
    assert block.present.tolist() == [True, False, True]
    assert (part.missing_, part.extra_) == (1, 2)
    assert [(f.code, f.count) for f in block.findings] == [
        ("items-without-vector", 1),
        ("vectors-of-no-item", 2),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ids.txt", "b\na\n"),
        ("ids.json", '["b", "a"]'),
        ("ids.csv", "item,price\nb,0.5\na,7\n"),
        ("ids.tsv", "asin\titemID\na\t1\nb\t0\n"),
    ],
)
def test_ids_stand_in_files_of_many_kinds(name, text, read, saved, tmp_path):
    ids = written(tmp_path / name, text)
    assert read(saved([[1.0], [2.0]]), "ab", ids=str(ids))[1].matrix.tolist() == [[2], [1]]


def test_ids_may_be_an_array_or_a_named_column(read, saved, tmp_path):
    np.save(tmp_path / "ids.npy", np.array(["b", "a"]))
    X = saved([[1.0], [2.0]])
    assert read(X, "ab", ids=str(tmp_path / "ids.npy"))[1].matrix.tolist() == [[2], [1]]
    table = written(tmp_path / "ids.csv", "title,key\nx,b\ny,a\n")
    assert read(X, "ab", ids=str(table), id_column="key")[1].matrix.tolist() == [[2], [1]]
    with pytest.raises(BadInput, match='no column "kay"') as info:
        read(X, "ab", ids=str(table), id_column="kay")
    assert "key" in info.value.next_step


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("ids.txt", "a\nb\nc\n", "3 ids for 2 rows"),
        ("ids.json", "{}", "no list of ids"),
        ("ids.json", "[", "not JSON"),
        ("ids.csv", "id,row\na,0\nb,0\n", "does not name each of the 2 rows once"),
        ("ids.csv", "id\n", "no row"),
    ],
)
def test_files_of_ids_that_do_not_fit_are_refused(name, text, says, read, saved, tmp_path):
    with pytest.raises(BadInput, match=says):
        read(saved([[1.0], [2.0]]), "ab", ids=str(written(tmp_path / name, text)))
    with pytest.raises(BadInput, match="no such file"):
        read(saved([[1.0], [2.0]]), "ab", ids=str(tmp_path / "none.txt"))


def test_ids_as_numbers_of_a_wrong_shape_are_refused(read, saved, tmp_path):
    np.save(tmp_path / "ids.npy", np.zeros((2, 2)))
    with pytest.raises(BadInput, match="it holds float64"):
        read(saved([[1.0], [2.0]]), "ab", ids=str(tmp_path / "ids.npy"))


def test_rows_without_ids_are_the_catalogues(read, saved):
    assert read(saved([[1.0], [2.0]]), "ab")[1].matrix.tolist() == [[1], [2]]
    with pytest.raises(BadInput, match="3 rows of vectors for 2 items") as info:
        read(saved([[1.0], [2.0], [3.0]]), "ab")
    assert "ids = " in info.value.next_step


def test_rows_of_numbered_items_are_never_guessed(read, saved):
    X = saved([[1.0], [2.0], [3.0]])
    assert read(X, "012")[1].matrix.tolist() == [[1], [2], [3]]
    with pytest.raises(BadInput, match="not plain whose row"):
        read(X, "201")
    assert read(X, "201", rows="numbers")[1].matrix.tolist() == [[3], [1], [2]]
    assert read(X, "201", rows="catalogue")[1].matrix.tolist() == [[1], [2], [3]]
    with pytest.raises(BadInput, match="not the numbers of 3 rows"):
        read(X, "ab", rows="numbers")


def test_zeros_mean_absence_unless_told_otherwise(read, saved):
    X = saved([[1.0], [0.0]])
    assert read(X, "ab")[1].present.tolist() == [True, False]
    assert read(X, "ab", zeros="present")[1].present.tolist() == [True, True]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_not_finite_are_refused_with_their_row(bad, read, saved):
    X = np.ones((5000, 3))
    X[4321, 1] = bad
    with pytest.raises(BadInput, match="number 2 is") as info:
        read(saved(X), [f"i{n}" for n in range(5000)])
    assert info.value.where == "image_feat.npy, row 4322"


def test_an_id_that_comes_twice_is_refused_with_both_rows(read, saved, tmp_path):
    ids = written(tmp_path / "ids.txt", "a\nb\na\n")
    with pytest.raises(BadInput, match='"a" stands in row 1 already') as info:
        read(saved(np.ones((3, 1))), "ab", ids=str(ids))
    assert info.value.where.endswith("row 3")


def test_another_width_than_expected_is_refused(read, saved):
    X = saved(np.ones((2, 4)))
    assert read(X, "ab", width=4)[1].width == 4
    with pytest.raises(BadInput, match="4 numbers") as info:
        read(X, "ab", width=512)
    assert info.value.allowed == "512"


def test_ids_of_somebody_else_are_refused(read, saved, tmp_path):
    ids = written(tmp_path / "ids.txt", "x\ny\n")
    with pytest.raises(BadInput, match="none of its ids is an item"):
        read(saved(np.ones((2, 1))), "ab", ids=str(ids))


def test_what_is_no_matrix_is_refused(read, saved, tmp_path):
    for X in (np.ones(3), np.ones((2, 2, 2)), np.array([["a", "b"]])):
        with pytest.raises(BadInput, match=r"it holds .* of shape"):
            read(saved(X), "ab")
    with pytest.raises(BadInput, match="0 rows"):
        read(saved(np.ones((0, 3))), "ab")
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BadInput, match=r"not a \.npy file of plain numbers"):
        read(tmp_path / "objects.npy", "ab")
    with pytest.raises(BadInput, match="no such file") as info:
        read(tmp_path / "objekts.npy", "ab")
    assert "objects.npy" in info.value.next_step
    with pytest.raises(BadInput, match="is not known"):
        read(written(tmp_path / "x.bin", "x"), "ab")
    with pytest.raises(BadInput, match="has no columns"):
        read(saved(np.ones((2, 2))), "ab", column="x")


def test_csv_has_a_column_a_number_or_one_for_all(read, tmp_path):
    wide = written(tmp_path / "wide.csv", "item_id,x,y\na,1,2\nb,3,4.5\n")
    assert read(wide, "ba")[1].matrix.tolist() == [[3, 4.5], [1, 2]]
    listed = written(tmp_path / "listed.csv", 'sku,title,v\na,t,"[1, 2]"\nb,u,3 -4e1\n')
    assert read(listed, "ba", column="v", id_column="sku")[1].matrix.tolist() == [[3, -40], [1, 2]]
    with pytest.raises(BadInput, match='"t" is not a number') as info:
        read(listed, "ba")
    assert info.value.where == "listed.csv, row 1, column title"
    with pytest.raises(BadInput, match='no column "vv"') as info:
        read(listed, "ba", column="vv")
    assert 'mean "v"' in info.value.next_step
    with pytest.raises(BadInput, match="no column but the ids"):
        read(written(tmp_path / "ids.csv", "id\na\n"), "a")


@pytest.mark.parametrize(
    ("rows", "says", "row"),
    [
        ("a\t1 2\nb\t1\n", "1 numbers, and 2", 2),
        ("a\t1 2\nb\tx y\n", "not a list of numbers", 2),
        ("a\t1 2\nb\t\n", "not a list of numbers", 2),
        ("a\tnan 2\n", "number 1 is nan", 1),
    ],
)
def test_broken_rows_of_atomic_files_are_told_by_number(rows, says, row, read, tmp_path):
    with pytest.raises(BadInput, match=says) as info:
        read(written(tmp_path / "x.item", f"item_id:token\tvec:float_seq\n{rows}"), "ab")
    assert f"row {row}" in info.value.where


def test_atomic_files_with_several_columns_need_a_choice(read, tmp_path):
    text = 'item_id:token\tname:token\tv:float_seq\tw:float_seq\na\t"x\t1 2\t3\n'
    path = written(tmp_path / "x.item", text)
    with pytest.raises(BadInput, match="2 columns hold vectors"):
        read(path, "a")
    assert read(path, "a", column="w")[1].matrix.tolist() == [[3]]
    with pytest.raises(BadInput, match="float_seq"):
        read(path, "a", column="name")
    with pytest.raises(BadInput, match='"b" has no type'):
        read(written(tmp_path / "y.item", "a:token\tb\nx\t1\n"), "x")


def test_parquet_of_others(read, tmp_path):
    frame = pl.DataFrame(
        {"asin": [7, 8, 9], "v": [[1.0, 2.0], None, [3.0, 4.0]], "w": [[1], [2], [3]]}
    )
    frame.write_parquet(tmp_path / "v.parquet")
    with pytest.raises(BadInput, match="2 columns hold vectors"):
        read(tmp_path / "v.parquet", "789")
    block = read(tmp_path / "v.parquet", "789", column="v")[1]
    assert block.matrix.tolist() == [[1, 2], [0, 0], [3, 4]]
    assert block.present.tolist() == [True, False, True]
    with pytest.raises(BadInput, match='no column "u"'):
        read(tmp_path / "v.parquet", "789", column="u")
    pl.DataFrame({"id": ["a"], "x": [1.0], "y": [2.0]}).write_parquet(tmp_path / "wide.parquet")
    assert read(tmp_path / "wide.parquet", "a")[1].matrix.tolist() == [[1, 2]]
    pl.DataFrame({"id": ["a"]}).write_parquet(tmp_path / "bare.parquet")
    with pytest.raises(BadInput, match="no column holds vectors"):
        read(tmp_path / "bare.parquet", "a")
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        read(written(tmp_path / "no.parquet", "x"), "a")


@pytest.mark.parametrize(
    ("vectors", "says"),
    [([[1.0, 2.0], [1.0]], "1 numbers, and 2"), ([[1.0, None], [1.0, 2.0]], "a number is missing")],
)
def test_broken_rows_of_parquet_are_told(vectors, says, read, tmp_path):
    pl.DataFrame({"id": ["a", "b"], "v": vectors}).write_parquet(tmp_path / "v.parquet")
    with pytest.raises(BadInput, match=says):
        read(tmp_path / "v.parquet", "ab")


def test_missing_ids_are_refused(read, tmp_path):
    pl.DataFrame({"id": ["a", None], "v": [[1.0], [2.0]]}).write_parquet(tmp_path / "v.parquet")
    with pytest.raises(BadInput, match="the id is missing") as info:
        read(tmp_path / "v.parquet", "ab")
    assert "row 2" in info.value.where


def test_tensors_of_others(read, tmp_path):
    from safetensors.numpy import save_file

    X = np.ones((2, 3), np.float16)
    save_file({"image": X, "text": 2 * X, "count": np.ones(2)}, tmp_path / "f.safetensors")
    with pytest.raises(BadInput, match="2 tensors may be meant"):
        read(tmp_path / "f.safetensors", "ab")
    assert (
        read(tmp_path / "f.safetensors", "ab", column="text")[1].matrix.tolist() == [[2, 2, 2]] * 2
    )
    with pytest.raises(BadInput, match=r'no tensor \[n_items, d\] "txt"'):
        read(tmp_path / "f.safetensors", "ab", column="txt")
    for told in ("[", "[1]"):
        save_file({"x": X}, tmp_path / "g.safetensors", {"ids": told})
        with pytest.raises(BadInput, match="metadata"):
            read(tmp_path / "g.safetensors", "ab")
    with pytest.raises(BadInput, match="cannot be read as safetensors"):
        read(written(tmp_path / "h.safetensors", "x"), "ab")
    with pytest.raises(BadInput, match="no columns"):
        read(tmp_path / "f.safetensors", "ab", id_column="x")


def test_a_folder_of_single_files(read, tmp_path):
    folder = tmp_path / "visual"
    folder.mkdir()
    with pytest.raises(BadInput, match=r"holds no \.npy file"):
        read(folder, "ab")
    np.save(folder / "b.npy", np.array([[1.0, 2.0]]))
    np.save(folder / "a.npy", np.array([3.0, 4.0]))
    assert read(folder, "abc")[1].matrix.tolist() == [[3, 4], [1, 2], [0, 0]]
    np.save(folder / "c.npy", np.array([3.0]))
    with pytest.raises(BadInput, match="of shape") as info:
        read(folder, "abc")
    assert info.value.where.endswith("c.npy")
    with pytest.raises(BadInput, match="no columns"):
        read(folder, "abc", column="x")


def test_the_origin_changes_with_the_file_and_its_ids(read, saved, tmp_path):
    ids = written(tmp_path / "ids.txt", "a\nb\n")
    first = read(saved([[1.0], [2.0]]), "ab", ids=str(ids))[1].origin.key()
    assert read(saved([[1.0], [2.0]]), "ab", ids=str(ids))[1].origin.key() == first
    assert read(saved([[1.0], [3.0]]), "ab", ids=str(ids))[1].origin.key() != first
    saved([[1.0], [2.0]])
    written(ids, "b\na\n")
    assert read(tmp_path / "image_feat.npy", "ab", ids=str(ids))[1].origin.key() != first


def test_a_block_of_a_recipe_with_geometry(saved, shop):
    encoder = spec({"part": "vectors.file.v1", "path": str(saved([[3.0, 4.0], [0, 2]]))}, "encoder")
    l2 = spec({"part": "geometry.l2.v1"}, "block_transform")
    block = encode_block("image.vgg", encoder, [l2], shop("ab"), ROWS).block
    assert block.name == "image.vgg"
    assert np.allclose(block.matrix, [[0.6, 0.8], [0, 1]])
    assert json.dumps(block.origin.facts())


def test_ids_that_are_written_otherwise_meet_where_the_settings_say_so(read, saved, tmp_path):
    ids = written(tmp_path / "names.txt", "001\n02\nab\n")
    path = saved(np.arange(1.0, 7).reshape(3, 2))
    _, plain = read(path, ["1", "2", "ab"], ids=str(ids))
    assert plain.present.tolist() == [False, False, True]
    assert "same_ids" in next(f.advice for f in plain.findings if f.code == "spelled-apart")
    part, block = read(path, ["1", "2", "ab"], ids=str(ids), same_ids=("leading-zeros",))
    assert block.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert not block.findings
    again = VectorsFile(part.settings).load(part.state())
    assert again.row_of_ == part.row_of_


def test_two_ids_that_become_one_are_refused(read, saved, tmp_path):
    ids = written(tmp_path / "names.txt", "01\n1\n")
    with pytest.raises(BadInput, match='"1" stands in row 1 already'):
        read(saved(np.ones((2, 2))), "1", ids=str(ids), same_ids=("leading-zeros",))
