"""`palate attributes`: named features that a language model, or another reader, gives the items."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palate.cli.console import Console, add_output_flags, add_overrides

if TYPE_CHECKING:
    import polars as pl

    from palate.encode.plan import Plan

NAME = "attributes"
HELP = "named features of the items: what they would cost, which options suit, what was answered"
EXAMPLES = """  palate attributes plan recipe.toml
  palate attributes propose recipe.toml > block.toml
  palate attributes propose recipe.toml --schema --at-most 6
  palate attributes show runs/mine --item 42
  palate attributes show runs/mine --out attributes.csv
  palate attributes lift runs/mine --out next.toml
  palate attributes triples runs/mine --attribute brand --out facts.csv"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    plan = verbs.add_parser("plan", help="texts, questions, tokens, price and time")
    plan.add_argument("recipe", type=Path, metavar="RECIPE", help="a TOML file with such a block")
    add_overrides(plan)
    plan.set_defaults(call=call_plan)
    propose = verbs.add_parser(
        "propose", help="let a sample of the items be read, and write a block to edit"
    )
    propose.add_argument("recipe", type=Path, metavar="RECIPE", help="names the data")
    add_overrides(propose)
    propose.add_argument("--block", default="", metavar="NAME", help="the block; else the first")
    propose.add_argument(
        "--by",
        default="answers.clusters.v1",
        metavar="PART",
        help="who proposes where the recipe names no one (answers.clusters.v1)",
    )
    propose.add_argument(
        "--schema",
        action="store_true",
        help="suggest what is worth asking, too; the rule where the recipe wants nothing yet",
    )
    propose.add_argument(
        "--at-most", type=int, default=8, metavar="N", help="most attributes it suggests (8)"
    )
    propose.add_argument("--out", type=Path, metavar="FILE", help="write it there")
    propose.set_defaults(call=call_propose)
    show = verbs.add_parser("show", help="what was answered in a run, and on what it rests")
    show.add_argument("run", type=Path, metavar="RUN", help="a run directory")
    show.add_argument("--block", default="", metavar="NAME", help="one block; else all")
    show.add_argument("--item", action="append", metavar="ID", help="one item; may be given again")
    show.add_argument("--attribute", default="", metavar="NAME", help="one attribute; else all")
    show.add_argument(
        "--limit", type=int, default=30, metavar="N", help="most rows on the screen (30)"
    )
    show.add_argument(
        "--out", type=Path, metavar="FILE", help="write all rows: .csv, .parquet or .jsonl"
    )
    show.set_defaults(call=call_show)
    for verb in (plan, propose, show, _add_triples(verbs), _add_lift(verbs)):
        add_output_flags(verb)


def _add_triples(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    triples = verbs.add_parser(
        "triples", help="what was answered as triples of a knowledge graph, for another run"
    )
    triples.add_argument("run", type=Path, metavar="RUN", help="a run directory")
    triples.add_argument("--block", default="", metavar="NAME", help="one block; else all")
    triples.add_argument("--attribute", default="", metavar="NAME", help="one attribute; else all")
    triples.add_argument(
        "--least", type=float, default=0.5, metavar="P", help="confidence a triple needs (0.5)"
    )
    triples.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=".csv, .parquet or .jsonl"
    )
    triples.set_defaults(call=call_triples)
    return triples


def _add_lift(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    lift = verbs.add_parser(
        "lift", help="what each question adds and takes, and a block without those that add nothing"
    )
    lift.add_argument(
        "run", type=Path, metavar="RUN", help="a run after palate importance RUN --fields"
    )
    lift.add_argument("--block", default="", metavar="NAME", help="one block; else all")
    lift.add_argument(
        "--out", type=Path, metavar="FILE", help="write the blocks for the next batch there"
    )
    lift.set_defaults(call=call_lift)
    return lift


def call_plan(args: argparse.Namespace, console: Console) -> int:
    """Print what each block of attributes would take."""
    from palate.pipeline.attributes import plan_attributes
    from palate.recipe.recipe import load
    from palate.runs.files import plain

    planned = plan_attributes(load(args.recipe, args.overrides), console)
    console.close()
    columns = ["block", "questions", "texts", "answered", "to ask", "tokens", "seconds", "price"]
    rows = [[p.block, p.questions, *_cells(p.plan)] for p in planned]
    console.table("what would be asked", columns, rows)
    notes = [f"{p.block}: {p.provider}. {p.plan.note}".rstrip(". ") for p in planned]
    console.result(plain(planned), "\n".join(notes))
    return 0


def _cells(plan: Plan) -> list[Any]:
    seconds = None if plan.seconds is None else round(plan.seconds, 1)
    return [plan.distinct, plan.kept, plan.to_compute, plan.tokens, seconds, plan.cost]


def call_propose(args: argparse.Namespace, console: Console) -> int:
    """Print a block, or write it."""
    from palate import store
    from palate.pipeline.attributes import propose
    from palate.recipe.recipe import load

    found = propose(
        load(args.recipe, args.overrides),
        args.block,
        args.by,
        console,
        schema=args.schema,
        at_most=args.at_most,
    )
    console.close()
    record = {
        "block": found.block,
        "want": found.want,
        "toml": found.toml,
        "refused": found.refused,
    }
    if args.out is None:
        console.result(record, found.toml)
    else:
        store.write_text(args.out, found.toml)
        console.result(record, f"{args.out}: edit it, and put it into {args.recipe}")
    return 0


def call_show(args: argparse.Namespace, console: Console) -> int:
    """Print rows, or write them all."""
    from palate.runs.attributes import Chosen, attributes_of, write_table

    chosen = Chosen(args.block, args.attribute, tuple(args.item or ()))
    table = attributes_of(args.run, chosen)
    console.close()
    if args.out is not None:
        write_table(table, args.out)
        console.result(
            {"rows": table.height, "path": str(args.out)}, f"{args.out}: {table.height} rows"
        )
        return 0
    _show(table, args.limit, console)
    return 0


def call_lift(args: argparse.Namespace, console: Console) -> int:
    """Print a row a question, and write the blocks for the next batch."""
    from palate import store
    from palate.runs.files import plain
    from palate.runs.question_lift import next_batch, question_lifts

    lifts = question_lifts(args.run, args.block)
    console.close()
    between = [None if x.low is None else f"{x.low:.4f} to {x.high:.4f}" for x in lifts]
    console.table(
        "what each question adds",
        ["question", "adds", "interval", "ms an item", "cost of 1,000", "a ms", "a coin", ""],
        [
            [f"{x.block}, {x.attribute}", x.value, b, round(x.ms, 2), x.cost]
            + [None if found is None else found[0] for found in (x.per(x.ms), x.per(x.cost))]
            + [x.verdict]
            for x, b in zip(lifts, between, strict=True)
        ],
    )
    toml = next_batch(args.run, lifts)
    if args.out is not None:
        store.write_text(args.out, toml)
    rows = [{**plain(x), "per_ms": x.per(x.ms), "per_coin": x.per(x.cost)} for x in lifts]
    console.result({"questions": rows, "toml": toml}, str(args.out) if args.out else toml)
    return 0


def call_triples(args: argparse.Namespace, console: Console) -> int:
    """Write them, and say how another recipe reads them."""
    from palate.runs.attributes import Chosen, triples_of, write_table

    facts = triples_of(args.run, Chosen(args.block, args.attribute), args.least)
    write_table(facts, args.out)
    console.close()
    relations = facts["relation"].unique(maintain_order=True).to_list()
    record = {"triples": facts.height, "relations": relations, "path": str(args.out)}
    said = (
        f"{args.out}: {facts.height} triples of {facts['head'].n_unique()} items"
        f" ({', '.join(relations)}); a recipe reads them by\n\n"
        f'[data.knowledge.said]\ntriples = "{args.out}"\nconfidence_column = "confidence"'
    )
    console.result(record, said)
    return 0


def _show(table: pl.DataFrame, limit: int, console: Console) -> None:
    columns = ["block", "item_id", "attribute", "value", "confidence", "evidence", "fault"]
    if not table["may_be"].is_null().all():
        columns.insert(4, "may_be")
    rows = [list(row) for row in table.select(columns).head(limit).iter_rows()]
    console.table(f"{table.height} answers", columns, rows)
    more = table.height - len(rows)
    console.result(
        table.to_dicts(), f"{more} more; see --limit, --item and --out" if more > 0 else ""
    )
