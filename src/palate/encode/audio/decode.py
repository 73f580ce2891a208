"""Bytes -> samples of one channel at one rate, or a reason why not. Nothing here trusts the
bytes.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import signal
from scipy.io import wavfile

from palate.arrays import Floats
from palate.errors import BadInput, MissingExtra
from palate.optional import need

ENDINGS = (".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff")

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF")
"""Kinds that are decoded."""

RATES = range(1_000, 384_001)
"""Samples a second that a file may have."""

_MOST_CHANNELS = 8
_HEADS = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"ID3", b"FORM")


@dataclass(frozen=True)
class Sound:
    """A decoded sound.

    Attributes:
        samples: float32 [n_samples], about -1..1, the channels' mean.
        rate: Samples a second.
        seconds: Length of the file's sound, of which the samples may be the beginning.
    """

    samples: Floats
    rate: int
    seconds: float


def decode(data: bytes, name: str, rate: int, max_seconds: float) -> Sound:
    """The beginning of a sound, resampled.

    WAV needs scipy alone; FLAC, OGG (Vorbis, Opus), MP3, AIFF and compressed WAV need soundfile.

    Args:
        data: The file's bytes.
        name: What messages call it.
        rate: Samples a second that are wanted.
        max_seconds: Nothing behind so much is unpacked.

    Raises:
        BadInput: It is no sound, is cut off or damaged, or has no samples.
        MissingExtra: It needs soundfile, which is not installed.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            frames, own_rate, n_frames = _frames(data, max_seconds)
        cut = next((str(w.message) for w in caught if "EOF" in str(w.message)), "")
    except MissingExtra:
        raise
    except MemoryError as cause:
        raise BadInput("the sound does not fit into the memory", where=name) from cause
    except Exception as cause:  # a decoder that is fed arbitrary bytes raises arbitrary errors
        raise BadInput(
            f"this is no whole sound: {str(cause).strip()[:120] or type(cause).__name__}",
            where=name,
        ) from cause
    if cut:
        raise BadInput("this is no whole sound: it is cut off", where=name)
    _refuse_odd(frames, own_rate, name)
    samples = _resampled(frames.mean(axis=1, dtype=np.float64), own_rate, rate)
    return Sound(samples, rate, n_frames / own_rate)


def _frames(data: bytes, max_seconds: float) -> tuple[Floats, int, int]:
    """float32 [n, channels], samples a second, and how many frames the whole file has."""
    if data[:4] in (b"RIFF", b"RIFX", b"RF64") and data[8:12] == b"WAVE":
        try:
            rate, values = wavfile.read(io.BytesIO(data))
        except ValueError as cause:
            if "Unknown wave file format" not in str(cause):
                raise
            return _unpacked(data, max_seconds)
        whole = _scaled(values.reshape(len(values), -1)[: int(max_seconds * rate) + 1])
        return whole, int(rate), len(values)
    return _unpacked(data, max_seconds)


def _unpacked(data: bytes, max_seconds: float) -> tuple[Floats, int, int]:
    if not data.startswith(_HEADS) and not (data[:1] == b"\xff" and data[1:2] >= b"\xe0"):
        # Asked before soundfile is, so that a broken file does not end a run that needs no
        # soundfile.
        raise ValueError("its bytes are of no known kind")
    library = need("soundfile", extra="audio", purpose="decode sounds other than plain WAV")
    with library.SoundFile(io.BytesIO(data)) as file:
        if file.format not in FORMATS:
            raise ValueError(f"{file.format} is none of {', '.join(FORMATS)}")
        if file.samplerate not in RATES or file.channels > _MOST_CHANNELS:
            return np.zeros((1, file.channels), np.float32), file.samplerate, 1
        frames = file.read(int(max_seconds * file.samplerate) + 1, dtype="float32", always_2d=True)
        return (
            np.asarray(frames, np.float32),
            int(file.samplerate),
            max(int(file.frames), len(frames)),
        )


def _scaled(values: Any) -> Floats:
    """float32 of about -1..1 from what a WAV holds: unsigned 8 bits, signed 16 to 64, or
    fractions.
    """
    if values.dtype.kind == "f":
        return np.asarray(values, np.float32)
    if values.dtype == np.uint8:
        return np.asarray((values.astype(np.float32) - 128) / 128, np.float32)
    return np.asarray(values / float(2 ** (8 * values.dtype.itemsize - 1)), np.float32)


def _refuse_odd(frames: Floats, rate: int, name: str) -> None:
    if rate not in RATES:
        raise BadInput(
            f"{rate:,} samples a second",
            where=name,
            allowed=f"{RATES.start:,} to {RATES.stop - 1:,}",
        )
    if frames.shape[1] > _MOST_CHANNELS:
        raise BadInput(f"{frames.shape[1]} channels", where=name, allowed=f"up to {_MOST_CHANNELS}")
    if not len(frames):
        raise BadInput("the sound has no samples", where=name)
    if not np.isfinite(frames).all():
        raise BadInput("samples are not finite", where=name)


def _resampled(samples: Any, own_rate: int, rate: int) -> Floats:
    if own_rate == rate:
        return np.asarray(samples, np.float32)
    common = math.gcd(own_rate, rate)
    # A filter of many phases, not a Fourier transform of the whole: no ringing from one end into
    # the other.
    return np.asarray(signal.resample_poly(samples, rate // common, own_rate // common), np.float32)
