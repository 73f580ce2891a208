"""Attributes: features that a person can read, by a classifier taught on a few labels.

    python examples/attributes.py

A made-up shop knows the kind of a fifth of its items. A provider is taught on those, tells the kind
of all items, and the numbers behind its words are a block like any other. Nothing is written.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from palate import registry
from palate.tables import Block, Catalogue, Vocabulary

KINDS = {"tea": ("green tea", "loose tea"), "garden": ("steel rake", "seed of roses")}
N_ITEMS = 60


def made_shop() -> Catalogue:
    """Items whose titles name their kind; the field `kind` is filled for every fifth."""
    names = list(KINDS)
    rows = [
        {"title": f"{KINDS[names[i % 2]][i // 2 % 2]}, number {i}", "kind": names[i % 2]}
        for i in range(N_ITEMS)
    ]
    known = [row["kind"] if i % 5 == 0 else None for i, row in enumerate(rows)]
    fields = pl.DataFrame({"title": [row["title"] for row in rows], "kind": known})
    return Catalogue(Vocabulary.of(f"sku{i}" for i in range(N_ITEMS)), fields)


def main() -> tuple[Block, pl.DataFrame]:
    """The block, and the table that a person reads."""
    shop = made_shop()
    table = {
        "part": "attributes.llm.v1",
        "fields": ["title"],
        "want": {"kind": {"kind": "label", "of": list(KINDS), "describe": "what kind it is"}},
        "provider": {"part": "answers.taught.v1", "encoder": {"part": "text.hashing.v1"}},
    }
    encoder = registry.spec(table, "encoder").build()
    train_rows = np.arange(N_ITEMS - 10, dtype=np.int32)  # the last ten came later
    block = encoder.fit(shop, train_rows).encode(shop)
    return block, encoder.tables(shop)["attributes"]


if __name__ == "__main__":
    block, answers = main()
    print(block.columns, block.matrix.shape)
    print(answers.tail(4).select("item_id", "value", "confidence"))
