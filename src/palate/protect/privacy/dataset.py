"""A data set without personal data in what is known of its items and users."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import polars as pl

from palate.protect.privacy.pattern import Kind
from palate.protect.privacy.scrub import KINDS, scrubbed
from palate.protect.privacy.suspect import suspect
from palate.tables import Dataset
from palate.tables.findings import Finding

_LOOKED_AT = 5_000
"""Ids that are looked at."""


def without_personal_data(dataset: Dataset, kinds: Collection[Kind] = KINDS) -> Dataset:
    """Replace personal data in every text of the items, the users and the contexts of events by
    their kinds.

    Ids stay: a finding says where they hold such data themselves.

    Args:
        dataset: What was read.
        kinds: What is looked for; none: nothing is replaced.

    Returns:
        The data set; its findings say how much was replaced, by field and kind, never what.
    """
    if not kinds:
        return dataset
    items, of_items = _fields(dataset.catalogue.fields, "items", kinds)
    users, of_users = dataset.users, list[Finding]()
    if users is not None:
        users, of_users = _fields(users, "users", kinds)
    log, of_log = dataset.interactions, list[Finding]()
    if log.context is not None:
        context, of_log = _fields(log.context, "interactions", kinds)
        log = replace(log, context=context)
    ids = [
        _in_ids(names, kind, kinds)
        for names, kind in (
            (dataset.interactions.users.ids, "users"),
            (dataset.interactions.items.ids, "items"),
        )
    ]
    found = [*of_items, *of_users, *of_log, *(one for one in ids if one)]
    return replace(
        dataset,
        interactions=log,
        catalogue=replace(dataset.catalogue, fields=items),
        users=users,
        findings=(*dataset.findings, *found),
    )


def scrubbed_fields(fields: pl.DataFrame, kinds: Collection[Kind] = KINDS) -> pl.DataFrame:
    """A table's texts without personal data; lists of texts too."""
    return _fields(fields, "", kinds)[0] if kinds else fields


def _fields(
    fields: pl.DataFrame, kind: str, kinds: Collection[Kind]
) -> tuple[pl.DataFrame, list[Finding]]:
    found = list[Finding]()
    for name, column in zip(fields.columns, fields.get_columns(), strict=True):
        changed, counts, rows = _column(column, kinds)
        if rows:
            fields = fields.with_columns(changed.alias(name))
            found.append(_finding(kind, name, counts, rows))
    return fields, found


def _column(column: pl.Series, kinds: Collection[Kind]) -> tuple[pl.Series, dict[str, int], int]:
    """The column, findings by kind, and rows that hold one."""
    if column.dtype == pl.String:
        done = scrubbed(column, kinds)
        return done.texts, dict(done.counts), len(done.rows)
    if column.dtype == pl.List(pl.String):
        done = scrubbed(column.explode(), kinds)
        if done.rows:
            rows = pl.DataFrame({"row": range(len(column)), "text": column}).explode("text")
            again = rows.with_columns(done.texts.alias("text")).group_by("row", maintain_order=True)
            lists = again.agg("text").get_column("text")
            kept = pl.select(
                pl.when(column.is_null() | (column.list.len() == 0)).then(column).otherwise(lists)
            ).to_series()
            return (
                kept,
                dict(done.counts),
                rows.get_column("row").gather(list(done.rows)).n_unique(),
            )
    return column, {}, 0


def _finding(kind: str, field: str, counts: dict[str, int], rows: int) -> Finding:
    what = ", ".join(f"{n:,} {one}" for one, n in sorted(counts.items()))
    return Finding(
        "personal-data",
        "note",
        f"personal data in {rows:,} texts ({what}) were replaced by their kinds",
        f"{kind}, {field}",
        sum(counts.values()),
        (),
        "what this takes for personal data and is none stays with [protect] scrub = false, or a"
        " list of kinds",
    )


def _in_ids(ids: Collection[str], kind: str, kinds: Collection[Kind]) -> Finding | None:
    """Ids that are e.g. mail addresses: numbers alone say nothing."""
    named = pl.Series(list(ids)[:_LOOKED_AT], dtype=pl.String)
    said = named.filter(suspect(named) & named.str.contains(r"[^\d\s-]"))
    done = scrubbed(said, [one for one in kinds if one in ("email", "ip", "key")])
    if not done.rows:
        return None
    what = ", ".join(sorted(done.counts))
    return Finding(
        "personal-ids",
        "warning",
        f"ids of {kind} are personal data themselves ({what}), {len(done.rows):,} of the first"
        f" {len(named):,}",
        kind,
        len(done.rows),
        (),
        "give them other ids before they are read",
    )
