"""The menu of operators: what can be made of a field of the items and the events of the training
part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from palate.errors import BadRecipe, nearest
from palate.tables import Block, FeatureTable

OfItems: TypeAlias = Literal["popularity", "share", "trend"]
OfPairs: TypeAlias = Literal["match", "recent", "latest", "lift", "distance"]
OfHistories: TypeAlias = Literal["variety", "mean"]
OperatorKind: TypeAlias = OfItems | OfPairs | OfHistories

DESCRIBED: Final[Mapping[OperatorKind, str]] = {
    "popularity": "how many events an item with the same values of the field has",
    "share": "the item's share of the events of all items with the same values of the field",
    "trend": "whether the last tenth of the events was with the same values more often than before",
    "match": "how many items of the history have the same values of the field",
    "recent": "the same, newer items of the history counting more",
    "latest": "whether the newest item of the history has the same values of the field",
    "lift": "how much more often the history has the item's values of the field than all events do",
    "distance": "how far the item's number is from the mean of the history",
    "variety": "how many different values of the field the history has (entropy)",
    "mean": "the mean of the number in the history",
}
"""What each operator says, for people and for language models that choose among them."""
OF_LABELS: Final[tuple[OperatorKind, ...]] = (
    *("popularity", "share", "trend", "match", "recent", "latest", "lift", "variety"),
)
OF_NUMBERS: Final[tuple[OperatorKind, ...]] = ("distance", "mean")


@dataclass(frozen=True)
class Operator:
    """One feature of the menu."""

    kind: OperatorKind
    """What is computed."""
    block: str
    """The block that has the field."""
    field: str
    """The field of a structured block, or the attribute of a block of attributes."""

    @property
    def name(self) -> str:
        """For tables: `match(structured, genre)`."""
        return f"{self.kind}({self.block}, {self.field})"


@dataclass(frozen=True)
class OperatorSettings:
    """Settings of a part that reads operators."""

    operators: tuple[Operator, ...] = ()
    """Features made of fields and behaviour, from a closed menu; `palate features` finds those that
    help."""


def menu(
    features: FeatureTable, blocks: Sequence[str] | None = None, most_columns: int = 1000
) -> tuple[Operator, ...]:
    """Every operator that the fields of the blocks allow, field by field.

    Args:
        features: All blocks.
        blocks: Those that may be read; None: all.
        most_columns: A field of more columns is left out (words of texts).

    >>> import numpy as np
    >>> from palate.tables import Origin, Vocabulary
    >>> block = Block("s", np.eye(2, dtype=np.float32), np.ones(2, bool), Origin("p", ("price",)), ("price", "kind=x"))
    >>> [one.name for one in menu(FeatureTable(Vocabulary(("a", "b")), {"s": block}))][:3]
    ['distance(s, price)', 'mean(s, price)', 'popularity(s, kind)']
    """  # noqa: E501 - an example of one line
    found: list[Operator] = []
    for name in features.blocks if blocks is None else blocks:
        for field, (labels, columns) in fields_of(features.block(name)).items():
            if len(columns) <= most_columns:
                kinds = OF_LABELS if labels else OF_NUMBERS
                found += [Operator(kind, name, field) for kind in kinds]
    return tuple(found)


def fields_of(block: Block) -> dict[str, tuple[bool, list[int]]]:
    """Field -> whether it holds labels, and its columns: those of its values (`kind=x`) or the one
    of its number; what else was made of a field (gaps, the look of a text) is left out. None where
    columns have no names, or are words of texts.
    """
    if not block.columns or block.origin.part.startswith("text."):
        return {}
    found: dict[str, tuple[bool, list[int]]] = {}
    for number, (column, field) in enumerate(
        zip(block.columns, block.fields_of_columns(), strict=True)
    ):
        labels = column.startswith(f"{field}=")
        if labels or column == field:
            found.setdefault(field, (labels, []))[1].append(number)
    return found


def checked_columns(features: FeatureTable, operator: Operator) -> list[int]:
    """The columns that an operator reads.

    Raises:
        BadRecipe: There is no such block, it has no such field, or the operator does not go with
            what the field holds.
    """
    fields = fields_of(features.block(operator.block, "operators.block"))
    if operator.field not in fields:
        raise BadRecipe(
            f'block "{operator.block}" has no field "{operator.field}" of labels or numbers',
            where="operators.field",
            allowed=", ".join(fields) or "none: its columns have no names",
            next_step=nearest(operator.field, fields),
        )
    labels, columns = fields[operator.field]
    allowed = OF_LABELS if labels else OF_NUMBERS
    if operator.kind not in allowed:
        raise BadRecipe(
            f'"{operator.kind}" cannot be computed of "{operator.field}"',
            where="operators.kind",
            allowed=", ".join(allowed),
        )
    return columns


def shares(columns: np.ndarray) -> np.ndarray:
    """float32 [n_items, n_values]: each row's numbers as shares of the row; 0 below 0."""
    positive = np.maximum(columns, 0)
    sums = positive.sum(axis=1, keepdims=True)
    return np.asarray(positive / np.where(sums > 0, sums, 1), np.float32)
