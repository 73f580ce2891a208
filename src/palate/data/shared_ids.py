"""Columns of a log that names do not tell: the item is what the catalogue has, and the user is what
else comes again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from palate.data.amounts import amounts
from palate.data.column_kinds import is_id_by_name
from palate.data.column_names import compact
from palate.data.column_roles import Roles, known_roles
from palate.data.column_values import looks_like_time, sample
from palate.data.ids import as_ids
from palate.data.settings import DataSettings
from palate.data.table import Table, shorten
from palate.errors import BadInput
from palate.tables.foreign_columns import QUANTITIES
from palate.tables.id_spelling import Spelling, alike
from palate.tables.index_columns import index_columns

_LOOSE: Final[tuple[Spelling, ...]] = ("blanks", "forms", "case", "leading-zeros")
_ENOUGH: Final = 0.5
_CLEARLY: Final = 1.25
_LEAST: Final = 5
_MOSTLY_UNIQUE: Final = 0.9
_FAR_MORE: Final = 5
_LONGEST: Final = 100
_ORDERS: Final = re.compile(
    r"(?i)order|bill|invoice|receipt|basket|transaction|ticket|row|line|commande|facture|bestell"
    r"|beleg|rechnung|auftrag|pedido|factura|ordine|fattura|заказ|чек|订单|訂單|流水|交易|주문|注文"
)
"""Names of what is bought at once, which is no user."""


def with_shared_ids(
    tables: Mapping[str, Table], settings: DataSettings
) -> tuple[DataSettings, tuple[str, ...]]:
    """The settings with the columns of item and user where the names of a log do not tell them, or
    tell one of which the catalogue has nothing, and what to say of each.

    Args:
        tables: "interactions", and perhaps "items" and "users".
        settings: The section `[data]`; what it names stays.

    Cost: one look at the different values of each column's first 100,000 rows.
    """
    log = tables.get("interactions")
    if log is None:
        return settings, ()
    said: list[str] = []
    if not settings.item_column and "items" in tables:
        pair = _item(log, tables["items"], settings)
        if pair is not None:
            given = settings.items_item_column
            settings = replace(
                settings, item_column=pair.column, items_item_column=given or pair.of_catalogue
            )
            said.append(pair.sentence(log))
    if not settings.user_column:
        user = _user(log, known_roles(log, settings))
        if user:
            settings = replace(settings, user_column=user)
            what = "is the user: no other column has as many values that come again"
            said.append(f'In {log.title} "{shorten(user)}" {what}.')
    return settings, tuple(said)


@dataclass(frozen=True)
class _Pair:
    """A column of the log, and the column of the catalogue that has its values.

    Attributes:
        column: Of the log.
        of_catalogue: Of the catalogue.
        share: Share of the log's values that the catalogue has.
        covered: Share of the catalogue's values that the log has.
        instead: The column that names alone would choose; empty for none.
    """

    column: str
    of_catalogue: str
    share: float
    covered: float
    instead: str = ""

    @property
    def rank(self) -> tuple[float, bool, bool]:
        """How well they fit: by their values, then by saying that they are ids, then by having one
        name.
        """
        ids = is_id_by_name(self.column) and is_id_by_name(self.of_catalogue)
        same = compact(self.column) == compact(self.of_catalogue)
        return self.share * self.covered, ids, same

    def sentence(self, log: Table) -> str:
        """What was found."""
        other = f', and not "{shorten(self.instead)}"' if self.instead else ""
        return (
            f'In {log.title} "{shorten(self.column)}" is the item{other}: the catalogue has'
            f" {self.share:.0%} of its values."
        )


def _item(log: Table, items: Table, settings: DataSettings) -> _Pair | None:
    """The column of the log's items by the ids of the catalogue; None where names tell it well."""
    roles = known_roles(log, settings)
    of_items = _different(items, settings.items_item_column)
    if roles.item is not None:
        own = _best(log, roles.item, of_items)
        if own is not None and own.share >= _ENOUGH:
            return None
    others = {roles.user, roles.time, roles.value, roles.action, roles.item}
    pairs = [
        pair
        for column in log.first.columns
        if column not in others and (pair := _best(log, column, of_items)) is not None
    ]
    fits = sorted((p for p in pairs if p.share >= _ENOUGH), key=lambda p: p.rank, reverse=True)
    if not fits or (len(fits) > 1 and not _is_better(fits[0], fits[1])):
        return None
    return replace(fits[0], instead=roles.item or "")


def _is_better(one: _Pair, other: _Pair) -> bool:
    if one.rank[0] > _CLEARLY * other.rank[0]:
        return True
    return one.rank[0] * _CLEARLY > other.rank[0] and one.rank[1:] > other.rank[1:]


def _best(log: Table, column: str, of_items: Mapping[str, pl.Series]) -> _Pair | None:
    """The column of the catalogue that has most of a column's values; None where that names
    nothing.
    """
    if not _may_name(log, column):
        return None
    wanted = _names(log, column)
    pairs = [
        _Pair(column, name, shared / len(wanted), shared / len(ids))
        for name, ids in of_items.items()
        if (shared := int(wanted.is_in(ids.implode()).sum()))
    ]
    return max(pairs, key=lambda p: p.rank, default=None)


def _different(table: Table, given: str) -> dict[str, pl.Series]:
    """Column -> its different values, of those columns that can be ids; only `given` if named."""
    found: dict[str, pl.Series] = {}
    for column in [given] if given in table.frame.columns else table.frame.columns:
        values = table.frame[column].drop_nulls()
        plain = column not in table.objects and not values.dtype.is_nested()
        if plain and len(values) and (given or values.n_unique() >= _MOSTLY_UNIQUE * len(values)):
            names = _names(table, column, whole=True)
            if len(names):
                found[column] = names
    return found


def _names(table: Table, column: str, *, whole: bool = False) -> pl.Series:
    """String [n], the different ids of a column, whatever their case, blanks and zeros; none where
    it holds no ids.
    """
    frame = table.frame if whole else table.first
    try:
        ids = as_ids(Table(table.name, frame.select(column), objects=table.objects), column)
    except BadInput:
        return pl.Series("item", [], dtype=pl.String)
    return alike(ids.names, _LOOSE).drop_nulls().unique()


def _may_name(table: Table, column: str) -> bool:
    """Whether values of a log's column can be ids: they come again, and are no times, fractions,
    amounts or long texts.
    """
    values = table.first[column].drop_nulls()
    plain = values.dtype.is_integer() or values.dtype.is_float() or values.dtype == pl.String
    if not plain or column in table.objects or compact(column) in _quantities():
        return False
    different = values.n_unique()
    if different < _LEAST or different >= _MOSTLY_UNIQUE * len(values):
        return False
    if values.dtype == pl.String:
        longest = int(str(values.str.len_chars().max()))
        if longest > _LONGEST or looks_like_time(values) or amounts(values) is not None:
            return False
    typed = sample(table, column)
    return not (typed.dtype.is_float() and bool((typed != typed.floor()).any()))


def _user(log: Table, roles: Roles) -> str:
    """The column of the users where the item is known and no name tells them; empty where several
    could be it.
    """
    if roles.user is not None or roles.item is None:
        return ""
    found = sorted(_users(log, roles), reverse=True)
    if not found or (len(found) > 1 and found[0][0] < _FAR_MORE * found[1][0]):
        return ""
    return found[0][1]


def _users(log: Table, roles: Roles) -> Iterator[tuple[int, str]]:
    """How many values the columns have that can be users."""
    frame, item = log.first, str(roles.item)
    taken = {roles.item, roles.time, roles.value, roles.action, *index_columns(frame)}
    n_items = frame[item].n_unique()
    for column in frame.columns:
        if column in taken or _ORDERS.search(column) or not _may_name(log, column):
            continue
        # what the item alone decides describes the item
        if frame.select(item, column).n_unique() > _CLEARLY * n_items:
            yield frame[column].n_unique(), column


def _quantities() -> frozenset[str]:
    return frozenset(map(compact, QUANTITIES))
