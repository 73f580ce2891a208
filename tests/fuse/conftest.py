"""A world of two blocks in which each is right about half of the items."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from tests.fuse.two_blocks import N, block, made_world

from palate.tables import Block, Training


@pytest.fixture(scope="session")
def world() -> Training:
    return made_world()


@pytest.fixture(scope="session")
def halves() -> Mapping[str, Block]:
    """`a` is right about the first half of the items, `b` about the second."""
    first = np.arange(N) < N // 2
    return {"a": block("a", first, seed=1), "b": block("b", ~first, seed=2)}


@pytest.fixture(scope="session")
def unequal() -> Mapping[str, Block]:
    """`good` is right about all items, `bad` about none."""
    return {
        "good": block("good", np.ones(N, bool), seed=1),
        "bad": block("bad", np.zeros(N, bool), seed=2),
    }
