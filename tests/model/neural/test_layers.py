"""Dropout, norm and the block of self-attention."""

from __future__ import annotations

import numpy as np
import pytest

from palate.gradient.engine import tensor, torch_library, torch_rng
from palate.model.neural import layers


def test_dropout_keeps_the_mean_and_is_seeded() -> None:
    torch = torch_library()
    x = torch.ones(200, 50)
    once = layers.dropout(x, 0.3, torch_rng(0, "d"))
    assert float(once.mean()) == pytest.approx(1.0, abs=0.02)
    assert float((once == 0).float().mean()) == pytest.approx(0.3, abs=0.02)
    assert torch.equal(once, layers.dropout(x, 0.3, torch_rng(0, "d")))
    assert layers.dropout(x, 0.3, None) is x
    assert layers.dropout(x, 0.0, torch_rng(0, "d")) is x


def test_norm_has_mean_0_and_variance_1() -> None:
    x = tensor(np.random.default_rng(0).normal(5, 3, (4, 32)).astype(np.float32))
    y = layers.norm(layers.new_norm("n", 32), "n", x)
    assert np.allclose(y.detach().numpy().mean(1), 0, atol=1e-5)
    assert np.allclose(y.detach().numpy().std(1), 1, atol=1e-4)


@pytest.mark.parametrize("heads", [1, 2])
def test_no_place_sees_a_later_one(heads: int) -> None:
    p = layers.new_block("b", 8, torch_rng(0, "b"))
    x = tensor(np.random.default_rng(0).standard_normal((2, 5, 8)).astype(np.float32))
    changed = x.clone()
    changed[:, 3:] += 1
    before = layers.block(p, "b", x, heads, 0.0, None)
    after = layers.block(p, "b", changed, heads, 0.0, None)
    assert torch_library().allclose(before[:, :3], after[:, :3], atol=1e-6)
    assert not torch_library().allclose(before[:, 3:], after[:, 3:], atol=1e-3)
    # Earlier places do matter for later ones.
    earlier = x.clone()
    earlier[:, 0] += 1
    assert not torch_library().allclose(
        layers.block(p, "b", earlier, heads, 0.0, None)[:, 4], before[:, 4], atol=1e-4
    )
