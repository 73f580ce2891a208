"""Lists among people whose lists have an order and complements, and among people whose have none:
what lists bring is known there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from palate import ranks, registry
from palate.arrays import Doubles, Rows
from palate.data.worlds.series import People, SeriesWorld
from palate.evaluate.comparisons import compare
from palate.gradient.loop import Schedule
from palate.model.ease import Ease
from palate.model.generate.generator import Generator
from palate.model.generate.generator_evaluator import GeneratorEvaluator
from palate.model.generate.grpo import Grpo, GrpoSettings
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.pretrained import items_of
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.seqgan import SeqGan, SeqGanSettings
from palate.model.generate.settings import GeneratorSettings
from palate.seeding import generator
from palate.stages import FitContext, Scorer
from palate.tables import Cases, FeatureTable, Histories, Training

name = "list_worlds"
STRUCTURES, SEEDS, USERS, BEFORE, K = (0.9, 0.5, 0.0), (1, 2, 3, 4, 5), 600, 14, 8
LEAST = 0.05
"""Share of the value up to which a difference is taken to be none."""
what = (
    f"Lists of {K} for {USERS} simulated people who go through series of items in order (structure"
    " .9), less so (.5), or take whatever is to their taste (0), 5 worlds each: how many items of"
    " its list a person takes, which is known. Greedy: the best scores of EASE, which finds the"
    " candidates of all. Pointwise: the generator's network, without looking at the list. Half of"
    " the people choose weights and epochs, the figures are of the others; intervals over people"
)
SHARED: dict[str, Any] = {
    "reader": "lstm",
    "width": 24,
    "length": K,
    "candidates": 120,
    "likelihood": Schedule(epochs=20, rate=3e-3, batch=64, patience=6),
}
AFTERWARDS: dict[str, Any] = {
    "real_lists": 400,
    "schedule": Schedule(epochs=4, rate=1e-3, batch=64),
}
BASES = ("greedy", "pointwise")


def run() -> dict[str, Any]:
    """All structures."""
    rows, claims = [], []
    for structure in STRUCTURES:
        own, said = _of_structure(structure)
        rows += own
        claims += said
    return {"rows": rows, "claims": claims}


def _of_structure(structure: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    worlds = [_values(structure, seed) for seed in SEEDS]
    values = {m: np.concatenate([w[m][0] for w in worlds]) for m in worlds[0]}
    rows = []
    for maker, taken in values.items():
        distinct = float(np.mean([w[maker][1] for w in worlds]))
        row = {
            "structure": structure,
            "lists": maker,
            "items taken": round(float(taken.mean()), 3),
            "distinct items": round(distinct, 1),
        }
        for base in BASES:
            if maker != base:
                found = compare(taken, values[base])
                row[f"less {base}"] = round(found.difference, 3)
                row[f"interval, {base}"] = f"{found.low:.3f} to {found.high:.3f}"
        rows.append(row)
        print(row, flush=True)
    return rows, _claims(structure, values)


def _claims(structure: float, values: Mapping[str, Doubles]) -> list[dict[str, Any]]:
    claims = []
    for maker in ("generator", "SeqGAN"):
        for base in BASES:
            if structure:
                found = compare(values[maker], values[base])
                claims.append((f"{maker} brings more than {base}", found.low > 0))
        gain = float((values[maker] - values["pointwise"]).mean() / values["pointwise"].mean())
        if not structure:
            claims.append((f"{maker} brings as much as pointwise, but for 5 %", abs(gain) < LEAST))
    return [
        {"claim": f"structure {structure}: {claim}", "holds": bool(holds)}
        for claim, holds in claims
    ]


def _values(structure: float, seed: int) -> dict[str, tuple[Doubles, int]]:
    """Maker -> what the people who choose nothing take of their lists, and distinct items."""
    world = SeriesWorld(structure, n_steps=5, n_variants=4, n_users=USERS, per_user=BEFORE + K)
    people = world.people(generator(seed, "people"))
    log = people.log(BEFORE)
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    cases = Cases(histories, histories.items, people.later(BEFORE, BEFORE + K))
    validation = cases.take(np.arange(0, log.n_users, 2))
    training = Training(log, FeatureTable(log.items), validation)
    member = Ease().fit(training)
    context = FitContext(seed=seed, members={"ease": member})
    lists = _lists(member, cases, training, context)
    return {maker: (_taken(people, rows), len(np.unique(rows))) for maker, rows in lists.items()}


def _taken(people: People, lists: Rows) -> Doubles:
    return people.value(lists, BEFORE)[1::2]


def _lists(
    member: Scorer, cases: Cases, training: Training, context: FitContext
) -> dict[str, Rows]:
    start = Pretrained.of(GeneratorSettings(**SHARED), member, training, context)
    found = Retrieved.of(member, cases.histories, cases.seen, SHARED["candidates"])
    choices = start.network.choices(cases.histories.items, found)
    table = {**SHARED, "likelihood": asdict(SHARED["likelihood"])}
    chooser: GeneratorEvaluator = registry.spec(
        {"part": "model.generator_evaluator.v1", **table}, "scorer"
    ).build()
    seqgan = SeqGan(SeqGanSettings(**SHARED, **AFTERWARDS, roll_outs=4))
    grpo = Grpo(GrpoSettings(**SHARED, **AFTERWARDS))
    models: dict[str, Scorer] = {
        "greedy": member,
        "generator": Generator(start.network.settings).after(start, training, context),
        "SeqGAN": seqgan.after(start, training, context),
        "GRPO": grpo.after(start, training, context),
        "generator-evaluator": chooser.after(start, context),
    }
    pointwise = items_of(found, choices.one_by_one(K).detach().numpy())
    lists = {maker: _best(model, cases) for maker, model in models.items()}
    return {"greedy": lists.pop("greedy"), "pointwise": pointwise, **lists}


def _best(model: Scorer, cases: Cases) -> Rows:
    return ranks.top(ranks.masked(model.score(cases.histories), cases.seen), K)[0]
