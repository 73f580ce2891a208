"""The guessed recipe, untouched, beside tuned peers on sets that it knows nothing of.

python benchmarks/quality/strangers.py                              every set
python benchmarks/quality/strangers.py --sets ml-100k yelp          those; others keep their rows
python benchmarks/quality/strangers.py --made                       the made logs as well
python benchmarks/quality/strangers.py --peers-only                 peers alone, kept for later
python benchmarks/quality/strangers.py --palate-only                with the peers that were kept

Peers need palate's extra `bench`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BENCHMARKS = Path(__file__).resolve().parents[1]
# as a script, what several benchmarks share lies one folder up
if str(BENCHMARKS) not in sys.path:
    sys.path.append(str(BENCHMARKS))

import prepared  # noqa: E402
from peers.contest import METRIC, TUNED_ON, Answer, contest  # noqa: E402
from peers.contest import per_case as figures  # noqa: E402
from peers.made_logs import MADE, made  # noqa: E402

from palate.arrays import Doubles  # noqa: E402
from palate.data.assemble import read  # noqa: E402
from palate.data.clean import clean  # noqa: E402
from palate.data.describe import field_kinds  # noqa: E402
from palate.errors import PalateError  # noqa: E402
from palate.evaluate.comparisons import compare  # noqa: E402
from palate.model.shortlist import sample  # noqa: E402
from palate.recipe import metrics  # noqa: E402
from palate.recipe.init import init  # noqa: E402
from palate.recipe.recipe import Recipe, load  # noqa: E402
from palate.runs import files as run_files  # noqa: E402
from palate.runs.open import open_run  # noqa: E402
from palate.store import cache_folder  # noqa: E402
from palate.tables import Cases, Catalogue, Dataset, FeatureTable, Split, Training  # noqa: E402

name = "strangers"
what = (
    "What `palate init FILES` and `palate run` reach on each set, nothing changed, beside peers on"
    " the same split, fitted on the same training part, tuned on the same validation cases, for"
    " the same users: NDCG@10 over all unseen items, ties at their expected value. palate's"
    " model is the one that its own run calls the best. Peers: popularity, irspack's iALS, RP3beta"
    " and SLIM, EASE, implicit's ALS and BPR, a hybrid of the best of these and TF-IDF, and"
    " LightGBM's lambdarank over candidates of these; the best of them by the test, which favours"
    " them. All peers of a set together have a budget of processor time for tuning. The difference"
    " is palate's less the best peer's, paired over users, with a 95 % interval: below where all of"
    " it is under 0. The made logs are drawn by `benchmarks/peers/made_logs.py`"
)

SETS: dict[str, tuple[str, ...]] = {
    "ml-100k": ("ratings", "items"),
    "ml-1m": ("ratings", "items"),
    "ml-latest-small": ("ratings", "items"),
    "goodbooks-10k": ("ratings_sample", "items"),
    "amazon-office": ("interactions", "items"),
    "amazon-beauty": ("interactions", "items"),
    "amazon-toys": ("interactions", "items"),
    "amazon-sports": ("interactions", "items"),
    "amazon-health": ("interactions", "items"),
    "amazon-all-beauty-reviews": ("reviews",),
    "cn-ecommerce": ("ratings", "items"),
    "zomato-hyderabad": ("reviews", "items"),
    "dkn-bing-news": ("clicks", "news"),
    "zimnat-insurance": ("interactions",),
    "yoochoose-sessions": ("interactions",),
    "ads-amexpert2018": ("impressions",),
    "yelp": ("interactions", "items"),
}
"""Set -> its files, in the order in which they are given to `palate init`, and nothing else."""
ENOUGH = 10


@dataclass(frozen=True)
class Options:
    """What to run.

    Attributes:
        sets: Names of `SETS` and of the made logs; none: all of `SETS`.
        made: The made logs as well.
        budget: Processor seconds for tuning all peers of a set.
        users: Test users at most, drawn by seed; the same for both sides.
        peers: Whether peers that were not kept are run.
        palate: Whether palate is run.
        folder: Where runs and what peers answered are kept.
    """

    sets: tuple[str, ...] = ()
    made: bool = False
    budget: float = 300.0
    users: int = 3000
    peers: bool = True
    palate: bool = True
    folder: Path = cache_folder() / "strangers"

    def names(self) -> list[str]:
        """The sets to run."""
        return list(self.sets or SETS) + [n for n in MADE if self.made and n not in self.sets]

    def place(self, set_name: str) -> Path:
        """Where a set's files are kept."""
        return self.folder / set_name.replace(": ", "-")


@dataclass(frozen=True, eq=False)
class Question:
    """One set, as the guessed recipe reads and splits it.

    Attributes:
        recipe: What `palate init` wrote.
        data: Cleaned.
        split: Its split.
        test: The cases that both sides are asked.
        digest: Of all that peers depend on.
    """

    recipe: Recipe
    data: Dataset
    split: Split
    test: Cases
    digest: str


@dataclass(frozen=True, eq=False)
class Ours:
    """What palate's run reached: the model of its choice, its figures [n_cases], and the cost."""

    model: str
    per_case: Doubles
    seconds: float
    wall: float


def run(options: Options | None = None) -> dict[str, Any]:
    """Every set, or those that the variable SETS names."""
    options = options or Options(sets=tuple(os.environ.get("SETS", "").split()))
    names = options.names()
    rows = prepared.last(name, "set", names)["rows"] if options.palate else []
    for set_name in names:
        print(f"  {set_name}", flush=True)
        row = _row(set_name, options)
        rows.append(row)
        print("    " + json.dumps(row), flush=True)
    order = [*SETS, *MADE]
    rows.sort(key=lambda row: order.index(row["set"]))
    return {"rows": rows, "claims": _claims(rows)}


def _claims(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    told = [row for row in rows if row["set"] in SETS]
    held = [row for row in told if row.get("verdict") in ("above", "within noise")]
    sentence = (
        f"within noise of the best peer, or above it, on every real set (on {len(held)} of"
        f" {len(told)}, at least {ENOUGH} wanted)"
    )
    return [{"claim": sentence, "holds": len(held) == len(told) >= ENOUGH}]


def _row(set_name: str, options: Options) -> dict[str, Any]:
    try:
        question = _question(set_name, options)
    except PalateError as error:
        return {"set": set_name, "palate": f"no answer: {error.what}", "verdict": "below"}
    log = question.data.interactions
    row: dict[str, Any] = {
        "set": set_name,
        "users": log.n_users,
        "items": log.n_items,
        "events": len(log),
        "split": question.recipe.split.name,
        "asked": len(question.test),
    }
    ours = _palate(question, options.place(set_name)) if options.palate else None
    if isinstance(ours, str):
        row |= {"palate": f"no answer: {ours}", "verdict": "below"}
    elif ours is not None:
        row |= {"palate": ours.model, "NDCG@10": _mean(ours.per_case)}
    peers = _peers(question, options, options.place(set_name) / "peers.npz")
    best = max((p for p in peers if p.per_case is not None), key=lambda p: _mean(p.per_case))
    row |= {"best peer": best.name, "its NDCG@10": _mean(best.per_case)}
    if isinstance(ours, Ours):
        row |= _compared(ours, best, question)
        row |= {"palate s": round(ours.seconds)}
    row |= {"peers s": round(sum(peer.seconds for peer in peers))}
    return row | {"peers": "; ".join(map(_told, peers))}


def _compared(ours: Ours, best: Answer, question: Question) -> dict[str, Any]:
    assert best.per_case is not None
    users = question.test.histories.users
    found = compare(ours.per_case, best.per_case, users, most=1.0)
    verdict = "above" if found.low > 0 else "below" if found.high < 0 else "within noise"
    told = f"{found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
    return {"difference": told, "verdict": verdict}


def _told(peer: Answer) -> str:
    if peer.per_case is None:
        return f"{peer.name} not run, {peer.why}"
    return f"{peer.name} {_mean(peer.per_case):.4f} ({peer.chosen})"


def _mean(per_case: Doubles | None) -> float:
    return 0.0 if per_case is None else round(float(np.nanmean(per_case)), 4)


def _question(set_name: str, options: Options) -> Question:
    """`palate init FILES`, and what its recipe makes of them."""
    place = options.place(set_name)
    place.mkdir(parents=True, exist_ok=True)
    understood = init(_files(set_name, place), place / "recipe.toml", force=True)
    (place / "understood.txt").write_text("\n".join(understood.sentences) + "\n")
    recipe = load(place / "recipe.toml")
    data = clean(read(recipe.data, recipe.base), recipe.clean)[0]
    split = recipe.split.build().split(data.interactions, recipe.seed)
    test = sample(split.test.open("inspect"), options.users, recipe.seed)
    digest = _digest(data.catalogue, split, test, options.budget)
    return Question(recipe, data, split, test, digest)


def _files(set_name: str, place: Path) -> list[Path]:
    if set_name in MADE:
        return made(set_name, place)
    base = Path(os.environ.get("PALATE_DATA") or "../shared/data")
    return [(base / set_name / f"{file}.parquet").resolve() for file in SETS[set_name]]


def _digest(catalogue: Catalogue, split: Split, test: Cases, budget: float) -> str:
    """Of all that peers depend on: the training part, all cases, what the catalogue's fields are,
    the metric and the budget.
    """
    asked = f"{metrics.spec(METRIC)} {budget} {TUNED_ON} {field_kinds(catalogue)}"
    found = hashlib.sha256(asked.encode())
    log = split.train
    for array in (log.user, log.item, log.value, log.time):
        found.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    for cases in (split.validation, test):
        for array in (cases.histories.users, cases.histories.items.values, cases.targets.values):
            found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _peers(question: Question, options: Options, kept: Path) -> list[Answer]:
    """What the peers answered: as it was kept, if nothing that they depend on has changed."""
    there = _opened(kept, question.digest)
    if there is not None:
        return there
    if not options.peers:
        raise SystemExit(f"{kept} holds no peers of this split; run without --palate-only first")
    split = question.split
    answers = contest(
        Training(split.train, FeatureTable(question.data.catalogue.items), split.validation),
        sample(split.validation, TUNED_ON, question.recipe.seed),
        question.test,
        question.data.catalogue,
        options.budget,
    )
    _keep(answers, question.digest, kept)
    return answers


def _keep(answers: Sequence[Answer], digest: str, kept: Path) -> None:
    """Write what `_opened` reads."""
    facts = [
        {key: value for key, value in vars(answer).items() if key != "per_case"}
        for answer in answers
    ]
    arrays = {str(i): a.per_case for i, a in enumerate(answers) if a.per_case is not None}
    with kept.open("wb") as file:
        np.savez(file, digest=digest, facts=json.dumps(facts), **arrays)


def _opened(kept: Path, digest: str) -> list[Answer] | None:
    if not kept.exists():
        return None
    with np.load(kept) as there:
        arrays = {key: there[key] for key in there.files}
    if str(arrays["digest"]) != digest:
        return None
    facts = json.loads(str(arrays["facts"]))
    return [Answer(**fact, per_case=arrays.get(str(i))) for i, fact in enumerate(facts)]


def _palate(question: Question, place: Path) -> Ours | str:
    """`palate run`, in a process of its own; then the model that the run calls the best."""
    command = [sys.executable, "-m", "palate.cli", "run", "recipe.toml", "--out", "run"]
    started, before = time.perf_counter(), _processor_seconds()
    with (place / "run.log").open("w") as file:
        done = subprocess.run(
            command, cwd=place, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    wall, seconds = time.perf_counter() - started, _processor_seconds() - before
    if done.returncode:
        lines = (place / "run.log").read_text().strip().splitlines()
        return (lines or [f"exit code {done.returncode}"])[-1].strip()
    opened = open_run(place / "run")
    same = opened.split.test.open("inspect").targets.values
    if not np.array_equal(same, question.split.test.open("inspect").targets.values):
        raise SystemExit(f"{place / 'run'} has other test cases than its recipe")
    best = opened.rows(run_files.SUMMARY).best_model
    return Ours(best, figures(opened.scorer(best), question.test), seconds, wall)


def _processor_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; without palate nothing is written but what the peers answered."""
    from run import measure  # beside prepared.py; as a module of `run.py` this is never needed

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="*", default=[], choices=[*SETS, *MADE], metavar="SET")
    parser.add_argument("--made", action="store_true", help="the made logs as well")
    parser.add_argument("--budget", type=float, default=300, help="seconds for all peers of a set")
    parser.add_argument("--users", type=int, default=3000, help="test users at most")
    parser.add_argument("--peers-only", action="store_true", help="peers alone; they are kept")
    parser.add_argument("--palate-only", action="store_true", help="with peers that were kept")
    parser.add_argument("--folder", type=Path, default=Options.folder, help="for runs and peers")
    parser.add_argument("--results", type=Path, default=prepared.RESULTS)
    given = parser.parse_args(arguments)
    options = Options(
        tuple(given.sets),
        given.made,
        given.budget,
        given.users,
        not given.palate_only,
        not given.peers_only,
        given.folder,
    )
    if given.peers_only:
        run(options)
        return 0
    module: Any = sys.modules[__name__]
    module.run, whole = (lambda: whole(options)), module.run
    return int(not measure(module, given.results))


if __name__ == "__main__":
    sys.exit(main())
