"""Models converted for another engine, kept in the cache folder and checked whenever they are
read.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate import store
from palate.encode.pretrained import quiet
from palate.encode.text.pooled import pooled_module
from palate.encode.text.weights import ModelFolder, Pooling
from palate.errors import DamagedArtefact
from palate.optional import need

Files: TypeAlias = Mapping[str, NDArray[np.uint8]]
"""Name of a file -> its bytes, uint8 [size]."""


def kept(
    engine: str, kind: str, folder: ModelFolder, pooling: Pooling, convert: Callable[[], Files]
) -> Files:
    """A converted model, out of the cache, or converted and kept there; a damaged one is converted
    again.

    Args:
        engine: Name of the folder in the cache.
        kind: Version and precision of the conversion.
        folder: The model.
        pooling: How tokens become one vector.
        convert: Converts it.
    """
    place = store.cache_folder() / engine / store.digest([folder.weights, pooling, kind])[:40]
    try:
        found = store.read(place)
    except DamagedArtefact:
        found = None
    if found is None:
        store.write(place, convert(), {"weights": folder.weights, "pooling": pooling, "kind": kind})
        found = store.read(place)
    assert found is not None  # noqa: S101 - it was written one line above
    return found.arrays


@contextmanager
def traceable(
    folder: ModelFolder, pooling: Pooling, layout: Literal["plain", "products"] = "plain"
) -> Iterator[tuple[Any, tuple[Any, Any]]]:
    """(torch module, an example of its two inputs), while no gradient is recorded and nothing is
    logged.

    Args:
        folder: The model.
        pooling: How tokens become one vector.
        layout: How sums over tokens are written, see `palate.encode.text.pooled.pooled_module`.
    """
    torch = need("torch", extra="text", purpose="convert a language model")
    transformers = need("transformers", extra="text", purpose="convert a language model")
    example = torch.ones((2, 8), dtype=torch.int64)
    with torch.no_grad(), warnings.catch_warnings(), quiet(transformers):
        # Tracing warns of every Python condition in the model's code; the shapes here are fixed by
        # padding.
        warnings.simplefilter("ignore")
        yield pooled_module(folder, pooling, traceable=True, sums=layout), (example, example)
