"""Pictures by colour, layout, edges, texture and shape: nothing to load, every column with a
name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Ge, Le, MinLen

from palate.arrays import Doubles, Floats
from palate.encode.file_rows import FileRows, OnError
from palate.encode.image import colours, textures
from palate.encode.image.decode import ENDINGS, MOST_PIXELS, Picture, decode

Group: TypeAlias = Literal["colour", "moment", "layout", "edge", "pattern", "shape"]
"""A group of columns; its name is how they begin."""

COLUMNS: dict[Group, tuple[str, ...]] = {
    "colour": colours.HISTOGRAM_COLUMNS,
    "moment": colours.MOMENT_COLUMNS,
    "layout": colours.LAYOUT_COLUMNS,
    "edge": textures.EDGE_COLUMNS,
    "pattern": textures.PATTERN_COLUMNS,
    "shape": textures.SHAPE_COLUMNS,
}


@dataclass(frozen=True)
class ClassicalSettings:
    """Settings of `image.classical.v1`."""

    fields: tuple[str, ...] = ()
    """Fields that name a picture or hold its bytes, the first that an item has; none means the only
    such field."""

    folder: str = ""
    """Where names start from, itself from the folder of the catalogue's file on; may hold `~` and
    `$PALATE_DATA`."""

    groups: Annotated[tuple[Group, ...], MinLen(1)] = (
        "colour",
        "moment",
        "layout",
        "edge",
        "pattern",
        "shape",
    )
    """Groups of columns, in this order."""

    side: Annotated[int, Ge(16), Le(1024)] = 128
    """The longer side is brought down to so many pixels before anything is measured; smaller
    pictures stay."""

    max_pixels: Annotated[int, Ge(1), Le(MOST_PIXELS)] = 64_000_000
    """Pictures with more are refused before they are unpacked."""

    max_bytes: Annotated[int, Ge(1)] = 64_000_000
    """Larger files are refused before they are read."""

    on_error: OnError = "absent"
    """What a missing, broken or too large picture does: its item is absent, or the run fails."""


class Classical(FileRows[Picture]):
    """Colours, their layout, edges, local patterns and shape of a picture, as 114 named columns of
    about -1..1.

    For covers, posters and product photographs where the look itself matters, where columns must be
    explained, or where there are no weights; what a picture *shows* needs `image.transformer.v1`.
    An item without a picture, or with one that is missing, broken or too large, is absent. Scale
    columns with `geometry.centre.v1` or `geometry.whiten.v1` where distances are taken.

    Args:
        settings: See `ClassicalSettings`.

    Cost: about 5 ms a small picture on one core, and the time to decode it.
    """

    Settings = ClassicalSettings
    name: ClassVar[str] = "image.classical.v1"
    block_name: ClassVar[str] = "image.classical"
    local: ClassVar[tuple[str, ...]] = ("folder",)
    noun: ClassVar[str] = "picture"
    endings: ClassVar[tuple[str, ...]] = ENDINGS

    def __init__(self, settings: ClassicalSettings = ClassicalSettings()) -> None:
        self.settings = settings
        self.columns = tuple(c for g in settings.groups for c in COLUMNS[g])

    def identity(self) -> Mapping[str, Any]:
        """The settings that change a vector."""
        return {"part": self.name, "groups": list(self.settings.groups), "side": self.settings.side}

    def weights(self) -> str:
        """There are none."""
        return ""

    def width(self) -> int:
        """d, the number of columns."""
        return len(self.columns)

    def decoded(self, data: bytes, name: str) -> Picture:
        """The picture, brought down."""
        side = self.settings.side
        picture = decode(data, name, self.settings.max_pixels, draft=side)
        picture.rgb.thumbnail((side, side))
        return picture

    def encoded(self, some: Sequence[Picture]) -> Floats:
        """float32 [n, d]."""
        return np.stack([self._one(p) for p in some]).astype(np.float32)

    def _one(self, picture: Picture) -> Doubles:
        rgb = np.asarray(picture.rgb, np.float64) / 255
        hsv = np.asarray(picture.rgb.convert("HSV"), np.float64) / 255
        lab = colours.lab_of(rgb)
        grey = rgb @ np.array([0.299, 0.587, 0.114])
        made = {
            "colour": lambda: colours.histogram(hsv),
            "moment": lambda: colours.moments(lab, rgb),
            "layout": lambda: colours.layout(lab),
            "edge": lambda: textures.edges(grey),
            "pattern": lambda: textures.patterns(grey),
            "shape": lambda: textures.shape(grey, picture.width, picture.height),
        }
        return np.concatenate([made[g]() for g in self.settings.groups])
