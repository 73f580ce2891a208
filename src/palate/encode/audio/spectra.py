"""What a sound is made of: mel bands, cepstrum and the shape of its spectrum, over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from palate.arrays import Doubles

FRAME = 1024
HOP = 512
BANDS = 40
CEPSTRA = 13
_FLOOR = 1e-10
_ROLLOFF = 0.85
_SILENCE = -50.0

SHAPES = ("centroid", "bandwidth", "rolloff", "flatness", "flux")
MEL_COLUMNS = tuple(f"mel.band{b}.{s}" for s in ("mean", "spread") for b in range(BANDS))
CEPSTRUM_COLUMNS = tuple(
    f"cepstrum.{c}.{s}" for s in ("mean", "spread", "change") for c in range(CEPSTRA)
)
SPECTRUM_COLUMNS = tuple(f"spectrum.{name}.{s}" for s in ("mean", "spread") for name in SHAPES)
LEVEL_COLUMNS = (
    "level.crossings.mean",
    "level.loudness.mean",
    "level.crossings.spread",
    "level.loudness.spread",
    "level.silence",
    "level.seconds",
)


@dataclass(frozen=True)
class Spectra:
    """A sound in overlapping frames.

    Attributes:
        frames: float64 [n_frames, FRAME], the samples.
        power: float64 [n_frames, FRAME // 2 + 1].
        log_mel: float64 [n_frames, BANDS], log10 of the power in each band.
        rate: Samples a second.
    """

    frames: Doubles
    power: Doubles
    log_mel: Doubles
    rate: int


def spectra(samples: Doubles, rate: int) -> Spectra:
    """Frames of 1,024 samples, every 512, of a sound [n_samples]; the last is filled up with
    silence.
    """
    n_frames = max(1, -(-(len(samples) - FRAME) // HOP) + 1)
    padded = np.zeros((n_frames - 1) * HOP + FRAME)
    padded[: len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    power = np.abs(fft.rfft(frames * window, axis=1)) ** 2 / (window**2).sum()
    log_mel = np.log10(power @ mel_filters(rate).T + _FLOOR)
    return Spectra(frames, power, log_mel, rate)


def mel(of: Spectra) -> Doubles:
    """float64 [80]: mean and spread over time of each band's log10 power."""
    return np.concatenate([of.log_mel.mean(axis=0), of.log_mel.std(axis=0)])


def cepstrum(of: Spectra) -> Doubles:
    """float64 [39]: mean, spread, and mean change from frame to frame of the first 13 cepstral
    coefficients.

    Paper: S. Davis and P. Mermelstein, Comparison of parametric representations for monosyllabic
    word recognition, 1980.
    """
    coefficients = fft.dct(of.log_mel, axis=1, norm="ortho")[:, :CEPSTRA]
    change = np.abs(np.diff(coefficients, axis=0, prepend=coefficients[:1])).mean(axis=0)
    return np.concatenate([coefficients.mean(axis=0), coefficients.std(axis=0), change])


def spectrum(of: Spectra) -> Doubles:
    """float64 [10]: mean and spread of centroid, bandwidth and rolloff (shares of half the rate),
    flatness, flux.

    Paper: G. Tzanetakis and P. Cook, Musical genre classification of audio signals, 2002.
    """
    power = of.power + _FLOOR
    share = power / power.sum(axis=1, keepdims=True)
    place = np.linspace(0, 1, power.shape[1])
    centroid = share @ place
    bandwidth = np.sqrt(np.maximum(share @ place**2 - centroid**2, 0))
    rolloff = place[(np.cumsum(share, axis=1) < _ROLLOFF).sum(axis=1).clip(max=power.shape[1] - 1)]
    flatness = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    flux = np.sqrt((np.diff(np.sqrt(share), axis=0, prepend=np.sqrt(share[:1])) ** 2).sum(axis=1))
    measures = np.stack([centroid, bandwidth, rolloff, flatness, flux])
    return np.concatenate([measures.mean(axis=1), measures.std(axis=1)])


def level(of: Spectra, seconds: float) -> Doubles:
    """float64 [6]: zero crossings (share of samples) and loudness (bels), share of silent frames,
    log2 of seconds.

    Args:
        of: The frames.
        seconds: Length of the whole sound.
    """
    positive = of.frames >= 0
    crossings = (positive[:, 1:] != positive[:, :-1]).mean(axis=1)
    loudness = np.log10((of.frames**2).mean(axis=1) + _FLOOR)
    silent = (10 * loudness < max(10 * loudness.max() + _SILENCE, _SILENCE * 1.8)).mean()
    measures = np.stack([crossings, loudness])
    return np.concatenate(
        [measures.mean(axis=1), measures.std(axis=1), [silent, np.log2(max(seconds, 1e-3))]]
    )


def mel_filters(rate: int) -> Doubles:
    """float64 [BANDS, FRAME // 2 + 1]: triangles on the mel scale from 0 to half the rate; each
    weighs 1 in all.
    """
    mels = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), BANDS + 2)
    hertz = 700 * (10 ** (mels / 2595) - 1)
    bins = np.linspace(0, rate / 2, FRAME // 2 + 1)
    rising = (bins - hertz[:-2, None]) / np.diff(hertz)[:-1, None]
    falling = (hertz[2:, None] - bins) / np.diff(hertz)[1:, None]
    filters = np.maximum(np.minimum(rising, falling), 0)
    # The lowest bands are narrower than a bin: they listen to the nearest one.
    empty = np.flatnonzero(filters.sum(axis=1) == 0)
    filters[empty, np.abs(bins - hertz[1:-1][empty, None]).argmin(axis=1)] = 1
    return np.asarray(filters / filters.sum(axis=1, keepdims=True), np.float64)
