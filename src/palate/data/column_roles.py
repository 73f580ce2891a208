"""Which column is the user, the item, the value, the time and so on; every guess is a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from palate.data.action_words import are_actions
from palate.data.column_kinds import by_kind, fits_role
from palate.data.column_names import WORDS, compact, order_of
from palate.data.column_refusals import absent, listed, several
from palate.data.column_values import (
    SAMPLE,
    counts_from_one,
    is_number,
    looks_like_action,
    looks_like_id,
    looks_like_rating,
    looks_like_request,
    looks_like_time,
    sample,
)
from palate.data.settings import NONE, DataSettings
from palate.data.several_times import first_of_times
from palate.data.table import Table, shorten
from palate.data.typed import is_yes_or_no
from palate.data.units_of_time import says_days, seconds_of_days
from palate.errors import BadRecipe, nearest
from palate.tables.columns import (
    ACTION,
    ALIASES,
    ITEM,
    LIKED,
    POSITION,
    POSITION_OR_TIME,
    PROPENSITY,
    REQUEST,
    SESSIONS,
    TIME,
    USER,
    VALUE,
)
from palate.tables.foreign_columns import FOREIGN, QUANTITIES
from palate.tables.index_columns import counts_rows, index_columns


@dataclass(frozen=True)
class Roles:
    """The columns of a table that have a meaning for palate.

    Attributes:
        user: Column of the user's id; None if there is none.
        item: Column of the item's id.
        value: Column of the rating or weight.
        time: Column of the time or rank.
        action: Column of what was done.
        request: Column of the request's id.
        position: Column of the place in the list that was shown.
        propensity: Column of the probability of having been shown.
        said: How they were found.
        index: Columns that number the rows and mean nothing.
    """

    user: str | None = None
    item: str | None = None
    value: str | None = None
    time: str | None = None
    action: str | None = None
    request: str | None = None
    position: str | None = None
    propensity: str | None = None
    said: tuple[str, ...] = ()
    index: tuple[str, ...] = ()


def log_roles(table: Table, settings: DataSettings | None = None) -> Roles:
    """The columns of a log: by the settings, by common names, and by values where the names say
    nothing.

    Raises:
        BadInput: The user or the item cannot be recognised, or two columns could be it; all columns
            are listed.
        BadRecipe: A column that the settings name does not exist.
    """
    search = _searched(table, settings or DataSettings())
    for role in (USER, ITEM):
        if search.found.get(role) is None:
            raise absent(table, role)
    return search.roles()


def known_roles(table: Table, settings: DataSettings | None = None) -> Roles:
    """The columns of a log as by `log_roles`; user and item may be missing, and are where several
    columns could be one of them.

    Raises:
        BadRecipe: A column that the settings name does not exist.
    """
    return _searched(table, settings or DataSettings(), unsure=True).roles()


def _searched(table: Table, given: DataSettings, *, unsure: bool = False) -> _Search:
    """What names and values tell; where it is unsure, several users or items are passed over rather
    than refused.
    """
    search = _Search(table, unsure=unsure)
    named = {
        USER: given.user_column,
        ITEM: given.item_column,
        VALUE: given.value_column,
        TIME: given.time_column,
        ACTION: given.action_column,
        REQUEST: given.request_column,
        POSITION: given.position_column,
        PROPENSITY: given.propensity_column,
    }
    search.reserve(given.context_columns)
    for role, column in named.items():
        search.take(role, column, f"data.{WORDS[role]}_column")
    for role in (USER, ITEM, VALUE, TIME):
        search.by_name(role)
    search.liked()
    search.positions()
    search.by_kind()
    search.by_session()
    search.other_id()
    for role, fits in _FITS.items():
        search.by_name(role, fits=fits)
    search.place_in_list()
    search.by_values()
    return search


def id_column(
    table: Table, role: str, given: str = "", like: str | None = None, setting: str = ""
) -> Roles:
    """The id column of a catalogue (`role` ITEM) or of a table of users (`role` USER).

    Args:
        table: The catalogue or the users.
        role: ITEM or USER.
        given: The column that the settings name; empty if none.
        like: The name that the log has for it, which goes before all other names.
        setting: The recipe key, for the messages.

    Raises:
        BadInput: No column is recognised as the id.
        BadRecipe: `given` does not exist.
    """
    search = _Search(table)
    search.take(role, given, setting)
    if search.found.get(role) is None and like in table.frame.columns:
        search.set(role, str(like), "by the name that the log has for it")
    search.by_name(role, lenient=True)
    search.by_plain_id(role)
    if search.found.get(role) is None:
        raise absent(table, role, setting)
    return search.roles()


class _Search:
    # What has been found so far in one table.
    def __init__(self, table: Table, *, unsure: bool = False) -> None:
        self.table = table
        self.unsure = unsure
        self.found: dict[str, str | None] = {}
        self.reserved: set[str] = set()
        self.reasons: dict[str, list[str]] = {}
        self.index = index_columns(table.frame)

    def roles(self) -> Roles:
        """What was found, with one sentence for each way of finding."""
        said = tuple(
            f"In {self.table.title} {_enumerated(parts)}: {why}."
            for why, parts in self.reasons.items()
        )
        index = tuple(c for c in self.index if c not in {*self.found.values(), *self.reserved})
        if index:
            names = listed(index)
            said += (f"{names} of {self.table.title} only numbers the rows, and is not used.",)
        found = self.found.get
        return Roles(
            user=found(USER),
            item=found(ITEM),
            value=found(VALUE),
            time=found(TIME),
            action=found(ACTION),
            request=found(REQUEST),
            position=found(POSITION),
            propensity=found(PROPENSITY),
            said=said,
            index=index,
        )

    def set(self, role: str, column: str, why: str) -> None:
        """Take a column for a role, and remember why."""
        self.found[role] = column
        self.reasons.setdefault(why, []).append(f'"{shorten(column)}" is the {WORDS[role]}')

    def free(self) -> list[str]:
        """Columns that have no role yet."""
        taken = {*self.found.values(), *self.reserved, *self.index}
        return [c for c in self.table.first.columns if c not in taken]

    def reserve(self, columns: Sequence[str]) -> None:
        """Columns of the context have no other role."""
        for column in columns:
            self._must_exist(column, "data.context_columns")
        self.reserved.update(columns)

    def take(self, role: str, column: str, setting: str) -> None:
        """What the settings name goes before every guess."""
        if column == NONE:
            self.found[role] = None
        elif column:
            self._must_exist(column, setting)
            self.found[role] = column

    def _must_exist(self, column: str, setting: str) -> None:
        if column not in self.table.first.columns:
            raise BadRecipe(
                f'{self.table.name} has no column "{column}"',
                where=setting,
                allowed=listed(self.table.first.columns),
                next_step=nearest(column, self.table.first.columns),
            )

    def by_name(
        self, role: str, *, lenient: bool = False, fits: Callable[[pl.Series], bool] | None = None
    ) -> None:
        """A column of a common name, whose values `fits` the role; several for an id are refused
        unless `lenient`.
        """
        if role in self.found:
            return
        order = order_of((*ALIASES[role], *FOREIGN.get(role, ())))
        english = order_of(ALIASES[role])
        free, table = self.free(), self.table
        named = [c for c in free if compact(c) in order]
        # "note" and "data" are ratings and dates in some languages, and anything in English
        fitting = [c for c in named if compact(c) in english or fits_role(table, role, c, free)]
        candidates = sorted(fitting, key=lambda c: order[compact(c)])
        if fits is not None:
            plain = [c for c in candidates if c not in self.table.objects]
            candidates = [c for c in plain if fits(sample(self.table, c))]
        if not candidates:
            return
        exact = compact(candidates[0]) == compact(role)
        if len(candidates) > 1 and role in (USER, ITEM) and not exact and not lenient:
            self._several(role, candidates)
            return
        others = f", better than {listed(candidates[1:])}" if len(candidates) > 1 else ""
        self.set(role, candidates[0], f"by name{others}")

    def _several(self, role: str, candidates: Sequence[str]) -> None:
        if not self.unsure:
            raise several(self.table, role, candidates)
        self.found[role] = None  # nothing else may take its place

    def liked(self) -> None:
        """A column that says yes or no to the item, where nothing else is the value."""
        if VALUE in self.found:
            return
        order = {compact(name): place for place, name in enumerate(LIKED)}
        named = [c for c in self.free() if compact(c) in order and c not in self.table.objects]
        fits = [c for c in named if is_yes_or_no(sample(self.table, c))]
        if fits:
            best = min(fits, key=lambda c: order[compact(c)])
            self.set(VALUE, best, "by name, and saying yes or no")

    def by_plain_id(self, role: str) -> None:
        """A column called just "id", or by the kind of what it tells apart."""
        if self.found.get(role) is None:
            plain = [c for c in self.free() if compact(c) == "id"]
            plain = plain or by_kind(self.table, role, self.free(), unique=True)
            if plain:
                self.set(role, plain[0], f"being the id of a table of {WORDS[role]}s")

    def positions(self) -> None:
        """The first two columns of a file without names."""
        # A file without names: user, item, value, time is the order of every such file that is in
        # use.
        columns = self.table.first.columns
        nameless = columns == [f"column_{i + 1}" for i in range(len(columns))]
        if not nameless or self.found.get(USER) or self.found.get(ITEM):
            return
        named = [c for c in columns if self._may_name(c)]
        if len(named) >= 2:
            self.set(USER, named[0], "by its place in a file without names")
            self.set(ITEM, named[1], "by its place in a file without names")

    def _may_name(self, column: str) -> bool:
        """Whether a column without a name may hold ids: no times, no count of the rows."""
        values = self.table.first[column]
        given = values.drop_nulls()
        if not len(given) or (given.dtype == pl.String and looks_like_time(given)):
            return False
        return not (column == self.table.first.columns[0] and counts_rows(values))

    def by_kind(self) -> None:
        """Ids of a log by what their columns say that they name; several are refused."""
        if USER in self.found and ITEM in self.found:
            return
        # In a log both come again; where the one that is known does not, this is a catalogue.
        known = [c for c in (self.found.get(USER), self.found.get(ITEM)) if c is not None]
        if not all(self.comes_again(c) for c in known):
            return
        for role in (USER, ITEM):
            candidates = [] if role in self.found else by_kind(self.table, role, self.free())
            if len(candidates) > 1:
                self._several(role, candidates)
            elif candidates:
                self.set(role, candidates[0], f"by what its name says of {WORDS[role]}s")

    def by_session(self) -> None:
        """A session stands for the user where no one else does."""
        if self.found.get(USER) is None and USER not in self.found:
            order = order_of(SESSIONS)
            named = [c for c in self.free() if compact(c) in order and c not in self.table.objects]
            if named:
                self.set(USER, min(named, key=lambda c: order[compact(c)]), "for want of a user")

    def comes_again(self, column: str) -> bool:
        """Whether any value of a column is there twice."""
        columns = (self.table.first[column].head(SAMPLE), self.table.frame[column])
        return any(bool(c.drop_nulls().is_duplicated().any()) for c in columns)

    def other_id(self) -> None:
        """The only column of ids that is left."""
        # Only beside a named time or value: a catalogue, too, has other columns that look like ids.
        missing = [r for r in (USER, ITEM) if self.found.get(r) is None]
        if len(missing) == 1 and (self.found.get(TIME) or self.found.get(VALUE)):
            candidates = [c for c in self.free() if looks_like_id(sample(self.table, c))]
            if len(candidates) > 1:
                # An action or a request looks like an id too, and is one only if nothing else is.
                names = {compact(alias) for role in _FITS for alias in ALIASES[role]}
                candidates = [c for c in candidates if compact(c) not in names]
            if len(candidates) == 1:
                self.set(missing[0], candidates[0], "being the only other column of ids")

    def place_in_list(self) -> None:
        """A column called "position" that is not the time."""
        # Older files call the rank in a user's own sequence so. It is the place in a list only
        # where something else is the time, requests or propensities speak of lists, and it counts
        # from 1.
        if POSITION in self.found or self.found.get(TIME) is None:
            return
        if self.found.get(REQUEST) is None and self.found.get(PROPENSITY) is None:
            return
        for column in self.free():
            if compact(column) == POSITION_OR_TIME and counts_from_one(sample(self.table, column)):
                self.set(POSITION, column, "by name, beside a time, and counting from 1")

    def by_values(self) -> None:
        """A time or a rating that only its values give away."""
        if self.found.get(USER) is None or self.found.get(ITEM) is None:
            return
        found = ((TIME, looks_like_time), (VALUE, looks_like_rating), (ACTION, are_actions))
        counted = order_of(QUANTITIES)
        for role, fits in found:
            if role not in self.found:
                candidates = [c for c in self.free() if fits(sample(self.table, c))]
                if role == VALUE:
                    candidates = [c for c in candidates if compact(c) not in counted]
                if role == TIME:
                    candidates = candidates or [c for c in self.free() if self._counts_days(c)]
                why = "by its values"
                if role == TIME and len(candidates) > 1:
                    ids = (self.found.get(USER), self.found.get(ITEM))
                    first = first_of_times(self.table.first, candidates, ids)
                    why = f"being the first of {listed(candidates)}"
                    candidates = [] if first is None else [first]
                if len(candidates) == 1:
                    self.set(role, candidates[0], why)

    def _counts_days(self, column: str) -> bool:
        """Whether a column says that it holds days, and its numbers can be those of a
        spreadsheet.
        """
        values = sample(self.table, column) if says_days(column) else None
        if values is None or not values.dtype.is_numeric():
            return False
        return seconds_of_days(values.cast(pl.Float64)) is not None


def _enumerated(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


_FITS: Final[dict[str, Callable[[pl.Series], bool]]] = {
    ACTION: looks_like_action,
    REQUEST: looks_like_request,
    POSITION: is_number,
    PROPENSITY: is_number,
}
"""The columns that a log may have besides the first four -> what their values must be like."""
