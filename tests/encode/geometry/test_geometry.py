import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from palate.arrays import dense
from palate.encode.geometry.directions import Directions
from palate.encode.geometry.project import Project, ProjectSettings
from palate.encode.geometry.scale import L2, Centre, Truncate, TruncateSettings
from palate.encode.geometry.spectral import (
    Pca,
    PcaSettings,
    Shrink,
    ShrinkSettings,
    Whiten,
    WhitenSettings,
)
from palate.errors import BadInput, BadRecipe
from palate.tables import Block, Origin
from palate.testing.block_transform import made_block

ROWS = np.arange(50, dtype=np.int32)


def block_of(X, present=None):
    X = X if sparse.issparse(X) else np.asarray(X, np.float32)
    present = np.ones(X.shape[0], bool) if present is None else np.asarray(present)
    return Block("made", X, present, Origin("made"))


def shaped(part, block, rows=ROWS):
    return part.fit(block, rows).transform(block)


def trained(block, out):
    return dense(out.matrix)[ROWS][block.present[ROWS]]


def test_centre_takes_the_mean_of_training_items():
    out = shaped(
        Centre(),
        block_of([[1, 2], [3, 4], [9, 9], [0, 0]], [True, True, True, False]),
        np.array([0, 1, 3]),
    )
    assert dense(out.matrix).tolist() == [[-1, -1], [1, 1], [7, 6], [0, 0]]


def test_wide_sparse_blocks_are_not_made_dense():
    wide = block_of(sparse.random(60, 5000, 0.01, format="csr", dtype=np.float32, random_state=0))
    for part in (Centre(), Whiten()):
        with pytest.raises(BadRecipe, match="5000 columns"):
            shaped(part, wide)
    assert sparse.issparse(shaped(L2(), wide).matrix)
    assert shaped(Pca(PcaSettings(dims=5)), wide).width == 5
    assert shaped(Project(ProjectSettings(dims=7)), wide).width == 7
    assert shaped(Shrink(ShrinkSettings(dims=5)), wide).width == 5


@pytest.mark.parametrize("form", ["dense", "sparse"])
def test_l2_gives_length_one_and_keeps_the_columns(form):
    block = made_block(form)
    out = shaped(L2(), block)
    np.testing.assert_allclose(np.linalg.norm(dense(out.matrix), axis=1), block.present, rtol=1e-6)
    assert out.columns == block.columns


def test_truncation_keeps_the_first_columns():
    block = made_block()
    out = shaped(Truncate(TruncateSettings(dims=3, normalise=False)), block)
    assert np.array_equal(out.matrix, block.matrix[:, :3])
    assert out.columns == ("c0", "c1", "c2")
    assert shaped(Truncate(TruncateSettings(dims=99)), block).width == 12
    assert sparse.issparse(shaped(Truncate(TruncateSettings(dims=3)), made_block("sparse")).matrix)


def test_pca_keeps_distances_in_the_widest_directions():
    block = made_block(n_items=200)
    out = trained(block, shaped(Pca(PcaSettings(dims=12)), block))
    X = trained(block, block)
    np.testing.assert_allclose(out @ out.T, (X - X.mean(0)) @ (X - X.mean(0)).T, atol=1e-3)
    few = trained(block, shaped(Pca(PcaSettings(dims=4)), block))
    np.testing.assert_allclose(few, out[:, :4], atol=1e-5)
    assert (np.diff(out.var(axis=0)) <= 0).all()


def test_whitened_items_are_uncorrelated_and_equally_wide():
    block = made_block(n_items=200)
    for kind in ("zca", "pca"):
        out = trained(block, shaped(Whiten(WhitenSettings(kind=kind, ridge=0)), block))
        np.testing.assert_allclose(np.cov(out.T, bias=True), np.eye(12), atol=1e-4)
    zca = trained(block, shaped(Whiten(WhitenSettings(ridge=0)), block))
    X = trained(block, block)
    together = [np.corrcoef(zca[:, i], X[:, i])[0, 1] for i in range(12)]
    assert min(together) > 0.9


def test_groups_are_whitened_each_by_itself():
    block = made_block(n_items=200)
    out = trained(block, shaped(Whiten(WhitenSettings(groups=3, ridge=0)), block))
    covariance = np.cov(out.T, bias=True)
    for start in (0, 4, 8):
        part = covariance[start : start + 4, start : start + 4]
        np.testing.assert_allclose(part, np.eye(4), atol=1e-4)
    assert np.abs(covariance - np.eye(12)).max() > 0.01


def test_settings_of_whitening_that_do_not_go_together():
    for settings in (
        WhitenSettings(groups=13),
        WhitenSettings(dims=4),
        WhitenSettings(kind="pca", dims=4, groups=2),
    ):
        with pytest.raises(BadRecipe, match="do not go with"):
            shaped(Whiten(settings), made_block())
    assert shaped(Whiten(WhitenSettings(kind="pca", dims=4)), made_block()).width == 4


def test_shrinkage_lies_between_whitening_and_nothing():
    block = made_block(n_items=300)

    def spread(strength):
        out = trained(
            block, shaped(Shrink(ShrinkSettings(strength=strength, dims=None)), block)
        ).astype(np.float64)
        assert (out**2).sum(axis=1).mean() == pytest.approx(1, rel=1e-5)
        variance = out.var(axis=0)
        return variance.max() / variance.min()

    ratios = [spread(s) for s in (0, 10, 100, 1e4, np.inf)]
    assert ratios[0] == pytest.approx(1, rel=1e-3)
    assert ratios == sorted(ratios)
    assert ratios[-1] == pytest.approx(spread(1e12), rel=1e-3)
    plain = trained(block, shaped(Pca(PcaSettings(dims=12)), block))
    same = trained(block, shaped(Shrink(ShrinkSettings(strength=np.inf, dims=None)), block))
    np.testing.assert_allclose(same / same[0, 0], plain / plain[0, 0], rtol=1e-3, atol=1e-3)


def test_shrinkage_is_the_papers_formula():
    block = made_block(n_items=200)
    X = trained(block, block).astype(np.float64)
    U, S, _ = np.linalg.svd(X - X.mean(0), full_matrices=False)
    expected = U[:, :5] * np.sqrt(S[:5] ** 2 / (S[:5] ** 2 + 50))
    out = trained(block, shaped(Shrink(ShrinkSettings(strength=50, dims=5)), block))
    gamma = np.sqrt(len(X)) / np.linalg.norm(expected)
    np.testing.assert_allclose(np.abs(out), np.abs(gamma * expected), atol=1e-5)


def test_fewer_items_than_columns():
    random = np.random.default_rng(0)
    block = block_of(random.normal(size=(6, 40)))
    rows = np.arange(4, dtype=np.int32)
    for part in (Pca(PcaSettings(dims=30)), Shrink(ShrinkSettings(strength=0)), Whiten()):
        out = shaped(part, block, rows)
        assert np.isfinite(out.matrix).all()
    assert shaped(Pca(PcaSettings(dims=30)), block, rows).width == 3


def test_items_that_all_look_the_same_are_refused():
    block = block_of(np.ones((60, 4)))
    for part in (Pca(), Shrink(), Whiten()):
        with pytest.raises(BadInput, match="all look the same"):
            shaped(part, block)


def test_random_projection_keeps_lengths_on_average():
    X = np.random.default_rng(0).normal(size=(50, 300)).astype(np.float32)
    out = shaped(Project(ProjectSettings(dims=1000)), block_of(X)).matrix
    ratio = np.linalg.norm(out, axis=1) / np.linalg.norm(X, axis=1)
    assert abs(ratio.mean() - 1) < 0.02
    other = shaped(Project(ProjectSettings(dims=1000, seed=1)), block_of(X)).matrix
    assert not np.allclose(out, other)


def test_directions_of_sparse_and_dense_agree():
    random = np.random.default_rng(0)
    X = sparse.random(400, 300, 0.05, format="csr", dtype=np.float32, random_state=1)
    X = sparse.csr_matrix(X @ np.diag(np.linspace(5, 0.1, 300)), dtype=np.float32)
    one, two = Directions.of(X, 10, "x"), Directions.of(X.toarray(), 10, "x")
    np.testing.assert_allclose(one.singular, two.singular, rtol=0.01)
    np.testing.assert_allclose(one.mean, two.mean, atol=1e-6)
    Z = random.normal(size=(5, 300)).astype(np.float32)
    np.testing.assert_allclose(
        np.abs(one.coordinates(Z))[:, :3], np.abs(two.coordinates(Z))[:, :3], atol=0.15
    )


@given(st.integers(0, 1000))
def test_signs_do_not_depend_on_the_decomposition(seed):
    X = np.random.default_rng(seed).normal(size=(30, 5))
    one, two = Directions.of(X, None, "x"), Directions.of(-(-X)[::-1], None, "x")
    np.testing.assert_allclose(one.axes, two.axes, atol=1e-6)
