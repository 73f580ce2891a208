"""MMRec's matrices: row n is the item that its `.inter` file calls n."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl

from palate import store
from palate.arrays import Longs
from palate.encode.vectors.npy import write_ids
from palate.errors import BadInput
from palate.tables import Block, Vocabulary

_NUMBER = re.compile(r"0|[1-9][0-9]{0,11}")
MAPPING = "i_id_mapping.csv"
_FILES = {
    "image": "image_feat.npy",
    "visual": "image_feat.npy",
    "text": "text_feat.npy",
    "audio": "audio_feat.npy",
}


def write_mmrec(block: Block, items: Vocabulary, folder: Path) -> Path:
    """`image_feat.npy` for a block `image.*`, `text_feat.npy` for `text.*`, else `BLOCK_feat.npy`.

    Ids that are numbers from 0 on are taken for MMRec's own, so the rows fit its `.inter` file;
    rows of numbers without an item are zeros. Other ids are numbered in the catalogue's order, and
    `i_id_mapping.csv` {asin, itemID}, which is what MMRec's own preparation writes, says how.

    Raises:
        BadInput: Another block lies under that name already.
    """
    path = folder / _FILES.get(block.name.partition(".")[0], f"{block.name}_feat.npy")
    numbers = numbers_of(items)
    if numbers is None:
        numbers = np.arange(len(items), dtype=np.int64)
        write_ids(items, folder / "items.txt")
        mapping = pl.DataFrame({"asin": pl.Series(items.ids, dtype=pl.String), "itemID": numbers})
        store.write_text(folder / MAPPING, mapping.write_csv(separator="\t"))
    matrix = np.zeros((int(numbers.max()) + 1 if len(numbers) else 0, block.width), np.float32)
    matrix[numbers] = np.asarray(block.matrix)
    store.write_file(path, lambda file: np.save(file, matrix, allow_pickle=False))
    return path


def refuse_same_file(names: list[str]) -> None:
    """Say so if two blocks would be written to one file.

    Raises:
        BadInput: Two blocks of one modality.
    """
    kinds = [name.partition(".")[0] for name in names]
    twice = next(
        (k for k in kinds if k in _FILES and sum(_FILES.get(o) == _FILES[k] for o in kinds) > 1),
        None,
    )
    if twice is not None:
        raise BadInput(
            f"several blocks would be written to {_FILES[twice]}",
            where="blocks",
            allowed="one block of each modality for MMRec",
            next_step="leave the others out of the recipe, or write .npy",
        )


def numbers_of(items: Vocabulary) -> Longs | None:
    """int64 [n_items], the ids as numbers, if they are numbers from 0 on with few gaps; else
    None.
    """
    if not all(_NUMBER.fullmatch(name) for name in items.ids):
        return None
    numbers = np.asarray([int(name) for name in items.ids], np.int64)
    plain = len(np.unique(numbers)) == len(numbers) and (
        not len(numbers) or numbers.max() < 2 * len(numbers) + 10
    )
    return numbers if plain else None
