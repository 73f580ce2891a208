"""Labels: a few that people gave become labels of all items, and sets that say what is open.

    python examples/labels.py

A made-up shop knows the kind of a third of its items. A classifier learns these, and every other
item gets a kind, or the kinds that it may be. Then a session picks the items whose labels would
help most. Nothing is written outside of a temporary folder.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from palate import registry
from palate.study.labelling.session import LabelPlan, LabelSession, LabelTask
from palate.tables import Block, Catalogue, Vocabulary

KINDS = {"tea": ("green tea", "loose tea"), "garden": ("steel rake", "seed of roses")}
N_ITEMS = 90
TABLE = {
    "part": "labels.semi_supervised.v1",
    "fields": ["title"],
    "want": {"kind": {"kind": "label", "of": list(KINDS), "describe": "what kind it is"}},
    "encoder": {"part": "text.hashing.v1"},
}


def made_shop() -> Catalogue:
    """Items whose titles name their kind; the field `kind` is filled for every third."""
    names = list(KINDS)
    titles = [f"{KINDS[names[i % 2]][i // 2 % 2]}, number {i}" for i in range(N_ITEMS)]
    kinds = [names[i % 2] if i % 3 == 0 else None for i in range(N_ITEMS)]
    fields = pl.DataFrame({"title": titles, "kind": kinds})
    return Catalogue(Vocabulary.of(f"sku{i}" for i in range(N_ITEMS)), fields)


def main() -> tuple[Block, pl.DataFrame]:
    """The block, and the table that a person reads."""
    shop, rows = made_shop(), np.arange(N_ITEMS, dtype=np.int32)
    encoder = registry.spec(TABLE, "encoder").build().fit(shop, rows)
    return encoder.encode(shop), encoder.tables(shop)["attributes"]


def next_items(n: int) -> list[str]:
    """Items that a session would show first."""
    shop = made_shop()
    found = registry.spec(TABLE, "encoder").build().reading(shop)
    (question,) = found.questions
    with tempfile.TemporaryDirectory() as folder:
        texts = [str(text) for text in found.texts]
        known = found.given.known(question, shop)
        file = Path(folder) / "labels.jsonl"
        ids = shop.items.ids
        task = LabelTask(question, ids, texts, texts, found.vectors, known, file)
        session = LabelSession(task, LabelPlan(held_out=0))
        shown: list[str] = []
        while len(shown) < n and (item := session.next_item()) is not None:
            shown.append(texts[item[0]])
            session.give(item[0], None)
    return shown


if __name__ == "__main__":
    block, table = main()
    print(", ".join(block.columns))
    print(table.select("item_id", "value", "may_be", "confidence", "source").head(6))
    print("to label next:", "; ".join(next_items(3)))
