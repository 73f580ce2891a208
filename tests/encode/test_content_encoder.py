"""The path from texts to a matrix, with an encoder that counts what it is asked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate.encode.content_encoder import TextRows, encode_rows, text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.text.hashing import HashingSettings
from palate.errors import BadInput


class Counting(TextRows):
    name = "text.counting.v1"
    block_name = "text.counting"

    def __init__(self, chunk=3, salt="", broken=None):
        self.settings = HashingSettings(fields=("title",))
        self.chunk, self.salt, self.broken = chunk, salt, broken
        self.asked = []

    def identity(self):
        return {"part": self.name, "salt": self.salt}

    def weights(self):
        return ""

    def width(self):
        return 3

    def vectors(self, texts):
        order = np.arange(len(texts))[::-1]
        for start in range(0, len(texts), self.chunk):
            places = order[start : start + self.chunk]
            self.asked += [texts[p] for p in places]
            yield places, np.array([self.vector(texts[p]) for p in places], np.float32)

    def vector(self, text):
        if text == self.broken:
            return [np.nan, 0, 0]
        return (
            [len(text), sum(map(ord, text)) % 101, text.count("a")]
            if text != "nothing"
            else [0, 0, 0]
        )


def test_duplicates_are_encoded_once_and_spread(tmp_path):
    part = Counting()
    matrix, present = text_matrix(part, ["ab", None, "c", "ab", "c", "ab"])
    assert sorted(part.asked) == ["ab", "c"]
    assert present.tolist() == [True, False, True, True, True, True]
    assert matrix[:, 0].tolist() == [2, 0, 1, 2, 1, 2]


def test_a_text_that_gives_nothing_is_absent():
    matrix, present = text_matrix(Counting(), ["a", "nothing"])
    assert present.tolist() == [True, False]
    assert not matrix[1].any()


def test_no_texts_at_all():
    matrix, present = text_matrix(Counting(), [None, None])
    assert matrix.shape == (2, 3)
    assert not present.any()
    assert text_matrix(Counting(), [])[0].shape == (0, 3)


@settings(max_examples=25)
@given(
    st.lists(st.none() | st.sampled_from("abcdefgh"), max_size=12),
    st.lists(st.sampled_from("abcdefgh"), max_size=8),
)
def test_cache_on_and_off_are_the_same_bytes(tmp_path_factory, texts, before):
    folder = tmp_path_factory.mktemp("rows")
    text_matrix(Counting(chunk=2), before, RowCache(folder))
    part, cache = Counting(), RowCache(folder)
    cached, present = text_matrix(part, texts, cache)
    plain, same = text_matrix(Counting(chunk=5), texts)
    assert cached.tobytes() == plain.tobytes()
    assert np.array_equal(present, same)
    assert sorted(part.asked) == sorted({t for t in texts if t is not None} - set(before))
    assert cache.stats.hits + cache.stats.computed == len({t for t in texts if t is not None})


def test_nothing_is_encoded_twice(tmp_path, shop):
    catalogue = shop(["red", "blue", "red", None])
    rows = np.arange(4, dtype=np.int32)
    first, second, other = Counting(), Counting(), Counting(salt="x")
    one = encode_rows(first.fit(catalogue, rows), catalogue, RowCache(tmp_path))
    two = encode_rows(second.fit(catalogue, rows), catalogue, RowCache(tmp_path))
    encode_rows(other.fit(catalogue, rows), catalogue, RowCache(tmp_path))
    assert (len(first.asked), len(second.asked), len(other.asked)) == (2, 0, 2)
    assert one.matrix.tobytes() == two.matrix.tobytes()
    assert one.origin == two.origin


def test_chunks_before_a_failure_are_kept(tmp_path):
    texts = [f"text {i}" for i in range(9)]
    with pytest.raises(BadInput, match="not finite"):
        text_matrix(Counting(broken="text 1"), texts, RowCache(tmp_path))
    part = Counting()
    text_matrix(part, texts, RowCache(tmp_path))
    assert sorted(part.asked) == ["text 0", "text 1", "text 2"]


def test_rows_of_another_width_are_computed_again(tmp_path):
    class Wider(Counting):
        def width(self):
            return 4

        def vector(self, text):
            return [*super().vector(text), 1]

    text_matrix(Counting(), ["a"], RowCache(tmp_path))
    matrix, _ = text_matrix(Wider(), ["a"], RowCache(tmp_path))
    assert matrix.tolist() == [[1, 97, 1, 1]]


def test_progress_counts_distinct_texts(tmp_path):
    told = []
    text_matrix(Counting(chunk=2), ["a", "b"], RowCache(tmp_path))
    text_matrix(
        Counting(chunk=2),
        list("abcdefa"),
        RowCache(tmp_path),
        lambda done, total: told.append((done, total)),
    )
    assert told == [(2, 6), (4, 6), (6, 6)]
