"""The slate of a recipe over a catalogue: the same where it is studied, in lists of a run, and in a
service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl
from scipy import sparse

from palate import registry
from palate.acting import TradesAccuracy
from palate.arrays import Doubles, Floats, Matrix, Ragged, Rows, dense
from palate.errors import BadRecipe
from palate.evaluate.beyond_accuracy import history_shares
from palate.recipe.slate import SlateRecipe
from palate.registry import PartSpec
from palate.stages import Slate
from palate.tables import Catalogue, SlateCandidates

MOST_VALUES = 200
"""The most frequent values of a field that are distinguished."""


@dataclass(frozen=True, eq=False)
class SlateContent:
    """What is known of the items of a catalogue.

    Attributes:
        content: float32 [n_items, d], rows of length 1; zeros for an item without content; None:
            nothing says which items resemble each other.
        shares: float32 [n_items, g], of each value of a field; rows that add up to 1, or 0.
        values: Names of the g values.
    """

    content: Matrix | None
    shares: Floats
    values: tuple[str, ...]

    def taste(self, histories: Ragged) -> Doubles:
        """float64 [n_cases, g], share of each value in histories, int32 [n_cases] of rows."""
        return history_shares(histories, self.shares)

    def candidates(
        self,
        rows: Rows,
        scores: Floats,
        taste: Doubles,
        shown: Rows | None = None,
        products: bool = False,
    ) -> SlateCandidates:
        """What a list is put together from.

        Args:
            rows: int32 [n], the items.
            scores: float32 [n], of a model.
            taste: float64 [g], of the history.
            shown: int32, items that were shown before; None: nothing was.
            products: Make all similarities at once: quicker where many lists are made of them.
        """
        content, similarity, before = None, None, None
        if self.content is not None:
            some = self.content[rows]
            if shown is not None and len(shown):
                before = _products(some, self.content[shown]).max(axis=1)
            if sparse.issparse(some) or products:
                # of a wide block, rows are never made dense
                similarity = _products(some, some)
                np.fill_diagonal(similarity, 1)
            else:
                content = dense(some)
        return SlateCandidates(
            *(scores, content, similarity, before),
            shares=self.shares[rows],
            values=self.values,
            taste=taste,
        )


@final
@dataclass(frozen=True, eq=False)
class RunSlate:
    """A run's slate with the weight that was chosen.

    Attributes:
        part: The slate.
        block: Whose cosines say which items resemble each other; empty: none.
        field: Whose values are calibrated or limited; empty: none.
        values: Those of the field that were distinguished in the run.
        candidates: How many of the model's best items a list is chosen from.
    """

    part: Slate
    block: str
    field: str
    values: tuple[str, ...]
    candidates: int

    @classmethod
    def of(
        cls,
        recipe: SlateRecipe,
        block: str,
        weight: float | None,
        falls: float | None,
        catalogue: Catalogue,
    ) -> RunSlate:
        """As it was measured.

        Args:
            recipe: The section.
            block: The block that was taken; empty: none.
            weight: The weight that was chosen; None: the slate has none.
            falls: The power that was estimated; None: the slate has none.
            catalogue: The run's.
        """
        s = recipe.settings
        spec = falling(recipe.part, falls)
        part = spec.build() if weight is None else weighed(spec, weight)
        return cls(part, block, s.field, field_values(catalogue, s.field), s.candidates)

    def about(self, catalogue: Catalogue, content: Matrix | None) -> SlateContent:
        """What is known of a catalogue that may have grown since the run.

        Args:
            catalogue: The items, those of the run first.
            content: float32 [n_items, d], rows of `block` of length 1; zeros for an item without
                content; None: there is no block.
        """
        return SlateContent(content, field_shares(catalogue, self.field, self.values), self.values)

    def order(
        self,
        about: SlateContent,
        rows: Rows,
        scores: Floats,
        history: Rows,
        k: int,
        shown: Rows | None = None,
    ) -> Rows:
        """int32 [min(k, n)], which of the candidates the list has, in its order.

        Args:
            about: What is known of the items.
            rows: int32 [n], the candidates.
            scores: float32 [n], of the model.
            history: int32, items that the person took.
            k: Length of the list, >= 1.
            shown: int32, items that were shown before.

        Raises:
            Refused: No list keeps the limits of the slate.
        """
        taste = about.taste(Ragged.of([history]))[0]
        return self.part.order(about.candidates(rows, scores, taste, shown), k)


def weighed(spec: PartSpec[Slate], weight: float) -> Slate:
    """The slate, with `weight` for the setting that trades accuracy.

    Raises:
        BadRecipe: It has no such setting.
    """
    part = spec.build()
    if not isinstance(part, TradesAccuracy):
        raise BadRecipe(
            f"{spec.name} has no setting that trades accuracy",
            where="slate.part",
            allowed="slate.mmr.v1, slate.dpp.v1, slate.max_sum.v1, slate.calibrated.v1 or a"
            " plugin's like them",
        )
    table = {**spec.resolved(), part.trade: weight}
    return registry.spec(table, "slate", "slate").build()


def falling(spec: PartSpec[Slate], power: float | None) -> PartSpec[Slate]:
    """The slate for candidates that are taken by rank^-power, where it has a setting for that."""
    part = spec.build()
    if power is None or not isinstance(part, TradesAccuracy) or not part.falls:
        return spec
    return registry.spec({**spec.resolved(), part.falls: power}, "slate", "slate")


def field_values(catalogue: Catalogue, field: str) -> tuple[str, ...]:
    """The most frequent values of a field, at most `MOST_VALUES`; none where it is empty.

    Raises:
        BadInput: There is no such field.
    """
    if not field:
        return ()
    counts = _members(catalogue, field).group_by("value").len()
    counts = counts.sort(["len", "value"], descending=[True, False])
    return tuple(counts["value"].head(MOST_VALUES).to_list())


def field_shares(catalogue: Catalogue, field: str, values: tuple[str, ...]) -> Floats:
    """float32 [n_items, g], share of each of g values of a field in each item; rows that add up to
    1, or to 0 where an item has none of them.

    Raises:
        BadInput: There is no such field.
    """
    member = np.zeros((len(catalogue), len(values)), np.float32)
    if values:
        number = {value: at for at, value in enumerate(values)}
        known = _members(catalogue, field).filter(pl.col("value").is_in(values))
        for row, value in known.iter_rows():
            member[row, number[value]] = 1
    shares: Floats = member / np.maximum(member.sum(axis=1, keepdims=True), 1)
    return shares


def _members(catalogue: Catalogue, field: str) -> pl.DataFrame:
    """Frame {row, value}: each value that each item has, once."""
    column = catalogue.column(field, "slate.field")
    frame = pl.DataFrame({"row": np.arange(len(catalogue)), "value": column})
    if frame.schema["value"] == pl.List:
        frame = frame.explode("value")
    return frame.drop_nulls().with_columns(pl.col("value").cast(pl.String)).unique()


def _products(rows: Any, others: Any) -> Floats:
    """float32 [n, m], of rows of two matrices, dense or sparse."""
    return dense(rows @ others.T)
