"""`palate recommend`: lists from a finished run, for users, sessions, or like an item."""

from __future__ import annotations

import argparse
import operator
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palate.cli.console import Console, add_output_flags
from palate.errors import BadInput

if TYPE_CHECKING:
    import polars as pl

    from palate.answering import WritesHeadings
    from palate.recipe.recipe import Recipe

NAME = "recommend"
HELP = "items for users of a finished run, for a session, or like an item"
EXAMPLES = """  palate recommend runs/clicks --user 42 --user 43
  palate recommend runs/clicks --users-file users.txt -k 20 --format csv > lists.csv
  palate recommend runs/clicks --users-file users.txt --out lists.parquet
  palate recommend runs/clicks --history 12,7,31 --where genre=drama
  palate recommend runs/clicks --like 12 --where 'price<=20' -k 5"""

_CONDITION = re.compile(r"\s*(?P<field>.+?)\s*(?P<sign><=|>=|=|<|>)\s*(?P<value>.*?)\s*", re.DOTALL)
_SIGNS: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a run directory")
    parser.add_argument(
        "--user", action="append", metavar="ID", help="a user of the log; may be given again"
    )
    parser.add_argument(
        "--users-file",
        "--users",
        type=Path,
        metavar="FILE",
        help="one user a line; - reads standard input",
    )
    parser.add_argument(
        "--history",
        metavar="ID,ID",
        help="items that somebody took, oldest first: for somebody new, or in place of the log",
    )
    parser.add_argument(
        "--like", action="append", metavar="ID", help="items like this one; may be given again"
    )
    parser.add_argument(
        "--where",
        action="append",
        metavar="FIELD=VALUE",
        help="only items with this value of a field; also <, <=, >, >=; several values with"
        " commas; may be given again",
    )
    parser.add_argument(
        "--allow-file", type=Path, metavar="FILE", help="only these items, one a line"
    )
    parser.add_argument(
        "--deny-file", type=Path, metavar="FILE", help="never these items, one a line"
    )
    parser.add_argument("--deny", metavar="ID,ID", help="never these items")
    parser.add_argument(
        "--seen",
        choices=("mask", "allow"),
        help="leave out items of the history, or let them come again (default: as the recipe says)",
    )
    _add_form(parser)
    add_output_flags(parser)
    parser.set_defaults(call=call)


def _add_form(parser: argparse.ArgumentParser) -> None:
    """How long the lists are, what makes them, and where they go."""
    parser.add_argument("-k", type=int, default=10, metavar="N", help="items a list (default 10)")
    parser.add_argument("--model", default="", metavar="NAME", help="default: that of the headline")
    parser.add_argument(
        "--heading",
        default="",
        metavar="PROVIDER",
        help="a language model that writes a heading and a sentence for each list: a block of the"
        " recipe, or answers.chat.v1 or answers.gguf.v1",
    )
    parser.add_argument(
        "--format", choices=("table", "csv", "json"), default="table", help="default: table"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the lists in place of printing them: .parquet, .csv, .tsv or .jsonl",
    )


def call(args: argparse.Namespace, console: Console) -> int:
    """Print the lists."""
    from palate.pipeline.api import Run

    write = None if args.out is None else _writer(args.out)  # before the work, not behind it
    run = Run(args.run)
    heads = _heads(run.recipe, args.heading) if args.heading else None
    found = run.recommend(
        _users(args),
        args.k,
        args.model,
        history=_split(args.history),
        like=args.like,
        where=_filter(args.where),
        allow=_lines(args.allow_file),
        deny=_denied(args),
        seen=args.seen or "",
    )
    if heads is not None:
        from palate.pipeline.headings import with_headings

        found = with_headings(found, heads)
    console.close()
    if write is not None:
        write(found, args.out)
        n_lists = found[found.columns[0]].n_unique()
        said = {"file": str(args.out), "lists": n_lists, "rows": found.height}
        console.result(said, f"{args.out}: {found.height:,} rows of {n_lists:,} lists")
    elif args.json or args.format == "json":
        console = Console(json_output=True)
        console.result(found.to_dicts())
    elif args.format == "csv":
        sys.stdout.write(found.write_csv())
    else:
        _table(found, console)
    return 0


def _heads(recipe: Recipe, name: str) -> WritesHeadings:
    """The provider of that name. Raises BadInput where it writes no headings."""
    from palate.answering import WritesHeadings
    from palate.recipe.providers import provider_of

    by, part = provider_of(recipe, name, "--heading")
    if not isinstance(part, WritesHeadings):
        raise BadInput(
            f"{by} writes no headings",
            where="--heading",
            allowed="a language model: answers.chat.v1 or answers.gguf.v1",
        )
    return part


def _writer(path: Path) -> Callable[[pl.DataFrame, Path], None]:
    """What writes a file of that name."""
    from palate.data.writers.delimited import write_delimited
    from palate.data.writers.jsonlines import write_jsonlines
    from palate.data.writers.parquet import write_parquet

    writers: dict[str, Callable[[pl.DataFrame, Path], None]] = {
        ".parquet": write_parquet,
        ".csv": write_delimited,
        ".tsv": lambda frame, file: write_delimited(frame, file, "\t"),
        ".jsonl": write_jsonlines,
    }
    if path.suffix.lower() not in writers:
        raise BadInput(f'"{path.suffix}" says no format', where="--out", allowed=", ".join(writers))
    return writers[path.suffix.lower()]


def _table(found: pl.DataFrame, console: Console) -> None:
    first = found.columns[0]
    columns = [first, "rank", *(c for c in found.columns[1:] if c != "rank")]
    rows: list[list[Any]] = []
    last: Any = None
    for key, *rest in found.select(columns).rows():
        rows.append(["" if key == last else str(key), *rest])
        last = key
    console.table("", columns, rows)


def _users(args: argparse.Namespace) -> list[str] | None:
    named = [*(args.user or []), *(_lines(args.users_file) or [])]
    given = args.user is not None or args.users_file is not None
    return named if given else None


def _denied(args: argparse.Namespace) -> list[str] | None:
    named = [*(_split(args.deny) or []), *(_lines(args.deny_file) or [])]
    return named or None


def _split(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _lines(path: Path | None) -> list[str] | None:
    """The lines of a file that are not blank."""
    if path is None:
        return None
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as cause:
        raise BadInput(
            f"the file cannot be read: {cause}", where=str(path), allowed="UTF-8, one id a line"
        ) from cause
    return [line.strip() for line in text.splitlines() if line.strip()]


def _filter(conditions: Sequence[str] | None) -> Any:
    """The conditions as the library takes them; those of equality as a mapping, which names values
    that no item has.
    """
    equal: dict[str, list[str]] = {}
    compared: list[pl.Expr] = []
    for text in conditions or ():
        found = _CONDITION.fullmatch(text)
        if found is None:
            raise BadInput(
                f'"{text}" is no condition',
                where="--where",
                allowed="FIELD=VALUE; also <, <=, >, >=",
            )
        field, sign, value = found["field"], found["sign"], found["value"]
        if sign == "=":
            equal.setdefault(field, []).extend(_split(value) or [""])
        else:
            compared.append(_compared(field, sign, value))
    return [equal, *compared] if equal or compared else None


def _compared(field: str, sign: str, value: str) -> pl.Expr:
    """A comparison of numbers where the value is one, else of texts, as dates are compared."""
    import polars as pl

    compare = _SIGNS[sign]
    try:
        number = float(value)
    except ValueError:
        return compare(pl.col(field).cast(pl.String), pl.lit(value))
    return compare(pl.col(field).cast(pl.Float64, strict=False), pl.lit(number))
