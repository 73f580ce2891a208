"""PyTorch as these models use it: parameters are plain dictionaries of tensors, randomness comes
from a generator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Floats
from palate.optional import need
from palate.seeding import seed_of

Tensor: TypeAlias = Any
"""A torch tensor; torch is loaded late, so its types are not known here."""

Parameters: TypeAlias = dict[str, Tensor]
"""Name -> tensor; what is learnt of a model, and all that is stored of it."""


def torch_library() -> Any:
    """The torch module.

    Raises:
        MissingExtra: It is not installed.
    """
    return need("torch", extra="text", purpose="train and run neural models")


def torch_rng(seed: int, *identity: str | int) -> Any:
    """A torch generator for one purpose; the global one is never touched."""
    return torch_library().Generator().manual_seed(seed_of(seed, *identity))


def tensor(array: NDArray[Any]) -> Tensor:
    """The array as a tensor of its own memory (arrays from the store are read-only, which torch
    dislikes).
    """
    return torch_library().from_numpy(np.array(array, order="C"))


def normal(shape: tuple[int, ...], deviation: float, generator: Any) -> Tensor:
    """A trainable float32 tensor of normal numbers with mean 0."""
    torch = torch_library()
    return (torch.randn(shape, generator=generator) * deviation).requires_grad_()


def constant(shape: tuple[int, ...], value: float) -> Tensor:
    """A trainable float32 tensor of one number."""
    return torch_library().full(shape, value, dtype=torch_library().float32).requires_grad_()


def glorot(rows: int, columns: int, generator: Any) -> Tensor:
    """A trainable float32 matrix [rows, columns] whose products keep their variance in both
    directions.

    Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010.
    """
    return normal((rows, columns), float(np.sqrt(2.0 / (rows + columns))), generator)


def numbers(parameters: Parameters) -> dict[str, Floats]:
    """The tensors as float32 arrays of their own memory, ready to be stored."""
    return {
        name: np.array(value.detach().float().numpy(), np.float32)
        for name, value in parameters.items()
    }


def tensors(arrays: Mapping[str, NDArray[Any]]) -> Parameters:
    """What `numbers` gave, as tensors that are not trained any further."""
    return {name: tensor(array) for name, array in arrays.items()}
