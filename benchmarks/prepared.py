"""Data sets, splits, text blocks and figures that several benchmarks share."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from palate import ranks, registry
from palate.data.assemble import read
from palate.data.clean import CleanSettings, clean
from palate.data.settings import DataSettings
from palate.encode.blocks import encode_block
from palate.evaluate.ranking import rank
from palate.model.shortlist import sample
from palate.recipe.metrics import metric
from palate.stages import FitContext, Scorer
from palate.tables import Cases, Dataset, FeatureTable, Split, TargetRanks, Training

SEED = 1
"""Of the models."""
RESULTS = Path(__file__).resolve().parent / "results"


def data(name: str, **cleaning: Any) -> Dataset:
    """A known set, cleaned as a recipe cleans it by default, or as `cleaning` says."""
    return clean(read(DataSettings(set=name), Path.cwd()), CleanSettings(**cleaning))[0]


def last(benchmark: str, column: str, again: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Rows and claims of the last run of a benchmark, but those of the parts that are run `again`.

    Args:
        benchmark: Its name.
        column: The column of its rows that names the part; claims begin with the part and a colon.
        again: Parts; none: all, so nothing is kept.
    """
    file = RESULTS / f"{benchmark}.json"
    if not again or not file.is_file():
        return {"rows": [], "claims": []}
    told = json.loads(file.read_text(encoding="utf-8"))
    return {
        "rows": [row for row in told["rows"] if row[column] not in again],
        "claims": [
            claim for claim in told["claims"] if claim["claim"].partition(":")[0] not in again
        ],
    }


def parted(what: Dataset, splitter: Mapping[str, Any], seed: int) -> Split:
    """The set's log, split."""
    return registry.spec(dict(splitter), "splitter").build().split(what.interactions, seed)


def blocks(
    what: Dataset, split: Split, fields: Sequence[str], wanted: Sequence[str]
) -> FeatureTable:
    """Named blocks: `words` (TF-IDF), `meaning` (MiniLM, centred) and `meaning, whitened`."""
    steps = {
        "words": [],
        "meaning": [{"part": "geometry.centre.v1"}, {"part": "geometry.l2.v1"}],
        "meaning, whitened": [{"part": "geometry.whiten.v1"}, {"part": "geometry.l2.v1"}],
    }
    rows = np.unique(split.train.item).astype(np.int32)
    made = {}
    for name in wanted:
        part = "text.tfidf.v1" if name == "words" else "text.transformer.v1"
        encoder = registry.spec({"part": part, "fields": list(fields)}, "encoder")
        transforms = [registry.spec(step, "block_transform") for step in steps[name]]
        made[name] = encode_block(name, encoder, transforms, what.catalogue, rows).block
    return FeatureTable(what.catalogue.items, made)


def fitted(
    part: str, training: Training, others: Mapping[str, Scorer] | None = None, **settings: Any
) -> Scorer:
    """A model by its part's name, fitted."""
    model = registry.spec({"part": part, **settings}, "scorer").build()
    return model.fit(training, FitContext(seed=SEED, members=dict(others or {})))


def ranked(model: Scorer, cases: Cases, most: int = 1_000_000, seed: int = 0) -> TargetRanks:
    """Where the targets of at most `most` cases come among all unseen items."""
    return rank(model, sample(cases, most, seed), 20)[0]


def recall(found: TargetRanks, k: int) -> float:
    """Mean over the cases of the share of targets among the first k."""
    return float(np.nanmean(per_case_recall(found, k)))


def per_case_recall(found: TargetRanks, k: int) -> Any:
    """float64 [n_cases]."""
    return metric(f"recall@{k}").per_case(found)


def ndcg(found: TargetRanks, k: int) -> float:
    """Mean over the cases."""
    return float(np.nanmean(ranks.ndcg(found, k)))


def timed(work: Any) -> tuple[Any, float]:
    """What `work` gives, and the seconds it took."""
    started = time.perf_counter()
    answer = work()
    return answer, time.perf_counter() - started
