"""What a data set is, in numbers."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Any

import numpy as np

from palate.data.fields import FieldKind, field_kinds
from palate.data.times import are_dates
from palate.tables import Dataset, Interactions

__all__ = ["describe", "field_kinds"]

_LAST_SECOND = 253_402_300_799


def describe(dataset: Dataset) -> dict[str, Any]:
    """Counts, density, time range, events per user and item, and the fields, as plain values for
    `data.json`.

    Args:
        dataset: What was read or cleaned.

    Returns:
        `counts`, `values`, `actions` (name -> events; empty where the log has none), `text` (one
        row a field with prose) and `fields` (one row for every field).

    >>> import polars as pl
    >>> from palate.data.assemble import read_frames
    >>> log = pl.DataFrame({"user_id": [1, 1, 2], "item_id": ["a", "b", "a"]})
    >>> describe(read_frames(log))["counts"]["density"]
    0.75
    """
    log = dataset.interactions
    kinds = field_kinds(dataset.catalogue)
    fields = [
        {"field": k.name, "kind": k.kind, "share": round(k.present, 4), **_rest(k)} for k in kinds
    ]
    texts = [f for f in fields if f["kind"] == "text"]
    return {
        "counts": _counts(log) | _time_range(log),
        "values": _values(log),
        "actions": {} if log.action is None else log.action.counts(),
        "text": [{key: f[key] for key in ("field", "share", "median_words")} for f in texts],
        "fields": fields,
        "user_fields": [] if dataset.users is None else dataset.users.columns,
    }


def _rest(kind: FieldKind) -> dict[str, Any]:
    rest = asdict(kind)
    return {key: rest[key] for key in ("median_words", "n_distinct")}


def _counts(log: Interactions) -> dict[str, Any]:
    per_user = np.bincount(log.user, minlength=log.n_users)
    per_item = log.item_counts()
    cells = log.n_users * log.n_items
    return {
        "users": log.n_users,
        "items": log.n_items,
        "interactions": len(log),
        "items_without_events": int((per_item == 0).sum()),
        "density": round(log.matrix().nnz / cells, 8) if cells else 0.0,
        "events_per_user_median": float(np.median(per_user)) if log.n_users else 0.0,
        "events_per_user_max": int(per_user.max(initial=0)),
        "events_per_item_median": float(np.median(per_item)) if log.n_items else 0.0,
        "events_per_item_max": int(per_item.max(initial=0)),
    }


def _time_range(log: Interactions) -> dict[str, Any]:
    if log.time is None or not len(log):
        return {"first": None, "last": None, "time": "none"}
    first, last = int(log.time.min()), int(log.time.max())
    if not are_dates(log.time):
        return {"first": first, "last": last, "time": "rank"}
    return {"first": _date(first), "last": _date(last), "time": "clock"}


def _date(seconds: int) -> str:
    # Impossible times are the checks' affair; here they must only not break anything.
    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    within = max(min(seconds, _LAST_SECOND), -62_135_596_800)
    return (start + datetime.timedelta(seconds=within)).date().isoformat()


def _values(log: Interactions) -> dict[str, Any]:
    different, counts = np.unique(log.value, return_counts=True)
    if len(different) <= 20:
        return {"counts": {f"{v:g}": int(n) for v, n in zip(different, counts, strict=True)}}
    shares = {"min": 0.0, "median": 0.5, "max": 1.0}
    return {name: float(np.quantile(log.value, share)) for name, share in shares.items()}
