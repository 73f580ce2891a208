"""A log of what was shown, with which probability, and what it brought; read from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from palate.arrays import Doubles, Floats, Longs, Rows
from palate.data.readers.files import read_file
from palate.data.table import Table
from palate.errors import BadInput, PalateError, raise_all
from palate.evaluate.offpolicy.propensities import estimated_propensities
from palate.study.table_columns import finite_numbers, refuse_missing, user_rows, usual_column
from palate.tables import Vocabulary
from palate.tables.columns import ALIASES, ITEM, POSITION, PROPENSITY, TIME, USER

REWARD: Final = "reward"
_REWARDS: Final = ("reward", "click", "clicked", "value", "label", "rating")
_NAMES: Final = {
    USER: ALIASES[USER],
    ITEM: (*ALIASES[ITEM], "action"),
    PROPENSITY: ALIASES[PROPENSITY],
    POSITION: (*ALIASES[POSITION], "position"),
    TIME: ALIASES[TIME][:-1],
    REWARD: _REWARDS,
}


@dataclass(frozen=True)
class RoundColumns:
    """Names of the columns, where the usual ones are not those of the file.

    Attributes:
        item: What was shown.
        reward: What it brought: a number, or yes and no.
        propensity: The probability with which it was shown.
        user: Whose round it is.
        position: Where it was shown, from 1 on.
        time: When.
        context: Numbers that were known before, for the model of rewards.
    """

    item: str = ""
    reward: str = ""
    propensity: str = ""
    user: str = ""
    position: str = ""
    time: str = ""
    context: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Rounds:
    """Rounds of a file.

    Attributes:
        items: Vocabulary of all items that were shown.
        item: int32 [n], row of the item.
        reward: float64 [n].
        propensity: float64 [n].
        user: int32 [n], a number for each user; each round its own where no column says whose.
        user_ids: Ids of the users by that number; None where no column says.
        position: int32 [n], from 1 on; None without.
        time: int64 [n], seconds since 1970; None without.
        context: float32 [n, d].
        estimated: Whether propensities are those of a count.
        names: Which column was taken for what.
    """

    items: Vocabulary
    item: Rows
    reward: Doubles
    propensity: Doubles
    user: Rows
    user_ids: Sequence[str] | None
    position: Rows | None
    time: Longs | None
    context: Floats
    estimated: bool
    names: dict[str, str]

    def __len__(self) -> int:
        return len(self.item)


def read_rounds(path: Path, columns: RoundColumns, *, estimate: bool = False) -> Rounds:
    """Read them.

    Args:
        path: Any file that palate reads.
        columns: Names of the columns.
        estimate: Count propensities where the file has none.

    Raises:
        BadInput: A column is missing, or a value is no number where one has to be; all at once.
    """
    table = read_file(path)
    names = _found(table, columns, estimate=estimate)
    frame = table.frame
    known = frame.get_column(names[ITEM]).cast(pl.String)
    refuse_missing(table, known, "item")
    items = Vocabulary(tuple(known.unique(maintain_order=True).to_list()))
    item = items.known_rows(known.to_list())
    there = [name for name in (REWARD, PROPENSITY) if name in names]
    numbers = {name: finite_numbers(table, names[name], name) for name in there}
    position = _positions(table, names.get(POSITION, ""))
    segment = None if position is None else position - 1
    estimated = PROPENSITY not in numbers
    if estimated:
        share = estimated_propensities(item, len(items), segment)
        numbers[PROPENSITY] = share[0 if segment is None else segment, item]
    user, user_ids = user_rows(table, names.get(USER, ""))
    context = [finite_numbers(table, name, "context") for name in columns.context]
    return Rounds(
        items,
        item,
        numbers[REWARD],
        numbers[PROPENSITY],
        user,
        user_ids,
        position,
        _times(frame, names.get(TIME, "")),
        np.array(context, np.float32).reshape(len(context), len(item)).T,
        estimated,
        names,
    )


def _found(table: Table, columns: RoundColumns, *, estimate: bool) -> dict[str, str]:
    """What each column is -> its name in the file."""
    given = {
        ITEM: columns.item,
        REWARD: columns.reward,
        PROPENSITY: columns.propensity,
        USER: columns.user,
        POSITION: columns.position,
        TIME: columns.time,
    }
    there, names, problems = table.frame.columns, dict[str, str](), list[PalateError]()
    for what, name in given.items():
        chosen = name or usual_column(table, _NAMES[what])
        if chosen and chosen in there:
            names[what] = chosen
        elif name or what in (ITEM, REWARD) or (what == PROPENSITY and not estimate):
            problems.append(_missing(table, what, name))
    problems += [_missing(table, "context", one) for one in columns.context if one not in there]
    raise_all(problems)
    return names


def _missing(table: Table, what: str, name: str) -> BadInput:
    step = f"name the column: --column {what}=NAME"
    if what == PROPENSITY:
        step += "; or count how often each item was shown: --estimate-propensities"
    return BadInput(
        f'there is no column "{name}"' if name else f"no column looks like the {what}",
        where=table.name,
        allowed=", ".join(table.frame.columns[:30]),
        next_step=step,
    )


def _positions(table: Table, name: str) -> Rows | None:
    if not name:
        return None
    found = finite_numbers(table, name, "position")
    if (found < 1).any() or (found % 1).any():
        row = int(np.argmax((found < 1) | (found % 1 != 0)))
        raise BadInput(f"position {found[row]:g}", where=table.at(row), allowed="1, 2, 3 ...")
    return found.astype(np.int32)


def _times(frame: pl.DataFrame, name: str) -> Longs | None:
    if not name:
        return None
    column = frame.get_column(name)
    if column.dtype.is_temporal():
        return column.dt.epoch("s").to_numpy().astype(np.int64)
    seconds = column.cast(pl.Float64, strict=False)
    return None if seconds.null_count() else seconds.to_numpy().astype(np.int64)
