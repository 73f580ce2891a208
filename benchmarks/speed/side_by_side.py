"""What ranking and the models of ids cost beside the same work of implicit and irspack."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))
sys.path.append(str(Path(__file__).resolve().parent))

import numpy as np
from scipy import sparse

name = "side_by_side"
what = (
    "The same work by palate, implicit and irspack in one process on all cores, taking turns;"
    " medians of the turns, wall seconds, and processor seconds of all threads, which other load"
    " of the machine moves less. Ranking: 100,000 made users with 20 items each and one target,"
    " 100,000 items, 64 numbers, float32, a quarter of the users each turn and the seconds times"
    " four: palate.evaluate.ranking.rank with the rank of the target among all other items and a"
    " list, implicit's recommend with filter_already_liked_items, and the bare product of the"
    " factors, 512 users at a time into memory that is there. Learning: Amazon Beauty without each"
    " person's last two purchases, and a made log of a million events (that of the benchmark"
    " scale), from the log to the model: ALS with 64 numbers, seconds an epoch of ten, and NDCG@10"
    " of the last purchase among all unseen items; the 100 nearest items by cosine; co-occurrence"
    " with all pairs. Peers run with one thread of BLAS, as they ask for. PEER_PACKAGES in the"
    " environment names a folder that has them"
)
TURNS = 3
N, RANK, EPOCHS, PARTS = 100_000, 64, 10, 4
LISTS = {"ranking, k 10": 10, "ranking, k 100": 100}
LOGS = ("Amazon Beauty", "1,000,000 events")


def run() -> dict[str, Any]:
    """A row for each task and party, and the ratios that are asked for."""
    rows = [row for task in (*LISTS, *LOGS) for row in _rows(task)]
    found = {(row["task"], row["by"]): row for row in rows}
    return {"rows": rows, "claims": [claim for task in TASKS for claim in _claims(found, task)]}


TASKS = (
    ("ranking, k 10", "palate", "implicit", 1.0),
    ("ranking, k 100", "palate", "implicit", 1.0),
    ("ranking, k 10", "palate", "bare product", 3.0),
    *((f"ALS, {log}", "palate", "implicit", 2.0) for log in LOGS),
    *((f"cosine, {log}", "palate", "implicit", 1.0) for log in LOGS),
    *((f"cosine, {log}", "palate", "irspack", 1.0) for log in LOGS),
    *((f"cosine, {log}", "palate, co-occurrence", "irspack", 1.0) for log in LOGS),
    *((f"cosine, {log}", "palate, co-occurrence", "implicit", 1.0) for log in LOGS),
)
"""Task, by whom, beside whom, and the most that the ratio of seconds may be."""


def _claims(
    found: Mapping[tuple[str, str], Mapping[str, Any]], task: tuple[str, str, str, float]
) -> list[dict[str, Any]]:
    """The ratio, and for ALS that the figure is not lower by more than its standard error."""
    what_of, ours, theirs, goal = task
    if (what_of, theirs) not in found:
        return []
    mine, other = found[what_of, ours], found[what_of, theirs]
    ratio = mine["s"] / other["s"]
    said = f"{what_of}: {ours} takes {ratio:.2f} of the time of {theirs}, goal {goal:g}"
    claims = [{"claim": said, "holds": ratio <= goal}]
    if "NDCG@10" in other:
        a, b, error = mine["NDCG@10"], other["NDCG@10"], mine["standard error"]
        claims.append(
            {
                "claim": f"{what_of}: NDCG@10 {a:.4f} beside {b:.4f} of {theirs}",
                "holds": a >= b - error,
            }
        )
    return claims


def _rows(task: str) -> list[dict[str, Any]]:
    environment = dict(os.environ)
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment.pop(threads, None)
    paths = (environment.get("PYTHONPATH", ""), environment.get("PEER_PACKAGES", ""))
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    command = [sys.executable, __file__, task]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    rows = json.loads(done.stdout.splitlines()[-1])
    for row in rows:
        print("    " + json.dumps(row), flush=True)
    return list(rows)


def main(task: str) -> None:
    """One task in a process of its own; prints its rows."""
    warnings.simplefilter("ignore")
    # irspack shows progress by a package that drags a web framework along
    bar = types.ModuleType("fastprogress")
    bar.progress_bar = lambda rows, *_args, **_more: rows  # type: ignore[attr-defined]
    sys.modules["fastprogress"] = bar
    print(json.dumps(_ranking(task) if task in LISTS else _log(task)))


def _turns(
    work: Mapping[str, Callable[[int], Any]], n: int
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """Median seconds of each in n turns, and what it gave last."""
    from threadpoolctl import threadpool_limits

    took: dict[str, list[tuple[float, float]]] = {who: [] for who in work}
    gave: dict[str, Any] = {}
    for turn in range(n):
        for who, one in work.items():
            theirs = who in ("implicit", "irspack")
            with threadpool_limits(1 if theirs else None, "blas"):
                started, busy = time.perf_counter(), time.process_time()
                gave[who] = one(turn)
                took[who].append((time.perf_counter() - started, time.process_time() - busy))
    medians = {
        who: {
            "s": round(statistics.median(s for s, _ in all_of), 3),
            "processor s": round(statistics.median(p for _, p in all_of), 3),
        }
        for who, all_of in took.items()
    }
    return medians, gave


def _ranking(task: str) -> list[dict[str, Any]]:
    from palate.arrays import Floats, Ragged, within
    from palate.capabilities import ScoresInto
    from palate.evaluate.ranking import rank
    from palate.tables import Cases, Histories

    random, k, part = np.random.default_rng(0), LISTS[task], N // PARTS
    U, V = (random.normal(0, 0.1, (N, RANK)).astype(np.float32) for _ in range(2))
    item = np.minimum((N * random.random(20 * N) ** 2).astype(np.int64), N - 1)
    ones = np.ones(20 * N, np.float32)
    X = sparse.csr_matrix((ones, (np.repeat(np.arange(N), 20), item)), (N, N))
    X.data[:] = 1
    seen = Ragged(X.indices.astype(np.int32), X.indptr.astype(np.int64))
    targets = Ragged(random.integers(0, N, N).astype(np.int32), np.arange(N + 1))
    users = np.arange(N, dtype=np.int32)
    cases = Cases(Histories(users, seen, np.ones(len(seen.values), np.float32)), seen, targets)

    class Factors(ScoresInto):
        """A user's factors times the items'."""

        def score_into(self, histories: Histories, room: Floats | None) -> Floats:
            """Of the users of the histories."""
            return np.matmul(U[histories.users], V.T, out=within(room, len(histories), N))

    def theirs(turn: int) -> Any:
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(factors=RANK, num_threads=0)
        model.user_factors, model.item_factors = U, V
        who = users[turn * part : (turn + 1) * part]
        return model.recommend(who, X[who], N=k, filter_already_liked_items=True)

    def bare(turn: int) -> None:
        out = np.empty((512, N), np.float32)
        for start in range(turn * part, (turn + 1) * part, 512):
            rows = U[start : min(start + 512, (turn + 1) * part)]
            np.matmul(rows, V.T, out=out[: len(rows)])

    work = {
        "palate": lambda turn: rank(Factors(), cases.take(np.arange(part) + turn * part), k),
        "implicit": theirs,
    }
    if k == min(LISTS.values()):
        work["bare product"] = bare
    found, gave = _turns(work, PARTS)
    alike = float(np.mean(gave["palate"][1].items[:, 0] == gave["implicit"][0][:, 0]))
    if alike < 0.999:
        raise RuntimeError(f"first items are alike in {alike:.4f} of the lists")
    return [
        {"task": task, "by": who} | {unit: round(PARTS * s, 1) for unit, s in found[who].items()}
        for who in work
    ]


def _log(log: str) -> list[dict[str, Any]]:
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import CosineRecommender
    from irspack import CosineKNNRecommender, IALSRecommender
    from prepared import fitted

    training, cases = _training(log)
    cores = len(os.sched_getaffinity(0))

    def als(_: int) -> Any:
        model = AlternatingLeastSquares(
            RANK, iterations=EPOCHS, random_state=1, num_threads=0, regularization=1.0, alpha=20.0
        )
        model.fit(training.log.matrix(), show_progress=False)
        return model

    def irspack_als(_: int) -> Any:
        X = training.log.matrix().astype(np.float64)
        IALSRecommender(X, n_components=RANK, train_epochs=EPOCHS, n_threads=cores).learn()

    def cosine(_: int) -> Any:
        model = CosineRecommender(100, num_threads=0)
        model.fit(training.log.matrix(), show_progress=False)

    def irspack_cosine(_: int) -> Any:
        X = training.log.matrix().astype(np.float64)
        CosineKNNRecommender(X, top_k=100, n_threads=cores).learn()

    def ours(part: str, **settings: Any) -> Callable[[int], Any]:
        return lambda _: fitted(part, training, **settings)

    als_work = {
        "palate": ours("model.ials.v2", factors=RANK, epochs=EPOCHS),
        "implicit": als,
        "irspack": irspack_als,
    }
    found, gave = _turns(als_work, TURNS)
    rows = []
    for who in als_work:
        row = {"task": f"ALS, {log}", "by": who}
        row |= {unit: round(s / EPOCHS, 4) for unit, s in found[who].items()}
        rows.append(row | _figure(who, gave[who], cases, training.log.matrix()))
    cosine_work = {
        "palate": ours("model.item_knn.v2"),
        "palate, version 1": ours("model.item_knn.v1"),
        "palate, co-occurrence": ours("model.cooccurrence.v1"),
        "implicit": cosine,
        "irspack": irspack_cosine,
    }
    found, _ = _turns(cosine_work, TURNS)
    return [*rows, *({"task": f"cosine, {log}", "by": who} | found[who] for who in cosine_work)]


def _training(log: str) -> tuple[Any, Any]:
    """Without validation cases; and the test cases."""
    import scale
    from prepared import blocks, data, parted

    from palate.data.assemble import read
    from palate.data.settings import DataSettings
    from palate.tables import Training

    if log == LOGS[0]:
        whole = data("amazon-beauty")
    else:
        with tempfile.TemporaryDirectory() as folder:
            scale.make(Path(folder), 1_000_000, 20_000)
            whole = read(DataSettings(interactions=f"{folder}/log.csv"), Path.cwd())
    split = parted(whole, {"part": "split.leave_last_out.v1", "test_history": "train"}, seed=1)
    nobody = split.validation.take(np.arange(0))
    return Training(split.train, blocks(whole, split, [], []), nobody), split.test.open("inspect")


def _figure(who: str, model: Any, cases: Any, X: sparse.csr_matrix) -> dict[str, float]:
    """NDCG@10 of the last purchases, by the same ranking; of irspack there is none."""
    from palate import ranks
    from palate.evaluate.ranking import rank, rank_scores

    if who == "irspack":
        return {}
    if who == "palate":
        found = rank(model, cases, 10)[0]
    else:
        U, V = model.user_factors, model.item_factors
        found = rank_scores(lambda histories: U[histories.users] @ V.T, cases, 10)[0]
    values = ranks.ndcg(found, 10)
    error = float(np.nanstd(values) / np.sqrt(len(values)))
    return {"NDCG@10": round(float(np.nanmean(values)), 4), "standard error": round(error, 4)}


if __name__ == "__main__":
    main(sys.argv[1])
