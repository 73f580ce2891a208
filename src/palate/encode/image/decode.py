"""Bytes -> an upright RGB picture, or a reason why not. Nothing here trusts the bytes."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from palate.errors import BadInput
from palate.optional import need

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Kinds that are decoded. Others (PostScript, PDF, fonts, icons ...) run programs or are no
pictures of items."""

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")

MOST_PIXELS = 178_000_000
"""No setting allows more: beyond it Pillow itself takes a picture for a bomb."""

_MOST_SIDE = 65_535


@dataclass(frozen=True)
class Picture:
    """A decoded picture, upright.

    Attributes:
        rgb: `PIL.Image.Image` in mode RGB; smaller than the file's where a draft was enough.
        width: Pixels of the file's picture.
        height: The same.
    """

    rgb: Any
    width: int
    height: int


def decode(data: bytes, name: str, max_pixels: int, draft: int | None = None) -> Picture:
    """The picture in RGB, turned upright as its metadata says.

    Of an animation the first frame counts. Transparency is laid on white, 16 bits become 8, and
    greys, palettes and CMYK become RGB.

    Args:
        data: The file's bytes.
        name: What messages call it.
        max_pixels: Larger pictures are refused before anything of them is unpacked.
        draft: Pixels a side that will be used at most; a JPEG is then decoded smaller, several
            times quicker.

    Raises:
        BadInput: It is no picture, is cut off or damaged, or has too many pixels.
    """
    image = need("PIL.Image", extra="image", purpose="decode a picture")
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd metadata, and of bombs, which are refused below.
            warnings.simplefilter("ignore")
            return _decoded(image, data, name, max_pixels, draft)
    except BadInput:
        raise
    except MemoryError as cause:
        raise BadInput("the picture does not fit into the memory", where=name) from cause
    except Exception as cause:  # a decoder that is fed arbitrary bytes raises arbitrary errors
        raise BadInput(f"this is no whole picture: {_reason(cause)}", where=name) from cause


def _decoded(image: Any, data: bytes, name: str, max_pixels: int, draft: int | None) -> Picture:
    operations = need("PIL.ImageOps", extra="image", purpose="turn a picture upright")
    with image.open(io.BytesIO(data), formats=_known(image)) as opened:
        width, height = opened.size
        if width * height > min(max_pixels, MOST_PIXELS) or max(width, height) > _MOST_SIDE:
            raise BadInput(
                f"{width:,} x {height:,} pixels are too many",
                where=name,
                allowed=f"max_pixels = {max_pixels:,}",
            )
        if draft is not None:
            opened.draft(None, (draft, draft))
        opened.load()
        turn = _orientation(opened)
        upright = operations.exif_transpose(opened) if turn > 1 else opened
        size = (height, width) if turn > 4 else (width, height)
        return Picture(_as_rgb(image, upright, name), *size)


def _known(image: Any) -> tuple[str, ...]:
    image.init()
    return tuple(f for f in FORMATS if f in image.OPEN)


def _orientation(opened: Any) -> int:
    """1 to 8 as EXIF counts; over 4, width and height are exchanged."""
    try:
        orientation = opened.getexif().get(0x0112)
    except Exception:  # broken metadata says nothing about the picture
        return 1
    return orientation if orientation in range(1, 9) else 1


def _as_rgb(image: Any, picture: Any, name: str) -> Any:
    if picture.mode.startswith("I"):
        # Pillow would cut 16 bits off at 255, which makes most of the picture white.
        wide = np.clip(np.asarray(picture).astype(np.int64), 0, 65_535)
        return image.fromarray((wide // 257).astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        raise BadInput(
            "pixels are fractions, and their meaning is unknown",
            where=name,
            allowed="8 or 16 bits a channel",
        )
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        white = image.new("RGBA", layer.size, (255, 255, 255, 255))
        return image.alpha_composite(white, layer).convert("RGB")
    return picture.convert("RGB")


def _reason(cause: Exception) -> str:
    text = str(cause).strip()
    if "cannot identify" in text:
        return "its bytes are of no known kind"
    return text[:120] or type(cause).__name__
