import tracemalloc

import numpy as np
import pytest

from palate.encode.content_encoder import text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.stream import encode_to_file
from palate.encode.text.hashing import Hashing, HashingSettings

PART = Hashing(HashingSettings(dims=16))
TEXTS = ["red wine", None, "old lamp", "red wine", "!", "glass"]


def test_the_file_is_what_encoding_at_once_gives(tmp_path):
    done = encode_to_file(PART, iter(TEXTS), tmp_path / "out.npy", slice_size=4)
    assert (done.n, done.n_absent) == (6, 2)
    assert np.load(done.path).tobytes() == text_matrix(PART, TEXTS)[0].tobytes()
    assert np.load(done.path, mmap_mode="r").shape == (6, 16)


def test_no_texts(tmp_path):
    assert np.load(encode_to_file(PART, [], tmp_path / "out.npy").path).shape == (0, 16)


def test_a_stopped_run_leaves_the_old_file_and_goes_on_from_the_cache(tmp_path):
    path = encode_to_file(PART, ["before"], tmp_path / "out.npy").path
    before = path.read_bytes()

    def stopping():
        yield from TEXTS
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="gone"):
        encode_to_file(PART, stopping(), path, RowCache(tmp_path / "rows"), slice_size=2)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*.part"))
    cache = RowCache(tmp_path / "rows")
    encode_to_file(PART, TEXTS, path, cache, slice_size=2)
    assert cache.stats.computed <= 2


def test_memory_does_not_grow_with_the_number_of_texts(tmp_path):
    def peak(n):
        tracemalloc.start()
        encode_to_file(PART, (f"text {i}" for i in range(n)), tmp_path / "out.npy", slice_size=500)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(500)
    assert peak(4000) < 1.3 * peak(1000)
