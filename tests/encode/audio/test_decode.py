"""Sounds of every kind, and what only looks like one."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from palate import optional
from palate.encode.audio.decode import decode
from palate.errors import BadInput, MissingExtra
from palate.testing.files import made_sound

RATE = 16_000


def tone(hertz=440, seconds=0.5, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def wav(values, rate=RATE):
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, values)
    return buffer.getvalue()


def samples(data, rate=RATE, max_seconds=60.0):
    return decode(data, "a sound", rate, max_seconds).samples


@pytest.mark.parametrize(
    ("dtype", "scale", "shift"), [("u1", 127, 128), ("i2", 2**15 - 1, 0), ("i4", 2**31 - 1, 0)]
)
def test_whole_numbers_of_every_width(dtype, scale, shift):
    found = samples(wav((tone() * scale + shift).astype(dtype)))
    np.testing.assert_allclose(found, tone(), atol=0.02)


def test_24_bits():
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(RATE)
        values = (tone() * (2**23 - 1)).astype("<i4")
        file.writeframes(values.view("u1").reshape(-1, 4)[:, :3].tobytes())
    np.testing.assert_allclose(samples(buffer.getvalue()), tone(), atol=1e-4)


def test_fractions_and_channels():
    left, right = tone(300), tone(700)
    found = samples(wav(np.stack([left, right], axis=1).astype(np.float32)))
    np.testing.assert_allclose(found, (left + right) / 2, atol=1e-6)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000])
def test_other_rates_are_resampled(rate):
    found = samples(wav(tone(440, 1, rate).astype(np.float32), rate))
    assert len(found) == pytest.approx(RATE, abs=2)
    np.testing.assert_allclose(found[2000:14_000], tone(440, 1)[2000:14_000], atol=0.01)


def test_what_is_too_high_is_not_folded_down():
    high = wav(tone(7000, 1, 48_000).astype(np.float32), 48_000)
    assert np.abs(samples(high, rate=8_000)[100:-100]).max() < 0.02


def test_only_the_beginning_is_heard():
    found = decode(wav(tone(seconds=3).astype(np.float32)), "a sound", RATE, 1.0)
    assert len(found.samples) == pytest.approx(RATE, abs=2)
    assert found.seconds == 3


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3", "AIFF"])
def test_other_kinds_through_soundfile(kind):
    soundfile = pytest.importorskip("soundfile")
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(seconds=1), RATE, format=kind)
    found = decode(buffer.getvalue(), "a sound", RATE, 60.0)
    assert found.seconds == pytest.approx(1, abs=0.2)
    middle = found.samples[4000:12_000]
    assert np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax() == pytest.approx(
        220, abs=1
    )
    assert len(samples(buffer.getvalue(), max_seconds=0.25)) == pytest.approx(4000, abs=2)


def test_compressed_wav_goes_to_soundfile():
    soundfile = pytest.importorskip("soundfile")
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(), RATE, format="WAV", subtype="ULAW")
    np.testing.assert_allclose(samples(buffer.getvalue()), tone(), atol=0.03)


def test_without_soundfile_the_extra_is_named(monkeypatch):
    def missing(*_):
        raise ModuleNotFoundError("soundfile", name="soundfile")

    monkeypatch.setattr(optional.importlib, "import_module", missing)
    assert len(samples(made_sound())) == 6400
    with pytest.raises(MissingExtra, match=r"palate\[audio\]"):
        samples(b"fLaC....")


BAD = {
    "nothing": b"",
    "text": b"version https://git-lfs.github.com/spec/v1",
    "no samples": wav(np.zeros(0, np.int16)),
    "cut off": made_sound()[:5000],
    "no header": made_sound()[44:],
    "not finite": wav(np.full(100, np.nan, np.float32)),
    "odd rate": wav(np.ones(100, np.int16), 7),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_is_no_sound_is_refused(data):
    pytest.importorskip("soundfile")
    with pytest.raises(BadInput, match="a sound"):
        samples(data)


SAMPLE = made_sound(seconds=0.02)


@settings(max_examples=80)
@given(st.data())
def test_damaged_bytes_give_a_sound_or_a_refusal_and_nothing_else(data):
    pytest.importorskip("soundfile")
    damaged = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, 60))] = data.draw(st.integers(0, 255))
    try:
        found = samples(bytes(damaged[: data.draw(st.integers(1, len(SAMPLE)))]))
    except BadInput:
        return
    assert np.isfinite(found).all()
