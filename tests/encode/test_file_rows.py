"""What is said of files that could not be used, when they are looked at once more."""

import os
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from palate.encode.content_encoder import content_matrix, encode_rows
from palate.encode.image.classical import Classical, ClassicalSettings
from palate.encode.row_cache import RowCache
from palate.encode.stream import encode_to_file
from palate.errors import BadInput
from palate.tables import Catalogue, Vocabulary
from palate.testing.files import made_picture

pytest.importorskip("PIL")


def shop(values, folder):
    return Catalogue(
        Vocabulary.of(f"i{n}" for n in range(len(values))), pl.DataFrame({"poster": values}), folder
    )


def part(**settings):
    return Classical(ClassicalSettings(fields=("poster",), **settings))


def test_a_file_that_came_meanwhile_is_said_to_be_there(tmp_path):
    catalogue, encoder = shop(["a.png"], tmp_path), part()
    contents = encoder.contents(catalogue)
    (tmp_path / "a.png").write_bytes(made_picture())
    (finding,) = encoder.findings(catalogue, contents, np.array([False]))
    assert "it is there now" in finding.message


def test_a_picture_that_is_whole_and_gives_nothing_is_said_so(tmp_path):
    (tmp_path / "a.png").write_bytes(made_picture())
    catalogue, encoder = shop(["a.png"], tmp_path), part()
    (finding,) = encoder.findings(catalogue, encoder.contents(catalogue), np.array([False]))
    assert "nothing in it gives a vector" in finding.message


def test_many_reasons_are_cut_to_five(tmp_path):
    block = encode_rows(part(), shop([f"{n}.png" for n in range(9)], tmp_path))
    (finding,) = block.findings
    assert (finding.count, len(finding.examples)) == (9, 5)
    assert finding.message.startswith("9 items are absent from image.classical.v1")
    assert finding.message.endswith("and others")


@pytest.mark.parametrize("cached", [True, False])
def test_a_missing_file_fails_the_run_where_that_is_asked(tmp_path, cached):
    cache = RowCache(tmp_path / "rows") if cached else None
    with pytest.raises(BadInput, match="no such file"):
        encode_rows(part(on_error="fail"), shop(["a.png"], tmp_path), cache)


def test_the_folder_may_be_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("POSTERS", str(tmp_path))
    (tmp_path / "a.png").write_bytes(made_picture())
    catalogue = replace(shop(["a.png"], tmp_path), folder=tmp_path / "elsewhere")
    assert encode_rows(part(folder="$POSTERS"), catalogue).present.all()


def test_pictures_stream_to_a_file(tmp_path):
    for seed in range(5):
        (tmp_path / f"{seed}.png").write_bytes(made_picture(seed))
    encoder = part()
    contents = encoder.contents(shop(["0.png", None, *(f"{s}.png" for s in range(5))], tmp_path))
    done = encode_to_file(encoder, iter(contents), tmp_path / "out.npy", slice_size=2)
    assert (done.n, done.n_absent) == (7, 1)
    assert np.load(done.path).tobytes() == content_matrix(encoder, contents)[0].tobytes()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_absent(tmp_path):
    (tmp_path / "a.png").write_bytes(made_picture())
    (tmp_path / "a.png").chmod(0)
    block = encode_rows(part(), shop(["a.png"], tmp_path))
    assert not block.present.any()
    assert "cannot be read" in block.findings[0].message
