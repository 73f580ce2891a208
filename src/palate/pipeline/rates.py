"""How quick this machine is: every part that counts its operations is fitted on a made log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from palate import registry
from palate.arrays import Ragged
from palate.capabilities import Costed, Reads
from palate.errors import PalateError
from palate.pipeline.forecast import size_of
from palate.progress import Progress, Stopwatch
from palate.recipe.graph import reads
from palate.registry import PartSpec, part_class, spec
from palate.seeding import generator
from palate.stages import FitContext, Scorer
from palate.tables import Block, Cases, FeatureTable, Histories, Origin, Training
from palate.testing.logs import made_log
from palate.work import Rate

USERS, ITEMS, WIDTH, CASES = 4_000, 2_000, 64, 512
BLOCK = "made"
MEMBERS = ("model.popularity.v1", "model.item_knn.v2")


def measured_rates(progress: Progress) -> dict[str, Rate]:
    """Versioned name -> rate, of all parts whose libraries are installed.

    Cost: about a minute.
    """
    watch, training = Stopwatch(progress), _training()
    size = size_of(training.log, WIDTH, len(training.validation))
    members = {name: _built(name).fit(training) for name in MEMBERS}
    found = {}
    for name, part in _costed():
        with watch.stage(name):
            try:
                one = _spec(name)
                scorer, fit = _timed(one, training, members)
            except PalateError:  # a library is missing, or it needs what no made log has
                continue
            start = time.perf_counter()
            scorer.score(training.validation.histories)
            score = time.perf_counter() - start
        work = part.work(one.settings, size)
        found[name] = Rate(fit / work.fit, score / len(training.validation) / work.score)
    return found


def _costed() -> Iterator[tuple[str, type[Costed]]]:
    for name in registry.names("scorer"):
        part = part_class(name)
        if issubclass(part, Costed):
            yield name, part


def _spec(name: str) -> PartSpec[Scorer]:
    one: PartSpec[Scorer] = spec({"part": name}, "scorer")
    named: Reads = reads(one)
    if named.first == "block":
        return spec({"part": name, "block": BLOCK}, "scorer")
    if named.every_member:
        return spec({"part": name, "members": list(MEMBERS)}, "scorer")
    return one


def _built(name: str) -> Scorer:
    return _spec(name).build()


def _timed(
    one: PartSpec[Scorer], training: Training, members: dict[str, Scorer]
) -> tuple[Scorer, float]:
    context = replace(FitContext(), members=members if reads(one).members else {})
    start = time.perf_counter()
    scorer = one.build().fit(training, context)
    return scorer, time.perf_counter() - start


def _training() -> Training:
    log = made_log(0, USERS, ITEMS)
    rng = generator(0, "rates")
    rows = rng.normal(size=(ITEMS, WIDTH)).astype(np.float32)
    block = Block(BLOCK, rows, np.ones(ITEMS, np.bool_), Origin("made"))
    users = rng.permutation(USERS)[:CASES].astype(np.int32)
    histories = Histories.of(log, users)
    targets = Ragged.of([rng.choice(ITEMS, 1).astype(np.int32) for _ in users])
    cases = Cases(histories, histories.items, targets)
    return Training(log, FeatureTable(log.items, {BLOCK: block}), cases)
