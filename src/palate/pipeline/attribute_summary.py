"""What the page shows of the attributes of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from palate.arrays import Longs
from palate.encode.attributes.answer_table import BETWEEN
from palate.encode.fitted import FittedBlock
from palate.runs.attribute_rows import AnsweredItem, AttributeSummary, CountedValue
from palate.runs.fields import significant
from palate.tables import Catalogue

TABLE = "attributes"
VALUES, EXAMPLES = 8, 5


def attribute_summaries(
    blocks: Mapping[str, FittedBlock], catalogue: Catalogue, titles: Sequence[str], counts: Longs
) -> tuple[AttributeSummary, ...]:
    """One row for each attribute of each block that has some.

    Args:
        blocks: Of the run.
        catalogue: All items.
        titles: [n_items], what people call them.
        counts: int64 [n_items], how often the training part holds each.
    """
    title_of = dict(zip(catalogue.items.ids, titles, strict=True))
    taken = dict(zip(catalogue.items.ids, counts.tolist(), strict=True))
    found = []
    for name, fitted in blocks.items():
        table = fitted.tables().get(TABLE)
        if table is not None:
            popular = table.with_columns(
                taken=pl.col("item_id").replace_strict(taken, return_dtype=pl.Int64)
            )
            for (attribute,), rows in popular.group_by("attribute", maintain_order=True):
                found.append(_summary(name, str(attribute), rows, title_of))
    return tuple(found)


def _summary(
    block: str, attribute: str, rows: pl.DataFrame, title_of: Mapping[str, str]
) -> AttributeSummary:
    known = rows.filter(pl.col("value").is_not_null())
    sure = known["confidence"].drop_nulls()
    shown = known.sort("taken", descending=True, maintain_order=True).head(EXAMPLES)
    return AttributeSummary(
        block,
        attribute,
        str(rows["source"][0]),
        rows.height,
        known.height,
        int(rows["fault"].is_not_null().sum()),
        None if sure.is_empty() else significant(float(sure.to_numpy().mean())),
        significant(float(rows["seconds"].sum())),
        significant(float(rows["cost"].sum())),
        _counted(known["value"]),
        tuple(
            AnsweredItem(
                row["item_id"],
                title_of.get(row["item_id"], ""),
                row["value"],
                row["confidence"],
                row["evidence"] or "",
            )
            for row in shown.iter_rows(named=True)
        ),
    )


def _counted(values: pl.Series) -> tuple[CountedValue, ...]:
    """The most frequent values, those of one item each by itself; of numbers none."""
    if values.cast(pl.Float64, strict=False).is_not_null().all():
        return ()
    single = values.str.split(BETWEEN).explode()
    counts = single.filter(single != "").value_counts()
    ordered = counts.sort(["count", "value"], descending=[True, False]).head(VALUES)
    return tuple(CountedValue(*row) for row in ordered.iter_rows())
