"""Files as people have them, and the five commands of the first hour on each.

python benchmarks/quality/dirty_files.py                     every pair
python benchmarks/quality/dirty_files.py --pairs thumbs      those; others keep their rows
python benchmarks/quality/dirty_files.py --big               the log of two gigabytes as well
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parents[1]
# as a script, what several benchmarks share lies one folder up
if str(BENCHMARKS) not in sys.path:
    sys.path.append(str(BENCHMARKS))

import prepared  # noqa: E402
from dirt import big, dumps, east, exports, logs, sheets, shops  # noqa: E402
from dirt.judge import faults  # noqa: E402
from dirt.pair import Pair  # noqa: E402

from palate.store import cache_folder  # noqa: E402

name = "dirty_files"
what = (
    "Made files as people have them, each pair with its own faults, and the five commands of the"
    " first hour on them, one after the other, in processes of their own, as somebody types who"
    " knows nothing of palate: `palate data check`, `palate init`, `palate run --budget 15s`,"
    " `palate importance`, `palate recommend`. What is right was written down before"
    " palate was run: which events count and when they were, which must not, whose names are read,"
    " the split, whether an encoder of English will do. The outcome is `right` where the recipe of"
    " `palate init` makes just that of the files; `after a message` where it does after at most two"
    " more commands in which a key that the output names has the value that the person knows, or"
    " after the new export that it asks for; else `wrong`. Seconds are those of the processor, the"
    " start of Python included, in one thread; a traceback anywhere is counted. The log of two"
    " gigabytes is asked for `palate init` alone"
)

BUDGET = "15s"
NO_ANSWER = ("no-signal", "nothing to examine")
"""What `palate importance` says where it has no answer, and rightly so: of so few users features
often show no signal, and a log without a catalogue has none."""
COMMANDS = ("check", "init", "run", "importance", "recommend")
LARGE = "two gigabytes"


@dataclass(frozen=True)
class Said:
    """What a command wrote, how it ended, and what it took: seconds of the processor, memory."""

    text: str
    code: int
    seconds: float
    peak_gb: float = 0.0

    @property
    def tracebacks(self) -> int:
        """How many the output holds."""
        return self.text.count("Traceback (most recent call last)")


@dataclass(frozen=True)
class Options:
    """What to run: names of pairs (none: all), whether the large log as well, and where."""

    pairs: tuple[str, ...] = ()
    big: bool = False
    folder: Path = cache_folder() / "dirty-files"


def pairs() -> list[Pair]:
    """All pairs, in the order of the table."""
    return [
        pair for module in (east, sheets, dumps, shops, logs, exports) for pair in module.pairs()
    ]


def run(options: Options | None = None) -> dict[str, Any]:
    """Every pair, or those that the variable PAIRS names, parted by commas."""
    wanted = tuple(filter(None, os.environ.get("PAIRS", "").split(",")))
    options = options or Options(wanted, big=bool(os.environ.get("BIG")))
    order = [pair.name for pair in pairs()] + [LARGE]
    asked = [n for n in order if n in options.pairs or not (options.pairs or n == LARGE)]
    asked += [LARGE] * (options.big and LARGE not in asked)
    rows = prepared.last(name, "pair", asked)["rows"]
    for pair in (pair for pair in pairs() if pair.name in asked):
        rows.append(_row(pair, options.folder / pair.name.replace(" ", "-")))
        print(f"  {rows[-1]}", flush=True)
    if LARGE in asked:
        rows.append(_large(options.folder / "large"))
        print(f"  {rows[-1]}", flush=True)
    rows.sort(key=lambda row: order.index(row["pair"]))
    return {"rows": rows, "claims": _claims(rows)}


def _claims(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    right = [row for row in rows if row["outcome"] in ("right", "after a message")]
    ended = [row for row in rows if row["pair"] == LARGE or not row.get("failed")]
    tracebacks = sum(row["tracebacks"] for row in rows)
    return [
        {
            "claim": "every pair ends in a right recipe, or in a message that leads to one within"
            f" two commands ({len(right)} of {len(rows)})",
            "holds": len(right) == len(rows),
        },
        {
            "claim": "after that all of the other commands end well, or importance says that the"
            f" features show no signal (with {len(ended)} of {len(rows)})",
            "holds": len(ended) == len(rows),
        },
        {"claim": f"no traceback is seen ({tracebacks} seen)", "holds": not tracebacks},
    ]


def _row(pair: Pair, folder: Path) -> dict[str, Any]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pair.write(folder)
    said = {"check": _palate(folder, "data", "check", *pair.files)}
    said["init"], outcome, found = _recipe(pair, folder, said["check"].text)
    said["run"] = _palate(folder, "run", "recipe.toml", "--budget", BUDGET)
    said["importance"] = _palate(folder, "importance", "runs/recipe")
    said["recommend"] = _palate(folder, "recommend", "runs/recipe", "--user", pair.user)
    for command, answer in said.items():
        (folder / f"{command}.txt").write_text(answer.text, encoding="utf-8")
    none = said["importance"].code and any(why in said["importance"].text for why in NO_ANSWER)
    failed = [c for c in ("run", "importance", "recommend") if said[c].code]
    failed = [c for c in failed if not (none and c == "importance")]
    row: dict[str, Any] = {"pair": pair.name, "files": pair.what, "outcome": outcome}
    row |= {f"{c} s": round(said[c].seconds, 1) for c in COMMANDS}
    row["tracebacks"] = sum(answer.tracebacks for answer in said.values())
    if none:
        row["importance"] = "says that there is no signal to ask about"
    if failed:
        row["failed"] = ", ".join(failed)
    if found:
        row["fault"] = "; ".join(found)
    return row


def _recipe(pair: Pair, folder: Path, checked: str) -> tuple[Said, str, list[str]]:
    """`palate init`, and up to two more commands as its messages lead; the output of the first."""
    first = said = _palate(folder, "init", *pair.files, "--force")
    (folder / "first-init.txt").write_text(first.text, encoding="utf-8")
    files, heard = list(pair.files), checked + first.text
    outcome = "right"
    for _ in range(2):
        found = _found(folder, said, pair)
        if not found:
            break
        outcome = "after a message"
        keys = [f"{k}={v}" for k, v in pair.knows.items() if _names_key(k, heard)]
        if pair.mend and any(word in heard for word in pair.asks):
            pair.mend(folder)
            files = [f.removesuffix(".xlsx") + ".csv" if f.endswith(".xlsx") else f for f in files]
        elif not keys:
            break
        said = _palate(folder, "init", *files, *keys, "--force")
        heard += said.text
    found = _found(folder, said, pair)
    return first, "wrong" if found else outcome, found


def _names_key(key: str, text: str) -> bool:
    return bool(re.search(rf"\b{re.escape(key.rpartition('.')[2])}\b", text))


def _found(folder: Path, said: Said, pair: Pair) -> list[str]:
    if said.code:
        return [" ".join(said.text.split())[:200] or f"exit code {said.code}"]
    return faults(folder / "recipe.toml", pair.truth)


def _large(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "items.csv").is_file():
        big.write(folder)
    size = (folder / "clicks.csv").stat().st_size
    said = _palate(folder, "init", *big.FILES, "--force")
    (folder / "init.txt").write_text(said.text, encoding="utf-8")
    recipe = folder / "recipe.toml"
    found = [said.text[:200]] if said.code else big.faults(recipe, folder / "small")
    row: dict[str, Any] = {
        "pair": LARGE,
        "files": f"{size / 1e9:.1f} GB of CSV, {big.ROWS / 1e6:.0f} million events, users missing,"
        f" the header again in its midst; peak memory of init {said.peak_gb:.1f} GB",
        "outcome": "wrong" if found else "right",
        "init s": round(said.seconds, 1),
        "tracebacks": said.tracebacks,
    }
    return row | ({"fault": "; ".join(found)} if found else {})


def _palate(folder: Path, *words: str) -> Said:
    """One command, in a process of its own, with what it took."""
    command = [sys.executable, "-m", "palate", *words]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = used.ru_utime + used.ru_stime
    return Said(text, process.returncode, seconds, used.ru_maxrss / 2**20)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; exit code 1 if a claim does not hold."""
    from run import measure  # beside prepared.py; as a module of `run.py` this is never needed

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = [pair.name for pair in pairs()]
    parser.add_argument("--pairs", nargs="*", default=[], choices=[*known, LARGE], metavar="PAIR")
    parser.add_argument("--big", action="store_true", help="the log of two gigabytes as well")
    parser.add_argument("--folder", type=Path, default=Options.folder, help="for files and runs")
    parser.add_argument("--results", type=Path, default=prepared.RESULTS)
    given = parser.parse_args(arguments)
    options = Options(tuple(given.pairs), given.big, given.folder)
    module: Any = sys.modules[__name__]
    module.run, whole = (lambda: whole(options)), module.run
    return int(not measure(module, given.results))


if __name__ == "__main__":
    sys.exit(main())
