"""Tables that were just read -> what the checks see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import polars as pl

from palate.data.amounts import read_values
from palate.data.checks.view import LogView, Place, SideView, View
from palate.data.column_roles import Roles, id_column, log_roles
from palate.data.continued import (
    continued_rows,
    items_filled_by,
    log_filled_by,
    with_filled,
)
from palate.data.few_faults import are_few
from palate.data.ids import as_ids
from palate.data.matching_ids import catalogue_column
from palate.data.returned import quantity_of, returned, taken_back
from palate.data.settings import DataSettings
from palate.data.structured import understood
from palate.data.table import Table
from palate.data.times import as_times
from palate.data.typed import numbers, typed
from palate.data.undone import undone
from palate.data.users_table import users_findings
from palate.tables import Finding
from palate.tables.columns import ACTION, ITEM, POSITION, PROPENSITY, REQUEST, TIME, USER, VALUE

Said = tuple[str, str]
"""A table's name, and a sentence of how it was understood."""


def view_of_tables(
    tables: Mapping[str, Table], given: DataSettings | None = None
) -> tuple[View, tuple[Said, ...]]:
    """What the checks see of "interactions", "items" and "users", those there are, and how it was
    understood.

    Args:
        tables: The tables.
        given: How columns are to be understood, where that should not be guessed.

    Raises:
        BadInput: The ids cannot be recognised, or are of a type that is none.
    """
    settings = given or DataSettings()
    said: list[Said] = []
    found = [finding for table in tables.values() for finding in table.findings]
    log = _log(tables["interactions"], settings, said, found) if "interactions" in tables else None
    like_item, like_user = (log.names[ITEM], log.names[USER]) if log is not None else (None, None)
    items = users = None
    if "items" in tables:
        wanted = None if log is None else log.item
        roles = catalogue_column(tables["items"], wanted, like_item, settings.items_item_column)
        items = _side(tables["items"], "item", roles, settings, said, found)
    if "users" in tables:
        named = settings.users_user_column
        roles = id_column(tables["users"], USER, named, like_user, "data.users_user_column")
        users = _side(tables["users"], "user", roles, settings, said, found)
    known = None if items is None else items.ids.drop_nulls()
    if users is not None:
        wanted = None if log is None else log.user.drop_nulls().unique(maintain_order=True)
        found += users_findings(tables["users"], users.id_name, users.ids, wanted)
    return View(log, items, users, known, tuple(found)), tuple(said)


def _log(table: Table, settings: DataSettings, said: list[Said], found: list[Finding]) -> LogView:
    roles = log_roles(table, settings)
    by = settings.fill_by or log_filled_by(table, roles)
    table, filled_in = with_filled(table, roles, by)
    found += continued_rows(table, filled_in, "fill_by", by)
    same = settings.same_ids
    user, item = as_ids(table, str(roles.user), same), as_ids(table, str(roles.item), same)
    said += [(table.name, line) for line in (*roles.said, *user.notes, *item.notes)]
    quantity = quantity_of(table, roles, settings)
    back = taken_back(table, quantity, user.codes, item.codes)
    not_done = (*undone(table, roles), *returned(table, quantity, back))
    found += [*user.findings, *item.findings, *not_done]
    value = None if roles.value is None else read_values(table.frame[roles.value])
    time = order = None
    if roles.time is not None:
        where = f"{table.name}, column {roles.time}"
        times = as_times(table.frame[roles.time], where, settings.time_format, settings.time_zone)
        said.append((table.name, f'"{roles.time}" was read {times.said}.'))
        time, order = times.values, times.order
    names = {
        USER: roles.user,
        ITEM: roles.item,
        VALUE: roles.value,
        TIME: roles.time,
        ACTION: roles.action,
        REQUEST: roles.request,
        POSITION: roles.position,
        PROPENSITY: roles.propensity,
    }
    raw = {k: table.frame[v] for k, v in names.items() if v is not None}
    place = Place(table.name, table.first_line)
    view = LogView(
        place,
        user.values,
        item.values,
        value,
        time,
        {k: str(v) for k, v in names.items()},
        raw,
        None if roles.action is None else as_ids(table, roles.action).values,
        None if roles.request is None else as_ids(table, roles.request).values,
        None if roles.position is None else numbers(table.frame[roles.position]),
        None if roles.propensity is None else numbers(table.frame[roles.propensity]),
    )
    return replace(view, severity=_severity(view.faulty), order=order)


def _severity(faulty: pl.Series, *, catalogue: bool = False) -> Literal["error", "warning"]:
    """A few such rows of data without a recipe are left out, more of them are refused."""
    return "warning" if are_few(faulty, catalogue=catalogue) else "error"


def _side(
    table: Table,
    word: str,
    roles: Roles,
    settings: DataSettings,
    said: list[Said],
    found: list[Finding],
) -> SideView:
    column = str(roles.item if word == "item" else roles.user)
    if word == "item":
        by = settings.items_fill_by or items_filled_by(table, column)
        table, filled_in = with_filled(table, roles, by, catalogue=True)
        found += continued_rows(table, filled_in, "items_fill_by", by)
    ids = as_ids(table, column, settings.same_ids)
    fields, notes = understood(typed(table.frame.drop(column, *roles.index)), table.title)
    said += [(table.name, line) for line in (*roles.said, *ids.notes, *notes)]
    found += ids.findings
    place = Place(table.name, table.first_line)
    faulty = ids.values.is_null() | ~ids.values.is_first_distinct()
    return SideView(
        place, word, column, ids.values, fields, _severity(faulty, catalogue=word == "item")
    )
