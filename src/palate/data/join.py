"""A log, a catalogue and a table of users -> one `Dataset` with common vocabularies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from palate.arrays import Longs, Rows
from palate.data.address import is_address
from palate.data.amounts import read_values
from palate.data.column_roles import Roles, id_column, log_roles
from palate.data.continued import ABOVE, log_filled_by, with_filled
from palate.data.id_types import id_type
from palate.data.ids import Ids, as_ids
from palate.data.matching_ids import catalogue_column
from palate.data.optional_columns import OptionalColumns, optional_columns, values_by_action
from palate.data.returned import quantity_of, returned, taken_back
from palate.data.rows import RowFaults
from palate.data.settings import NONE, DataSettings
from palate.data.structured import understood
from palate.data.table import Table
from palate.data.typed import is_value, typed
from palate.data.undone import undone
from palate.data.users_table import users_findings
from palate.data.zone_columns import as_zoned_times, zone_column
from palate.errors import BadInput, BadRecipe
from palate.tables import Catalogue, Dataset, Finding, Interactions, Vocabulary
from palate.tables.columns import USER
from palate.tables.dataset import IdTypes


@dataclass(frozen=True)
class _Log:
    user: Ids
    item: Ids
    value: pl.Series | None
    time: pl.Series | None
    order: pl.Series | None
    optional: OptionalColumns
    roles: Roles
    said: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Side:
    ids: pl.Series
    fields: pl.DataFrame
    said: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    given: tuple[Ids, ...] = ()


def join(log: Table, items: Table | None, users: Table | None, settings: DataSettings) -> Dataset:
    """Put the tables together.

    The item vocabulary is the catalogue in its own order, then the items that only the log has, as
    they appear; the user vocabulary is the users of the log as they appear.

    Raises:
        BadInput: Columns that cannot be recognised, missing ids, values or times that are none,
            items that come twice in the catalogue; each with row and count, all together.
        BadRecipe: The settings name a column that does not exist.
    """
    events = _log(log, settings)
    catalogue = (
        _items(items, events.roles.item, settings, events.item.names)
        if items is not None
        else _Side(_no_ids(), pl.DataFrame(), ())
    )
    item_names = pl.concat([catalogue.ids, events.item.names]).unique(maintain_order=True)
    user_names = events.user.names
    interactions = Interactions(
        Vocabulary(tuple(user_names.to_list())),
        Vocabulary(tuple(item_names.to_list())),
        _row_numbers(events.user.codes),
        _row_numbers(_rows(events.item.names, item_names).gather(events.item.codes)),
        np.ones(len(events.user.codes), np.float32)
        if events.value is None
        else _floats(events.value),
        None if events.time is None else _longs(events.time),
        events.optional.actions(),
        events.optional.requests(),
        events.optional.positions(),
        events.optional.propensities(),
        events.optional.context,
        None if events.order is None else _longs(events.order),
    )
    n_unknown = len(item_names) - len(catalogue.ids)
    fields = (
        pl.concat([catalogue.fields, catalogue.fields.clear(n_unknown)])
        if catalogue.fields.width
        else _empty()
    )
    people = None if users is None else _users(users, events, user_names, settings)
    tables = [t for t in (log, items, users) if t is not None]
    notes = [n for t in tables for n in t.notes]
    found = [f for t in tables for f in t.findings]
    sides = [catalogue] if people is None else [catalogue, people]
    return Dataset(
        interactions,
        Catalogue(interactions.items, fields, _folder(items)),
        None if people is None else people.fields,
        {Path(t.name).name: t.digest for t in tables},
        (*notes, *events.said, *(line for side in sides for line in side.said)),
        (*found, *events.findings, *(f for side in sides for f in side.findings)),
        IdTypes(
            id_type(events.user),
            id_type(events.item, *catalogue.given),
        ),
    )


def _log(table: Table, settings: DataSettings) -> _Log:
    roles = log_roles(table, settings)
    table, filled_in = with_filled(table, roles, settings.fill_by)
    user = as_ids(table, str(roles.user), settings.same_ids)
    item = as_ids(table, str(roles.item), settings.same_ids)
    said = [*roles.said, *filled_in, *user.notes, *item.notes]
    faults = RowFaults(table, settings.drop)
    not_done = _not_done(table, roles, settings, (user, item), faults)
    said += [f"{f.message} [{f.where}]; {f.advice}." for f in not_done]
    mend = _filling(table, roles, settings)
    faults.add("missing-ids", user.codes.is_null(), str(roles.user), "without a user", mend)
    faults.add("missing-ids", item.codes.is_null(), str(roles.item), "without an item")
    value = time = order = None
    optional = optional_columns(table, roles, settings, faults)
    if settings.action_values:
        said.append(_by_action(table, settings))
    elif roles.value is not None:
        value = read_values(table.frame[roles.value])
        faults.add("bad-values", ~is_value(value), roles.value, "without a finite number as value")
    elif settings.value_column != NONE:
        said.append(f"{table.title} has no column of ratings or weights: every event counts 1.")
    if roles.time is not None:
        zones = zone_column(table, roles.time, settings)
        times = as_zoned_times(table, roles.time, zones, settings)
        time, order = times.values, times.order
        said.append(f'"{roles.time}" of {table.title} was read {times.said}.')
        without = "without a time that can be understood"
        faults.add("bad-times", time.is_null(), roles.time, without, mend)
    elif settings.time_column != NONE:
        said.append(
            f"{table.title} has no column of times: the order of its rows stands for the order in"
            " time, as far as it is one."
        )
    value = values_by_action(optional.action, value, settings)
    keep = faults.kept()
    value, time, order = (None if c is None else c.filter(keep) for c in (value, time, order))
    return _Log(
        user.filter(keep),
        item.filter(keep),
        value,
        time,
        order,
        optional.filter(keep),
        roles,
        (*said, *optional.said, *faults.said),
        (*user.findings, *item.findings, *not_done),
    )


def _not_done(
    table: Table, roles: Roles, settings: DataSettings, ids: tuple[Ids, Ids], faults: RowFaults
) -> tuple[Finding, ...]:
    """Findings of orders that were undone and goods that were given back, where these are not left
    out; `ids` are users and items.
    """
    quantity = quantity_of(table, roles, settings)
    back = taken_back(table, quantity, *(column.codes for column in ids))
    if back is None or "returned-goods" not in settings.drop:
        return (*undone(table, roles), *returned(table, quantity, back))
    what = "that take goods back, or of which nothing was kept"
    faults.add("returned-goods", back, str(quantity), what)
    return tuple(undone(table, roles))


def _filling(table: Table, roles: Roles, settings: DataSettings) -> str:
    """What mends rows that only continue another; empty where there are none."""
    by = "" if settings.fill_by else log_filled_by(table, roles)
    if not by:
        return ""
    source = "row above" if by == ABOVE else f'first row of the same "{by}"'
    return f'fill_by = "{by}" takes it from the {source}'


def _by_action(table: Table, settings: DataSettings) -> str:
    if settings.value_column not in ("", NONE):
        raise BadRecipe(
            "both value_column and action_values say what an event counts",
            where="data.action_values",
            next_step="leave out one of them",
        )
    weights = ", ".join(f"{name} = {value:g}" for name, value in settings.action_values.items())
    return f"Each event of {table.title} counts by its action: {weights}."


def with_new_items(catalogue: Catalogue, items: Table, settings: DataSettings) -> Catalogue:
    """The catalogue with items that came later, behind those that it has.

    Raises:
        BadInput: There is no column of ids, an id is missing or known already, or a value is
            not of its field's type.
    """
    new = _items(items, None, settings)
    try:
        return catalogue.grown(new.ids.to_list(), new.fields)
    except pl.exceptions.InvalidOperationError as cause:
        raise BadInput(
            f"a field does not hold what it held when the run was made: {cause}",
            where=items.title,
            next_step="give each field in the type that it had then",
        ) from cause


def _items(
    table: Table,
    item_column: str | None,
    settings: DataSettings,
    wanted: pl.Series | None = None,
) -> _Side:
    roles = catalogue_column(table, wanted, item_column, settings.items_item_column)
    column = str(roles.item)
    table, filled_in = with_filled(table, roles, settings.items_fill_by, catalogue=True)
    ids = as_ids(table, column, settings.same_ids)
    faults = RowFaults(table, settings.drop, catalogue=True)
    faults.add("missing-ids", ids.values.is_null(), column, "without an item id")
    again = ~ids.values.is_first_distinct() & ids.values.is_not_null()
    faults.add("duplicate-items", again, column, "with an item id that came before")
    keep = faults.kept()
    rest = table.frame.drop(column, *roles.index).filter(keep)
    fields, notes = understood(typed(rest), table.title)
    said = (*roles.said, *filled_in, *ids.notes, *faults.said, *notes)
    return _Side(ids.values.filter(keep), fields, said, ids.findings, (ids,))


def _users(table: Table, events: _Log, names: pl.Series, settings: DataSettings) -> _Side:
    """What is known of the log's users, one row each, in the order of `names`."""
    roles = id_column(
        table, USER, settings.users_user_column, events.roles.user, "data.users_user_column"
    )
    column = str(roles.user)
    ids = as_ids(table, column, settings.same_ids)
    findings = (*ids.findings, *users_findings(table, column, ids.values, names))
    known = (
        table.frame.drop(column, *roles.index)
        .with_columns(ids.values.alias(USER))
        .unique(USER, keep="first", maintain_order=True)
    )
    wanted = pl.DataFrame({USER: names}).join(known, on=USER, how="left", maintain_order="left")
    said = (*roles.said, *ids.notes, *(f"{f.message} [{f.where}]." for f in findings))
    return _Side(names, typed(wanted.drop(USER)), said, findings)


def _rows(ids: pl.Series, names: pl.Series) -> pl.Series:
    numbered = pl.DataFrame({"id": names, "row": np.arange(len(names), dtype=np.int32)})
    joined = pl.DataFrame({"id": ids}).join(numbered, on="id", how="left", maintain_order="left")
    return joined["row"]


def _row_numbers(codes: pl.Series) -> Rows:
    return codes.to_numpy().astype(np.int32, copy=False)


def _floats(values: pl.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return values.to_numpy().astype(np.float32)


def _longs(values: pl.Series) -> Longs:
    return values.to_numpy().astype(np.int64)


def _folder(items: Table | None) -> Path:
    """Where the files lie that a catalogue names; those of a frame, which has a name and no folder,
    and those of a database start from the current one.
    """
    return Path() if items is None or is_address(items.name) else Path(items.name).parent


def _no_ids() -> pl.Series:
    return pl.Series("item", [], dtype=pl.String)


def _empty() -> pl.DataFrame:
    return pl.DataFrame()
