"""Spectra of sounds whose answer is known."""

import dataclasses

import numpy as np
import polars as pl
import pytest

from palate.encode.audio.decode import Sound
from palate.encode.audio.spectra import BANDS, mel_filters
from palate.encode.audio.spectral import Spectral, SpectralSettings
from palate.encode.content_encoder import encode_rows
from palate.tables import Catalogue, Vocabulary
from palate.testing.files import made_sound

RATE = 22_050


def columns(samples, **settings):
    part = Spectral(SpectralSettings(**settings))
    sound = Sound(np.asarray(samples, np.float32), RATE, len(samples) / RATE)
    return dict(zip(part.columns, part.encoded([sound])[0].tolist(), strict=True))


def tone(hertz, seconds=1.0, loud=0.5):
    return loud * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


def test_bands_cover_the_whole_range():
    filters = mel_filters(RATE)
    assert filters.shape == (BANDS, 513)
    np.testing.assert_allclose(filters.sum(axis=1), 1)
    assert (np.diff((filters * np.arange(513)).sum(axis=1)) >= 0).all()


@pytest.mark.parametrize("hertz", [500, 2000, 8000])
def test_a_tone_lies_where_it_lies(hertz):
    found = columns(tone(hertz))
    assert found["spectrum.centroid.mean"] == pytest.approx(hertz / (RATE / 2), abs=0.02)
    assert found["spectrum.rolloff.mean"] == pytest.approx(hertz / (RATE / 2), abs=0.02)
    assert found["level.crossings.mean"] == pytest.approx(2 * hertz / RATE, abs=0.01)
    assert found["level.loudness.mean"] == pytest.approx(np.log10(0.125), abs=0.02)
    bands = [found[f"mel.band{b}.mean"] for b in range(BANDS)]
    mels = 2595 * np.log10(1 + np.array([hertz, RATE / 2]) / 700)
    assert np.argmax(bands) == pytest.approx(mels[0] / mels[1] * (BANDS + 1) - 1, abs=1)


def test_noise_is_flat_and_a_tone_is_not():
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    assert columns(noise)["spectrum.flatness.mean"] > 0.4
    assert columns(tone(1000))["spectrum.flatness.mean"] < 0.05
    assert columns(noise)["spectrum.flux.mean"] > columns(tone(1000))["spectrum.flux.mean"]


def test_half_of_it_silent():
    half = np.concatenate([tone(1000), np.zeros(RATE)])
    assert columns(half)["level.silence"] == pytest.approx(0.5, abs=0.05)
    assert columns(tone(1000))["level.silence"] == 0
    assert columns(half)["level.seconds"] == pytest.approx(1)


def test_loudness_moves_the_first_coefficient_alone():
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    quiet, loud = columns(noise / 10), columns(noise)
    assert loud["cepstrum.0.mean"] - quiet["cepstrum.0.mean"] == pytest.approx(
        2 * np.sqrt(BANDS), rel=1e-3
    )
    for place in range(1, 13):
        assert loud[f"cepstrum.{place}.mean"] == pytest.approx(
            quiet[f"cepstrum.{place}.mean"], abs=1e-3
        )


@pytest.mark.parametrize("n", [1, 2, 1023, 1024, 1025, 5000])
def test_short_and_silent_sounds_have_finite_columns(n):
    for samples in (np.zeros(n), np.ones(n)):
        found = columns(samples)
        assert len(found) == Spectral().width() == 135
        assert np.isfinite(list(found.values())).all()


def test_broken_and_missing_sounds_are_absent_and_named(tmp_path):
    (tmp_path / "a.wav").write_bytes(made_sound(1))
    (tmp_path / "b.wav").write_bytes(made_sound(1)[:500])
    frame = pl.DataFrame({"clip": ["a.wav", "b.wav", "c.wav", None, "a.wav"]})
    shop = Catalogue(Vocabulary.of("abcde"), frame, tmp_path)
    part = Spectral().fit(shop, np.arange(5, dtype=np.int32))
    block = encode_rows(part, shop)
    assert part.fields_ == ("clip",)
    assert block.present.tolist() == [True, False, False, False, True]
    assert [(f.code, f.count) for f in block.findings] == [
        ("missing-sounds", 1),
        ("broken-sounds", 1),
    ]
    assert "cut off" in block.findings[1].message


CHANGES = {"groups": ("mel",), "rate": 8000, "max_seconds": 5.0}
KEEPS = {"fields": ("x",), "folder": "y", "max_bytes": 5, "on_error": "fail"}


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(SpectralSettings)])
def test_every_setting_is_in_the_key_or_changes_no_vector(name):
    changed = Spectral(SpectralSettings(**{name: (CHANGES | KEEPS)[name]})).identity()
    assert (changed != Spectral().identity()) == (name in CHANGES)
