"""Occlusion: hide a word, or a part of the picture, and see what becomes of the score. Works with
any encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles
from palate.errors import BadInput
from palate.explain.attribution.pieces import Attribution, pieces_of, without

ScoreTexts: TypeAlias = Callable[[Sequence[str]], NDArray[Any]]
"""Texts -> float [n], e.g. the similarity of each encoded text to a user's profile; called with
many at once."""
ScoreImages: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
"""Images [n, height, width, channels] -> float [n]."""


def occlusion(text: str, score: ScoreTexts, mask: str = "", window: int = 1) -> Attribution:
    """How far the score falls when each word is hidden.

    For any encoder, as a black box. The values need not add up to the score: two words that say the
    same cover for each other (a window of 2 or more hides neighbours together). For transformers at
    hand as torch models, `integrated_gradients` costs less on long texts.

    Args:
        text: The text to explain.
        score: Texts to scores.
        mask: What is put in the place of a word; "" leaves it out, "[MASK]" suits masked language
            models.
        window: Words hidden together, >= 1; a word's value is the mean over the windows it is in.

    Cost: one encoding of n_words + 1 texts.

    >>> found = occlusion("green tea", lambda texts: np.array([float("tea" in t) for t in texts]))
    >>> found.values.tolist()
    [0.0, 1.0]

    Zeiler & Fergus, Visualizing and understanding convolutional networks, ECCV 2014.
    """
    if window < 1:
        raise BadInput(f"a window of {window} words", where="window", allowed="1 or more")
    pieces = pieces_of(text)
    n = len(pieces)
    spans = [range(start, min(start + window, n)) for start in range(1 - window, n)]
    spans = [range(max(span.start, 0), span.stop) for span in spans]
    texts = [text, *(without(text, pieces, span, mask) for span in spans)]
    scores = np.asarray(score(texts), np.float64)
    totals, counts = np.zeros(n), np.zeros(n)
    for span, hidden in zip(spans, scores[1:], strict=True):
        totals[span.start : span.stop] += (scores[0] - hidden) / len(span)
        counts[span.start : span.stop] += 1
    return Attribution(text, pieces, totals / np.maximum(counts, 1), float(scores[0]), "occlusion")


@dataclass(frozen=True, eq=False)
class Regions:
    """What each part of a picture did for a score.

    Attributes:
        values: float64 [rows, columns], positive where the part raised the score.
        edges: Upper and left edges of the parts, with the lower and right edge of the picture:
            (rows + 1, columns + 1).
        score: The score of the whole picture.
    """

    values: Doubles
    edges: tuple[tuple[int, ...], tuple[int, ...]]
    score: float


def occluded_regions(
    image: NDArray[Any], score: ScoreImages, rows: int = 6, columns: int = 6
) -> Regions:
    """How far the score falls when each part of the picture is painted over with its mean colour.

    Args:
        image: [height, width, channels].
        score: Images to scores.
        rows: Parts from top to bottom, 1 to height.
        columns: Parts from left to right, 1 to width.

    Cost: one encoding of rows x columns + 1 images.
    """
    if image.ndim != 3:
        raise BadInput(
            f"an image of shape {image.shape}", where="image", allowed="[height, width, channels]"
        )
    height, width = image.shape[:2]
    if not (1 <= rows <= height and 1 <= columns <= width):
        raise BadInput(
            f"{rows} x {columns} parts of a picture of {height} x {width}", where="rows, columns"
        )
    down, across = (
        np.linspace(0, size, parts + 1).round().astype(int)
        for size, parts in ((height, rows), (width, columns))
    )
    mean = image.reshape(-1, image.shape[2]).mean(axis=0).astype(image.dtype)
    painted = np.repeat(image[None], rows * columns + 1, axis=0)
    for part in range(rows * columns):
        r, c = divmod(part, columns)
        painted[part + 1, down[r] : down[r + 1], across[c] : across[c + 1]] = mean
    scores = np.asarray(score(painted), np.float64)
    values = (scores[0] - scores[1:]).reshape(rows, columns)
    return Regions(values, (tuple(down.tolist()), tuple(across.tolist())), float(scores[0]))
