import numpy as np
import pytest

from palate.encode.blocks import encode_block
from palate.encode.row_cache import RowCache
from palate.errors import BadRecipe
from palate.registry import spec

ROWS = np.array([0, 1, 2], np.int32)


@pytest.fixture
def catalogue(shop):
    return shop(["red wine", "old red lamp", "wine glass", "dragon wine", None])


def encoder(**settings):
    return spec({"part": "text.tfidf.v1", **settings}, "encoder")


def transforms(*names):
    return [spec({"part": name}, "block_transform") for name in names]


def test_encoded_shaped_named_and_timed(catalogue):
    block = encode_block(
        "words", encoder(), transforms("geometry.centre.v1", "geometry.l2.v1"), catalogue, ROWS
    ).block
    assert block.name == "words"
    assert block.seconds > 0
    assert block.origin.part == "text.tfidf.v1"
    assert [s["part"] for s in block.origin.steps] == ["geometry.centre.v1", "geometry.l2.v1"]
    assert block.present.tolist() == [True, True, True, True, False]
    assert not block.matrix[4].any()
    assert "dragon" not in block.columns


def test_rows_are_kept_in_the_cache_that_is_given(catalogue, tmp_path, monkeypatch):
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path / "users"))
    part = spec({"part": "text.hashing.v1"}, "encoder")
    cache = RowCache(tmp_path / "mine")
    first = encode_block("h", part, [], catalogue, ROWS, cache=cache).block
    again = encode_block("h", part, [], catalogue, ROWS, cache=cache).block
    assert (cache.stats.computed, cache.stats.hits) == (4, 4)
    assert not (tmp_path / "users").exists()
    off = encode_block("h", part, [], catalogue, ROWS, cache=False).block
    assert not (tmp_path / "users").exists()
    on = encode_block("h", part, [], catalogue, ROWS).block
    assert list((tmp_path / "users" / "rows").iterdir())
    assert (
        first.matrix.tobytes()
        == again.matrix.tobytes()
        == off.matrix.tobytes()
        == on.matrix.tobytes()
    )


def test_an_empty_cache_object_is_a_cache(catalogue, tmp_path):
    cache = RowCache(tmp_path)
    encode_block(
        "h", spec({"part": "text.hashing.v1"}, "encoder"), [], catalogue, ROWS, cache=cache
    )
    assert list(tmp_path.iterdir())


@pytest.mark.parametrize("part", ["text.hashing.v1", "text.tfidf.v1"])
def test_progress_ends_at_the_end(catalogue, part):
    told = []
    encode_block(
        "b",
        spec({"part": part}, "encoder"),
        [],
        catalogue,
        ROWS,
        progress=lambda *a: told.append(a),
        cache=False,
    )
    assert told[-1][0] == told[-1][1]


def test_refusals_come_through(catalogue):
    with pytest.raises(BadRecipe, match='did you mean "title"'):
        encode_block("b", encoder(fields=["titel"]), [], catalogue, ROWS)
