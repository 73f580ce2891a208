"""Headings of recommended lists, by a language model."""

from __future__ import annotations

import polars as pl

from palate.answering import WritesHeadings
from palate.errors import BadInput


def with_headings(lists: pl.DataFrame, provider: WritesHeadings) -> pl.DataFrame:
    """Recommended lists with the columns `heading` and `sentence`, the same in all rows of a list;
    null where the model wrote none that may be shown.

    Args:
        lists: What `Run.recommend` gave: the first column says whose list it is.
        provider: Such as `answers.chat.v1` or `answers.gguf.v1`.

    Raises:
        BadInput: The items have no titles, by which a list is named.
        PalateError: The model cannot be reached or may not be paid.

    Cost: one request for each different list.
    """
    if "title" not in lists.columns:
        raise BadInput(
            "the items have no titles, so nothing says what a list holds",
            where="heading",
            next_step="name the field of their titles: report.title_field in the recipe",
        )
    whose, known = lists.columns[0], dict[tuple[str, ...], tuple[str | None, str | None]]()
    rows = []
    for (key,), items in lists.group_by(whose, maintain_order=True):
        titles = tuple(items.sort("rank")["title"].drop_nulls().to_list())
        if titles not in known:
            found = provider.head_list(titles) if titles else None
            known[titles] = (None, None) if found is None else (found.words, found.sentence)
        rows.append((key, *known[titles]))
    made = pl.DataFrame(
        {
            whose: pl.Series([key for key, _, _ in rows], dtype=lists.schema[whose]),
            "heading": pl.Series([words for _, words, _ in rows], dtype=pl.String),
            "sentence": pl.Series([said for _, _, said in rows], dtype=pl.String),
        }
    )
    return lists.join(made, on=whose, how="left")
