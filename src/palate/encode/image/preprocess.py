"""What a vision model's folder says about how pictures are brought into its shape, done with Pillow
and numpy.

transformers' own processors need torchvision in some versions and differ between versions; the few
steps that they all take are these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from palate.arrays import Floats
from palate.errors import BadInput

_FILES = ("preprocessor_config.json", "processor_config.json")
_BY_SHORT_SIDE = ("clip", "bit")
_BICUBIC, _BILINEAR = 3, 2
_RESAMPLES = range(6)


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes an array.

    Attributes:
        size: (height, width) to resize to; None where only the short side is given, or nothing is
            resized.
        short_side: Pixels of the shorter side after resizing; None elsewhere.
        crop: (height, width) cut from the middle; None for no cutting.
        resample: Pillow's number of the filter.
        factor: What 0..255 is multiplied by.
        mean: Taken off each channel afterwards.
        spread: What each channel is divided by afterwards.
    """

    size: tuple[int, int] | None
    short_side: int | None
    crop: tuple[int, int] | None
    resample: int
    factor: float
    mean: tuple[float, ...]
    spread: tuple[float, ...]

    def facts(self) -> dict[str, Any]:
        """As plain values, for the cache's key."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in vars(self).items()}

    def shape(self) -> tuple[int, int] | None:
        """(height, width) of every array; None if they differ from picture to picture."""
        return self.crop or self.size

    def __call__(self, picture: Any) -> Floats:
        """float32 [3, height, width] of a `PIL.Image.Image` in RGB."""
        size = self._target(picture.width, picture.height)
        if size is not None and size != picture.size:
            picture = picture.resize(size, self.resample)
        mean, spread = np.array(self.mean, np.float32), np.array(self.spread, np.float32)
        pixels: Floats = (np.asarray(picture, np.float32) * np.float32(self.factor) - mean) / spread
        if self.crop is not None:
            pixels = _cropped(pixels, *self.crop, -mean / spread)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))

    def _target(self, width: int, height: int) -> tuple[int, int] | None:
        if self.size is not None:
            return self.size[1], self.size[0]
        if self.short_side is None:
            return None
        short = min(width, height)
        # A strip a thousand times as long as wide would fill the memory, and all but its middle is
        # cut off anyway.
        longest = 64 * self.short_side
        return tuple(min(int(self.short_side * n / short), longest) for n in (width, height))  # type: ignore[return-value]


def read_preprocessing(folder: Path) -> Preprocessing:
    """What the folder of a model says.

    Raises:
        BadInput: It says nothing, or something that is none of resize, crop, rescale and normalise.
    """
    config = _config(folder)
    kind = str(
        config.get("image_processor_type") or config.get("feature_extractor_type") or ""
    ).lower()
    by_short_side = kind.startswith(_BY_SHORT_SIDE)
    size, short = (
        _size(config, by_short_side, folder) if config.get("do_resize", True) else (None, None)
    )
    crop = config.get("crop_size") or (config.get("size") if by_short_side else None)
    wanted = config.get("do_center_crop", by_short_side) and crop is not None
    resample = config.get("resample", _BICUBIC if by_short_side else _BILINEAR)
    if config.get("do_pad") or resample not in _RESAMPLES:
        raise _unknown(folder, "do_pad" if config.get("do_pad") else f"resample = {resample}")
    normal = config.get("do_normalize", True)
    mean, spread = config.get("image_mean"), config.get("image_std")
    if normal and not (_is_triple(mean) and _is_triple(spread)):
        raise _unknown(folder, "no image_mean and image_std of three channels")
    return Preprocessing(
        size=size,
        short_side=short,
        crop=_pair(crop, folder) if wanted else None,
        resample=int(resample),
        factor=float(config.get("rescale_factor", 1 / 255))
        if config.get("do_rescale", True)
        else 1.0,
        mean=tuple(map(float, mean)) if normal and mean else (0.0,) * 3,
        spread=tuple(map(float, spread)) if normal and spread else (1.0,) * 3,
    )


def _config(folder: Path) -> Mapping[str, Any]:
    for name in _FILES:
        path = folder / name
        if path.is_file():
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as cause:
                raise BadInput(
                    f"this is not JSON: {cause}", where=str(path), next_step="get the model again"
                ) from cause
            found: Mapping[str, Any] = content.get("image_processor", content)
            if found:
                return found
    raise BadInput(
        "the model does not say how pictures are brought into its shape, and a guess would spoil"
        " its vectors",
        where=str(folder),
        allowed=" or ".join(_FILES),
        next_step="save its image processor beside it with save_pretrained",
    )


def _size(
    config: Mapping[str, Any], by_short_side: bool, folder: Path
) -> tuple[tuple[int, int] | None, int | None]:
    size = config.get("size")
    if isinstance(size, Mapping) and set(size) == {"shortest_edge"}:
        return None, int(size["shortest_edge"])
    if isinstance(size, int) and by_short_side:
        return None, size
    return _pair(size, folder), None


def _pair(size: Any, folder: Path) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    if isinstance(size, Mapping) and set(size) == {"height", "width"}:
        return int(size["height"]), int(size["width"])
    raise _unknown(folder, f"a size of {size}")


def _is_triple(values: Any) -> bool:
    return (
        isinstance(values, (list, tuple))
        and len(values) == 3
        and all(isinstance(v, (int, float)) for v in values)
    )


def _unknown(folder: Path, what: str) -> BadInput:
    return BadInput(
        f"pictures of this model cannot be brought into shape: {what}",
        where=str(folder),
        allowed="resize to a size or by the short side, cut the middle, rescale, normalise",
        next_step="use another model",
    )


def _cropped(pixels: Floats, height: int, width: int, outside: Floats) -> Floats:
    """The middle; what lies outside of a smaller picture is black before it is normalised."""
    h, w = pixels.shape[:2]
    top, left = (h - height) // 2, (w - width) // 2
    if top >= 0 and left >= 0:
        return pixels[top : top + height, left : left + width]
    out = np.empty((height, width, 3), np.float32)
    out[:] = outside
    inner = pixels[max(top, 0) : max(top, 0) + height, max(left, 0) : max(left, 0) + width]
    # An odd pixel goes to the top and the left, as it does in transformers.
    y, x = (height - inner.shape[0] + 1) // 2, (width - inner.shape[1] + 1) // 2
    out[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
    return out
