"""Will this user take this item now? The features of the trade alone and with content, MovieLens,
by time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from palate.encode.blocks import encode_block
from palate.registry import spec
from palate.study.pointwise import PointwiseSettings, compare
from palate.study.pointwise.past import item_groups
from palate.study.pointwise.rows import PointwiseLift, PointwiseScore
from palate.tables import Catalogue, Interactions, Vocabulary

name = "pointwise"
what = (
    "Whether a user takes a movie at a moment, under one split of time for everybody (half of the"
    " log is history, then training, validation, test). For each event one movie of as many events"
    " so far that the user did not take, so popularity tells nothing and accuracy .5 is chance;"
    " features know strictly earlier events alone, thresholds are chosen on validation (best"
    " accuracy). Traditional: counts, recency, ratios, means, genres' shares and entropy. Content:"
    " similarity to the user's past, how items of similar content fare, principal directions. Cold:"
    " at most 5 events before the moment. 95 % intervals over users; relative gains beside those of"
    " the seed articles. Accuracy, recall and F1 hang on a threshold that may not fit the later"
    " test part (MovieLens 1M); AUC does not"
)
SETS = {"ml-latest-small": 5_000, "ml-1m": 5_000}
FIELDS = ["title", "genres", "overview", "directors", "cast"]
CLAIMED = {"accuracy": 0.82 / 0.70 - 1, "recall": 0.75 / 0.65 - 1, "f1": 0.78 / 0.68 - 1}
FEWEST_ROWS = 200
SHOWN = ("accuracy", "recall", "f1", "auc")


def run() -> dict[str, Any]:
    """All sets that can be found."""
    base = Path(os.environ.get("PALATE_DATA", "../shared/data"))
    rows: list[dict[str, Any]] = []
    claims: list[dict[str, Any]] = []
    for data in (d for d in SETS if (base / d).exists()):
        log, catalogue = _load(base / data)
        items = np.unique(log.item[: len(log) // 2]).astype(np.int32)
        blocks = [
            encode_block(
                "tfidf",
                spec({"part": "text.tfidf.v1", "fields": FIELDS}, "encoder"),
                (),
                catalogue,
                items,
            ).block,
            encode_block(
                "minilm",
                spec({"part": "text.transformer.v1", "fields": FIELDS}, "encoder"),
                [spec({"part": "geometry.centre.v1"}, "block_transform")],
                catalogue,
                items,
            ).block,
        ]
        groups = item_groups(catalogue.fields["genres"].to_list())
        found = compare(log, blocks, groups, PointwiseSettings(positives=SETS[data]))
        rows += [_shown(data, group) for group in _groups(map(_plain, found.rows))]
        lifts = [{"data": data, **_rounded(_plain(r))} for r in found.lifts if r.metric in SHOWN]
        claims += _claims(data, rows)
        rows += [_lift(r) for r in lifts if r["slice"] in ("all", "tail", "cold")]
    return {"rows": rows, "claims": claims}


def _claims(data: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For trees with all content: whether the relative gain is at least the seed articles', all and
    cold targets.

    A slice of few rows says nothing either way and makes no claim.
    """
    found = {
        (r["features"], r["slice"]): r for r in rows if r["data"] == data and r["model"] == "trees"
    }
    claims = []
    for where in ("all", "cold"):
        base, with_content = found["traditional", where], found["traditional + all content", where]
        for metric, claimed in CLAIMED.items() if base["rows"] >= FEWEST_ROWS else ():
            gain = with_content[metric] / base[metric] - 1
            told = (
                f"{base[metric]:.3f} to {with_content[metric]:.3f} by content ({gain:+.1%}), at"
                f" least {claimed:+.1%}"
            )
            claims.append(
                {
                    "claim": f"{data}, {where} targets: {metric} {told}",
                    "holds": bool(gain >= claimed),
                }
            )
    return claims


def _plain(row: PointwiseScore | PointwiseLift) -> dict[str, Any]:
    return {**vars(row), "features": row.features.name}


def _groups(found: Iterable[dict[str, Any]]) -> list[list[Any]]:
    rows = list(found)
    keys = list(dict.fromkeys((r["model"], r["features"], r["slice"]) for r in rows))
    return [[r for r in rows if (r["model"], r["features"], r["slice"]) == key] for key in keys]


def _shown(data: str, rows: list[Any]) -> dict[str, Any]:
    first = rows[0]
    values = {r["metric"]: _rounded(r)["value"] for r in rows}
    about = {
        "data": data,
        "model": first["model"],
        "features": first["features"],
        "slice": first["slice"],
    }
    return {**about, "rows": first["n_rows"], **values}


def _lift(lift: dict[str, Any]) -> dict[str, Any]:
    about = {
        "data": lift["data"],
        "model": lift["model"],
        "features": f"lift by {lift['features']}",
    }
    interval = f"{lift['difference']:+.4f} [{lift['low']:+.4f}, {lift['high']:+.4f}]"
    told = {
        "slice": lift["slice"],
        "metric": lift["metric"],
        "lift": interval,
        "relative": lift["relative"],
    }
    claimed = CLAIMED.get(lift["metric"])
    return {**about, **told, "claimed_relative": None if claimed is None else round(claimed, 4)}


def _rounded(row: Any) -> dict[str, Any]:
    """Plain numbers of five places; None where there is none."""
    return {
        k: (round(v, 5) if np.isfinite(v) else None) if isinstance(v, float) else v
        for k, v in row.items()
    }


def _load(folder: Path) -> tuple[Interactions, Catalogue]:
    frame = (
        pl.read_parquet(folder / "ratings.parquet")
        .drop_nulls("timestamp")
        .sort("timestamp", maintain_order=True)
    )
    items = pl.read_parquet(folder / "items.parquet").with_columns(
        pl.col("movie_id").cast(pl.String)
    )
    items = items.filter(pl.col("movie_id").is_in(frame["movie_id"].cast(pl.String).implode()))
    frame = frame.filter(pl.col("movie_id").cast(pl.String).is_in(items["movie_id"].implode()))
    users, ids = Vocabulary.of(frame["user_id"].cast(pl.String)), Vocabulary.of(items["movie_id"])
    user, item = (
        users.rows(frame["user_id"].cast(pl.String)),
        ids.rows(frame["movie_id"].cast(pl.String)),
    )
    value = frame["rating"].cast(pl.Float32).fill_null(frame["rating"].mean()).to_numpy()
    log = Interactions(users, ids, user, item, value, frame["timestamp"].to_numpy())
    fields = items.select([f for f in FIELDS if f in items.columns])
    return log, Catalogue(ids, fields)
