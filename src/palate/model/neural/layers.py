"""The few layers that the models are made of, as functions of tensors."""

from __future__ import annotations

import math
from typing import Any

from palate.gradient.engine import Parameters, Tensor, constant, glorot, normal, torch_library


def dropout(x: Tensor, rate: float, generator: Any) -> Tensor:
    """`x` with a share `rate` of its numbers set to 0 and the others scaled up; unchanged without a
    generator.

    Torch's own dropout draws from the global generator, which would make results depend on whatever
    ran before.
    """
    if generator is None or rate == 0:
        return x
    torch = torch_library()
    keep = torch.empty(x.shape, dtype=torch.float32).bernoulli_(1 - rate, generator=generator)
    return x * keep.mul_(1 / (1 - rate))


def new_linear(name: str, inputs: int, outputs: int, generator: Any) -> Parameters:
    """Parameters of `linear`: a matrix [outputs, inputs] and a bias."""
    return {
        f"{name}.weight": glorot(outputs, inputs, generator),
        f"{name}.bias": constant((outputs,), 0.0),
    }


def linear(p: Parameters, name: str, x: Tensor) -> Tensor:
    """`x` [..., inputs] -> [..., outputs]."""
    return torch_library().nn.functional.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])


def new_norm(name: str, width: int) -> Parameters:
    """Parameters of `norm`: scale and shift [width]."""
    return {f"{name}.scale": constant((width,), 1.0), f"{name}.shift": constant((width,), 0.0)}


def norm(p: Parameters, name: str, x: Tensor) -> Tensor:
    """`x` [..., width] with mean 0 and variance 1 in each row, scaled and shifted."""
    scale = p[f"{name}.scale"]
    return torch_library().nn.functional.layer_norm(
        x, scale.shape, scale, p[f"{name}.shift"], eps=1e-8
    )


def new_block(name: str, width: int, generator: Any) -> Parameters:
    """Parameters of `block`: attention, two norms and a feed-forward layer of the same width.

    What is added to the residual starts near 0, so that a block starts as little more than a norm;
    it learns in half the epochs that blocks need whose additions start as noise.
    """
    parameters: Parameters = {}
    for part in ("query", "key", "value", "out", "up", "down"):
        parameters |= new_linear(f"{name}.{part}", width, width, generator)
    for part in ("out", "up", "down"):
        parameters[f"{name}.{part}.weight"] = normal((width, width), 0.02, generator)
    return parameters | new_norm(f"{name}.before", width) | new_norm(f"{name}.between", width)


def block(p: Parameters, name: str, x: Tensor, heads: int, rate: float, generator: Any) -> Tensor:
    """One layer of causal self-attention and a feed-forward layer, each with its residual, as
    SASRec has them.

    Args:
        p: All parameters.
        name: Prefix of this block's.
        x: float32 [n, length, width]; padding, if any, comes last, where no real place can see it.
        heads: Attention heads; must divide the width.
        rate: Dropout.
        generator: Chance of the dropout; None when not training.

    Cost: n x length^2 x width.
    """
    normed = norm(p, f"{name}.before", x)
    found = _attend(p, name, normed, x, heads, rate, generator)
    return after_attention(p, name, normed, found, rate, generator)


def after_attention(
    p: Parameters, name: str, normed: Tensor, found: Tensor, rate: float, generator: Any
) -> Tensor:
    """What `block` makes of what its attention `found` [..., width], for rows `normed` [...,
    width].
    """
    x = normed + linear(p, f"{name}.out", found)
    x = norm(p, f"{name}.between", x)
    inner = torch_library().relu(dropout(linear(p, f"{name}.up", x), rate, generator))
    return x + dropout(linear(p, f"{name}.down", inner), rate, generator)


def _attend(
    p: Parameters, name: str, normed: Tensor, x: Tensor, heads: int, rate: float, generator: Any
) -> Tensor:
    torch = torch_library()
    n, length, width = x.shape

    def split(part: str, source: Tensor) -> Tensor:
        return (
            linear(p, f"{name}.{part}", source)
            .view(n, length, heads, width // heads)
            .transpose(1, 2)
        )

    query, key, value = split("query", normed), split("key", x), split("value", x)
    scores = query @ key.transpose(2, 3) / math.sqrt(width // heads)
    later = torch.ones(length, length, dtype=torch.bool).triu_(1)
    weights = dropout(torch.softmax(scores.masked_fill(later, -torch.inf), dim=-1), rate, generator)
    return (weights @ value).transpose(1, 2).reshape(n, length, width)
