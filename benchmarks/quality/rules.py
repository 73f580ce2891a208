"""A rule that is worth much when little is known, and gives way when much is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from palate import ranks
from palate.arrays import Doubles, Ragged, Rows
from palate.encode.rules.hits import Hits, HitsSettings
from palate.evaluate.ranking import rank
from palate.inference import clustered
from palate.model.popularity import Popularity
from palate.model.rules import Rules, RulesSettings
from palate.seeding import generator
from palate.stages import FitContext
from palate.tables import (
    Cases,
    Catalogue,
    FeatureTable,
    Histories,
    Interactions,
    Training,
    Vocabulary,
)

name = "rules"
what = (
    "Worlds of 200 items, half of them toys; half of the people are adults, who take a toy TRUTH"
    " times as often as its popularity says; 10 events a person, the last one for validation. The"
    ' rule: if item.kind == "toy" and user.age == "adult" then down 0.8. Member: popularity.'
    " Asked: 1,000 further people for one item each. Difference of NDCG@10 to the member, by"
    " following the rule to the letter and by learning how much it counts (strength 100 cases);"
    " 95 % intervals over the worlds, 100 of them at 200 events and 60 at 20,000. The true"
    " weight is what popularity, which mixes both ages, leaves to the rule: log(TRUTH / mean(1,"
    " TRUTH))"
)
N_ITEMS, PER_USER, ASKED = 200, 10, 1_000
RULE = 'if item.kind == "toy" and user.age == "adult" then down 0.8'
TRUTHS = {"right, and too strong": 0.5, "the wrong way round": 2.0}
SIZES = {200: 100, 2_000: 50, 20_000: 60}
"""Events of a log -> worlds."""


@dataclass(frozen=True)
class World:
    """What is known, and who is asked.

    Attributes:
        training: The log, the rule's block, validation cases and the people.
        asked: Cases of people without a history.
    """

    training: Training
    asked: Cases


def run() -> dict[str, Any]:
    """Every truth, every size."""
    rows = [_row(truth, events) for truth in TRUTHS for events in SIZES]
    return {"rows": rows, "claims": _claims(rows)}


def _claims(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by = {(row["the rule is"], row["events"]): row for row in rows}
    right, wrong = TRUTHS
    told = []

    def claim(sentence: str, holds: bool) -> None:
        told.append({"claim": sentence, "holds": bool(holds)})

    few, many = by[right, 200], by[right, 20_000]
    claim(
        f"a rule that is right helps at 200 events: {few['learnt against the member']}",
        few["low"] > 0,
    )
    claim(
        f"it is weakened to what is true at 20,000: {many['weight']:.2f}, true"
        f" {many['true weight']:.2f}, written {many['written']:.2f}",
        abs(many["weight"] - many["true weight"]) < 0.15,
    )
    claim(
        "at 20,000 events what was learnt is better than the letter:"
        f" {many['learnt against the letter']}",
        many["low against the letter"] > 0,
    )
    few, many = by[wrong, 200], by[wrong, 20_000]
    claim(
        f"a rule that is wrong is still followed at 200 events: weight {few['weight']:.2f}",
        few["weight"] < -0.5,
    )
    claim(
        f"and turned round at 20,000: {many['weight']:.2f}, true {many['true weight']:.2f}",
        many["weight"] > 0,
    )
    claim(
        f"where the letter costs {many['letter against the member']}, what was learnt gains"
        f" {many['learnt against the member']}",
        many["low"] > 0,
    )
    return told


def _row(truth: str, events: int) -> dict[str, Any]:
    found = [_tried(world(TRUTHS[truth], events, seed)) for seed in range(SIZES[events])]
    each = np.arange(len(found))
    learnt, letter, between = (
        clustered(np.array([f[key] for f in found]), each)
        for key in ("learnt", "letter", "between")
    )
    return {
        "the rule is": truth,
        "events": events,
        "worlds": len(found),
        "member N@10": round(float(np.mean([f["member"] for f in found])), 4),
        "letter against the member": _told(letter),
        "learnt against the member": _told(learnt),
        "learnt against the letter": _told(between),
        "weight": round(float(np.mean([f["weight"] for f in found])), 3),
        "true weight": round(float(np.log(2 * TRUTHS[truth] / (1 + TRUTHS[truth]))), 3),
        "written": round(float(np.log(0.2)), 3),
        "low": round(float(learnt.low), 5),
        "low against the letter": round(float(between.low), 5),
    }


def _told(estimate: Any) -> str:
    return f"{estimate.value:+.4f} ({estimate.low:+.4f} to {estimate.high:+.4f})"


def _tried(made: World) -> dict[str, float]:
    context = FitContext(members={"popular": Popularity().fit(made.training)})
    learnt = Rules().fit(made.training, context)
    letter = Rules(RulesSettings(learn=False)).fit(made.training, context)
    member, with_rule, to_the_letter = (
        ranks.ndcg(rank(model, made.asked, 20)[0], 10)
        for model in (context.members["popular"], learnt, letter)
    )
    return {
        "member": float(member.mean()),
        "learnt": float((with_rule - member).mean()),
        "letter": float((to_the_letter - member).mean()),
        "between": float((with_rule - to_the_letter).mean()),
        "weight": learnt.weights_["rule.toys"],
    }


def world(factor: float, events: int, seed: int) -> World:
    """One world.

    Args:
        factor: How much likelier an adult takes a toy than its popularity says.
        events: Of the log.
        seed: Of everything.
    """
    rng = generator(seed, "rule world")
    toy = rng.permutation(N_ITEMS) < N_ITEMS // 2
    liking = rng.gamma(0.7, size=N_ITEMS) + 0.02
    n_users = events // PER_USER
    adult = rng.random(n_users + ASKED) < 0.5
    taken = np.stack([_taken(rng, liking, toy, factor, bool(a), PER_USER) for a in adult[:n_users]])
    wanted = np.stack([_taken(rng, liking, toy, factor, bool(a), 1) for a in adult[n_users:]])
    users, items = Vocabulary.of(range(n_users + ASKED)), Vocabulary.of(range(N_ITEMS))
    log = Interactions(
        users,
        items,
        np.repeat(np.arange(n_users, dtype=np.int32), PER_USER - 1),
        taken[:, :-1].ravel().astype(np.int32),
        np.ones(n_users * (PER_USER - 1), np.float32),
        np.tile(np.arange(PER_USER - 1), n_users),
    )
    people = pl.DataFrame({"age": np.where(adult, "adult", "child")})
    kinds = pl.DataFrame({"kind": np.where(toy, "toy", "book")})
    shop, every = Catalogue(items, kinds), np.arange(N_ITEMS, dtype=np.int32)
    block = replace(Hits(HitsSettings(RULE)).fit(shop, every).encode(shop), name="rule.toys")
    known = _cases(log, np.arange(n_users, dtype=np.int32), taken[:, -1:])
    asked = _cases(log, np.arange(n_users, n_users + ASKED, dtype=np.int32), wanted)
    training = Training(log, FeatureTable(items, {"rule.toys": block}), known, people)
    return World(training, asked)


def _taken(
    rng: np.random.Generator,
    liking: Doubles,
    toy: np.ndarray[Any, Any],
    factor: float,
    adult: bool,
    n: int,
) -> Rows:
    shares = liking * np.where(toy & adult, factor, 1.0)
    return rng.choice(N_ITEMS, n, replace=False, p=shares / shares.sum()).astype(np.int32)


def _cases(log: Interactions, users: Rows, targets: Rows) -> Cases:
    histories = Histories.of(log, users)
    return Cases(histories, histories.items, Ragged.of(targets))
