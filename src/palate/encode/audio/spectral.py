"""Sounds by their spectrum: nothing to load, every column with a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Ge, Gt, Le, MinLen

from palate.arrays import Doubles, Floats
from palate.encode.audio import spectra
from palate.encode.audio.decode import ENDINGS, Sound, decode
from palate.encode.file_rows import FileRows, OnError

Group: TypeAlias = Literal["mel", "cepstrum", "spectrum", "level"]
"""A group of columns; its name is how they begin."""

COLUMNS: dict[Group, tuple[str, ...]] = {
    "mel": spectra.MEL_COLUMNS,
    "cepstrum": spectra.CEPSTRUM_COLUMNS,
    "spectrum": spectra.SPECTRUM_COLUMNS,
    "level": spectra.LEVEL_COLUMNS,
}


@dataclass(frozen=True)
class SpectralSettings:
    """Settings of `audio.spectral.v1`."""

    fields: tuple[str, ...] = ()
    """Fields that name a sound or hold its bytes, the first that an item has; none means the only
    such field."""

    folder: str = ""
    """Where names start from, itself from the folder of the catalogue's file on; may hold `~` and
    `$PALATE_DATA`."""

    groups: Annotated[tuple[Group, ...], MinLen(1)] = ("mel", "cepstrum", "spectrum", "level")
    """Groups of columns, in this order."""

    rate: Annotated[int, Ge(4_000), Le(96_000)] = 22_050
    """Samples a second that every sound is brought to; what is higher than half of it is not
    heard."""

    max_seconds: Annotated[float, Gt(0), Le(3600)] = 60.0
    """Only so much from the beginning of a sound is heard."""

    max_bytes: Annotated[int, Ge(1)] = 256_000_000
    """Larger files are refused before they are read."""

    on_error: OnError = "absent"
    """What a missing, broken or too large sound does: its item is absent, or the run fails."""


class Spectral(FileRows[Sound]):
    """Mel bands, cepstrum (MFCC), shape of the spectrum and level of a sound, as 135 named columns.

    For music, jingles and noises where timbre and brightness matter, or where there are no weights;
    what is said or played needs `audio.transformer.v1`. Nothing here depends on tempo. An item
    without a sound, or with one that is missing, broken or too large, is absent. Columns have
    different scales: put `geometry.centre.v1` or `geometry.whiten.v1` after it where distances are
        taken.

    Args:
        settings: See `SpectralSettings`.

    Cost: about 50 ms for a minute of sound on one core, and the time to decode it.
    """

    Settings = SpectralSettings
    name: ClassVar[str] = "audio.spectral.v1"
    block_name: ClassVar[str] = "audio.spectral"
    local: ClassVar[tuple[str, ...]] = ("folder",)
    noun: ClassVar[str] = "sound"
    endings: ClassVar[tuple[str, ...]] = ENDINGS

    def __init__(self, settings: SpectralSettings = SpectralSettings()) -> None:
        self.settings = settings
        self.columns = tuple(c for g in settings.groups for c in COLUMNS[g])
        # A decoded minute is some megabytes, so that few at a time are kept.
        self.chunk = 8

    def identity(self) -> Mapping[str, Any]:
        """The settings that change a vector."""
        s = self.settings
        return {
            "part": self.name,
            "groups": list(s.groups),
            "rate": s.rate,
            "max_seconds": s.max_seconds,
        }

    def weights(self) -> str:
        """There are none."""
        return ""

    def width(self) -> int:
        """d, the number of columns."""
        return len(self.columns)

    def decoded(self, data: bytes, name: str) -> Sound:
        """The beginning of the sound."""
        return decode(data, name, self.settings.rate, self.settings.max_seconds)

    def encoded(self, some: Sequence[Sound]) -> Floats:
        """float32 [n, d]."""
        return np.stack([self._one(sound) for sound in some]).astype(np.float32)

    def _one(self, sound: Sound) -> Doubles:
        made = spectra.spectra(sound.samples.astype(np.float64), sound.rate)
        groups = {
            "mel": lambda: spectra.mel(made),
            "cepstrum": lambda: spectra.cepstrum(made),
            "spectrum": lambda: spectra.spectrum(made),
            "level": lambda: spectra.level(made, sound.seconds),
        }
        return np.concatenate([groups[g]() for g in self.settings.groups])
