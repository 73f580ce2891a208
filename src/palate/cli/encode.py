"""`palate encode`: only the feature blocks of a recipe."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palate.cli.console import Console, add_output_flags, add_overrides

if TYPE_CHECKING:
    from palate.encode.plan import Plan

NAME = "encode"
HELP = "make only the feature blocks of a recipe and write them for other tools"
EXAMPLES = """  palate encode recipe.toml --out features/
  palate encode recipe.toml --format npy
  palate encode recipe.toml --format mmrec --out MMRec/data/baby
  palate encode recipe.toml --dry-run"""

FORMATS = {
    "parquet": "BLOCK.parquet {item_id, present, vector}",
    "npy": "BLOCK.npy with items.txt, row for row",
    "safetensors": "vectors and present as tensors, the ids in the metadata",
    "csv": "BLOCK.csv {item_id, 0, 1, ...}",
    "atomic": "RecBole: BLOCK.item {item_id:token, vec:float_seq}",
    "itememb": "RecBole: a file for preload_weight, with the settings that load it",
    "mmrec": "MMRec: image_feat.npy, text_feat.npy by its item numbers",
    "folder": "Ducho: BLOCK/ID.npy, one for each item",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "recipe", type=Path, metavar="RECIPE", help="a TOML file with [blocks.NAME] tables"
    )
    add_overrides(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("features"),
        metavar="FOLDER",
        help="where to write the blocks",
    )
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="parquet",
        help="; ".join(f"{name}: {what}" for name, what in FORMATS.items()),
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be computed and what it would cost, and do nothing",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read all weights and files again, even those that seem unchanged",
    )
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Encode, write, say how wide and how large."""
    from palate.pipeline.encode import encode, forget_digests
    from palate.recipe.recipe import load
    from palate.runs.files import plain

    if args.verify:
        forget_digests()
    if args.dry_run:
        return _plan(args, console)
    written = encode(load(args.recipe, args.overrides), args.out, args.format, console)
    console.close()
    rows = [[w.block, w.items, w.width, round(w.seconds, 1), str(w.path)] for w in written]
    console.table("blocks", ["block", "items with content", "width", "seconds", "file"], rows)
    console.result(plain(written))
    return 0


def _plan(args: argparse.Namespace, console: Console) -> int:
    from palate.pipeline.encode_plan import plan_encode
    from palate.recipe.recipe import load
    from palate.runs.files import plain

    planned = plan_encode(load(args.recipe, args.overrides), console)
    console.close()
    columns = ["block", "items", "distinct", "kept", "new", "tokens", "seconds", "cost", "note"]
    rows = [[p.block, *_cells(p.plan)] for p in planned]
    console.table("what would be computed", columns, rows)
    console.result([{"block": p.block, "part": p.part, **plain(p.plan)} for p in planned])
    return 0


def _cells(plan: Plan) -> list[Any]:
    seconds = "unknown" if plan.to_compute else None
    if plan.seconds is not None:
        seconds = f"about {plan.seconds:.1f}"
    return [
        plan.items,
        plan.distinct,
        plan.kept,
        plan.to_compute,
        plan.tokens,
        seconds,
        plan.cost,
        plan.note,
    ]
