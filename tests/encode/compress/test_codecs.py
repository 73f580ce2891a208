import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from palate.encode.compress.kmeans import centres_of, nearest_centre
from palate.encode.compress.quantised import (
    CodesOf,
    Product,
    ProductSettings,
    Residual,
    ResidualSettings,
)
from palate.encode.compress.scalar import Binary, Float16, Int8, Int8Settings
from palate.encode.compress.search import nearest
from palate.encode.compress.sparse_codes import SparseCodes, SparseSettings
from palate.tables import Block, Origin

NUMBERS = arrays(np.float32, (9, 6), elements=st.floats(-1e4, 1e4, width=32))


def clustered(n=600, d=32, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(20, d))[random.integers(0, 20, n)] + 0.3 * random.normal(size=(n, d))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def learnt(codec, X):
    codec.learn(X)
    return codec


def cosine(codec, X):
    back = learnt(codec, X).unpack(codec.pack(X))
    return float(
        ((back * X).sum(1) / np.linalg.norm(back, axis=1) / np.linalg.norm(X, axis=1)).mean()
    )


@pytest.mark.parametrize(
    ("codec", "n_bytes", "least"),
    [
        (Float16(), 64, 0.999999),
        (Int8(), 32, 0.9998),
        (Binary(), 4, 0.75),
        (Product(ProductSettings(n_bytes=8)), 8, 0.97),
        (Residual(ResidualSettings(levels=3)), 3, 0.97),
        (SparseCodes(SparseSettings(keep=16)), 64, 0.9),
    ],
    ids=lambda v: getattr(v, "name", v),
)
def test_bytes_of_an_item_and_what_is_left_of_it(codec, n_bytes, least):
    X = clustered()
    codes = learnt(codec, X).pack(X)
    assert codes.dtype == np.uint8
    assert codes.shape == (600, n_bytes)
    assert codec.unpack(codes).dtype == np.float32
    assert least <= cosine(codec, X) <= 1.000001


@pytest.mark.parametrize(
    "codec", [Product(ProductSettings(n_bytes=8)), Residual(ResidualSettings(levels=3))]
)
def test_more_bytes_keep_more(codec):
    kind = type(codec)
    setting = "n_bytes" if kind is Product else "levels"
    X = clustered()
    kept = [cosine(kind(kind.Settings(**{setting: n})), X) for n in (1, 2, 4)]
    assert kept == sorted(kept)
    assert kept[0] < kept[-1]


@given(NUMBERS)
def test_half_precision_is_within_its_rounding(X):
    back = Float16().unpack(Float16().pack(X))
    np.testing.assert_allclose(back, X, rtol=1e-3, atol=1e-7)


def test_numbers_too_large_for_half_precision_stay_finite():
    assert np.isfinite(Float16().unpack(Float16().pack(np.array([[1e9, -1e9]], np.float32)))).all()


@given(NUMBERS)
def test_a_byte_is_within_half_a_step(X):
    codec = learnt(Int8(Int8Settings(outliers=0)), X)
    steps = (X.max(0).astype(np.float64) - X.min(0)) / 255
    assert (np.abs(codec.unpack(codec.pack(X)) - X) <= 0.51 * steps + 1e-3).all()


def test_a_byte_of_next_to_nothing_is_nothing():
    X = np.array([[1.1754944e-38, 1.0], [0.0, 0.0]], np.float32)
    codec = learnt(Int8(Int8Settings(outliers=0)), X)
    assert codec.unpack(codec.pack(X)) == pytest.approx(X, abs=1e-6)


def test_a_byte_brings_outliers_back_to_the_range():
    X = np.linspace(0, 1, 1000, dtype=np.float32)[:, None]
    codec = learnt(Int8(Int8Settings(outliers=0.1)), X)
    assert codec.unpack(codec.pack(np.array([[5.0], [-5.0]], np.float32)))[:, 0] == pytest.approx(
        [0.9, 0.1], abs=1e-3
    )


def test_a_bit_is_the_mean_of_its_side():
    X = np.array([[0.0], [1.0], [4.0], [7.0]], np.float32)
    codec = learnt(Binary(), X)
    assert codec.pack(X)[:, 0].tolist() == [0, 0, 128, 128]
    assert codec.unpack(codec.pack(X))[:, 0].tolist() == [0.5, 0.5, 5.5, 5.5]


def test_columns_that_never_change():
    X = np.ones((5, 3), np.float32)
    for codec in (Int8(), Binary(), Product(), Residual()):
        assert learnt(codec, X).unpack(codec.pack(X)).tolist() == X.tolist()


def test_the_largest_numbers_stay_where_they_were():
    X = np.array([[1, -5, 3, 0], [2, 2, 2, 2]], np.float32)
    codec = learnt(SparseCodes(SparseSettings(keep=2)), X)
    assert codec.unpack(codec.pack(X)).tolist() == [[0, -5, 3, 0], [2, 2, 0, 0]]
    whole = learnt(SparseCodes(SparseSettings(keep=99)), X)
    assert whole.unpack(whole.pack(X)).tolist() == X.tolist()


def test_codes_are_categorical_features():
    X = clustered(n=100)
    present = np.arange(100) != 7
    block = Block("b", X * present[:, None], present, Origin("made"))
    part = CodesOf(ResidualSettings(levels=3, centres=10))
    codes = part.fit(block, np.arange(80, dtype=np.int32)).transform(block).matrix
    assert codes.shape == (100, 30)
    assert codes.sum(axis=1).ravel().tolist()[0] == [3.0 * p for p in present]
    residual = learnt(Residual(part.settings), X[np.arange(80)[present[:80]]])
    first = residual.pack(X)[:, 0]
    assert np.array_equal(codes.toarray()[present][:, :10].argmax(axis=1), first[present])


def test_k_means_finds_what_is_there():
    true = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    X = (true[np.arange(300) % 3] + 0.1 * np.random.default_rng(0).normal(size=(300, 2))).astype(
        np.float32
    )
    best = min(
        (((X - c[nearest_centre(X, c)]) ** 2).sum(), s)
        for s in range(5)
        for c in [centres_of(X, 3, s)]
    )
    assert best[0] < 10
    assert np.array_equal(centres_of(X, 3, 1, "a"), centres_of(X, 3, 1, "a"))


def test_k_means_of_few_or_equal_rows():
    X = np.array([[1.0, 2.0]] * 5 + [[3.0, 4.0]], np.float32)
    assert centres_of(X, 4, 0).tolist() == [[1, 2], [3, 4]]
    assert nearest_centre(np.empty((0, 2), np.float32), X[:1]).shape == (0,)


def test_no_centre_stays_without_rows():
    random = np.random.default_rng(0)
    X = np.vstack([random.normal(size=(200, 2)) * 0.01, 50 + random.normal(size=(6, 2))]).astype(
        np.float32
    )
    centres = centres_of(X, 5, 3)
    assert len(np.unique(nearest_centre(X, centres))) == 5


@pytest.mark.parametrize(
    "codec", [Float16(), Int8(), Product(ProductSettings(n_bytes=16))], ids=lambda c: c.name
)
def test_search_is_exact_on_what_was_kept(codec):
    X = clustered()
    codes = learnt(codec, X).pack(X)
    rows, products = nearest(codec, codes, X[:5], k=10)
    exact = codec.unpack(codes) @ X[:5].T
    assert np.array_equal(rows, np.argsort(-exact, axis=0, kind="stable")[:10].T)
    np.testing.assert_allclose(products, np.take_along_axis(exact.T, rows, axis=1), rtol=1e-5)


def test_scoring_bits_again_finds_more():
    X = clustered(n=2000, d=64)
    codec = learnt(Binary(), X)
    codes = codec.pack(X)
    products = X[:50] @ X.T
    best = np.sort(products, axis=1)[:, -10:].mean()

    def kept(oversample):
        found, _ = nearest(codec, codes, X[:50], 10, oversample=oversample)
        return np.take_along_axis(products, found, axis=1).mean() / best

    # Neighbours in a cluster are nearly equally near, so what counts is how near the found ones
    # are.
    assert 0.9 < kept(1) < kept(8) <= 1


def test_search_for_more_than_there_is():
    X = clustered(n=5)
    for codec in (Binary(), Int8()):
        rows, _ = nearest(codec, learnt(codec, X).pack(X), X[:2], k=99)
        assert sorted(rows[0].tolist()) == [0, 1, 2, 3, 4]
        assert nearest(codec, codec.pack(X), X[:0], k=3)[0].shape == (0, 3)
