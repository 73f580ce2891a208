"""Lists made item by item, among people whose lists have an order and among people whose have
none.
"""

from __future__ import annotations

import numpy as np

from palate import ranks
from palate.data.worlds.series import SeriesWorld
from palate.evaluate.metrics.counting import AtK
from palate.evaluate.metrics.distinct_lists import DistinctLists
from palate.evaluate.metrics.overlap import Overlap
from palate.registry import spec
from palate.seeding import generator
from palate.stages import FitContext, Scorer
from palate.tables import Cases, FeatureTable, Histories, Rankings, Training

BEFORE, LENGTH = 14, 8


def compared(structure: float) -> None:
    """What lists bring by the best scores, and item by item."""
    world = SeriesWorld(structure, n_steps=5, n_variants=4, n_users=400, per_user=BEFORE + LENGTH)
    people = world.people(generator(1, "people"))
    log = people.log(BEFORE)
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    cases = Cases(histories, histories.items, people.later(BEFORE, BEFORE + LENGTH))
    validation = cases.take(np.arange(0, log.n_users, 2))
    training = Training(log, FeatureTable(log.items), validation)

    scores: Scorer = spec({"part": "model.ease.v2"}, "scorer").build().fit(training)
    table = {
        "part": "model.generator.v1",
        "reader": "lstm",
        "width": 24,
        "length": LENGTH,
        "likelihood": {"epochs": 20, "rate": 3e-3, "batch": 64, "patience": 6},
    }
    context = FitContext(seed=1, members={"scores": scores})
    items: Scorer = spec(table, "scorer").build().fit(training, context)
    for label, model in (("by scores", scores), ("item by item", items)):
        lists, found = ranks.top(ranks.masked(model.score(histories), histories.items), LENGTH)
        shown = Rankings(histories.users, lists, found)
        distinct, overlap = (
            metric(AtK(LENGTH)).per_case(shown, log).mean() for metric in (DistinctLists, Overlap)
        )
        taken = people.value(lists, BEFORE)[1::2].mean()
        print(
            f"structure {structure:.1f}, {label}: {taken:.2f} items taken,"
            f" {distinct:.2f} distinct, {overlap:.2f} shared"
        )


if __name__ == "__main__":
    for structure in (0.9, 0.0):
        compared(structure)
