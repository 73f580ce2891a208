"""Small pictures and sounds made on the spot, as the bytes of their files, with nothing but the
standard library.
"""

from __future__ import annotations

import io
import struct
import wave
import zlib

import numpy as np

from palate.seeding import generator


def made_picture(seed: int = 0, width: int = 24, height: int = 16) -> bytes:
    """A PNG of coloured patches."""
    rng = generator(seed, "made picture")
    patches = rng.integers(0, 256, (4, 4, 3), np.uint8)
    rows = patches[np.arange(height) * 4 // height][:, np.arange(width) * 4 // width]
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def made_sound(seed: int = 0, seconds: float = 0.4, rate: int = 16_000) -> bytes:
    """A WAV of two tones and some noise, 16 bits, one channel."""
    rng = generator(seed, "made sound")
    time = np.arange(int(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * hertz * time) for hertz in rng.uniform(100, 3000, 2))
    samples = 0.3 * tones + 0.05 * rng.normal(size=len(time))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return buffer.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
