"""Rows of a log that speak of orders which were undone: cancelled, refunded, failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import polars as pl

from palate.data.column_roles import Roles
from palate.data.continued import filled_status
from palate.data.table import Table, shorten
from palate.tables import Finding

_NAMES: Final = (
    r"(?i)^(order|payment|financial|fulfillment|transaction)?[ _-]*(status|state)$"
    r"|订单状态|交易状态|状态|상태$|状況$|ステータス|^(bestell)?status$|statut|^estado|^stato|статус"
)
_UNDONE: Final = (
    r"(?i)cancel|refund|void|\bfail|\breturned|declin|chargeback|storn|erstattet|retour|annul"
    r"|rembours|reembols|rimbors|取消|退款|退货|关闭|отмен|возвра|취소|반품|환불"
    r"|キャンセル|返品|返金"
)
_PARTLY: Final = r"(?i)part"
_MOST_STATES: Final = 30


def undone(table: Table, roles: Roles) -> Iterator[Finding]:
    """A warning for rows of orders that were undone, as they count like the others.

    Args:
        table: The log.
        roles: Its columns; a status that was taken for the action is left to `action_values`.
    """
    taken = {roles.user, roles.item, roles.time, roles.value, roles.action}
    for raw in (table.frame[name] for name in status_columns(table) if name not in taken):
        if raw.dtype != pl.String or raw.n_unique() > _MOST_STATES:
            continue
        column = filled_status(table, roles, raw.name)
        partly = column.str.contains(_PARTLY)
        wrong = column.str.contains(_UNDONE) & ~partly
        n = int(wrong.sum())
        if not n or n == len(column):
            continue
        half = int((column.str.contains(_UNDONE) & partly).sum())
        rest = (
            f"; {half:,} rows are of orders refunded in part, and count as bought" if half else ""
        )
        states = column.drop_nulls().unique(maintain_order=True).sort().to_list()
        bad = set(column.filter(wrong.fill_null(False)).to_list())
        values = ", ".join(
            f"{json.dumps(s, ensure_ascii=False)} = {int(s not in bad)}" for s in states
        )
        yield Finding(
            "undone-orders",
            "warning",
            f"{n:,} of {len(column):,} rows say that they were undone"
            f" ({', '.join(sorted(shorten(s, 20) for s in bad))}), and count like the others",
            f"{table.name}, column {shorten(column.name)}",
            n,
            (),
            "to leave them out: palate init FILES"
            f" {_quoted(f'action_column={column.name}')} 'action_values={{{values}}}' min_value=1"
            f"{rest}",
        )


def status_columns(table: Table) -> list[str]:
    """The columns of a log that are called like the state of an order."""
    names = pl.Series(table.frame.columns, dtype=pl.String)
    return names.filter(names.str.contains(_NAMES)).to_list()


def _quoted(text: str) -> str:
    return f"'{text}'" if " " in text else text
