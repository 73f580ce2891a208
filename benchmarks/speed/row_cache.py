"""What the row cache costs and saves: 100,000 items of which nothing, a little or everything has
changed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from palate.encode.content_encoder import TextRows, Vectors, text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.text.hashing import HashingSettings

name = "row_cache"
what = (
    "100,000 distinct texts, vectors of 384 numbers from an encoder that counts how often it is"
    " called and costs nothing itself, chunks of 64 texts: everything new, nothing changed, one per"
    " cent changed, and only duplicates"
)
ITEMS, WIDTH, CHUNK = 100_000, 384, 64


class Counting(TextRows):
    """Random numbers, and a count of the texts that were asked for."""

    name = "text.counting.v1"
    block_name = "text.counting"

    def __init__(self) -> None:
        self.settings = HashingSettings()
        self.texts_encoded = 0
        self.numbers = np.random.default_rng(0).standard_normal((CHUNK, WIDTH)).astype(np.float32)

    def identity(self) -> Mapping[str, Any]:
        """Its name."""
        return {"part": self.name}

    def weights(self) -> str:
        """None."""
        return ""

    def width(self) -> int:
        """d."""
        return WIDTH

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The same numbers for every chunk."""
        for start in range(0, len(texts), CHUNK):
            stop = min(start + CHUNK, len(texts))
            self.texts_encoded += stop - start
            yield np.arange(start, stop), self.numbers[: stop - start]


def run() -> dict[str, Any]:
    """Seconds and encoded texts of each case."""
    texts = [f"item {i}, a title of about ten words such as shops have" for i in range(ITEMS)]
    changed = [f"{t}, new" if i % 100 == 7 else t for i, t in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        cases = {"everything new": texts, "nothing changed": texts, "1 % changed": changed}
        rows = [_row(label, some, Path(folder)) for label, some in cases.items()]
        rows.append(
            _row(
                "100,000 items, 1,000 texts",
                [f"one of a thousand: {i % 1000}" for i in range(ITEMS)],
                Path(folder),
            )
        )
    _, same, little, twice = rows
    told = f"{same['texts encoded']} texts encoded in {same['seconds']} s, goal 0 in 3 s"
    most = ITEMS // 100 + CHUNK
    return {
        "rows": rows,
        "claims": [
            {
                "claim": f"nothing changed: {told}",
                "holds": not same["texts encoded"] and same["seconds"] <= 3,
            },
            {
                "claim": (
                    f"1 % changed: {little['texts encoded']} texts encoded, goal at most {most}"
                ),
                "holds": little["texts encoded"] <= most,
            },
            {"claim": "duplicates are encoded once", "holds": twice["texts encoded"] == 1000},
        ],
    }


def _row(label: str, texts: list[str], folder: Path) -> dict[str, Any]:
    part = Counting()
    started = time.perf_counter()
    text_matrix(part, texts, RowCache(folder))
    return {
        "case": label,
        "texts encoded": part.texts_encoded,
        "seconds": round(time.perf_counter() - started, 2),
    }
