"""Whether the headline is true, in worlds of which it is known what the features are good for.

python benchmarks/quality/truth.py                                every world
python benchmarks/quality/truth.py --only noise "right block"     those; others keep their rows
python benchmarks/quality/truth.py --before ../earlier/src        an earlier version as well
python benchmarks/quality/truth.py --before ... --alone           that one alone
python benchmarks/quality/truth.py --oracle                       only what there is to gain
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parents[1]
# as a script, what several benchmarks share lies one folder up
if str(BENCHMARKS) not in sys.path:
    sys.path.append(str(BENCHMARKS))

import prepared  # noqa: E402
from worlds import child  # noqa: E402
from worlds.grading import said, said_in_words, wrong  # noqa: E402
from worlds.made import worlds  # noqa: E402
from worlds.oracle import gains  # noqa: E402
from worlds.real import real_worlds  # noqa: E402
from worlds.world import Made, World  # noqa: E402

from palate.store import cache_folder  # noqa: E402

name = "truth"
what = (
    "What `palate.run` says of the features in worlds of which the truth is known, each run as it"
    " comes: the files, the guessed recipe, a budget. `to gain` is the NDCG@10 of the"
    " best of nine kinds of settings of behaviour alone and the same with the truth added, both"
    " chosen by the test, on all targets or on those that are helped. Right is: no gain, no slice"
    " and no block where nothing helps; else a gain, placed where it is, by the blocks that carry"
    " it; of a leak a warning, or no praise. The earlier version, 7b5653b, is graded by its"
    " headline's words alone, and its blocks are left out. The worlds are made by"
    " `benchmarks/worlds`"
)
SOURCE = BENCHMARKS.parent / "src"
SECONDS = 20.0
ENOUGH, SHARE = 40, 0.95
WORST = 1800.0
"""Seconds after which a run is given up."""


@dataclass(frozen=True)
class Options:
    """What to run.

    Attributes:
        only: Parts of names of worlds; none: all.
        source: The source tree of palate that is tested.
        before: That of the earlier version; None: its answers are kept.
        alone: Whether only the earlier version is run, and the answers of this one are kept.
        seconds: The budget.
        folder: Where files and runs lie.
        resume: Whether rows that a run that was broken off left in the folder are taken.
    """

    only: tuple[str, ...] = ()
    source: Path = SOURCE
    before: Path | None = None
    alone: bool = False
    seconds: float = SECONDS
    folder: Path = cache_folder() / "truth"
    resume: bool = False

    def worlds(self) -> Iterator[World]:
        """Those that are run."""
        for world in every_world():
            if not self.only or any(part in world.name for part in self.only):
                yield world


def every_world() -> list[World]:
    """The corpus."""
    return [*worlds(), *real_worlds()]


def run(options: Options = Options()) -> dict[str, Any]:
    """A row for each world; rows lie in the folder too as they are made, for `--resume`."""
    known = {row["world"]: row for row in prepared.last(name, "world", [""])["rows"]}
    made: dict[str, Any] = {}
    log = options.folder / "rows.json"
    if options.resume and log.is_file():
        made = json.loads(log.read_text(encoding="utf-8"))
    for world in options.worlds():
        if world.name not in made:
            made[world.name] = _row(world, options, known.get(world.name, {}))
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(json.dumps(made), encoding="utf-8")
            _show(made[world.name])
    known |= made
    rows = [known[world.name] for world in every_world() if world.name in known]
    return {"rows": rows, "claims": claims(rows)}


def _row(world: World, options: Options, last: dict[str, Any]) -> dict[str, Any]:
    folder = options.folder / world.name.replace(": ", "-").replace(" ", "-")
    made = world.make()
    files = made.write(folder)
    row = last if options.alone and last else _present(world, made, files, folder, options)
    if options.before is None:
        kept = ("before", "before right", "before why")
        return row | {key: last[key] for key in kept if key in last}
    earlier, why = _answer(world, files, folder / "before", options, earlier=True)
    return row | {"before": earlier, "before right": not why, "before why": why}


def _present(
    world: World, made: Made, files: tuple[Path, Path], folder: Path, options: Options
) -> dict[str, Any]:
    """The answer of this version, and what there is to gain."""
    started = time.perf_counter()
    found, why = _answer(world, files, folder / "run", options)
    seconds = time.perf_counter() - started
    return {
        "world": world.name,
        "truth": _truth(world),
        "to gain": _to_gain(world, made),
        "said": found,
        "right": not why,
        "why": why,
        "seconds": round(seconds, 1),
    }


def _show(row: dict[str, Any]) -> None:
    mark = "right" if row["right"] else f"WRONG: {row['why']}"
    print(f"  {row['world']}: {row['said']}; {mark} ({row['seconds']:.0f} s)", flush=True)
    if "before" in row:
        print(f"    before: {row['before']}; {row['before why'] or 'right'}", flush=True)


def _answer(
    world: World,
    files: tuple[Path, Path],
    folder: Path,
    options: Options,
    *,
    earlier: bool = False,
) -> tuple[str, str]:
    """What a run of this version, or of the earlier one, says, and why it is wrong."""
    source = (options.before if earlier else None) or options.source
    try:
        summary, findings = _run(files, folder, source, options.seconds)
    except (subprocess.SubprocessError, OSError) as problem:
        return "failed", f"failed: {problem}"
    words = said_in_words(summary["headline"], findings)
    found = words if earlier else said(summary, findings)
    return str(found), wrong(world.truth, found)


def _run(
    files: tuple[Path, Path], folder: Path, source: Path, seconds: float
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """`summary.json` and the findings of a run under the version in `source`."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, str(child.__file__), *map(str, files), str(folder), str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=WORST, check=False
    )
    if done.returncode:
        raise subprocess.SubprocessError(done.stderr.strip().rpartition("\n")[2])
    summary, data = (
        json.loads((folder / file).read_text(encoding="utf-8"))
        for file in ("summary.json", "data.json")
    )
    return summary, data["findings"]


def _truth(world: World) -> str:
    truth = world.truth
    who = ", ".join(truth.slices) if truth.helped == "some" else truth.helped
    return who + (f", by {' or '.join(truth.blocks)}" if truth.blocks else "")


def _to_gain(world: World, made: Made) -> str:
    helped = world.truth.slices or ("all",)
    found = [gain for gain in gains(made) if gain.slice in helped]
    best = max(found, key=lambda gain: gain.z, default=None)
    if best is None:
        return ""
    where = "" if best.slice == "all" else f"{best.slice}: "
    return f"{where}{best.before:.3f} to {best.after:.3f}, {best.z:.1f} errors"


def claims(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is asked of the corpus."""
    right = sum(row["right"] for row in rows)
    noise = [row for row in rows if row["truth"] == "no one"]
    credited = [row["world"] for row in noise if not row["right"]]
    blocks = [row["world"] for row in rows if row["why"].startswith(("credits", "does not tell"))]
    before = [row for row in rows if "before right" in row]
    earlier = sum(row["before right"] for row in before)
    return [
        {
            "claim": f"the headline is right in {right} of {len(rows)} worlds, at least 95 %",
            "holds": len(rows) >= ENOUGH and right >= SHARE * len(rows),
        },
        {
            "claim": f"nothing is credited in {len(noise)} worlds where nothing helps"
            + (f", but: {'; '.join(credited)}" if credited else ""),
            "holds": not credited,
        },
        {
            "claim": "no block is credited that earns nothing, and the right one is named"
            + (f", but: {'; '.join(blocks)}" if blocks else ""),
            "holds": not blocks,
        },
        {
            "claim": f"the earlier version is right in {earlier} of {len(before)}, so the worlds"
            " tell versions apart",
            "holds": bool(before) and earlier / len(before) < right / max(len(rows), 1),
        },
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command."""
    from run import measure  # beside prepared.py; as a module of `run.py` this is never needed

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=[], help="parts of names of worlds")
    parser.add_argument("--source", type=Path, default=SOURCE, help="source tree that is tested")
    parser.add_argument("--before", type=Path, help="source tree of the earlier version")
    parser.add_argument("--alone", action="store_true", help="run the earlier version alone")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="budget of a run")
    parser.add_argument("--folder", type=Path, default=Options.folder, help="for files and runs")
    parser.add_argument("--results", type=Path, default=prepared.RESULTS)
    parser.add_argument("--resume", action="store_true", help="go on with a run broken off")
    parser.add_argument("--oracle", action="store_true", help="only what there is to gain")
    given = parser.parse_args(arguments)
    options = Options(
        tuple(given.only),
        given.source,
        given.before,
        given.alone,
        given.seconds,
        given.folder,
        given.resume,
    )
    if given.oracle:
        for world in options.worlds():
            print(f"{world.name}: {_to_gain(world, world.make())}", flush=True)
        return 0
    module: Any = sys.modules[__name__]
    module.run, whole = (lambda: whole(options)), module.run
    return int(not measure(module, given.results))


if __name__ == "__main__":
    sys.exit(main())
