"""What training against position and popularity bias gains, by relevance that is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from palate.arrays import Doubles, Floats
from palate.data.worlds.looked_at import SeenLists, seen_lists
from palate.evaluate.causal.positions import examination
from palate.model.debias import InversePropensity
from palate.model.ials import IalsV2, IalsV2Settings
from palate.model.popularity import RecentPopularityV2, RecentPopularityV2Settings
from palate.seeding import generator
from palate.stages import Scorer
from palate.tables import Cases, FeatureTable, Histories, Training

name = "debias"
SEEDS, K = 10, 10
what = (
    "600 users, 150 items, ten lists of ten for each user; position k is looked at with probability"
    f" 1/k, or all alike. NDCG@{K} of all items by the relevance that made the clicks, mean of"
    f" {SEEDS} worlds; gain: against the same model of unweighed events, with twice its standard"
    " error. Estimated: positions by the position-based model, from the lists"
)
WORLDS = {
    "looked at from the top, items in an order": {"bias": 1.0, "order": 2.0},
    "looked at from the top, items at random": {"bias": 1.0, "order": 0.0},
    "all looked at": {"bias": 0.0, "order": 2.0},
}
MODELS = {
    "model.recent_popularity.v2": lambda d: RecentPopularityV2(
        RecentPopularityV2Settings(debias=d)
    ),
    "model.ials.v2": lambda d: IalsV2(IalsV2Settings(factors=8, debias=d)),
}


def run() -> dict[str, Any]:
    """Each model with each weighing in each world."""
    rows = []
    for world, settings in WORLDS.items():
        found: dict[tuple[str, str], list[float]] = {}
        for seed in range(SEEDS):
            seen = seen_lists(generator(seed, "debias", "world"), **settings)
            for model, make in MODELS.items():
                for weights, debias in _weighings(seen).items():
                    value = ndcg(_scores(make(debias), seen), seen.relevance)
                    found.setdefault((model, weights), []).append(value)
        rows += [_row(world, *key, found) for key in found]
    return {"rows": rows, "claims": _claims(rows)}


def _weighings(seen: SeenLists) -> dict[str, InversePropensity | None]:
    estimated = examination(seen.position, seen.item, seen.clicked)
    return {
        "none": None,
        "position, given": InversePropensity(examination=tuple(seen.examination)),
        "position, estimated": InversePropensity(examination=tuple(np.minimum(estimated, 1.0))),
        "popularity": InversePropensity("popularity"),
    }


def _scores(model: Scorer, seen: SeenLists) -> Floats:
    log = seen.clicks()
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    cases = Cases(histories, histories.items, histories.items)
    fitted = model.fit(Training(log, FeatureTable(log.items, {}), cases))
    return fitted.score(histories)


def ndcg(scores: Floats, relevance: Doubles) -> float:
    """Mean graded NDCG of the best items by score, over users."""
    discount = 1 / np.log2(np.arange(K) + 2)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    gained = np.take_along_axis(relevance, best, axis=1) @ discount
    return float(np.mean(gained / (-np.sort(-relevance, axis=1)[:, :K] @ discount)))


def _row(
    world: str, model: str, weights: str, found: dict[tuple[str, str], list[float]]
) -> dict[str, Any]:
    own, plain = (np.array(found[model, w]) for w in (weights, "none"))
    gain = own - plain
    return {
        "world": world,
        "model": model,
        "weights": weights,
        f"NDCG@{K}": round(float(own.mean()), 4),
        "gain": round(float(gain.mean()), 4),
        "+-": round(float(2 * gain.std(ddof=1) / np.sqrt(len(gain))), 4),
    }


def _claims(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    biased = next(iter(WORLDS))
    return [
        {
            "claim": f"{row['world']}, {row['model']}, {row['weights']}: gains"
            f" {row['gain']:+.4f} ± {row['+-']:.4f}",
            "holds": bool(row["gain"] > row["+-"]),
        }
        for row in rows
        if row["world"] == biased and row["weights"].startswith("position")
    ]
