"""Encoding over executors: the same bytes, whoever computes."""

from __future__ import annotations

import numpy as np
import pytest

from palate.encode import distributed as module
from palate.encode.blocks import encode_block
from palate.encode.content_encoder import text_matrix
from palate.encode.distributed import Spread, spread
from palate.encode.row_cache import RowCache
from palate.encode.text.hashing import Hashing, HashingSettings
from palate.encode.text.http import Http
from palate.execute import Inline, Processes
from palate.registry import spec

WORDS = (
    "red",
    "blue",
    "old",
    "wine",
    "glass",
    "lip",
    "nail",
    "polish",
    "dragon",
    "queen",
    "river",
    "garden",
)


def texts(n):
    rng = np.random.default_rng(0)
    return [None if i % 9 == 8 else " ".join(rng.choice(WORDS, 1 + i % 23)) for i in range(n)]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)


class Counting:
    """Here, and counts the chunks."""

    def __init__(self):
        self.sizes = []

    def map(self, function, chunks):
        for chunk in chunks:
            self.sizes.append(len(chunk))
            yield function(chunk)


def test_chunks_of_one_size_and_the_same_bytes():
    part, counting = Hashing(HashingSettings(dims=16)), Counting()
    matrix, present = text_matrix(Spread(part, counting), texts(60))
    alone = text_matrix(part, texts(60))
    assert matrix.tobytes() == alone[0].tobytes()
    assert np.array_equal(present, alone[1])
    assert counting.sizes[:-1] == [7] * (len(counting.sizes) - 1)
    assert 1 <= counting.sizes[-1] <= 7


def test_what_is_known_does_not_travel(tmp_path):
    part, cache = Hashing(HashingSettings(dims=16)), RowCache(tmp_path)
    text_matrix(part, texts(30), cache)
    counting = Counting()
    text_matrix(Spread(part, counting), texts(40), cache)
    assert sum(counting.sizes) == len({t for t in texts(40) if t} - {t for t in texts(30) if t})


def test_a_transformer_gives_the_same_bytes_however_it_is_spread(tiny, monkeypatch):
    from palate.encode.text.transformer import Transformer, TransformerSettings

    part = Transformer(TransformerSettings(model=str(tiny("bert"))))
    alone = text_matrix(part, texts(60))[0]
    for size in (3, 7, 1000):
        monkeypatch.setattr(module, "CHUNK", size)
        assert text_matrix(Spread(part, Inline()), texts(60))[0].tobytes() == alone.tobytes()


def test_a_block_made_by_worker_processes(shop):
    catalogue = shop(texts(40))
    encoder = spec({"part": "text.hashing.v1", "dims": 16}, "encoder")
    l2 = spec({"part": "geometry.l2.v1"}, "block_transform")
    rows = np.arange(30, dtype=np.int32)
    made = [
        encode_block("h", encoder, [l2], catalogue, rows, cache=False, executor=e).block
        for e in (None, Processes(2))
    ]
    assert made[0].matrix.tobytes() == made[1].matrix.tobytes()
    assert made[0].origin.key() == made[1].origin.key()
    assert np.array_equal(made[0].present, made[1].present)


@pytest.mark.slow
def test_a_block_made_on_ray(shop, monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from palate.execute import OnRay

    encoder = spec({"part": "text.hashing.v1", "dims": 16}, "encoder")
    rows = np.arange(30, dtype=np.int32)
    made = [
        encode_block("h", encoder, [], shop(texts(40)), rows, cache=False, executor=e).block
        for e in (None, OnRay(workers=1))
    ]
    assert made[0].matrix.tobytes() == made[1].matrix.tobytes()
    assert not ray.is_initialized()


def test_what_must_see_everything_at_once_stays_here():
    http = Http(Http.Settings(url="http://127.0.0.1:1/v1", width=4))
    assert spread(http, Inline()) is http
    part = Hashing()
    assert spread(part, None) is part
    assert isinstance(spread(part, Inline()), Spread)


def test_pictures_are_spread_too(tmp_path):
    images = pytest.importorskip("PIL.Image")
    import polars as pl

    from palate.tables import Catalogue, Vocabulary

    rng = np.random.default_rng(0)
    for i in range(12):
        images.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(
            tmp_path / f"{i}.png"
        )
    (tmp_path / "3.png").write_bytes(b"no picture")
    names = pl.Series([f"{i}.png" for i in range(12)] + [None])
    catalogue = Catalogue(Vocabulary.of(map(str, range(13))), pl.DataFrame({"picture": names}))
    encoder = spec(
        {"part": "image.classical.v1", "fields": ["picture"], "folder": str(tmp_path)}, "encoder"
    )
    rows = np.arange(10, dtype=np.int32)
    made = [
        encode_block("i", encoder, [], catalogue, rows, cache=False, executor=e).block
        for e in (None, Processes(1))
    ]
    assert made[0].matrix.tobytes() == made[1].matrix.tobytes()
    assert made[1].present.tolist() == [True] * 3 + [False] + [True] * 8 + [False]
    assert made[0].findings == made[1].findings
