"""Edges, local patterns and shape of a picture."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles
from palate.encode.image.colours import GRID, cell_edges

DIRECTIONS = 8
"""Columns of edge direction: 22.5 degrees each, light-to-dark and dark-to-light alike."""

_FLAT = 0.06
_PATTERNS = 10
_NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))

EDGE_COLUMNS = (
    *(f"edge.direction{d}" for d in range(DIRECTIONS)),
    "edge.none",
    *(f"edge.row{y}.column{x}" for y in range(GRID) for x in range(GRID)),
)
PATTERN_COLUMNS = tuple(
    f"pattern.{scale}.{p}" for scale in ("fine", "coarse") for p in range(_PATTERNS)
)
SHAPE_COLUMNS = ("shape.aspect", "shape.size", "shape.sharpness")


def edges(grey: Doubles) -> Doubles:
    """float64 [18]: roots of the shares of pixels on edges of each direction and on none; the share
    in each cell.

    Args:
        grey: [h, w] of 0..1.

    Paper: MPEG-7's edge histogram (B. S. Manjunath et al., Color and texture descriptors, 2001)
        with gradients.
    """
    padded = np.pad(grey, 1, mode="edge")
    dx = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    dy = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    on_edge = np.hypot(dx, dy) > _FLAT
    turn = np.mod(np.arctan2(dy, dx), np.pi) / np.pi
    # Cells are centred on the axes, so that an upright edge does not fall on the border of two.
    direction = np.mod(np.round(turn * DIRECTIONS).astype(int), DIRECTIONS)
    counts = np.bincount(np.where(on_edge, direction, DIRECTIONS).ravel(), minlength=DIRECTIONS + 1)
    rows, columns = (cell_edges(n) for n in grey.shape)
    density = [on_edge[a:b, c:d].mean() for a, b in rows for c, d in columns]
    return np.concatenate([np.sqrt(counts / grey.size), density])


def patterns(grey: Doubles) -> Doubles:
    """float64 [20]: roots of the shares of uniform local binary patterns, whatever their rotation,
    at two scales.

    Args:
        grey: [h, w] of 0..1.

    Paper: T. Ojala et al., Multiresolution gray-scale and rotation invariant texture classification
    with local binary patterns, PAMI 2002.
    """
    height, width = (n - n % 2 for n in grey.shape)
    halves = grey[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return np.concatenate([_pattern_shares(grey), _pattern_shares(halves if halves.size else grey)])


def shape(grey: Doubles, width: int, height: int) -> Doubles:
    """float64 [3]: log2 of width over height, log10 of megapixels, sharpness.

    Args:
        grey: [h, w] of 0..1.
        width: Of the picture as it came, in pixels.
        height: The same.
    """
    padded = np.pad(grey, 1, mode="edge")
    laplace = padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2] - 4 * grey
    return np.array(
        [np.log2(width / height), np.log10(width * height / 1e6), np.sqrt(laplace.var())]
    )


def _pattern_shares(grey: Doubles) -> Doubles:
    h, w = grey.shape
    # To the level of eight bits, so that rounding does not make patterns out of a plain surface.
    levels = np.pad(np.round(grey * 255).astype(np.int16), 1, mode="edge")
    brighter = np.stack(
        [levels[1 + y : 1 + y + h, 1 + x : 1 + x + w] >= levels[1:-1, 1:-1] for y, x in _NEIGHBOURS]
    )
    changes = (brighter != np.roll(brighter, 1, axis=0)).sum(axis=0)
    pattern = np.where(changes <= 2, brighter.sum(axis=0), _PATTERNS - 1)
    return np.asarray(
        np.sqrt(np.bincount(pattern.ravel(), minlength=_PATTERNS) / grey.size), np.float64
    )
