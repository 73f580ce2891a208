"""A sensible recipe for data that have none yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from palate.data.placeholders import placeholder_of
from palate.data.settings import Fault
from palate.data.spelled import doubled_by_writing
from palate.recipe.guess_blocks import guessed_blocks
from palate.recipe.guess_clean import guessed_clean
from palate.recipe.guess_size import sized_for
from palate.recipe.guess_split import guessed_split
from palate.tables import Dataset
from palate.tables.id_spelling import SPELLINGS

_FEW_TWICE: Final = 0.01


def guessed_recipe(
    data: Dataset, name: str = "run", left_out: Sequence[Fault] = ()
) -> dict[str, Any]:
    """A recipe's table: a split and blocks that suit the data, and models that the run chooses on
    validation cases.

    Args:
        data: What the recipe is for.
        name: Name of the run directory.
        left_out: Faults whose few rows were left out in reading; the recipe says so, in `drop`.
    """
    made = guessed_blocks(data.catalogue)
    found = guessed_split(data.interactions)
    texts, why = guessed_clean(data)
    clean = texts | found.clean
    size = sized_for(data.interactions)
    return {
        "name": name,
        **({"data": {"drop": list(left_out)}} if left_out else {}),
        "reasons": [
            *_few(left_out),
            *why,
            *_placeholder(data),
            *_spelled_twice(data),
            *found.reasons,
            *made.reasons,
            *size.reasons,
        ],
        **({"clean": clean} if clean else {}),
        "split": found.split,
        "blocks": made.blocks,
        "budget": {"seconds": size.seconds},
        "choose": {},
        **({"evaluate": {"users": size.users}} if size.users is not None else {}),
    }


def _placeholder(data: Dataset) -> list[str]:
    """What a person should decide about a value that may be none; the recipe takes it as it is."""
    found = placeholder_of(data.interactions.value.astype(np.float64))
    if found is None:
        return []
    return [f"{found.sentence} {found.advice[0].upper()}{found.advice[1:]}."]


def _spelled_twice(data: Dataset) -> list[str]:
    """Users and items that may be one under two ids; the recipe takes them as two."""
    said: list[str] = []
    log = data.interactions
    for what, names in (("users", log.users.ids), ("items", log.items.ids)):
        count, spellings = doubled_by_writing(pl.Series(names, dtype=pl.String))
        if spellings and count >= _FEW_TWICE * len(names):
            ways = " and ".join(SPELLINGS[name].words for name in spellings)
            listed = ", ".join(f'"{name}"' for name in spellings)
            said.append(
                f"{count:,} of {len(names):,} ids of {what} differ from another one in {ways}"
                f" alone, and count as two; if they mean the same: same_ids = [{listed}]."
            )
    return said


def _few(left_out: Sequence[Fault]) -> list[str]:
    faults = [fault for fault in left_out if fault != "returned-goods"]
    said = [
        "Rows that take goods back, and all rows of goods that were given back wholly, are left"
        ' out: drop = ["returned-goods"].'
    ] * (len(left_out) > len(faults))
    if not faults:
        return said
    names = ", ".join(f'"{fault}"' for fault in faults)
    return [
        f"A few rows are faulty and are left out: drop = [{names}]. Mend the source to keep them.",
        *said,
    ]
