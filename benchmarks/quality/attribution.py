"""Word attributions on film plots: how much faster a score falls when words go in their order than
by chance.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from transformers import AutoModel, AutoTokenizer

from palate.encode.text.weights import find
from palate.explain.attribution.faithfulness import area, curve
from palate.explain.attribution.gradients import TransformerScore, attention, integrated_gradients
from palate.explain.attribution.occlusion import occlusion
from palate.seeding import generator

name = "attribution"
what = (
    "Area under the deletion curve of plots (all-MiniLM-L6-v2, likeness to the mean of five films "
    "somebody liked), mean over plots; lower is better"
)
ITEMS = 500
RANDOM_ORDERS = 3


def run() -> dict[str, Any]:
    """Occlusion, integrated gradients, attention and chance on the same plots."""
    base = Path(os.environ.get("PALATE_DATA", "../shared/data"))
    plots = (
        pl.read_parquet(base / "movie-text" / "imdb_ml100k.parquet")["plot"].drop_nulls().to_list()
    )
    folder = find("sentence-transformers/all-MiniLM-L6-v2").root
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    random = generator(0, "benchmark", "attribution")
    chosen = random.permutation(len(plots))
    areas: dict[str, list[float]] = {}
    for i in chosen[:ITEMS]:
        liked = [plots[j] for j in random.choice(len(plots), 5, replace=False)]
        scorer = TransformerScore(model, tokenizer, _mean_encoding(model, tokenizer, liked))
        for method, value in _areas(plots[int(i)], scorer, random).items():
            areas.setdefault(method, []).append(value)
    mean = {method: float(np.mean(values)) for method, values in areas.items()}
    rows = [
        {
            "method": method,
            "items": len(areas[method]),
            "area": round(value, 4),
            "better_than_random": round(1 - value / mean["random"], 4),
            "better_than_attention": round(1 - value / mean["attention"], 4),
        }
        for method, value in mean.items()
    ]
    best = min(mean["occlusion"], mean["integrated gradients"])
    return {
        "rows": rows,
        "claims": [
            {
                "claim": "area at least 20 % below that of random orders",
                "holds": best <= 0.8 * mean["random"],
            },
            {
                "claim": "area at least 20 % below that of attention weights",
                "holds": best <= 0.8 * mean["attention"],
            },
        ],
    }


def _areas(text: str, scorer: TransformerScore, random: np.random.Generator) -> dict[str, float]:
    found = {
        "occlusion": occlusion(text, scorer),
        "integrated gradients": integrated_gradients(text, scorer, steps=16),
        "attention": attention(text, scorer),
    }
    out = {method: area(curve(a, a.order(), scorer)) for method, a in found.items()}
    whole = found["occlusion"]
    orders = [random.permutation(len(whole.pieces)).tolist() for _ in range(RANDOM_ORDERS)]
    out["random"] = float(np.mean([area(curve(whole, order, scorer)) for order in orders]))
    return out


def _mean_encoding(model: Any, tokenizer: Any, texts: list[str]) -> Any:
    import torch

    told = tokenizer(texts, return_tensors="pt", padding=True, truncation=True, max_length=256)
    with torch.no_grad():
        states = model(**told).last_hidden_state
    mask = told["attention_mask"][..., None]
    pooled = (states * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(pooled, dim=1).mean(0).numpy()
