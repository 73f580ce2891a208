"""RecBole's atomic files: `.item` with a column `NAME:float_seq`, and the file of vectors that its
models preload.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl

from palate import store
from palate.encode.vectors.delimited import text_frame
from palate.encode.vectors.table import (
    Vectors,
    Wanted,
    id_column,
    ids_of,
    refuse_unknown,
    text_of,
    written_out,
)
from palate.errors import BadInput
from palate.tables import Block, Vocabulary
from palate.tables.columns import ITEM

COLUMN = "vec"


def read_atomic(path: Path, wanted: Wanted) -> Vectors:
    """Ids and vectors; the header line names each column with its type.

    Raises:
        BadInput: There is no such file or column, a column has no type, several may be meant, or a
            row is broken.
    """
    frame = text_frame(path, "\t")
    kinds = dict(_typed(cell, path.name) for cell in frame.columns)
    frame.columns = list(kinds)
    own_id = id_column(
        [c for c, kind in kinds.items() if kind == "token"] or list(kinds),
        wanted.id_column,
        path.name,
    )
    sequences = [c for c, kind in kinds.items() if kind == "float_seq"]
    refuse_unknown(wanted.column, sequences, path.name, "column of the type float_seq")
    if not wanted.column and len(sequences) != 1:
        raise BadInput(
            f"{len(sequences)} columns hold vectors",
            where=path.name,
            allowed="one column of the type float_seq, or the setting column",
            next_step=(
                f'say which: column = "{sequences[0]}"'
                if sequences
                else "give the column the type float_seq"
            ),
        )
    column = wanted.column or sequences[0]
    return Vectors(
        path.name, written_out(frame[column], path.name), ids_of(frame[own_id], path.name)
    )


def write_item(block: Block, items: Vocabulary, folder: Path) -> Path:
    """`BLOCK.item` {item_id:token, vec:float_seq}, a row for each item that has content."""
    return _write(block, items, folder / f"{block.name}.item", ITEM, COLUMN)


def write_itememb(block: Block, items: Vocabulary, folder: Path) -> Path:
    """A file of vectors for RecBole's `preload_weight`, and the lines of its settings that load it.

    `DATASET.SUFFIX`, where DATASET is the folder's name and SUFFIX is made of the block's, as
    RecBole looks for it; `BLOCK.recbole.yaml` beside it says so in RecBole's words.
    """
    slug = re.sub(r"[^0-9a-z]+", "", block.name.casefold()) or "item"
    suffix, own_id, vector = f"{slug}emb", f"{slug}_iid", f"{slug}_emb"
    path = _write(block, items, folder / f"{folder.resolve().name}.{suffix}", own_id, vector)
    lines = (
        f"additional_feat_suffix: [{suffix}]\n"
        f"load_col: {{inter: [user_id, item_id], {suffix}: [{own_id}, {vector}]}}\n"
        f"alias_of_item_id: [{own_id}]\n"
        f"preload_weight: {{{own_id}: {vector}}}\n"
    )
    store.write_text(folder / f"{block.name}.recbole.yaml", lines)
    return path


def _write(block: Block, items: Vocabulary, path: Path, own_id: str, vector: str) -> Path:
    names = items.names(np.flatnonzero(block.present))
    broken = next((name for name in names if re.search(r"[\t\r\n]", name)), None)
    if broken is not None:
        raise BadInput(
            f"the id {broken!r} does not fit into an atomic file",
            where=str(path),
            next_step="write Parquet",
        )
    columns = {
        f"{own_id}:token": names,
        f"{vector}:float_seq": text_of(np.asarray(block.matrix)[block.present]),
    }
    frame = pl.DataFrame(columns, schema_overrides={f"{own_id}:token": pl.String})
    store.write_file(path, lambda file: frame.write_csv(file, separator="\t", quote_style="never"))
    return path


def _typed(cell: str, where: str) -> tuple[str, str]:
    name, colon, kind = cell.rpartition(":")
    if not colon or kind not in ("token", "token_seq", "float", "float_seq"):
        raise BadInput(
            f'the column "{cell}" has no type',
            where=f"{where}, line 1",
            allowed="name:token, name:token_seq, name:float, name:float_seq",
        )
    return name, kind
