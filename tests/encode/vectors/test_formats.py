"""What is written in any format reads back to the same numbers, and each format is what its users
expect.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from palate.encode.vectors.file import VectorsFile, VectorsFileSettings
from palate.encode.vectors.formats import WRITERS, write_vectors
from palate.errors import BadInput
from palate.tables import Block, Catalogue, Origin, Vocabulary

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)
MARKS_PRESENCE = ("parquet", "safetensors")
LEAVES_OUT = ("atomic", "itememb", "csv", "folder")


def read_back(path, items, **settings):
    part = VectorsFile(VectorsFileSettings(str(path), **settings))
    catalogue = Catalogue(items, pl.DataFrame())
    return part.fit(catalogue, np.arange(len(items), dtype=np.int32)).encode(catalogue)


def mmrec_ids(folder):
    mapping = folder / "i_id_mapping.csv"
    return {"ids": str(mapping)} if mapping.exists() else {"rows": "numbers"}


@pytest.mark.parametrize("kind", sorted(WRITERS))
@settings(max_examples=12)
@given(data=st.data())
def test_any_block_comes_back_bit_for_bit(kind, data):
    n, d = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 5))
    X = data.draw(arrays(np.float32, (n, d), elements=NUMBERS))
    names = data.draw(
        st.lists(
            st.text("abcXYZ019_-é漢 ,\"'", min_size=1, max_size=6).map(str.strip).filter(bool),
            min_size=n,
            max_size=n,
            unique=True,
        )
    )
    present = X.any(axis=1)
    if not present.any():
        X[0, 0], present[0] = 1, True
    X[~present] = 0  # never minus zero: nobody's row
    items = Vocabulary.of(names)
    block = Block("text.demo", X, present, Origin("demo.v1"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (path,) = write_vectors([block], items, folder, kind)
        back = read_back(path, items, **(mmrec_ids(folder) if kind == "mmrec" else {}))
        assert np.ascontiguousarray(back.matrix).tobytes() == X.tobytes()
        assert back.present.tolist() == present.tolist()


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_a_present_row_of_zeros_is_kept_or_can_be(kind, tmp_path, block):
    made = block([[1, 2], [0, 0], [0, 0]], present=[True, True, False])
    items = Vocabulary.of("xyz")
    (path,) = write_vectors([made], items, tmp_path, kind)
    ids = mmrec_ids(tmp_path) if kind == "mmrec" else {}
    if kind in MARKS_PRESENCE:
        assert read_back(path, items).present.tolist() == [True, True, False]
    elif kind in LEAVES_OUT:
        assert read_back(path, items, zeros="present").present.tolist() == [True, True, False]
    else:
        assert read_back(path, items, **ids).present.tolist() == [True, False, False]
        assert read_back(path, items, zeros="present", **ids).present.tolist() == [True, True, True]


def test_npy_is_row_aligned_with_its_ids(tmp_path, block):
    write_vectors([block([[1, 2], [3, 4]])], Vocabulary.of("ba"), tmp_path, "npy")
    assert np.load(tmp_path / "text.demo.npy").tolist() == [[1, 2], [3, 4]]
    assert (tmp_path / "items.txt").read_text() == "b\na\n"
    back = read_back(tmp_path / "text.demo.npy", Vocabulary.of("ab"))
    assert back.matrix.tolist() == [[3, 4], [1, 2]]


def test_npy_in_the_catalogues_order_is_the_block_without_a_copy(tmp_path, block):
    items = Vocabulary.of("ab")
    write_vectors([block([[1, 2], [3, 4]])], items, tmp_path, "npy")
    assert isinstance(read_back(tmp_path / "text.demo.npy", items).matrix, np.memmap)


def test_parquet_has_ids_presence_and_vectors(tmp_path, block):
    write_vectors([block([[1, 2], [0, 0]])], Vocabulary.of("ab"), tmp_path, "parquet")
    frame = pl.read_parquet(tmp_path / "text.demo.parquet")
    assert frame.schema == {
        "item_id": pl.String,
        "present": pl.Boolean,
        "vector": pl.Array(pl.Float32, 2),
    }
    assert frame.rows() == [("a", True, [1.0, 2.0]), ("b", False, [0.0, 0.0])]


def test_atomic_files_are_recboles(tmp_path, block):
    write_vectors([block([[0.1, -2], [0, 0]])], Vocabulary.of("ab"), tmp_path, "atomic")
    assert (
        tmp_path / "text.demo.item"
    ).read_text() == "item_id:token\tvec:float_seq\na\t0.1 -2.0\n"


def test_the_file_to_preload_comes_with_the_settings_that_load_it(tmp_path, block):
    folder = tmp_path / "beauty"
    (path,) = write_vectors([block([[0.5, 1], [2, 3]])], Vocabulary.of("ab"), folder, "itememb")
    assert path == folder / "beauty.textdemoemb"
    header = "textdemo_iid:token\ttextdemo_emb:float_seq"
    assert path.read_text() == f"{header}\na\t0.5 1.0\nb\t2.0 3.0\n"
    told = (folder / "text.demo.recbole.yaml").read_text()
    assert "additional_feat_suffix: [textdemoemb]" in told
    assert "preload_weight: {textdemo_iid: textdemo_emb}" in told
    assert "alias_of_item_id: [textdemo_iid]" in told


def test_safetensors_read_without_palate(tmp_path, block):
    from safetensors import safe_open

    write_vectors([block([[1, 2], [0, 0]])], Vocabulary.of(["a", "é\n"]), tmp_path, "safetensors")
    with safe_open(tmp_path / "text.demo.safetensors", framework="numpy") as file:
        assert file.get_tensor("vectors").tolist() == [[1, 2], [0, 0]]
        assert file.get_tensor("present").tolist() == [1, 0]
        assert json.loads(file.metadata()["ids"]) == ["a", "é\n"]


def test_a_folder_of_single_files_is_duchos(tmp_path, block):
    (path,) = write_vectors([block([[1, 2], [0, 0]])], Vocabulary.of("ab"), tmp_path, "folder")
    assert [p.name for p in path.iterdir()] == ["a.npy"]
    assert np.load(path / "a.npy").tolist() == [1, 2]


def test_mmrec_rows_are_its_item_numbers(tmp_path, block):
    blocks = [
        block([[1, 2], [3, 4], [5, 6]], name) for name in ("image.vgg", "text.st", "structured")
    ]
    paths = write_vectors(blocks, Vocabulary.of(["3", "0", "1"]), tmp_path, "mmrec")
    assert [p.name for p in paths] == ["image_feat.npy", "text_feat.npy", "structured_feat.npy"]
    assert np.load(paths[0]).tolist() == [[3, 4], [5, 6], [0, 0], [1, 2]]
    assert not (tmp_path / "i_id_mapping.csv").exists()
    back = read_back(paths[0], Vocabulary.of(["3", "0", "1"]), rows="numbers")
    assert back.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_mmrec_with_other_ids_says_how_they_are_numbered(tmp_path, block):
    write_vectors(
        [block([[1, 2], [3, 4]], "text.x")], Vocabulary.of(["B01", "A02"]), tmp_path, "mmrec"
    )
    assert (tmp_path / "i_id_mapping.csv").read_text() == "asin\titemID\nB01\t0\nA02\t1\n"
    mapping = tmp_path / "other.csv"
    mapping.write_text("asin\titemID\nA02\t1\nB01\t0\n")
    back = read_back(tmp_path / "text_feat.npy", Vocabulary.of(["A02", "B01"]), ids=str(mapping))
    assert back.matrix.tolist() == [[3, 4], [1, 2]]


def test_two_blocks_of_one_modality_cannot_be_mmrecs(tmp_path, block):
    with pytest.raises(BadInput, match=r"text_feat\.npy"):
        write_vectors(
            [block([[1]], "text.a"), block([[1]], "text.b")], Vocabulary.of("a"), tmp_path, "mmrec"
        )
    with pytest.raises(BadInput, match=r"image_feat\.npy"):
        write_vectors(
            [block([[1]], "image.a"), block([[1]], "visual.b")],
            Vocabulary.of("a"),
            tmp_path,
            "mmrec",
        )


def test_sparse_blocks_are_written_dense(tmp_path):
    X = sparse.csr_matrix(np.array([[0, 1], [2, 0]], np.float32))
    made = Block("text.words", X, np.ones(2, np.bool_), Origin("demo.v1"))
    (path,) = write_vectors([made], Vocabulary.of("ab"), tmp_path, "parquet")
    assert read_back(path, Vocabulary.of("ab")).matrix.tolist() == [[0, 1], [2, 0]]


def test_a_block_too_wide_to_be_dense_is_refused(tmp_path):
    X = sparse.csr_matrix((2, 400_000_000), dtype=np.float32)
    made = Block("text.words", X, np.ones(2, np.bool_), Origin("demo.v1"))
    with pytest.raises(BadInput, match="too many to write dense"):
        write_vectors([made], Vocabulary.of("ab"), tmp_path, "parquet")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("npy", "a\nb"),
        ("atomic", "a\tb"),
        ("itememb", "a\nb"),
        ("folder", "../a"),
        ("folder", ".a"),
    ],
)
def test_ids_that_a_format_cannot_hold_are_refused(kind, name, tmp_path, block):
    with pytest.raises(BadInput, match="the id"):
        write_vectors([block([[1, 2]])], Vocabulary.of([name]), tmp_path, kind)
