"""Run directories made of synthetic numbers, from the plain case to hostile ones.

`python tests/report/conftest.py FOLDER` writes one of each kind and draws them, to look
at.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SLICES = ["all", "target 0", "target 1-5", "target 6-20", "target >20", "new users"]
METRICS = ["ndcg@10", "recall@10", "hit@10", "mrr@10", "map@10", "auc", "coverage@10", "novelty@10"]
HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)> & <b>bold</b> 'quotes' {{ 7*7 }} {% raw %}",
    "NUL \x00 bell \x07 lone \ud800 bidi \u202e reversed",
    "very " * 300 + "long",
    "\u2028line\u2029paragraph",
    "-->]]><!--",
]
GENRES = [
    "Drama",
    "Comedy",
    "Action",
    "Thriller",
    "Romance",
    "Horror",
    "Science fiction",
    "Documentary",
    "Western",
    "War",
]
FIRST = [
    "The Silent",
    "A Crimson",
    "Beyond the",
    "Last",
    "The Glass",
    "Midnight",
    "An Honest",
    "Two",
    "Paper",
    "The Iron",
]
SECOND = [
    "Harbour",
    "Garden",
    "Witness",
    "Orchard",
    "Letter",
    "Winter",
    "Machine",
    "Strangers",
    "Lantern",
    "Province",
]
CHINESE = [
    "寂静的海港",
    "玻璃花园",
    "最后的证人",
    "午夜来信",
    "铁的冬天",
    "纸灯笼",
    "远方的果园",
    "两个陌生人",
]

Write = Callable[..., Path]


def write_run(
    folder: Path,
    n_models: int = 7,
    n_points: int = 1600,
    titles: list[str] | None = None,
    n_users: int = 6,
    leave_out: tuple[str, ...] = (),
) -> Path:
    """A run directory with every file in it except those left out."""
    rng = np.random.default_rng(7)
    folder.mkdir(parents=True, exist_ok=True)
    names = _models(n_models)
    board = _leaderboard(rng, names)
    files: dict[str, Any] = {
        "summary.json": _summary(folder.name, names, board),
        "data.json": _data(titles),
        "leaderboard.json": board,
        "comparisons.json": _comparisons(rng, names, board),
        "importance.json": _importance(rng),
        "ablation.json": _ablation(rng),
        "map.json": _map(rng, n_points, titles),
        "recommendations.json": _recommendations(rng, n_users, titles),
        "fusion.json": _fusion(),
        "timings.json": _timings(rng),
        "curves.json": _curves(rng),
    }
    for name, content in files.items():
        if name not in leave_out:
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
    if "recipe.toml" not in leave_out:
        (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return folder


RECIPE = """# Every setting that was in force.
name = "demo"
seed = 20240501

[data]
reader = "reader.movielens.v1"   # where the rows come from
path = "ml-100k"

[split]
part = "split.per_user_ratio.v1"
shares = [0.8, 0.1, 0.1]

[[blocks]]
name = "text.description"
encoder = "text.transformer.v1"
geometry = { centre = true, l2 = true, shrinkage = 0.15 }

[evaluation]
metrics = ["ndcg@10", "recall@10"]
full_ranking = true
"""


def _models(n: int) -> list[tuple[str, str]]:
    known = [
        ("blend", "model"),
        ("cooccurrence", "model"),
        ("ease", "model"),
        ("itemknn", "model"),
        ("text kernel", "model"),
        ("popularity", "model"),
        ("blend~permuted", "control"),
        ("blend~random", "control"),
        ("BPR (RecBole)", "published"),
    ]
    if n <= len(known):
        return known[:n] if n < 3 else known[: n - 3] + known[-3:]
    return known + [
        (f"variant {i:02d} of a family with a long name", "model") for i in range(n - len(known))
    ]


def _variant(model: str, kind: str) -> dict[str, Any]:
    of, _, change = model.partition("~")
    return {"of": of, "kind": change or kind, "changed": ["text"] if change else []}


def _leaderboard(rng: np.random.Generator, names: list[tuple[str, str]]) -> list[dict[str, Any]]:
    level = {
        "blend": 0.0651,
        "cooccurrence": 0.0512,
        "ease": 0.0488,
        "itemknn": 0.0401,
        "text kernel": 0.031,
    }
    level |= {"popularity": 0.0118, "blend~permuted": 0.0513, "blend~random": 0.0511}
    slice_factor = {
        "all": 1.0,
        "target 0": 0.0,
        "target 1-5": 0.5,
        "target 6-20": 0.9,
        "target >20": 1.9,
    }
    text_bonus = {"target 0": 0.021, "target 1-5": 0.017, "target 6-20": 0.006}
    factor = {
        "ndcg@10": 1,
        "recall@10": 1.65,
        "hit@10": 1.65,
        "mrr@10": 0.8,
        "map@10": 0.75,
        "auc": 12,
        "coverage@10": 7,
    }
    rows = []
    for model, kind in names:
        for place in SLICES if kind != "published" else ["all"]:
            for metric in METRICS if kind != "published" else ["ndcg@10"]:
                known = (
                    level["cooccurrence"]
                    if model == "blend" and place != "all"
                    else level.get(model, rng.uniform(0.02, 0.05))
                )
                value = known * slice_factor.get(place, 0.7)
                value += (
                    text_bonus.get(place, 0.0002)
                    * (place != "all")
                    * (model in {"blend", "text kernel"})
                )
                value *= factor.get(metric, 150)
                width = value * rng.uniform(0.03, 0.07) * (1 if place == "all" else 2.2)
                rows.append(
                    {
                        "model": model,
                        "slice": place,
                        "metric": metric,
                        "value": value,
                        "kind": kind,
                        "variant": _variant(model, kind),
                        "low": None if kind == "published" else value - width,
                        "high": None if kind == "published" else value + width,
                        "n_users": (
                            None
                            if kind == "published"
                            else int(22363 * slice_factor.get(place, 0.3) / 2 + 700)
                        ),
                        "seconds": None if kind == "published" else float(rng.gamma(2, 9)),
                        **(
                            {"source": "RecBole, leaderboard of 2023"}
                            if kind == "published"
                            else {}
                        ),
                    }
                )
    return rows


def _comparisons(
    rng: np.random.Generator, names: list[tuple[str, str]], board: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    value = {(r["model"], r["slice"], r["metric"]): r["value"] for r in board}
    known = [name for name, kind in names if kind != "published"]
    kinds = {"popularity": "model", "cooccurrence": "model", "text kernel": "model"} | dict(names)
    wanted = [("blend", "cooccurrence", "lift"), ("text kernel", "popularity", "lift")]
    wanted += [(name, "cooccurrence", "control") for name, kind in names if kind == "control"]
    wanted += [(a, b, "pair") for i, a in enumerate(known) for b in known[i + 1 :]]
    rows = []
    for a, b, purpose in wanted:
        for place in SLICES if purpose == "lift" else ["all"]:
            for metric in METRICS[:4] if purpose == "lift" else METRICS[:1]:
                if (a, place, metric) not in value or (b, place, metric) not in value:
                    continue
                difference = value[a, place, metric] - value[b, place, metric]
                width = (
                    0.0012
                    * (3.5 if "0" in place and place != "all" else 1.6)
                    * rng.uniform(0.6, 1.2)
                )
                p = float(np.exp(-(abs(difference) / width) * 3))
                rows.append(
                    {
                        "a": a,
                        "b": b,
                        "metric": metric,
                        "slice": place,
                        "difference": difference,
                        "low": difference - width,
                        "high": difference + width,
                        "confidence": 0.95,
                        **_shares(difference, width, value[b, place, metric]),
                        "p": p,
                        "p_adjusted": min(1.0, 4 * p),
                        "n_users": (
                            {"all": 22363, "new users": 1410}.get(
                                place, 9000 - 1700 * SLICES.index(place)
                            )
                        ),
                        "purpose": purpose,
                        "a_variant": _variant(a, kinds[a]),
                        "b_variant": _variant(b, kinds[b]),
                    }
                )
    return rows


def _shares(difference: float, width: float, base: float) -> dict[str, float]:
    if base <= 0.001:
        return {}
    ends = {"lift": difference, "lift_low": difference - width, "lift_high": difference + width}
    return {name: x / base for name, x in ends.items()}


def _summary(
    name: str, names: list[tuple[str, str]], board: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "name": name,
        "created": "2024-05-01T10:30:00+00:00",
        "palate_version": "0.1.0",
        "headline": (
            "Item texts lift NDCG@10 by 27 %, almost all of it for items seen five times or less."
        ),
        "details": [
            (
                "Blending all-MiniLM-L6-v2 vectors of title and description with decayed"
                " co-occurrence raises NDCG@10 from 0.0512 to 0.0651 over 22,363 users."
            ),
            "For items seen over twenty times nothing changes.",
            "Permuted texts and random vectors lift by less than 1 %.",
        ],
        "primary": "ndcg@10",
        "base_model": "cooccurrence",
        "best_model": "blend",
        "figures": [
            {
                "label": "Lift of NDCG@10",
                "value": "+27.1 %",
                "note": "95 % interval +24.9 to +29.4 %",
            },
            {
                "label": "Items never seen",
                "value": "0.0210",
                "note": "from 0.0000 without features",
            },
            {
                "label": "Users who gain",
                "value": "18 %",
                "note": "4 % lose, the rest see no change",
            },
            {"label": "Cost", "value": "41 s", "note": "to encode 12,101 texts on two cores"},
        ],
    }


def _data(titles: list[str] | None) -> dict[str, Any]:
    examples = (titles or ["row 17: B0001", "row 23: B0002"])[:5]
    return {
        "name": "amazon-beauty",
        "counts": {
            "users": 22363,
            "items": 12101,
            "interactions": 198502,
            "density": 0.00073,
            "events_per_user_median": 6,
            "first": "2002-06-12",
            "last": "2014-07-23T00:00:00",
        },
        "text": [
            {"field": "title", "share": 0.999, "median_words": 9},
            {"field": "description", "share": 0.912, "median_words": 61},
            {"field": "brand", "share": 0.67, "median_words": 1},
        ],
        "findings": [
            {
                "code": "timestamp-ties",
                "severity": "note",
                "message": "61,204 events share their time with another one.",
                "where": "interactions, time",
                "count": 61204,
                "examples": examples,
                "advice": "The order in the file breaks ties.",
            },
            {
                "code": "html-in-text",
                "severity": "warning",
                "message": "1,102 descriptions hold HTML tags.",
                "where": "items, description",
                "count": 1102,
                "examples": examples,
                "advice": "Add `strip_html` to the cleaning of the recipe.",
            },
            {
                "code": "unknown-items",
                "severity": "error",
                "message": "3 interactions name items that are not in the catalogue.",
                "where": "interactions, item",
                "count": 3,
                "examples": [],
                "advice": "",
            },
        ],
        "sources": {"beauty.txt": "ab" * 32, "meta.parquet": "cd" * 32},
        "guesses": [
            "user is column 1 (its name is user_id)",
            {"time": "column 4", "why": "whole numbers of ten digits"},
        ],
        "cleaning": ["nothing was changed"],
        "split": {
            "part": "split.leave_last_out.v1",
            "train": 153776,
            "validation": 22363,
            "test": 22363,
            "withheld": 0,
            "notes": ["1,204 targets had been seen by their user before."],
        },
    }


def _importance(rng: np.random.Generator) -> list[dict[str, Any]]:
    blocks = [
        ("text.description", 0.0061),
        ("text.title", 0.0052),
        ("fields.category", 0.0017),
        ("fields.brand", 0.0004),
        ("image.poster", -0.0007),
    ]
    questions = {
        "leave one out": "What is lost when the block is taken away and the model is fitted again?",
        "permutation": "How much does the fitted model use the block?",
    }
    return [
        {
            "block": block,
            "method": method,
            "question": question,
            "metric": "ndcg@10",
            "value": value * scale,
            "low": value * scale - 0.0006,
            "high": value * scale + 0.0006,
            "confidence": 0.975,
            "p": 0.0001 if value > 0.001 else 0.3,
            "verdict": "keep" if value > 0.001 else "replaceable",
            "model": {"of": "blend", "kind": "model", "changed": []},
            "level": 0.05,
            "seconds": float(rng.gamma(2, 5)),
            "bytes": 18_600_000,
        }
        for method, question, scale in ((m, q, 1 + i) for i, (m, q) in enumerate(questions.items()))
        for block, value in blocks
    ]


def _ablation(rng: np.random.Generator) -> list[dict[str, Any]]:
    combinations = [
        "none",
        "title",
        "description",
        "title, description",
        "title, description, category",
        "all",
    ]
    return [
        {
            "operator": "concat",
            "blocks": c.split(", "),
            "metric": "ndcg@10",
            "value": 0.051 + 0.003 * i,
            "low": 0.049 + 0.003 * i,
            "high": 0.053 + 0.003 * i,
            "variant": {"of": "concat", "kind": "combination", "changed": c.split(", ")},
        }
        for i, c in enumerate(combinations)
    ]


def _title(rng: np.random.Generator, i: int, titles: list[str] | None) -> str:
    if titles:
        return titles[i % len(titles)]
    return f"{FIRST[rng.integers(10)]} {SECOND[rng.integers(10)]} ({1930 + i % 90})"


def _map(rng: np.random.Generator, n: int, titles: list[str] | None) -> dict[str, Any]:
    centres = rng.normal(0, 4, (len(GENRES), 2))
    weights = rng.dirichlet(np.linspace(8, 1, len(GENRES)))
    label = rng.choice(len(GENRES), n, p=weights)
    xy = centres[label] + rng.standard_t(4, (n, 2)) * rng.uniform(0.6, 1.3, (len(GENRES), 1))[label]
    counts = np.floor(rng.pareto(0.8, n) * 4).clip(0, 580)
    points = [
        {
            "id": str(i),
            "title": _title(rng, i, titles),
            "x": float(xy[i, 0]),
            "y": float(xy[i, 1]),
            "count": int(counts[i]),
            "label": GENRES[label[i]],
        }
        for i in range(n)
    ]
    return {
        "block": "text.description",
        "method": "PCA to two dimensions",
        "label": "genre",
        "points": points,
    }


def _recommendations(
    rng: np.random.Generator, n_users: int, titles: list[str] | None
) -> dict[str, Any]:
    def item(i: int) -> dict[str, Any]:
        return {"id": str(i), "title": _title(rng, i, titles)}

    users = []
    for u in range(n_users):
        history = [item(int(i)) for i in rng.integers(0, 900, 0 if u == 4 else 5 + 7 * u)]
        items = []
        for rank in range(1, 11):
            behaviour, content, bias = (
                1.8 / rank * rng.uniform(0.8, 1.2),
                2.2 / rank**0.5 * rng.uniform(0.9, 1.1),
                rng.normal(0, 0.08),
            )
            share = rng.dirichlet([3, 2, 1]) if history else []
            items.append(
                {
                    **item(1000 + 10 * u + rank),
                    "score": behaviour + content + bias,
                    "rank": rank,
                    "hit": rank == 3,
                    "train_count": int(rng.integers(0, 40)) * (rank != 2),
                    "terms": [
                        {"name": "behaviour", "value": behaviour},
                        {"name": "text", "value": content},
                        {"name": "popularity", "value": bias},
                    ],
                    "reasons": [
                        history[j] | {"value": float(s), "share": float(s)}
                        for j, s in enumerate(share)
                    ],
                }
            )
        targets = [{"id": items[2]["id"], "title": items[2]["title"]}, item(5)] if u != 5 else []
        users.append({"user": str(100 + u), "history": history, "targets": targets, "items": items})
    return {"model": "blend", "members": ["cooccurrence", "text kernel"], "users": users}


def _fusion() -> dict[str, Any]:
    counts = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500]
    return {
        "formula": "R = a·Z_ID + b·g(n)·Z_text + c",
        "coefficients": [
            {"name": "a", "value": 1.0, "note": "weight of behaviour"},
            {"name": "b", "value": 0.62, "note": "weight of the texts"},
            {"name": "c", "value": 0.03, "note": "weight of popularity"},
        ],
        "gate": [{"count": c, "weight": 1 / (1 + c / 8)} for c in counts],
    }


def _timings(rng: np.random.Generator) -> list[dict[str, Any]]:
    stages = [
        "read",
        "check",
        "split",
        "encode text.description",
        "encode fields",
        "fit cooccurrence",
        "fit blend",
        "evaluate",
        "explain",
        "report",
    ]
    return [
        {"stage": s, "seconds": float(rng.gamma(1.2, 6)), "peak_mb": float(rng.uniform(180, 1400))}
        for s in stages
    ]


def _curves(rng: np.random.Generator) -> dict[str, Any]:
    steps = np.arange(0, 2001, 50)
    return {
        "sasrec": [
            {
                "step": int(s),
                "loss": float(5 * np.exp(-s / 500) + 1.3 + rng.normal(0, 0.03)),
                "metric": None if s % 200 else float(0.05 * (1 - np.exp(-s / 600))),
            }
            for s in steps
        ]
    }


@pytest.fixture(scope="session")
def write() -> Write:
    """`write_run`, for fixtures that live longer than a test."""
    return write_run


@pytest.fixture
def make_run(tmp_path: Path) -> Write:
    """`write_run` into a fresh folder."""

    def make(**choices: Any) -> Path:
        return write_run(tmp_path / "demo", **choices)

    return make


def main(folder: Path) -> None:
    from palate.report import draw

    kinds: dict[str, dict[str, Any]] = {
        "plain": {},
        "one-model": {"n_models": 1, "n_points": 40},
        "many": {"n_models": 30, "n_points": 20_000, "n_users": 50},
        "hostile": {"titles": HOSTILE, "n_points": 300},
        "chinese": {"titles": CHINESE, "n_points": 4000},
        "bare": {
            "leave_out": (
                "summary.json",
                "comparisons.json",
                "map.json",
                "curves.json",
                "fusion.json",
            )
        },
    }
    for name, choices in kinds.items():
        page = draw(write_run(folder / name, **choices))
        print(page, page.stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
