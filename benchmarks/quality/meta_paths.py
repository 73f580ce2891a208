"""What a scorer over the joint graph of people, items and entities adds to texts and to blocks of
the graph, with intervals by person and by item.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import prepared
from prepared import blocks, fitted, parted, timed

from palate import ranks, registry
from palate.arrays import Doubles, Longs, Rows
from palate.encode.blocks import encode_block
from palate.evaluate.controls import permuted
from palate.evaluate.ranking import rank_together
from palate.inference import clustered
from palate.model.blend import Blend
from palate.model.meta_paths import MetaPaths
from palate.model.shortlist import sample
from palate.stages import Scorer
from palate.tables import Cases, Dataset, FeatureTable, Split, Training

sys.path.append(str(Path(__file__).parent))
import knowledge

name = "meta_paths"
what = (
    "Sets, splits, texts and graph as in knowledge.json, one withholding of ml-1m. Meta-paths:"
    " `model.meta_paths.v1` over the entities of `graph.neighbours.v1`, weights of its walks chosen"
    " on validation cases; and the same over people alone. Graph: kernels over walks and"
    " neighbours. Blends choose their weights on validation cases. Control: entities of other"
    " items. Difference of NDCG@10 to the row under 'against', paired, with 95 % intervals that"
    " take all cases of a person, and all cases of an item, as one: for new items the second says"
    " how far it would hold for other new items. That both ends of a walk are scaled alike was"
    " settled after a look at the first withholding"
)
GRAPHS = ("neighbours", "walks")
TEXT, GRAPH, PATHS, OTHERS = "text", "graph", "meta-paths", "meta-paths, entities of others"
PEOPLE = "walks over people alone"
PAIRS = (
    (f"{TEXT} + {PATHS}", TEXT),
    (f"{TEXT} + {GRAPH}", TEXT),
    (f"{TEXT} + {GRAPH} + {PATHS}", f"{TEXT} + {GRAPH}"),
    (f"{TEXT} + {OTHERS}", TEXT),
    (PATHS, PEOPLE),
)
"""What is compared with what."""
VALIDATION_CASES = 2_000
WITHHOLDINGS = {"ml-1m": (1,), "dkn-bing-news": (1, 2, 3)}
"""Of new items; one of ml-1m asks as many people as all three of the other."""


def run() -> dict[str, Any]:
    """Every set, new items and all."""
    wanted = os.environ.get("SETS", "").split()
    told = prepared.last(name, "set", wanted)
    rows, claims = told["rows"], told["claims"]
    for label in wanted or knowledge.SETS:
        for items in ("new items", "all items"):
            found = _part(label, items)
            rows += found
            claims += _claims(label, items, found)
    return {"rows": rows, "claims": claims}


def _claims(label: str, items: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    told = []
    for row in rows:
        if not row["against"]:
            continue
        control = OTHERS in row["features"]
        if control:
            said, holds = "do not help", row["low by person"] <= 0
        else:
            low = min(row["low by person"], row["low by item"])
            said, holds = "help, by person and by item", low > 0
        claim = f"{label}: {items}, {row['features']} {said} against {row['against']}"
        told.append({"claim": f"{claim} ({row['by person']})", "holds": bool(holds)})
    return told


def _part(label: str, items: str) -> list[dict[str, Any]]:
    data, cold = knowledge._data(label), items == "new items"
    found: dict[str, list[Doubles]] = {}
    seconds: dict[str, float] = {}
    said: dict[str, str] = {}
    people, targets = [], []
    for seed in WITHHOLDINGS[label] if cold else (1,):
        split = parted(data, knowledge.COLD if cold else knowledge.ALL[label], seed)
        training = Training(split.train, _features(label, data, split), split.validation)
        cases = sample(split.test.open("inspect"), knowledge.MOST_CASES, 1)
        people.append(cases.histories.users)
        targets.append(_first(cases))
        models, took = _models(label, training, cold)
        answers = rank_together(models, cases, 20, 512)
        for features, model in models.items():
            found.setdefault(features, []).append(ranks.ndcg(answers[features].ranks, 10))
            said.setdefault(features, _said(model))
        seconds |= took
    values = {features: np.concatenate(parts) for features, parts in found.items()}
    before = dict(PAIRS)
    clusters = np.concatenate(people), np.concatenate(targets)
    return [
        {
            "set": label,
            "items": items,
            "features": features,
            "cases": len(mine),
            "N@10": round(float(np.nanmean(mine)), 4),
            "against": before.get(features, ""),
            **_against(mine, values.get(before.get(features, "")), *clusters),
            "fit s": round(seconds[features], 1) if features in seconds else None,
            "weights": said[features],
        }
        for features, mine in values.items()
    ]


def _against(mine: Doubles, theirs: Doubles | None, people: Rows, targets: Longs) -> dict[str, Any]:
    if theirs is None:
        empty = ("by person", "by item", "low by person", "low by item")
        return dict.fromkeys(empty)
    known = np.isfinite(mine) & np.isfinite(theirs)
    told: dict[str, Any] = {}
    for key, cluster in (("by person", people), ("by item", targets)):
        lift = clustered((mine - theirs)[known], cluster[known])
        told[key] = f"{lift.value:+.4f} ({lift.low:+.4f} to {lift.high:+.4f})"
        told[f"low {key}"] = round(float(lift.low), 5)
    return told


def _first(cases: Cases) -> Longs:
    """int64 [n_cases], the item that is asked for, the first of several."""
    return cases.targets.values[cases.targets.offsets[:-1]].astype(np.int64)


def _features(label: str, data: Dataset, split: Split) -> FeatureTable:
    table = blocks(data, split, knowledge.SETS[label]["texts"], ["words", "meaning, whitened"])
    rows = np.unique(split.train.item).astype(np.int32)
    for graph in GRAPHS:
        part = {"part": f"graph.{graph}.v1", "fields": knowledge._fields(label, data)}
        spec = registry.spec(part, "encoder")
        table = table.replaced(encode_block(graph, spec, (), data.catalogue, rows).block)
    control = permuted(table.blocks["neighbours"], prepared.SEED)
    return table.replaced(replace(control, name="neighbours of others"))


def _models(
    label: str, training: Training, cold: bool
) -> tuple[dict[str, Scorer], Mapping[str, float]]:
    query = knowledge._query(label, cold)
    kernels = {
        block: fitted("model.text_kernel.v2", training, block=block, query=query)
        for block in ("words", "meaning, whitened", *GRAPHS)
    }
    usual = {"query": query, "n_validation": VALIDATION_CASES}
    made: dict[str, Scorer] = {}
    seconds: dict[str, float] = {}
    for key, block in ((PATHS, "neighbours"), (OTHERS, "neighbours of others")):
        made[key], seconds[key] = timed(
            lambda block=block: fitted("model.meta_paths.v1", training, blocks=[block], **usual)
        )
    walks = {"neighbours": 200, "query": query}
    made[PEOPLE], seconds[PEOPLE] = timed(lambda: fitted("model.rp3beta.v1", training, **walks))
    base: dict[str, Scorer] = {}
    if not cold:
        base["ids"] = fitted(knowledge.SETS[label]["ids"], training)
    base |= {"meaning": kernels["meaning, whitened"], "words": kernels["words"]}
    graph = {block: kernels[block] for block in GRAPHS}
    wanted = {
        TEXT: {},
        f"{TEXT} + {PATHS}": {PATHS: made[PATHS]},
        f"{TEXT} + {OTHERS}": {OTHERS: made[OTHERS]},
        f"{TEXT} + {GRAPH}": graph,
        f"{TEXT} + {GRAPH} + {PATHS}": graph | {PATHS: made[PATHS]},
    }
    blended = {
        features: knowledge._blended(training, base | more, cold)
        for features, more in wanted.items()
    }
    return {**blended, **made}, seconds


def _said(model: Scorer) -> str:
    if isinstance(model, Blend):
        return model.coefficients_.formula()
    if isinstance(model, MetaPaths):
        return "; ".join(f"{path} {weight:.3g}" for path, weight in model.paths_.items())
    return ""
