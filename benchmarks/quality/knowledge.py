"""What a knowledge graph adds to texts, for all items and for new ones."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import prepared
from prepared import blocks, fitted, parted, timed

from palate import ranks, registry
from palate.arrays import Doubles, Rows
from palate.data.assemble import read
from palate.data.clean import CleanSettings, clean
from palate.data.knowledge.settings import KnowledgeSettings
from palate.data.settings import DataSettings
from palate.encode.blocks import encode_block
from palate.evaluate.controls import permuted
from palate.evaluate.ranking import rank_together
from palate.inference import clustered
from palate.model.blend import Blend
from palate.model.linear import Linear
from palate.model.shortlist import sample
from palate.stages import Scorer
from palate.tables import Dataset, FeatureTable, Split, Training

name = "knowledge"
what = (
    "New items: a twentieth of the items withheld for the test and another for validation, 3"
    " withholdings; people who touched one are asked for it among all items, by content"
    " alone. All items: the last event of each user (Bing: a tenth of each user's clicks), by"
    " behaviour and content. Text: words + MiniLM of title, genres and plot (Bing: title),"
    " blended on validation cases. All events of a history count alike; for all items of"
    " ml-1m the newest most. Each row adds a block of the graph to the same blend, whose"
    " weight validation chooses (0 where it does not clearly help): ml-1m with 34,951 triples"
    " of DBpedia, which 79 % of the films have; Bing news with their entities. Controls: rows"
    " of other items that are in the graph too. Scorers over the graph alone, below: one"
    " block a relation with weights learnt (`model.linear.v1`), co-occurrence lent by the"
    " nearest in walks (`model.borrowed.v1`), and on ml-1m EASE pulled towards walks"
    " (`model.l3ae.v1`), without text. Difference of NDCG@10 to text, paired, 95 % interval"
    " over people. RecBole's figures for models of knowledge on ml-1m are of Freebase triples"
    " that cannot be had here, and stand in no source that we could read: none is shown"
)
KG = {
    "triples": "$PALATE_DATA/ml-1m-kg/triples.parquet",
    "names": "$PALATE_DATA/ml-1m-kg/entities.parquet",
}
SETS: dict[str, dict[str, Any]] = {
    "ml-1m": {"texts": ["title", "genres", "overview"], "ids": "model.ease.v2", "kg": KG},
    "dkn-bing-news": {
        "texts": ["title"],
        "ids": "model.cooccurrence.v1",
        "fields": ["entities"],
        "cleaning": {"min_value": 1},
    },
}
COLD = {"part": "split.cold_items.v1", "share": 0.05, "validation_share": 0.05}
ALL = {
    "ml-1m": {"part": "split.leave_last_out.v1"},
    "dkn-bing-news": {"part": "split.ratio.v1"},
}
WITHHOLDINGS = range(1, 4)
GRAPHS = ("neighbours", "pagerank", "walks", "translations")
MOST_CASES, VALIDATION_CASES = 5_000, 3_000
TEXT, EVERY = "text", "text + all four"
CONTROLS = ("neighbours", "walks")


def run() -> dict[str, Any]:
    """Every set, new items and all."""
    wanted = os.environ.get("SETS", "").split()
    told = prepared.last(name, "set", wanted)
    rows, claims = told["rows"], told["claims"]
    for label in wanted or SETS:
        found = [*_part(label, "new items"), *_part(label, "all items")]
        rows += found
        claims += _claims(label, found)
    return {"rows": rows, "claims": claims}


def _claims(label: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    by = {(row["items"], row["features"]): row for row in rows}
    told = []
    for items in ("new items", "all items"):
        row = by[items, EVERY]
        told.append(
            {
                "claim": f"{label}: {items}, the graph over text alone {row['against text']}",
                "holds": row["low"] > 0,
            }
        )
        for graph in CONTROLS:
            control = by[items, f"text + {graph} of others"]
            told.append(
                {
                    "claim": f"{label}: {items}, {graph} of others {control['against text']}, not"
                    " above 0",
                    "holds": control["low"] <= 0,
                }
            )
    return told


def _part(label: str, items: str) -> list[dict[str, Any]]:
    data = _data(label)
    found: dict[str, list[tuple[Doubles, str, float]]] = {}
    users: list[Rows] = []
    cold = items == "new items"
    for seed in WITHHOLDINGS if cold else (1,):
        split = parted(data, COLD if cold else ALL[label], seed)
        features, seconds = _features(label, data, split)
        training = Training(split.train, features, split.validation)
        cases = sample(split.test.open("inspect"), MOST_CASES, 1)
        users.append(cases.histories.users)
        models = {**_models(label, training, cold), **_scorers(label, data, training, cold)}
        answers = rank_together(models, cases, 20, 512)
        for features_of, model in models.items():
            values = ranks.ndcg(answers[features_of].ranks, 10)
            told = model.coefficients_.formula() if isinstance(model, Blend) else _weights(model)
            took = seconds.get(features_of.removeprefix("text + "), 0.0)
            found.setdefault(features_of, []).append((values, told, took))
    own = np.concatenate(users)
    return [_row(label, items, f, answers, found[TEXT], own) for f, answers in found.items()]


def _row(
    label: str,
    items: str,
    features: str,
    answers: list[tuple[Doubles, str, float]],
    text: list[tuple[Doubles, str, float]],
    users: Rows,
) -> dict[str, Any]:
    mine, theirs = (np.concatenate([a[0] for a in some]) for some in (answers, text))
    known = np.isfinite(mine) & np.isfinite(theirs)
    lift = clustered((mine - theirs)[known], users[known])
    return {
        "set": label,
        "items": items,
        "features": features,
        "cases": int(known.sum()),
        "N@10": round(float(mine[known].mean()), 4),
        "against text": f"{lift.value:+.4f} ({lift.low:+.4f} to {lift.high:+.4f})",
        "difference": round(float(lift.value), 5),
        "low": round(float(lift.low), 5),
        "encode s": round(float(np.mean([a[2] for a in answers])), 1),
        "blend": answers[0][1],
    }


def _data(label: str) -> Dataset:
    graph = SETS[label].get("kg")
    knowledge = {"kg": KnowledgeSettings(**graph)} if graph else {}
    raw = read(DataSettings(set=label, knowledge=knowledge), Path.cwd())
    return clean(raw, CleanSettings(**SETS[label].get("cleaning", {})))[0]


def _fields(label: str, data: Dataset) -> list[str]:
    own = [f for f in data.catalogue.fields.columns if f.startswith("kg.")]
    return SETS[label].get("fields", own)


def _features(label: str, data: Dataset, split: Split) -> tuple[FeatureTable, Mapping[str, float]]:
    """Blocks of texts, of the graph, and the control; and how long each of the graph took."""
    table = blocks(data, split, SETS[label]["texts"], ["words", "meaning, whitened"])
    rows, seconds = np.unique(split.train.item).astype(np.int32), {}
    for graph in GRAPHS:
        spec = registry.spec(
            {"part": f"graph.{graph}.v1", "fields": _fields(label, data)}, "encoder"
        )
        made, seconds[graph] = timed(
            lambda spec=spec, graph=graph: encode_block(graph, spec, (), data.catalogue, rows).block
        )
        table = table.replaced(made)
    for graph in CONTROLS:
        control = permuted(table.blocks[graph], prepared.SEED)
        table = table.replaced(replace(control, name=f"{graph} of others"))
    return table, seconds


def _models(label: str, training: Training, cold: bool) -> dict[str, Scorer]:
    query = _query(label, cold)
    kernels = {
        block: fitted("model.text_kernel.v2", training, block=block, query=query)
        for block in training.features.blocks
    }
    base: dict[str, Scorer] = {}
    if not cold:
        base["ids"] = fitted(SETS[label]["ids"], training)
    base |= {"meaning": kernels["meaning, whitened"], "words": kernels["words"]}
    wanted = {
        TEXT: (),
        **{f"text + {graph}": (graph,) for graph in GRAPHS},
        EVERY: GRAPHS,
        **{f"text + {graph} of others": (f"{graph} of others",) for graph in CONTROLS},
    }
    return {
        features: _blended(training, base | {n: kernels[n] for n in more}, cold)
        for features, more in wanted.items()
    }


def _query(label: str, cold: bool) -> dict[str, Any]:
    """New items are found by the whole history, the next film by the newest events."""
    newest = not cold and label == "ml-1m"
    return {"repeats": "newest", "last": 20, "fade": 2.0} if newest else {"repeats": "newest"}


def _scorers(label: str, data: Dataset, training: Training, cold: bool) -> dict[str, Scorer]:
    """What reads the graph alone."""
    rows = np.unique(training.log.item).astype(np.int32)
    fields, table = _fields(label, data), training.features
    for field in fields:
        spec = registry.spec({"part": "graph.neighbours.v1", "fields": [field]}, "encoder")
        table = table.replaced(encode_block(field, spec, (), data.catalogue, rows).block)
    own = replace(training, features=table)
    made: dict[str, Scorer] = {
        f"{graph} alone": fitted(
            "model.text_kernel.v2", own, block=graph, query=_query(label, cold)
        )
        for graph in GRAPHS
    }
    linear = {"blocks": fields, "query": _query(label, cold)}
    made["relations, weights learnt"] = fitted("model.linear.v1", own, **linear)
    made["lent along walks"] = fitted("model.borrowed.v1", own, block="walks")
    if not cold:
        made["ids alone"] = fitted(SETS[label]["ids"], own)
    if not cold and label == "ml-1m":
        made["EASE pulled towards walks"] = fitted("model.l3ae.v1", own, block="walks")
    return made


def _weights(model: Scorer) -> str:
    """The coefficients of a linear model, which can be read."""
    if not isinstance(model, Linear):
        return ""
    return ", ".join(f"{name} {value:.2f}" for name, value in model.coefficients_.items())


def _blended(training: Training, members: Mapping[str, Scorer], cold: bool) -> Scorer:
    settings: dict[str, Any] = {
        "members": list(members),
        "gate": not cold,
        "n_validation": VALIDATION_CASES,
    }
    return fitted("model.blend.v1", training, members, **settings)
