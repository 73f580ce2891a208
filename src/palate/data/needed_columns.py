"""Which columns of a log are worth reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from palate.data.column_roles import log_roles
from palate.data.continued import log_filled_by
from palate.data.returned import quantity_of
from palate.data.settings import DataSettings
from palate.data.table import Table
from palate.data.undone import status_columns
from palate.data.zone_columns import zone_column
from palate.errors import PalateError
from palate.tables.index_columns import may_be_index


def columns_of_log(settings: DataSettings) -> Callable[[Table], Sequence[str] | None]:
    """Which columns of a log are needed, for a reader that looks at its first rows; None for all,
    where these do not tell.

    Args:
        settings: The section `[data]`.
    """

    def needed(table: Table) -> Sequence[str] | None:
        """The columns with a role, those of the context, and those that may number the rows."""
        try:
            roles = log_roles(table, settings)
        except PalateError:
            return None
        # rows that leave these empty may continue another one, which a further column tells
        may_be_empty = [c for c in (roles.user, roles.time, roles.action) if c is not None]
        by = ""
        if any(table.frame[c].null_count() for c in may_be_empty):
            if not any(table.first[c].null_count() for c in may_be_empty):
                return None  # the first rows do not show it
            by = log_filled_by(replace(table, frame=table.first), roles)
        named = (roles.user, roles.item, roles.value, roles.time, roles.action, roles.request)
        wanted = {
            *named,
            roles.position,
            roles.propensity,
            *settings.context_columns,
            settings.fill_by,
            by,
            zone_column(table, roles.time, settings),
            quantity_of(table, roles, settings),
            *status_columns(table),
        }
        return [c for c in table.first.columns if c in wanted or may_be_index(c)]

    return needed
