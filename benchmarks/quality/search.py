"""Searching a shop's products by what people typed: words, meaning, and both, through the service's
own search.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import rankdata
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import ndcg_score

import palate
from palate.arrays import Doubles, Floats
from palate.evaluate.comparisons import compare_family
from palate.evaluate.intervals import mean_intervals
from palate.runs.open import open_run
from palate.serve.engine.content import Content
from palate.serve.engine.items import items_now
from palate.serve.engine.search import Search
from palate.serve.engine.view import view_of

name = "search"
QUERIES = int(os.environ.get("PALATE_SEARCH_QUERIES", "2000"))
K = 10
OURS = "both, as the service does: mean of cosines"
what = (
    f"{QUERIES:,} queries of home-depot-search, drawn at random among those with five judged"
    " products or more and different grades, against the titles of all products that are judged for"
    f" one of them. NDCG@{K} by the mean grade of the raters, less 1 (0 to 2). Of all: the first"
    f" {K} of the catalogue, where products that no one judged for the query count as irrelevant,"
    " which many are not, so that figures are low for every way alike. Judged: each query's judged"
    " products alone, in the order of the search, where most are relevant in some way; ties count"
    " as the mean of their orders. Intervals at 95 % over queries. Words are text.tfidf.v1 with no"
    " stop words left out, meaning is all-MiniLM-L6-v2; both are encoded, compared and added up by"
    " `palate.serve.engine.search.Search`, as the service does. BM25 (k1 1.2, b 0.75) and other"
    " ways to add up are no part of palate and stand beside it"
)

Parts = Mapping[str, Floats]


def run() -> dict[str, Any]:
    """Every way to search."""
    items, queries, judged = _drawn()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        palate.run(palate.read(_log(judged), items), _recipe(), folder=folder)
        opened = open_run(folder)
        catalogue = opened.data.catalogue
        content = Content(opened, "meaning")
        view = view_of(
            opened,
            "meaning",
            items_now(catalogue, {}, np.empty(0, np.int32)),
            opened.scorer("meaning"),
        )
        search = Search(opened, content)
        texts = queries["query"].to_list()
        found = search.cosines(texts, view)
        row_of = catalogue.items.row_of
        titles = catalogue.fields["title"].to_list()
    bm25 = _bm25(titles, texts)
    scores: dict[str, Floats] = {
        "words alone, BM25": bm25,
        "words alone, TF-IDF": found["words"],
        "meaning alone, MiniLM": found["meaning"],
        **{f"both, {label}": combine(found) for label, combine in COMBINED.items()},
        OURS: search.together(found),
    }
    cases = _cases(queries, judged, row_of)
    figures = {label: _ndcg(values, cases) for label, values in scores.items()}
    return _told(figures)


def _mean(parts: Parts) -> Floats:
    return np.mean(np.stack(list(parts.values())), axis=0)


def _standardised(parts: Parts) -> Floats:
    """Each block's cosines less their mean over the catalogue, by their spread there."""
    return _mean(
        {
            name: (x - x.mean(axis=1, keepdims=True))
            / np.maximum(x.std(axis=1, keepdims=True), 1e-9)
            for name, x in parts.items()
        }
    )


def _by_best(parts: Parts) -> Floats:
    """Each block's cosines as a share of the query's best one."""
    return _mean(
        {name: x / np.maximum(x.max(axis=1, keepdims=True), 1e-9) for name, x in parts.items()}
    )


def _ranks(parts: Parts) -> Floats:
    """Reciprocal rank fusion with its usual constant, 60."""
    return _mean({name: 1 / (60 + rankdata(-x, axis=1, method="min")) for name, x in parts.items()})


def _weighed(share: float) -> Callable[[Parts], Floats]:
    return lambda parts: share * parts["words"] + (1 - share) * parts["meaning"]


COMBINED: dict[str, Callable[[Parts], Floats]] = {
    "cosines, words 1 : 3 meaning": _weighed(0.25),
    "cosines, words 3 : 1 meaning": _weighed(0.75),
    "standardised by the catalogue": _standardised,
    "as shares of the best": _by_best,
    "reciprocal ranks": _ranks,
}


def _drawn() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Products, queries, and grades."""
    place = Path(os.environ["PALATE_DATA"]) / "home-depot-search"
    judged = pl.read_parquet(place / "relevance.parquet")
    sizes = judged.group_by("query_id").agg(pl.len(), n=pl.col("relevance").n_unique())
    fit = sizes.filter((pl.col("len") >= 5) & (pl.col("n") > 1))["query_id"].sort().to_numpy()
    chosen = np.sort(np.random.default_rng(1).choice(fit, QUERIES, replace=False))
    queries = pl.read_parquet(place / "queries.parquet").filter(
        pl.col("query_id").is_in(chosen.tolist())
    )
    judged = judged.filter(pl.col("query_id").is_in(chosen.tolist()))
    items = pl.read_parquet(place / "items.parquet")
    items = items.filter(pl.col("item_id").is_in(judged["item_id"].unique().to_list()))
    return items, queries, judged


def _log(judged: pl.DataFrame) -> pl.DataFrame:
    """Something to run on, which the search does not read."""
    return judged.select(user_id="query_id", item_id="item_id").with_columns(
        timestamp=pl.int_range(pl.len())
    )


def _recipe() -> dict[str, Any]:
    return {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "words": {"part": "text.tfidf.v1", "fields": ["title"], "stop_words": "none"},
            "meaning": {"part": "text.transformer.v1", "fields": ["title"]},
        },
        "models": {
            "words": {"part": "model.text_kernel.v1", "block": "words"},
            "meaning": {"part": "model.text_kernel.v1", "block": "meaning"},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False, "users": 20},
        "report": {"users": 1},
    }


def _bm25(titles: list[str], queries: list[str]) -> Floats:
    """float32 [n_queries, n_items]."""
    k1, b = 1.2, 0.75
    words = CountVectorizer()
    counts = words.fit_transform(titles).astype(np.float64).tocsr()
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    present = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log(1 + (len(titles) - present + 0.5) / (present + 0.5))
    base = np.repeat(k1 * (1 - b + b * lengths / lengths.mean()), np.diff(counts.indptr))
    counts.data = idf[counts.indices] * counts.data * (k1 + 1) / (counts.data + base)
    typed = words.transform(queries)
    return np.asarray((typed @ counts.T).todense(), np.float32)


def _cases(
    queries: pl.DataFrame, judged: pl.DataFrame, row_of: Mapping[str, int]
) -> list[tuple[np.ndarray, Doubles]]:
    """For each query the rows of its judged products, and their gains."""
    by_query = judged.partition_by("query_id", as_dict=True)
    cases = []
    for query in queries["query_id"].to_list():
        own = by_query[(query,)]
        rows = np.array([row_of[str(item)] for item in own["item_id"].to_list()])
        cases.append((rows, own["relevance"].to_numpy().astype(np.float64) - 1))
    return cases


def _ndcg(scores: Floats, cases: list[tuple[np.ndarray, Doubles]]) -> tuple[Doubles, Doubles]:
    """float64 [n_queries], of all products and of the judged ones."""
    judged, every = np.empty(len(cases)), np.empty(len(cases))
    for number, (rows, gains) in enumerate(cases):
        judged[number] = ndcg_score([gains], [scores[number][rows]], k=K)
        best = np.argsort(-scores[number], kind="stable")[: 20 * K]
        all_gains = np.zeros(scores.shape[1])
        all_gains[rows] = gains
        ideal = np.sort(gains)[::-1][:K]
        got = all_gains[best[:K]]
        discounts = 1 / np.log2(np.arange(K) + 2)
        every[number] = (got * discounts).sum() / (ideal * discounts[: len(ideal)]).sum()
    return every, judged


def _told(figures: Mapping[str, tuple[Doubles, Doubles]]) -> dict[str, Any]:
    rows, claims = [], []
    for label, found in figures.items():
        row: dict[str, Any] = {"search": label, "queries": len(found[0])}
        for number, kind in enumerate(("of all", "judged")):
            one = mean_intervals(found[number], within=(0, 1))
            row[f"N@10 {kind}"] = f"{one.value[0]:.4f} ({one.low[0]:.4f} to {one.high[0]:.4f})"
            gain = _ahead(figures[OURS][number] - found[number])
            row[f"service - this, {kind}"] = "" if label == OURS else gain[0]
            if "alone" in label and not number:
                claims.append(
                    {
                        "claim": f"of all, both together are ahead of {label} by {gain[0]}",
                        "holds": gain[1],
                    }
                )
        rows.append(row)
    return {"rows": rows, "claims": claims}


def _ahead(difference: Doubles) -> tuple[str, bool]:
    """The mean with its interval, and whether all of that is above 0."""
    (gain,) = compare_family(difference[:, None], None, most=1.0)
    return f"{gain.difference:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})", bool(gain.low > 0)
