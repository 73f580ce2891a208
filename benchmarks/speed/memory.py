"""How much memory a stream of texts takes, and whether a text costs the same however many there
are.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

name = "memory"
what = (
    "Distinct texts of about seven words, from a generator to a .npy file through"
    " palate.encode.stream.encode_to_file, with a static model of 20,000 words and 64 columns made"
    " on the spot; every line is a fresh process, its peak is the greatest resident size that the"
    " system saw, libraries included, and the time is that of the encoding alone, the less of two"
    " runs; processor time, all threads together, so that other load counts for little"
)
SIZES = (10_000, 100_000, 1_000_000)
WORDS, WIDTH = 20_000, 64
REPEATS = 2


def run() -> dict[str, Any]:
    """Peak and seconds an item at every size; with the row cache at the two smaller ones."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _make_model(folder / "model")
        rows = [_row(folder, n, cached=False) for n in SIZES]
        kept = [_row(folder, n, cached=True) for n in SIZES[:-1]]
    peaks = [row["peak, MB"] for row in rows]
    costs = [row["processor microseconds a text"] for row in rows]
    spread, growth = max(peaks) / min(peaks) - 1, max(costs) / min(costs) - 1
    return {
        "rows": [*rows, *kept],
        "claims": [
            {"claim": f"a million texts within 1.5 GB: {peaks[-1]} MB", "holds": peaks[-1] <= 1536},
            {
                "claim": (
                    f"the peak does not depend on their number: within {spread:.1%}, goal 10 %"
                ),
                "holds": spread <= 0.1,
            },
            {
                "claim": f"a text costs the same at every size: within {growth:.1%}, goal 25 %",
                "holds": growth <= 0.25,
            },
        ],
    }


def texts(n: int) -> Iterator[str]:
    """n texts, every one different."""
    for i in range(n):
        yield (
            " ".join(f"w{(i * step + step) % WORDS}" for step in (1, 7, 31, 127, 1009, 4001))
            + f" {i}"
        )


def _make_model(folder: Path) -> None:
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {"[UNK]": 0, **{f"w{i}": i + 1 for i in range(WORDS)}}
    tokeniser = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokeniser.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    folder.mkdir()
    tokeniser.save(str(folder / "tokenizer.json"))
    vectors = np.random.default_rng(0).standard_normal((WORDS + 1, WIDTH)).astype(np.float32)
    save_file({"embeddings": vectors}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"normalize": True}))


def _row(folder: Path, n: int, *, cached: bool) -> dict[str, Any]:
    told = []
    for turn in range(REPEATS):
        rows = folder / f"rows-{n}-{turn}" if cached else ""
        command = [
            sys.executable,
            __file__,
            str(folder / "model"),
            str(folder / "out.npy"),
            str(n),
            str(rows),
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        told.append(json.loads(done.stdout))
    return {
        "texts": n,
        "row cache": "new" if cached else "off",
        "peak, MB": max(t["peak"] for t in told),
        "microseconds a text": round(min(t["seconds"] for t in told) / n * 1e6, 1),
        "processor microseconds a text": round(min(t["processor"] for t in told) / n * 1e6, 1),
    }


def main() -> None:
    """One run in a process of its own: MODEL OUT N [ROWS]."""
    from palate.encode.row_cache import RowCache
    from palate.encode.stream import encode_to_file
    from palate.encode.text.static import Static, StaticSettings

    model, out, n, rows = sys.argv[1:5]
    part = Static(StaticSettings(model=model))
    part.width()
    started, busy = time.perf_counter(), time.process_time()
    done = encode_to_file(part, texts(int(n)), Path(out), RowCache(Path(rows)) if rows else None)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    if done.n != int(n) or done.n_absent:
        raise SystemExit("not every text was encoded")
    print(json.dumps({"seconds": seconds, "processor": busy, "peak": round(_peak())}))


def _peak() -> float:
    """Greatest resident size of this process in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # the system's own count of the resources used goes on from the process that started this
        # one
        line = next(
            line
            for line in status.read_text(encoding="utf-8").splitlines()
            if line.startswith("VmHWM")
        )
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        2**20 if sys.platform == "darwin" else 1024
    )


if __name__ == "__main__":
    main()
