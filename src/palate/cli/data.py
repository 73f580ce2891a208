"""`palate data`: check, describe, convert and get data sets."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palate.cli.console import Console, add_output_flags
from palate.cli.keys import files_and_keys

if TYPE_CHECKING:
    from palate.tables import Dataset

NAME = "data"
HELP = "check files for faults, describe them, convert them, get a known data set"
EXAMPLES = """  palate data check clicks.csv items.csv
  palate data check clicks.csv items.csv user_column=buyer time_format="%d/%m/%Y"
  palate data describe ml-100k/
  palate data convert ml-100k/ --to atomic --out atomic/
  palate data get ml-100k"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    check = verbs.add_parser("check", help="report faults with file, row and examples")
    check.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a log, its catalogue, its users; or folders; or addresses of databases; then any"
        " keys of [data] of a recipe, e.g. user_column=buyer",
    )
    check.add_argument("--strict", action="store_true", help="exit code 1 when there are warnings")
    check.set_defaults(call=call_check, overrides=[])
    describe = verbs.add_parser("describe", help="counts, time range, fields and text coverage")
    describe.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="the log, then the catalogue; or one folder; then any keys of [data]",
    )
    describe.set_defaults(call=call_describe, overrides=[])
    convert = verbs.add_parser("convert", help="write in another format")
    convert.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="the log, then the catalogue; or one folder; then any keys of [data]",
    )
    convert.add_argument(
        "--to", choices=("atomic", "parquet", "csv", "jsonl"), required=True, help="format to write"
    )
    convert.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write")
    convert.set_defaults(call=call_convert, overrides=[])
    get = verbs.add_parser("get", help="fetch a known data set into the cache")
    get.add_argument("name", metavar="NAME", help="e.g. ml-100k")
    get.set_defaults(call=call_get)
    for verb in (check, describe, convert, get):
        add_output_flags(verb)


def call_check(args: argparse.Namespace, console: Console) -> int:
    """Print the findings, a log with its catalogue and users together; 2 if something cannot be
    used, 1 for warnings with --strict.
    """
    from palate.data.checks import check_paths
    from palate.recipe.init import settings_of

    paths, keys = files_and_keys([*args.paths, *args.overrides])
    results: list[dict[str, Any]] = []
    worst = 0
    for checked in check_paths(paths, settings_of((), keys)):
        path = " + ".join(map(str, checked.paths))
        if checked.error is not None:
            worst = 2
            results.append({"path": path, "error": checked.error.message()})
            if not console.json_output:
                console.error(checked.error)
            continue
        findings = checked.findings
        results.append({"path": path, "findings": [dataclasses.asdict(f) for f in findings]})
        severities = {f.severity for f in findings}
        worst = max(
            worst,
            2 if "error" in severities else 1 if args.strict and "warning" in severities else 0,
        )
        _print_findings(path, findings, console)
    console.result(results)
    return worst


def _print_findings(path: str, findings: Any, console: Console) -> None:
    lines = [
        f"{path}: {len(findings)} findings" if findings else f"{path}: nothing to complain about"
    ]
    for f in findings:
        lines.append(f"  {f.severity}: {f.message}" + (f" [{f.where}]" if f.where else ""))
        lines += [f"      {example}" for example in f.examples[:3]]
        lines += [f"      next: {f.advice}"] if f.advice else []
    if not console.json_output:
        console.result(None, "\n".join(lines))


def _read(args: argparse.Namespace) -> Dataset:
    from palate.data.assemble import read_unseen
    from palate.recipe.init import settings_of

    files, keys = files_and_keys([*args.paths, *args.overrides])
    return read_unseen(settings_of(files, keys), Path.cwd())[0]


def call_describe(args: argparse.Namespace, console: Console) -> int:
    """Print what the data is."""
    from palate.data.assemble import read_unseen
    from palate.data.describe import describe
    from palate.recipe.init import settings_of

    dataset, _ = read_unseen(
        settings_of(*files_and_keys([*args.paths, *args.overrides])), Path.cwd()
    )
    facts = describe(dataset)
    lines = [*dataset.guesses, ""]
    lines += [f"{key.replace('_', ' ')}: {value}" for key, value in facts["counts"].items()]
    lines += [f"action {name}: {count:,} events" for name, count in facts["actions"].items()]
    lines += [
        f"text {t['field']}: {t['share']:.0%} of items, {t['median_words']} words"
        for t in facts["text"]
    ]
    console.result(facts, "\n".join(lines))
    return 0


def call_convert(args: argparse.Namespace, console: Console) -> int:
    """Write the data in another format."""
    from palate.data.assemble import read_unseen
    from palate.data.export import export
    from palate.recipe.init import settings_of

    dataset, _ = read_unseen(
        settings_of(*files_and_keys([*args.paths, *args.overrides])), Path.cwd()
    )
    written = export(dataset, args.out, args.to)
    lines = [*dataset.guesses, *(f"wrote {p}" for p in written)]
    console.result([str(p) for p in written], "\n".join(lines))
    return 0


def call_get(args: argparse.Namespace, console: Console) -> int:
    """Fetch a known data set."""
    from palate.data.fetch import get

    with_bar = f"get {args.name}"
    console.begin(with_bar)
    folder = get(args.name)
    console.end()
    console.result({"folder": str(folder)}, str(folder))
    return 0
