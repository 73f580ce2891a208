"""Blocks of a recipe -> feature table, fitted on the training rows alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from palate.arrays import Rows
from palate.encode.blocks import encode_block
from palate.pipeline.progress import Stopwatch
from palate.pipeline.recipe import BlockRecipe
from palate.registry import PartSpec
from palate.tables import Block, Catalogue, FeatureTable


def encode_all(blocks: Mapping[str, BlockRecipe], catalogue: Catalogue, rows: Rows, watch: Stopwatch) -> FeatureTable:
    """Encode every block.

    Args:
        blocks: The recipe's blocks.
        catalogue: All items.
        rows: int32, the items of the training part; encoders and geometry learn from these alone.
        watch: Times each block.
    """
    made: dict[str, Block] = {}
    for name, block in blocks.items():
        with watch.stage(f"encode {name}", len(catalogue)) as advance:
            encoder = present_fields(block.encoder, catalogue)
            made[name] = encode_block(name, encoder, block.shape, catalogue, rows, progress=advance)
    return FeatureTable(catalogue.items, made)


def present_fields(encoder: PartSpec, catalogue: Catalogue) -> PartSpec:
    """The encoder with its optional fields (`"overview?"`) kept where the catalogue has them and dropped elsewhere."""
    fields = getattr(encoder.settings, "fields", None)
    if not fields:
        return encoder
    kept = tuple(f.removesuffix("?") for f in fields if not f.endswith("?") or f[:-1] in catalogue.fields.columns)
    return PartSpec(encoder.name, dataclasses.replace(encoder.settings, fields=kept))
