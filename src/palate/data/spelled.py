"""Findings about ids that are written in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from palate.data.clean import known_items
from palate.data.table import shorten
from palate.tables import Dataset, Finding
from palate.tables.id_spelling import SPELLINGS, Spelling, alike, apart

MANY: Final = 0.05
"""From such a share on, ids that do not meet make the figures wrong rather than a little worse."""

_FEW: Final = 0.01
_ADDRESS: Final = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
_SHOWN: Final = 5


def spelled_apart(
    wanted: pl.Series, known: pl.Series, what: str, where: str, share: float
) -> Iterator[Finding]:
    """A finding if ids of the log are missing elsewhere only because they are written otherwise.

    Args:
        wanted: String, the different ids of the log.
        known: String, the different ids of the catalogue or of the table of users.
        what: "items" or "users".
        where: The place, for the finding.
        share: Share of what is at stake that does not meet, 0..1.
    """
    found = apart(wanted, known)
    if found is None:
        return
    names = ", ".join(f'"{name}"' for name in found.spellings)
    mend = (
        f"[data] same_ids = [{names}] reads them alike"
        if found.spellings and found.safe
        else "write them alike in both sources; format the column as text before it is exported"
    )
    yield Finding(
        "spelled-apart",
        "error" if share >= MANY else "warning",
        f"{len(found.pairs):,} ids of {what} are written otherwise in the log than beside it, and"
        f" so do not meet: they differ in {found.words}",
        where,
        len(found.pairs),
        tuple(f'"{shorten(a, 24)}" and "{shorten(b, 24)}"' for a, b in found.pairs[:_SHOWN]),
        mend,
    )


def spelled_twice(ids: pl.Series, where: str) -> Iterator[Finding]:
    """A finding for each way in which ids of one column differ in nothing but their writing.

    Args:
        ids: String [n_rows].
        where: The column's place.
    """
    different = ids.drop_nulls().unique(maintain_order=True)
    together, names = doubled_by_writing(different)
    if len(names) > 1:
        listed = ", ".join(f'"{name}"' for name in names)
        yield Finding(
            "spelled-twice",
            "warning" if together >= _FEW * len(different) else "note",
            f"{together:,} of {len(different):,} ids differ from another one in"
            f" {' and '.join(SPELLINGS[name].words for name in names)} alone, and count as two",
            where,
            together,
            (),
            f"if they mean the same: [data] same_ids = [{listed}]",
        )
    for name, way in SPELLINGS.items():
        keys = way.canonical(different)
        doubled = keys.is_duplicated()
        n = int(doubled.sum()) - keys.filter(doubled).n_unique()
        if not n:
            continue
        pairs = pl.DataFrame({"id": different, "key": keys}).filter(doubled)
        groups = pairs.group_by("key", maintain_order=True).agg("id").head(_SHOWN)["id"].to_list()
        yield Finding(
            "spelled-twice",
            "warning" if n >= _FEW * len(different) else "note",
            f"{n:,} of {len(different):,} ids differ from another one in {way.words} alone, and"
            " count as two",
            where,
            n,
            tuple(" and ".join(f'"{shorten(i, 24)}"' for i in group[:3]) for group in groups),
            f'if they mean the same: [data] same_ids = ["{name}"]',
        )


def doubled_by_writing(ids: pl.Series) -> tuple[int, tuple[Spelling, ...]]:
    """How many ids become another one where blanks, capitals and the form of characters do not
    count, and which of these it takes.

    Args:
        ids: String, different ids.

    >>> doubled_by_writing(pl.Series(["Ann", "ann ", "bob"]))
    (1, ('blanks', 'case'))
    """
    names: tuple[Spelling, ...] = ("blanks", "forms", "case")
    most = len(ids) - alike(ids, names).n_unique()
    for name in names:
        fewer = tuple(other for other in names if other != name)
        if len(ids) - alike(ids, fewer).n_unique() == most:
            names = fewer
    return most, names


def mending_spellings(dataset: Dataset) -> tuple[Spelling, ...]:
    """The differences in writing to leave out of account so that log and catalogue meet, and one
    address of e-mail is one user; none where they do, where nothing explains it, or where two items
    would become one.
    """
    meeting = _meeting_spellings(dataset)
    items = pl.Series(dataset.interactions.items.ids, dtype=pl.String)
    both = tuple(dict.fromkeys((*meeting, *_of_addresses(dataset))))
    # capitals tell items apart that numbers of videos and links name
    return both if alike(items, both).n_unique() == alike(items, meeting).n_unique() else meeting


def _of_addresses(dataset: Dataset) -> tuple[Spelling, ...]:
    """The differences between addresses of e-mail that mean one user: capitals and blanks."""
    users = pl.Series(dataset.interactions.users.ids, dtype=pl.String)
    if not len(users) or not users.str.contains(_ADDRESS).all():
        return ()
    return tuple(name for name in doubled_by_writing(users)[1] if name != "forms")


def _meeting_spellings(dataset: Dataset) -> tuple[Spelling, ...]:
    known = known_items(dataset)
    ids = pl.Series(dataset.interactions.items.ids, dtype=pl.String)
    there, missing = ids.filter(pl.Series(known)), ids.filter(~pl.Series(known))
    if not len(there) or not len(missing):
        return ()
    log = ids.gather(np.unique(dataset.interactions.item))
    found = apart(log, there)
    enough = found is not None and 2 * len(found.pairs) >= len(missing)
    return found.spellings if found is not None and enough and found.safe else ()
