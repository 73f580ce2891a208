"""What colours a picture has, how they are spread, and where they lie. All arrays are one
picture.
"""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles

HUES = 8
"""Columns of hue: 45 degrees each."""

GRID = 3
"""Cells a side of the layout."""

_GREYS = 4
_LEVELS = 2
_FAINT = 0.15
_DARK = 0.12
_MATRIX = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])

HISTOGRAM_COLUMNS = (
    *(
        f"colour.hue{h}.saturation{s}.value{v}"
        for h in range(HUES)
        for s in range(_LEVELS)
        for v in range(_LEVELS)
    ),
    *(f"colour.grey{g}" for g in range(_GREYS)),
)
MOMENT_COLUMNS = (
    *(
        f"moment.{c}.{m}"
        for c in ("lightness", "red_green", "yellow_blue")
        for m in ("mean", "spread", "skew")
    ),
    "moment.colourfulness",
)
LAYOUT_COLUMNS = tuple(
    f"layout.row{y}.column{x}.{c}"
    for y in range(GRID)
    for x in range(GRID)
    for c in ("lightness", "red_green", "yellow_blue")
)


def histogram(hsv: Doubles) -> Doubles:
    """float64 [36]: square roots of the shares of pixels in each cell of hue, saturation and value,
    and of greys.

    The hue of a grey or black pixel is chance, so those are counted by their value alone. Roots, so
    that the distance of two histograms is Hellinger's and a large plain background does not drown
    everything else.

    Args:
        hsv: [h, w, 3] of 0..1.
    """
    hue, saturation, value = hsv.reshape(-1, 3).T
    grey = (saturation < _FAINT) | (value < _DARK)
    cell = np.minimum((hue * HUES).astype(int), HUES - 1)
    cell = (cell * _LEVELS + (saturation >= 0.5)) * _LEVELS + (value >= 0.6)
    greys = HUES * _LEVELS**2 + np.minimum((value * _GREYS).astype(int), _GREYS - 1)
    counts = np.bincount(np.where(grey, greys, cell), minlength=len(HISTOGRAM_COLUMNS))
    return np.asarray(np.sqrt(counts / len(hue)), np.float64)


def moments(lab: Doubles, rgb: Doubles) -> Doubles:
    """float64 [10]: mean, standard deviation and cube root of the third moment of each Lab channel;
    colourfulness.

    Args:
        lab: [h, w, 3], each channel about -1..1.
        rgb: [h, w, 3] of 0..1.

    Papers: M. Stricker and M. Orengo, Similarity of color images, 1995; D. Hasler and S.
    Suesstrunk, Measuring colourfulness in natural images, 2003.
    """
    flat = lab.reshape(-1, 3)
    mean = flat.mean(axis=0)
    centred = flat - mean
    skew = np.cbrt((centred * centred * centred).mean(axis=0))
    red, green, blue = rgb.reshape(-1, 3).T
    one, other = red - green, (red + green) / 2 - blue
    colourful = np.hypot(one.std(), other.std()) + 0.3 * np.hypot(one.mean(), other.mean())
    return np.append(np.stack([mean, centred.std(axis=0), skew], axis=1).ravel(), colourful)


def layout(lab: Doubles) -> Doubles:
    """float64 [27]: the mean colour of each cell of a grid of three by three.

    Args:
        lab: [h, w, 3].
    """
    rows, columns = (cell_edges(n) for n in lab.shape[:2])
    means = [
        lab[top:bottom, left:right].mean(axis=(0, 1))
        for top, bottom in rows
        for left, right in columns
    ]
    return np.concatenate(means)


def cell_edges(n: int) -> list[tuple[int, int]]:
    """Where the cells of a side of n pixels begin and end; each has at least one pixel."""
    marks = np.linspace(0, n, GRID + 1)
    starts = np.minimum(marks[:-1].astype(int), n - 1)
    return [
        (int(a), max(int(b), int(a) + 1))
        for a, b in zip(starts, marks[1:].astype(int), strict=True)
    ]


def lab_of(rgb: Doubles) -> Doubles:
    """CIE Lab (D65) of sRGB [h, w, 3] of 0..1, every channel divided by 100.

    >>> white = lab_of(np.ones((1, 1, 3)))[0, 0]
    >>> round(float(white[0]), 3), bool(abs(white[1:]).max() < 1e-3)
    (1.0, True)
    """
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _MATRIX.T / _WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1) / 100
