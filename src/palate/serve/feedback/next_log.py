"""The log and the catalogue that the next run learns from."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import tomli_w

from palate import store
from palate.arrays import Rows
from palate.data.titles import named_by
from palate.runs.open import OpenedRun
from palate.serve.engine.items import Items, items_now
from palate.serve.feedback.live_data import LiveData
from palate.tables import Event, Interactions
from palate.tables.columns import ITEM, USER

LOG, ITEMS, RECIPE = "log.parquet", "items.parquet", "recipe.toml"
_OF_USERS: Final = "users"


def next_log(
    opened: OpenedRun, live: LiveData, no_interest: Collection[str]
) -> tuple[pl.DataFrame, int]:
    """The run's log without those who were forgotten, and the live events behind it; and how many
    live events are left out, since the run's log has times and they have none.

    Events that say nothing for an item (impressions, say) are not in it.
    """
    log = opened.data.interactions
    rows = log if log.order is None else log.take(log.in_time_order())
    gone = {user for user in log.users.ids if live.erased(user)}
    old = rows.frame().filter(~pl.col(USER).is_in(list(gone)))
    taken = [e for e in live.events if e.action not in no_interest]
    timed = [e for e in taken if log.time is None or e.time is not None]
    left_out = len(taken) - len(timed)
    if not timed:
        return old, left_out
    new = _frame(timed, log.time is not None)
    return pl.concat([old, new], how="diagonal_relaxed"), left_out


def catalogue_now(opened: OpenedRun, live: LiveData) -> Items:
    """The catalogue of the run with all that was said of its items since."""
    forgotten: Rows = np.asarray(opened.forgotten_items, np.int32)
    title = named_by(opened.data.catalogue, opened.recipe.report.title_field)
    return items_now(opened.data.catalogue, live.items, forgotten, title)


def catalogue_frame(items: Items) -> pl.DataFrame:
    """Ids and fields of the items that were not taken away."""
    ids = pl.Series(ITEM, items.catalogue.items.ids, dtype=pl.String)
    fields = [c for c in items.catalogue.fields.get_columns() if c.name != ITEM]
    there = np.ones(len(items.catalogue), np.bool_)
    there[list(items.deleted)] = False
    return pl.DataFrame([ids, *fields]).filter(pl.Series(there))


def write_recipe(opened: OpenedRun, folder: Path) -> None:
    """The run's recipe over the new log and catalogue."""
    path = opened.folder / "recipe.toml"
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    data = table.get("data", {})
    kept = {key: value for key, value in data.items() if key.startswith(_OF_USERS) and value}
    if "users" in kept and "://" not in kept["users"]:
        kept["users"] = str((opened.recipe.base / kept["users"]).resolve())
    table["data"] = {"interactions": LOG, "items": ITEMS, **kept}
    store.write_text(folder / RECIPE, tomli_w.dumps(table))


def _frame(events: Sequence[Event], timed: bool) -> pl.DataFrame:
    if timed:
        events = sorted(events, key=lambda event: event.time or 0)
    else:  # a log without times is in the order in which things happened
        events = [replace(event, time=None) for event in events]
    return Interactions.of_events(events).frame()
