"""Effects of causes against known truths, with what has to go wrong going wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from prepared import last

from palate.data.table import Table
from palate.data.worlds.causes import CauseWorld
from palate.evaluate.causal.card import overlap_card
from palate.evaluate.causal.effects import naive, scores
from palate.evaluate.causal.nuisances import Family
from palate.evaluate.causal.refuters import refuted
from palate.evaluate.causal.sensitivity import sensitivity
from palate.seeding import generator
from palate.study.causal.columns import CausalColumns, observed_of
from palate.tables.estimate import Estimate

name = "causal"
LOGS, SOME, CURVES = 1000, 200, 400
FURTHEST = 3.3
"""Standard errors within which a right estimate is, and beyond which a wrong one is shown."""
BOTH = ("popularity", "activity")
what = (
    f"Made logs of 1,200 rows (300 users, whose clicks have a mood in common): {LOGS:,} with an"
    f" effect of .1 and {LOGS:,} with none, where popularity and activity move treatment and"
    " outcome; with less than they need held fixed, and with an effect of both; along a curve that"
    " no line follows (3,200 rows). Coverage: share of the 95 % intervals that hold the truth."
    " Shown: share of them that leave out 0. E-value: median of what something unmeasured would"
    " need; refuters: share of alarms"
)
WORLD = CauseWorld(n_users=300)
NONE = replace(WORLD, effect=0.0, uneven=0.0)
BENT = replace(WORLD, bent=True, n_users=800)
CASES: dict[str, tuple[CauseWorld, int, tuple[str, ...], Family]] = {
    "known effect": (WORLD, LOGS, BOTH, "linear"),
    "no effect": (NONE, LOGS, BOTH, "linear"),
    "curve, trees where they predict better": (BENT, CURVES, BOTH, "best"),
    "curve, lines": (BENT, CURVES, BOTH, "linear"),
    "no effect, activity not held fixed": (NONE, SOME, ("popularity",), "linear"),
    "known effect, an effect of both held fixed": (
        WORLD,
        SOME,
        (*BOTH, "rank_score"),
        "linear",
    ),
    "known effect, nothing held fixed": (WORLD, SOME, (), "linear"),
    "no effect, nothing held fixed": (NONE, SOME, (), "linear"),
}


def run(again: Collection[str] = ()) -> dict[str, Any]:
    """Every case, and refuters where nothing is wrong.

    Args:
        again: Cases that are run again, the others staying as they were; none: all.
    """
    known = {row["case"]: row for row in last(name, "case", again)["rows"]}
    rows = [known.get(case) or _row(case, *given) for case, given in CASES.items()]
    alarms = [row for row in known.values() if "false alarms" in row] or list(_refuters())
    return {"rows": [*rows, *alarms], "claims": _claims({r["case"]: r for r in rows}, alarms)}


def _row(
    case: str, world: CauseWorld, logs: int, columns: tuple[str, ...], family: Family
) -> dict[str, Any]:
    found, apart, verdicts = list[Estimate](), list[float](), list[str]()
    plain = list[Estimate]()
    for seed in range(logs):
        frame = world.log(generator(seed, "causal", "world"))
        seen = observed_of(Table("log", frame), CausalColumns("featured", "click", columns))
        made = scores(seen, generator(seed, "causal", "folds"), family)
        found.append(made.effect(1))
        plain.append(naive(seen, 1))
        apart.append(sensitivity(made, 1).value)
        verdicts.append(overlap_card(made).verdict)
    values = np.array([one.value for one in found])
    error = values.std(ddof=1)
    return {
        "case": case,
        "logs": logs,
        "truth": world.effect,
        "naive": round(float(np.mean([one.value for one in plain])), 4),
        "mean": round(float(values.mean()), 4),
        "z": round(float((values.mean() - world.effect) / (error / np.sqrt(logs))), 1),
        "error": round(float(error), 4),
        "coverage": round(float(np.mean([e.low <= world.effect <= e.high for e in found])), 3),
        "shown": round(float(np.mean([not e.low <= 0 <= e.high for e in found])), 3),
        "E-value": round(float(np.median(apart)), 2),
        "refused": round(float(np.mean([v == "refused" for v in verdicts])), 3),
    }


def _refuters() -> Iterator[dict[str, Any]]:
    alarms: dict[str, list[bool]] = {}
    for seed in range(SOME):
        frame = WORLD.log(generator(seed, "causal", "world"))
        seen = observed_of(Table("log", frame), CausalColumns("featured", "click", BOTH))
        made = scores(seen, generator(seed, "causal", "folds"), "linear")
        for one in refuted(seen, made, 1, seed, "linear"):
            alarms.setdefault(one.name, []).append(not one.passed)
    for attempt, came in alarms.items():
        yield {
            "case": f"known effect, {attempt}",
            "logs": SOME,
            "false alarms": round(float(np.mean(came)), 3),
        }


def _claims(rows: dict[str, dict[str, Any]], alarms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    claims = [
        {
            "claim": f"{case}: intervals hold the truth in {rows[case]['coverage']:.1%}"
            " (goal 93 to 97 %)",
            "holds": 0.93 <= rows[case]["coverage"] <= 0.97,
        }
        for case in ("known effect", "no effect", "curve, trees where they predict better")
    ]
    claims += [
        {
            "claim": f"{row['case']}: {row['false alarms']:.1%} false alarms (goal 5 %)",
            "holds": row["false alarms"] <= 0.05,
        }
        for row in alarms
    ]
    wrong = [case for case in rows if "held fixed" in case]
    return claims + [
        {
            "claim": f"{case}: wrong, as it must be: {rows[case]['z']:+.1f} standard errors off"
            f" (beyond {FURTHEST})",
            "holds": abs(rows[case]["z"]) > FURTHEST,
        }
        for case in wrong
    ]
