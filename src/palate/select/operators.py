"""The operators of the menu: counts, recency, ratios, entropy, similarity to the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from palate.arrays import Doubles, Longs, Sparse, dense, l2_normalised
from palate.tables import Catalogue, FeatureTable, Histories, Interactions

WINDOWS = (1, 3, 5, 10, 20)


@dataclass(frozen=True, eq=False)
class Context:
    """All that a feature may be made of; nothing of it comes from validation or test targets.

    Attributes:
        log: The training log, without the events to be predicted.
        histories: One for each request, before its moment.
        catalogue: Fields of the items.
        features: Blocks of the items.
    """

    log: Interactions
    histories: Histories
    catalogue: Catalogue
    features: FeatureTable

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Fields with repeated values: genres, brands, lists of tags."""
        found = []
        for name in self.catalogue.fields.columns:
            column = self.catalogue.fields[name]
            values = column.explode(empty_as_null=True) if column.dtype == pl.List else column
            values = values.drop_nulls()
            if values.dtype == pl.String and 0 < values.n_unique() <= max(2, len(values) // 2):
                found.append(name)
        return tuple(found)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Fields of numbers: price, year, length."""
        return tuple(
            n for n in self.catalogue.fields.columns if self.catalogue.fields[n].dtype.is_numeric()
        )

    def members(self, field: str) -> Sparse:
        """float32 [n_items, n_values], 1 where an item has a value of a category."""
        column = self.catalogue.column(field)
        table = pl.DataFrame({"item": np.arange(len(column), dtype=np.int64), "value": column})
        if column.dtype == pl.List:
            table = table.explode("value", empty_as_null=True)
        table = table.drop_nulls()
        codes = table["value"].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1
        ones = np.ones(len(codes), np.float32)
        width = int(codes.max(initial=-1)) + 1
        return sparse.csr_matrix(
            (ones, (table["item"].to_numpy(), codes)), shape=(len(column), width)
        )

    def recent(self, last: int) -> Histories:
        """The last so many events of each history."""
        return self.histories.keep(self.histories.ages() < last)

    def matrix(self) -> Sparse:
        """float32 [n_requests, n_items], 1 for items of the history."""
        return self.histories.matrix(self.log.n_items)


Make = Callable[[Context, Longs, Longs, Mapping[str, Any]], Doubles]


@dataclass(frozen=True)
class Operator:
    """One entry of the menu.

    Attributes:
        name: Its name.
        meaning: One line for the author of an idea.
        slots: Slot -> what fills it: `category`, `number`, `block` or `window`.
        make: Makes the feature of rows (request, candidate).
    """

    name: str
    meaning: str
    slots: Mapping[str, str]
    make: Make

    def allowed(self, slot: str, context: Context) -> tuple[Any, ...]:
        """The values that the data at hand allow in a slot."""
        kinds: dict[str, tuple[Any, ...]] = {
            "category": context.categories,
            "number": context.numbers,
            "block": tuple(context.features.blocks),
            "window": WINDOWS,
        }
        return kinds[self.slots[slot]]


def _item_count(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    return np.asarray(np.log1p(c.log.item_counts())[items], np.float64)


def _history_length(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    return np.asarray(np.log1p(c.histories.items.lengths())[request], np.float64)


def _recency(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    """Share of the log that came after the item's last event, by places of the log in order of
    time.
    """
    last = np.full(c.log.n_items, -1.0)
    order = c.log.in_time_order()
    np.maximum.at(last, c.log.item[order], np.arange(len(order)))
    return np.asarray(1 - (last[items] + 1) / max(len(order), 1), np.float64)


def _category_share(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    """Share of the history's events that have a value in common with the candidate."""
    M = c.members(slots["field"])
    taste = dense(c.matrix() @ M)
    length = np.maximum(c.histories.items.lengths(), 1)
    own = dense(M)[items]
    return np.asarray(
        (taste[request] * own).sum(1) / np.maximum(own.sum(1), 1) / length[request], np.float64
    )


def _category_count(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    """Log of the events of all items that share a value with the candidate."""
    M = c.members(slots["field"])
    events = M.T @ c.log.item_counts().astype(np.float64)
    return np.asarray(np.log1p(M @ events)[items], np.float64)


def _entropy(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    """How widely the history is spread over the values of a category."""
    taste = dense(c.matrix() @ c.members(slots["field"])).astype(np.float64)
    share = taste / np.maximum(taste.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(
        -np.sum(np.where(share > 0, share * np.log(np.maximum(share, 1e-300)), 0), axis=1)[request],
        np.float64,
    )


def _number_ratio(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    """Log of the candidate's number over the mean of the history's; 0 where one is unknown or not
    above 0.
    """
    values = c.catalogue.column(slots["field"]).cast(pl.Float64).fill_null(np.nan).to_numpy()
    usable = np.nan_to_num(values, nan=0.0) > 0
    X = c.matrix()
    total, n = X @ np.where(usable, values, 0.0), X @ usable.astype(np.float64)
    mean = np.divide(total, n, out=np.zeros_like(total), where=n > 0)[request]
    both = usable[items] & (mean > 0)
    return np.log(np.divide(np.where(both, values[items], 1.0), np.where(both, mean, 1.0)))


def _similarity(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    """Mean cosine of the candidate to the last events."""
    recent = c.recent(slots["last"])
    X = dense(l2_normalised(c.features.block(slots["block"]).matrix)).astype(np.float64)
    sums = recent.matrix(c.log.n_items) @ X
    n = np.maximum(recent.items.lengths(), 1)
    return np.asarray(
        np.einsum("ij,ij->i", np.asarray(sums)[request], X[items]) / n[request], np.float64
    )


def _nearest(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    """Cosine of the candidate to the nearest item of the history."""
    X = dense(l2_normalised(c.features.block(slots["block"]).matrix)).astype(np.float64)
    out = np.zeros(len(items))
    for r in np.unique(request):
        past, rows = c.histories.items[int(r)], np.flatnonzero(request == r)
        if len(past):
            out[rows] = (X[items[rows]] @ X[past].T).max(axis=1)
    return out


def _together(c: Context, request: Longs, items: Longs, slots: Mapping[str, Any]) -> Doubles:
    """Mean share of an item's users who also took the candidate, over the last events."""
    R = c.log.matrix()
    counts = np.maximum(np.asarray(R.sum(axis=0)).ravel(), 1)
    recent = c.recent(slots["last"])
    profile = recent.matrix(c.log.n_items)
    n = np.maximum(recent.items.lengths(), 1)
    scores = (profile @ sparse.diags(1 / counts) @ R.T) @ R
    return np.asarray(np.asarray(scores[request, items]).ravel() / n[request], np.float64)


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        o.name: o
        for o in (
            Operator("item_count", "how often the item was taken", {}, _item_count),
            Operator("history_length", "how much the user took so far", {}, _history_length),
            Operator("recency", "how long ago the item was last taken", {}, _recency),
            Operator(
                "category_share",
                "share of the history with a value of the item",
                {"field": "category"},
                _category_share,
            ),
            Operator(
                "category_count",
                "how often items of the same value were taken",
                {"field": "category"},
                _category_count,
            ),
            Operator(
                "entropy",
                "how widely the history is spread over a field",
                {"field": "category"},
                _entropy,
            ),
            Operator(
                "number_ratio",
                "the item's number over the history's mean",
                {"field": "number"},
                _number_ratio,
            ),
            Operator(
                "similarity",
                "similarity of the item to the last events",
                {"block": "block", "last": "window"},
                _similarity,
            ),
            Operator(
                "nearest",
                "similarity of the item to the nearest event",
                {"block": "block"},
                _nearest,
            ),
            Operator(
                "together",
                "how often both were taken by the same people",
                {"last": "window"},
                _together,
            ),
        )
    }
)
"""Name -> operator, all there are."""
