"""What was shown and what came of it: one row for each item of each list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import polars as pl

from palate.serve.served.feature_rows import FeatureRow
from palate.serve.served.lists import ServedItem, ServedList
from palate.tables import Event
from palate.tables.columns import ITEM, POSITION, PROPENSITY, REQUEST, SCORE, TIME, USER

FEATURES: Final = "features."
"""Before the name of a block: the column with the digest of the row of features."""


def impressions(
    lists: Sequence[ServedList], events: Sequence[Event], no_interest: Collection[str]
) -> pl.DataFrame:
    """The frame {request_id, user_id, timestamp, kind, model, degraded, item_id, list_position,
    score, propensity, source, reported, actions, value} and a column `features.BLOCK` for each
    block: the digest, in hex, of the row of features that the list was made of.

    Args:
        lists: Lists as they were served.
        events: The log; an event belongs to a list by its request and item.
        no_interest: Actions that say nothing for an item.

    `actions` are what was done with the item as an answer to the list, `value` the largest value of
    those that say something for it, 0 for none. `reported` says whether any event came: where a
    client sends `impression` events, an item without one was likely not seen.
    """
    come: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.request:
            come[event.request, event.item].append(event)
    blocks = list(dict.fromkeys(name for one in lists for name in one.blocks))
    rows = [
        _row(one, item, come.get((one.request, item.item), []), no_interest, blocks)
        for one in lists
        for item in one.items
    ]
    digests: dict[str, Any] = {FEATURES + name: pl.String for name in blocks}
    return pl.DataFrame(rows, schema={**_SCHEMA, **digests}, orient="row")


def feature_frame(rows: Mapping[bytes, FeatureRow]) -> pl.DataFrame:
    """Each row of features once: the frame {block, digest, width, content}; `content` are the bytes
    that were served, see `palate.serve.served.feature_rows`.
    """
    return pl.DataFrame(
        [(row.block, row.digest.hex(), row.width, row.content) for row in rows.values()],
        schema={"block": pl.String, "digest": pl.String, "width": pl.Int64, "content": pl.Binary},
        orient="row",
    )


_SCHEMA: Final[dict[str, Any]] = {
    REQUEST: pl.String,
    USER: pl.String,
    TIME: pl.Int64,
    "kind": pl.String,
    "model": pl.String,
    "degraded": pl.Boolean,
    ITEM: pl.String,
    POSITION: pl.Int32,
    SCORE: pl.Float64,
    PROPENSITY: pl.Float64,
    "source": pl.String,
    "reported": pl.Boolean,
    "actions": pl.List(pl.String),
    "value": pl.Float64,
}


def _row(
    one: ServedList,
    item: ServedItem,
    come: Sequence[Event],
    no_interest: Collection[str],
    blocks: Sequence[str],
) -> tuple[Any, ...]:
    digests = dict(zip(one.blocks, item.features, strict=False))  # none where it is not certain
    value = max((e.value for e in come if e.action not in no_interest), default=0.0)
    return (
        *(one.request, one.user or None, one.time, one.kind, one.model, one.degraded),
        *(item.item, item.position, item.score, item.propensity, item.source),
        bool(come),
        [event.action for event in come],
        value,
        *(digests[name].hex() if name in digests else None for name in blocks),
    )
