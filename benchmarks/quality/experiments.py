"""Experiments that are looked at again and again, and interleaved lists, on worlds with a truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from palate.evaluate.online.comparison import differences, naive_p, sample_ratio
from palate.evaluate.online.users import UserValues, adjusted
from palate.study.online.worlds import WORLDS, made_users, power

name = "experiments"
RUNS, USERS, LOOKS, SPLITS = 1000, 2000, 50, 100_000
FEW, MANY, TRIES = 60, 300, 200
what = (
    f"{RUNS:,} experiments of a variant with itself, {USERS:,} users each, looked at {LOOKS} times,"
    " with and without what was known of the users before (CUPED): how many ever say that there is"
    f" a difference (alpha .05); {SPLITS:,} splits of 20,000 users; the variance that CUPED leaves"
    f" at a correlation of .6; two rankers compared by {FEW} users who see both (team-draft), and"
    f" by {MANY} of whom half see each (one look, no correction): how often the better one is found"
    f" in {TRIES} tries"
)


def run() -> dict[str, Any]:
    """False alarms, splits, variance, power."""
    alarms = [
        _alarms(kind, cuped=cuped)
        for kind in ("clicks", "money", "ratio")
        for cuped in (False, True)
    ]
    naive = _alarms("clicks", cuped=False, naive=True)
    null, found = (_splits(p) for p in (0.5, 0.52))
    variance = _variance()
    sharper = [_sharper(label) for label in WORLDS]
    worst = max(row["ever"] for row in alarms)
    apart = abs(variance["found"] / variance["asked"] - 1)
    better = sum(row["found"] >= row["asked"] for row in sharper)
    return {
        "rows": [*alarms, naive, null, found, variance, *sharper],
        "claims": [
            _claim(
                f"false alarms over {LOOKS} looks at most {worst:.1%} (goal 5 %)", worst <= 0.05
            ),
            _claim(f"the usual test: {naive['ever']:.0%} (over 20 %)", naive["ever"] > 0.20),
            _claim(
                f"right splits raise {null['ever']:.2%} alarms (goal .1 %)", null["ever"] <= 0.002
            ),
            _claim(f"52/48 is found in {found['ever']:.1%} (goal 99 %)", found["ever"] >= 0.99),
            _claim(f"variance under CUPED {apart:.1%} from theory (goal 10 %)", apart <= 0.10),
            _claim(
                f"a fifth of the users finds as much when lists are interleaved in {better} of"
                f" {len(sharper)} worlds (goal 2)",
                better >= 2,
            ),
        ],
    }


def _claim(claim: str, holds: bool) -> dict[str, Any]:
    return {"claim": claim, "holds": bool(holds)}


def _alarms(kind: str, *, cuped: bool, naive: bool = False) -> dict[str, Any]:
    wrong = 0
    for seed in range(RUNS):
        rng = np.random.default_rng([21, seed])
        pair = [made_users(rng, USERS, kind) for _ in range(2)]
        looks = np.linspace(USERS // LOOKS, USERS, LOOKS).astype(int).tolist()
        wrong += any(_says([_first(one, n, cuped) for one in pair], naive) for n in looks)
    way = "the usual test" if naive else "CUPED" if cuped else "plain"
    return {"tried": f"A/A, {kind}, {way}", "ever": round(wrong / RUNS, 4)}


def _says(pair: list[UserValues], naive: bool) -> bool:
    p = naive_p(*adjusted(pair)) if naive else differences(pair, planned=2 * USERS)[0].p
    return p < 0.05


def _first(users: UserValues, n: int, cuped: bool) -> UserValues:
    count = None if users.count is None else users.count[:n]
    before = users.before[:n] if cuped and users.before is not None else None
    return UserValues(users.value[:n], count, before)


def _splits(p: float) -> dict[str, Any]:
    drawn = np.random.default_rng(22).binomial(20_000, p, SPLITS).tolist()
    found = [sample_ratio([n, 20_000 - n], [0.5, 0.5]) < 0.001 for n in drawn]
    return {"tried": f"split of {p:.0%}, alarm below .001", "ever": round(float(np.mean(found)), 4)}


def _variance() -> dict[str, Any]:
    rng, ratios = np.random.default_rng(23), []
    for _ in range(400):
        before = rng.normal(size=USERS)
        value = 0.6 * before + 0.8 * rng.normal(size=USERS)
        (parts,) = adjusted([UserValues(value, None, before)])
        ratios.append(float(parts.var() / value.var()))
    found = round(float(np.mean(ratios)), 4)
    return {"tried": "variance left by CUPED", "asked": 1 - 0.6**2, "found": found}


def _sharper(label: str) -> dict[str, Any]:
    world = WORLDS[label]
    return {
        "tried": f"two rankers, users: {label}; found by {FEW} interleaved, {MANY} split",
        "found": round(power(world, "interleaved", FEW, TRIES), 3),
        "asked": round(power(world, "split", MANY, TRIES), 3),
    }
