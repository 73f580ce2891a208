"""A world whose lists have structure or have none, and a generator that learnt from it; shared by
tests.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from palate import ranks
from palate.arrays import Doubles, Rows
from palate.data.worlds.series import People, SeriesWorld
from palate.gradient.loop import Schedule
from palate.model.ease import Ease
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.seqgan import SeqGanSettings
from palate.seeding import generator
from palate.stages import FitContext, Scorer
from palate.tables import Cases, FeatureTable, Histories, Training

UNTIL, LENGTH = 14, 8
SETTINGS = SeqGanSettings(
    reader="lstm",
    width=24,
    candidates=120,
    length=LENGTH,
    likelihood=Schedule(epochs=20, rate=3e-3, batch=64, patience=6),
    real_lists=300,
    roll_outs=2,
    warm_up=1,
    schedule=Schedule(epochs=2, rate=1e-3, batch=64),
)


@dataclass(frozen=True)
class Taught:
    """People, and a generator that learnt from them."""

    people: People
    training: Training
    context: FitContext
    start: Pretrained
    cases: Cases

    def value(self, lists: Rows) -> Doubles:
        """Expected items taken by those who are in no validation case."""
        return self.people.value(lists, UNTIL)[1::2]


@functools.cache
def taught(structure: float, seed: int) -> Taught:
    world = SeriesWorld(
        structure, n_series=8, n_steps=5, n_variants=4, n_users=500, per_user=UNTIL + LENGTH
    )
    people = world.people(generator(seed, "people"))
    log = people.log(UNTIL)
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    cases = Cases(histories, histories.items, people.later(UNTIL, UNTIL + LENGTH))
    training = Training(log, FeatureTable(log.items), cases.take(np.arange(0, log.n_users, 2)))
    member = Ease().fit(training)
    context = FitContext(seed=seed, members={"ease": member})
    start = Pretrained.of(SETTINGS, member, training, context)
    return Taught(people, training, context, start, cases)


def lists_of(model: Scorer, cases: Cases) -> Rows:
    scores = ranks.masked(model.score(cases.histories), cases.seen)
    return ranks.top(scores, LENGTH)[0]
