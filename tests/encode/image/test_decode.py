"""Pictures of every kind, and what only looks like one."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate.encode.image.decode import FORMATS, decode
from palate.errors import BadInput
from palate.testing.files import made_picture

Image = pytest.importorskip("PIL.Image")

LIMIT = 1_000_000


def as_bytes(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data, **options):
    return np.asarray(decode(data, "a picture", LIMIT, **options).rgb)


def patches(width=24, height=16):
    return Image.open(io.BytesIO(made_picture(1, width, height)))


@pytest.mark.parametrize("kind", sorted(set(FORMATS) - {"MPO"}))
def test_every_kind_is_decoded(kind):
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow has no {kind}")
    found = decode(as_bytes(patches(), kind), "a picture", LIMIT)
    assert (found.width, found.height, found.rgb.mode) == (24, 16, "RGB")
    assert np.abs(np.asarray(found.rgb).astype(int) - np.asarray(patches())).mean() < 25


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "RGBA", "LA", "I;16", "I"])
def test_every_mode_becomes_rgb(mode):
    grey = Image.new("L", (8, 4), 255 if mode == "1" else 200)
    if mode.startswith("I"):
        deep = np.full((4, 8), 200 * 257, np.uint16 if mode == "I;16" else np.int32)
        data = as_bytes(Image.fromarray(deep), "TIFF")
    else:
        data = as_bytes(grey.convert(mode), "TIFF" if mode in ("CMYK", "YCbCr") else "PNG")
    expected = 255 if mode == "1" else 200
    assert np.abs(pixels(data).astype(int) - expected).max() <= 3
    assert pixels(data).shape == (4, 8, 3)


def test_sixteen_bits_are_not_cut_off():
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16).reshape(1, -1)
    found = pixels(as_bytes(Image.fromarray(ramp)))[0, :, 0]
    np.testing.assert_array_equal(found, np.arange(256))


def test_transparency_lies_on_white():
    layer = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert (pixels(as_bytes(layer)) == 255).all()
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30] + [0] * 765)
    assert (pixels(as_bytes(palette, "PNG", transparency=0)) == 255).all()


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_turned_picture_is_put_upright(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    found = decode(as_bytes(patches(), "PNG", exif=exif), "a picture", LIMIT)
    size = (16, 24) if turn > 4 else (24, 16)
    assert (found.width, found.height) == found.rgb.size == size
    if turn == 3:
        np.testing.assert_array_equal(np.asarray(found.rgb), np.asarray(patches())[::-1, ::-1])


def test_broken_metadata_does_not_matter():
    data = as_bytes(patches(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    assert pixels(data).shape == (16, 24, 3)


def test_the_first_frame_of_an_animation_counts():
    frames = [Image.new("RGB", (8, 8), c) for c in ("red", "blue", "green")]
    data = as_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert pixels(data)[0, 0].tolist() == [255, 0, 0]


def test_a_draft_is_smaller_and_says_how_large_the_picture_is():
    found = decode(as_bytes(patches(800, 400), "JPEG"), "a picture", LIMIT, draft=64)
    assert (found.width, found.height) == (800, 400)
    assert 64 <= min(found.rgb.size) < 400


def bomb(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(2000, 2000), (30_000, 30_000), (10_000, 10_000), (2**31 - 1, 1)])
def test_bombs_are_refused_before_they_are_unpacked(size):
    with pytest.raises(BadInput, match=r"too many|no whole picture"):
        decode(bomb(*size), "bomb.png", LIMIT)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"


@pytest.mark.parametrize(
    "data", [b"", b"x", b"version https://git-lfs", SVG, EPS, b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_foreign_bytes_are_refused(data):
    with pytest.raises(BadInput, match=r"a\.png: this is no whole picture"):
        decode(data, "a.png", LIMIT)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_truncated_picture_is_refused(kind):
    data = as_bytes(patches(200, 100), kind)
    with pytest.raises(BadInput):
        decode(data[: len(data) // 2], "a picture", LIMIT)


def test_a_picture_of_fractions_is_refused():
    data = as_bytes(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF")
    with pytest.raises(BadInput, match="fractions"):
        decode(data, "a picture", LIMIT)


SAMPLES = [as_bytes(patches(), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")]


@settings(max_examples=150)
@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_bytes_give_a_picture_or_a_refusal_and_nothing_else(sample, data):
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(sample) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = decode(bytes(damaged[: data.draw(st.integers(1, len(sample)))]), "a picture", LIMIT)
    except BadInput:
        return
    assert found.rgb.mode == "RGB"
