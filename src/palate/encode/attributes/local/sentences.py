"""Sentence vectors, for providers that compare texts with texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from palate.arrays import Doubles, Mask, l2_normalised
from palate.encode.content_encoder import TextRows, text_matrix
from palate.encode.row_cache import RowCache
from palate.errors import BadRecipe
from palate.store import digest

DIGITS = 5
"""Decimal places of probabilities: what is below is rounding of the sentence encoder."""


def unit_vectors(
    encoder: Any, texts: Sequence[str | None], cache: RowCache | None = None
) -> Doubles:
    """float64 [n, d], of length one; zeros for a text that has no vector.

    Args:
        encoder: An encoder of single texts.
        texts: [n].
        cache: Where vectors are looked up and kept.

    Raises:
        BadRecipe: The encoder is none of single texts.
    """
    matrix, _ = text_matrix(_text_rows(encoder), texts, cache)
    return np.asarray(l2_normalised(matrix), np.float64)


def has_vector(vectors: Doubles) -> Mask:
    """Bool [n], whether a text has a vector at all."""
    return np.asarray(vectors.any(axis=1), np.bool_)


def encoder_identity(encoder: Any) -> str:
    """Digest of all that changes its vectors."""
    part = _text_rows(encoder)
    return digest([dict(part.identity()), part.weights()])


def products(vectors: Doubles, matrix: Doubles) -> Doubles:
    """float64 [n, k] of vectors [n, d] and a matrix [d, k], each row as if it were alone."""
    # the product of two matrices rounds a row otherwise when there are other rows
    rows = [row @ matrix for row in vectors]
    return np.array(rows, np.float64).reshape(len(vectors), matrix.shape[1])


def _text_rows(encoder: Any) -> TextRows:
    if not isinstance(encoder, TextRows):
        raise BadRecipe(
            f"{type(encoder).__name__} does not encode single texts",
            where="encoder",
            allowed=(
                "text.transformer.v1, text.multilingual.v1, text.static.v1, text.hashing.v1,"
                " text.http.v1"
            ),
        )
    return encoder
