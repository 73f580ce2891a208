"""Units of importance: blocks, their fields or their columns; and blocks too wide to be examined
whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from scipy.sparse.linalg import svds

from palate.arrays import Floats, Matrix
from palate.errors import Refused
from palate.fit.refit import Unit
from palate.tables import Block, FeatureTable, Finding

MOST_NUMBERS = 50_000_000
"""Numbers of a block (items x width) that are handled whole: 400 MB."""
COMPONENTS = 256
"""Width that wider blocks are brought to."""
MOST_UNITS = 500
"""Fields or columns that are examined at once."""


def units_of(
    features: FeatureTable, names: Sequence[str], by: Literal["blocks", "fields", "columns"]
) -> dict[str, Unit]:
    """Name -> unit.

    Args:
        features: The blocks.
        names: Those to ask about.
        by: `fields` and `columns` part blocks whose columns have names (structured fields,
            extracted attributes); blocks without (embeddings) stay whole. `price` and `kind=x`,
            `kind=y` are of the fields `price` and `kind`.

    Raises:
        Refused: No block can be split, or into too many columns.
    """
    found: dict[str, Unit] = {}
    for name in names:
        block = features.block(name)
        if by == "blocks" or len(block.columns) < 2 or block.origin.part.startswith("text."):
            found[name] = Unit(name)
            continue
        labels = block.columns if by == "columns" else block.fields_of_columns()
        for label in dict.fromkeys(labels):
            columns = np.flatnonzero([other == label for other in labels]).astype(np.int64)
            found[f"{name}/{label}"] = Unit(name, columns)
    if by != "blocks" and all(unit.columns is None for unit in found.values()):
        raise Refused(
            f"no block that the model reads has named columns, so it cannot be split into {by}",
            where=f"--{by}",
            next_step='ask about whole blocks, or add a block of "structured.fields.v1"',
        )
    if len(found) > MOST_UNITS:
        raise Refused(
            f"{len(found):,} {by} are too many to be examined one by one",
            where=f"--{by}",
            allowed=f"at most {MOST_UNITS}",
            next_step=(
                "ask by --fields, or make the encoder keep fewer columns (max_values, min_items)"
            ),
        )
    return found


def is_wide(block: Block, most: int = MOST_NUMBERS) -> bool:
    """Whether a block has too many numbers for its values to change hands as they are."""
    numbers = block.width * len(block.present)
    return numbers > min(most, MOST_NUMBERS) and block.width > COMPONENTS


def narrowed(
    features: FeatureTable, names: Sequence[str], most: int = MOST_NUMBERS
) -> tuple[FeatureTable, tuple[Finding, ...]]:
    """Blocks of more than `most` numbers replaced by their leading components, with a note for
    each.
    """
    notes = []
    for name in names:
        block = features.block(name)
        if not is_wide(block, most):
            continue
        features = features.replaced(replace(block, matrix=_components(block.matrix), columns=()))
        message = (
            f'Block "{name}" has {block.width:,} columns; its values were exchanged as its'
            f" {COMPONENTS} main directions."
        )
        advice = (
            "What an exchange loses is that of the main directions; where the model is fitted again"
            " the block is whole."
        )
        notes.append(Finding("block-narrowed", "note", message, f"blocks.{name}", 1, advice=advice))
    return features, tuple(notes)


def _components(X: Matrix) -> Floats:
    left, values, _ = svds(X.astype(np.float64), k=COMPONENTS, v0=np.ones(min(X.shape)))
    return np.asarray(left * values, np.float32)
