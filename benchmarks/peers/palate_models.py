"""One process: a model of palate (or of a peer that this interpreter has) on Beauty; prints time
and peak memory.

Run by benchmarks/speed/peers.py: python palate_models.py NAME EPOCHS
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from prepared import blocks, data, fitted, ndcg, parted, ranked

from palate.gradient.loop import Schedule
from palate.model.neural.sasrec import Sasrec, SasrecSettings
from palate.stages import FitContext
from palate.tables import Training


def main(name: str, epochs: int) -> None:
    """Fit and rank, say what it cost."""
    whole = data("amazon-beauty")
    split = parted(
        whole, {"part": "split.leave_last_out.v1", "test_history": "train+validation"}, seed=1
    )
    # without validation cases no time goes into early stopping, which the peers' epochs do not have
    # either
    nobody = split.validation.take(np.arange(0))
    training = Training(split.train, blocks(whole, split, ["title"], []), nobody)
    told: dict[str, Any] = {}
    started = time.perf_counter()
    model = MODELS[name](training, epochs)
    told["epoch"] = (time.perf_counter() - started) / epochs
    if model is not None:
        started = time.perf_counter()
        found = ranked(model, split.test.open("inspect"))
        told |= {"ranking": time.perf_counter() - started, "ndcg@10": ndcg(found, 10)}
    told["peak"] = peak_gb()
    sys.__stdout__.write("\n" + json.dumps(told) + "\n")


def _sasrec(training: Training, epochs: int) -> Any:
    schedule = Schedule(epochs=epochs, evaluate_every=epochs)
    settings = SasrecSettings(blocks=2, heads=2, dropout=0.5, loss="full", schedule=schedule)
    return Sasrec(settings).fit(training, FitContext(seed=1))


def _sasrec_default(training: Training, epochs: int) -> Any:
    schedule = Schedule(epochs=epochs, evaluate_every=epochs)
    return Sasrec(SasrecSettings(blocks=2, heads=2, dropout=0.5, schedule=schedule)).fit(
        training, FitContext(seed=1)
    )


def _ials(training: Training, epochs: int) -> Any:
    return fitted("model.ials.v1", training, epochs=epochs, factors=64)


def _implicit(training: Training, epochs: int) -> Any:
    from implicit.als import AlternatingLeastSquares

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = AlternatingLeastSquares(
            factors=64, iterations=epochs, use_gpu=False, random_state=1, num_threads=2
        )
        model.fit(training.log.matrix(), show_progress=False)


def _irspack(training: Training, epochs: int) -> Any:
    from irspack import IALSRecommender

    X = training.log.matrix().astype(np.float64)
    IALSRecommender(X, n_components=64, train_epochs=epochs, n_threads=2).learn()


def peak_gb() -> float:
    """Greatest resident size of this process; the resources' own count goes on from the process
    that started it.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 2**20


MODELS = {
    "palate SASRec": _sasrec,
    "palate SASRec, sampled": _sasrec_default,
    "palate iALS": _ials,
    "implicit ALS": _implicit,
    "irspack iALS": _irspack,
}

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
