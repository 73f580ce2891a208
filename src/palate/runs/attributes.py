"""What was answered about the items of a run, as the tables beside its blocks say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from palate.encode.attributes.answer_table import BETWEEN, COLUMNS
from palate.errors import BadInput, nearest
from palate.runs.manifest import check_file, complete

TABLE: Final = "attributes.parquet"


@dataclass(frozen=True)
class Chosen:
    """Which rows are wanted.

    Attributes:
        block: One block; empty: all.
        attribute: One attribute; empty: all.
        items: Outside ids; empty: all.
    """

    block: str = ""
    attribute: str = ""
    items: tuple[str, ...] = ()


def attributes_of(run: Path, chosen: Chosen = Chosen()) -> pl.DataFrame:
    """The answers kept with a run: `block`, then the columns of
    `palate.encode.attributes.answer_table.COLUMNS`.

    Args:
        run: A run directory.
        chosen: Which rows.

    Raises:
        BadInput: It is no complete run, or holds no such block, attribute or item.
    """
    manifest = complete(run)
    found = sorted(p.parent.name for p in (run / "features").glob(f"*/{TABLE}"))
    if not found:
        raise BadInput(
            "the run has no block of attributes",
            where=str(run),
            next_step='add a block with part = "attributes.llm.v1" to the recipe',
        )
    blocks = [_known(chosen.block, found, "block", run)] if chosen.block else found
    tables = []
    for block in blocks:
        check_file(run, manifest, f"features/{block}/{TABLE}")
        rows = pl.read_parquet(run / "features" / block / TABLE)
        # a run of an earlier version does not have every column
        missing = [pl.lit(None, kind).alias(c) for c, kind in COLUMNS.items() if c not in rows]
        tables.append(rows.with_columns(missing).select(pl.lit(block).alias("block"), *COLUMNS))
    table = pl.concat(tables)
    if chosen.attribute:
        names = table["attribute"].unique().sort().to_list()
        name = _known(chosen.attribute, names, "attribute", run)
        table = table.filter(pl.col("attribute") == name)
    if chosen.items:
        there = set(table["item_id"].to_list())
        for item in chosen.items:
            if item not in there:
                raise BadInput(
                    f'nothing was answered about the item "{item}"', where=str(run / "features")
                )
        table = table.filter(pl.col("item_id").is_in(chosen.items))
    return table


def triples_of(run: Path, chosen: Chosen = Chosen(), least: float = 0.5) -> pl.DataFrame:
    """What was answered as triples of a knowledge graph: `head` (the item), `relation` (the
    attribute), `tail` (each of its values) and `confidence` (1 where the provider says none).

    Numbers are no entities, so scales are left out, as is what is unknown.

    Args:
        run: A run directory.
        chosen: Which rows.
        least: Confidence that a triple needs.

    Raises:
        BadInput: As `attributes_of`; or nothing is left.
    """
    table = attributes_of(run, chosen)
    facts = (
        table.filter(pl.col("kind").is_null() | (pl.col("kind") != "scale"))
        .select(
            pl.col("item_id").alias("head"),
            pl.col("attribute").alias("relation"),
            pl.col("value").str.split(BETWEEN).alias("tail"),
            pl.col("confidence").fill_null(1.0),
        )
        .explode("tail")
        .filter(pl.col("tail").str.strip_chars().str.len_chars() > 0)
        .unique(["head", "relation", "tail"], maintain_order=True)
    )
    sure = facts.filter(pl.col("confidence") >= least)
    if not sure.height:
        raise BadInput(
            f"none of {facts.height:,} triples has a confidence of {least:g} or more",
            where=str(run / "features"),
            next_step="lower --least, or choose another attribute",
        )
    return sure


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write rows in the format that the name of the file says.

    Raises:
        BadInput: It says another.
    """
    writers: dict[str, Callable[[Path], object]] = {
        ".csv": table.write_csv,
        ".parquet": table.write_parquet,
        ".jsonl": table.write_ndjson,
    }
    if path.suffix not in writers:
        raise BadInput(
            f'"{path.suffix}" is no format of tables', where=str(path), allowed=", ".join(writers)
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    writers[path.suffix](path)


def _known(name: str, names: list[str], what: str, run: Path) -> str:
    if name not in names:
        raise BadInput(
            f'the run has no {what} "{name}" with answers',
            where=str(run / "features"),
            allowed=", ".join(names),
            next_step=nearest(name, names),
        )
    return name
