"""Personal data in texts: how much is found, what else is taken for it, and how slow a text can
make it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import polars as pl
from personal_texts import DRESSES, hostile, planted, things

from palate.protect.privacy.scrub import found_in, scrubbed

name = "personal_data"
what = (
    "Made sentences of 16 countries (Faker), 3,200 of each kind, each value as it is or in another "
    "dress: capitals, full-width, with invisible letters, with other blanks and dashes; found is "
    "what no letter of which is left. Of things: 4,000 numbers of books, parts, articles, orders, "
    "prices, dates, versions, sizes, places, digests. The control takes every text with a digit. "
    "Hostile: 64 KB made of beginnings of what is looked for, the median of 5"
)
PER_LOCALE, THINGS = 200, 4_000
LEAST, MOST_ALARMS, MOST_MS = 0.99, 0.02, 50.0


def run() -> dict[str, Any]:
    """Recall by kind and dress, false alarms, hostile texts, and plain ones."""
    rows = [*_recall(), *_alarms(), *_speed()]
    claims = [
        {
            "claim": f"{row['what']}: at least {LEAST:.0%} found",
            "holds": row["share"] >= LEAST,
        }
        for row in rows
        if row["of"] == "recall"
    ]
    alarms = next(row for row in rows if row["what"] == "numbers of things")
    control = next(row for row in rows if row["what"] == "control")
    slowest = max(row["ms"] for row in rows if row["of"] == "64 KB")
    claims += [
        {"claim": "at most 2 % false alarms", "holds": alarms["share"] <= MOST_ALARMS},
        {"claim": "the control has more", "holds": control["share"] > MOST_ALARMS},
        {"claim": "no 64 KB takes over 50 ms", "holds": slowest <= MOST_MS},
    ]
    return {"rows": rows, "claims": claims}


def _recall() -> list[dict[str, Any]]:
    cases = planted(PER_LOCALE, 11, tuple(DRESSES))
    found = [one.hidden_by([(f.start, f.end) for f in found_in(one.text)]) for one in cases]
    rows = []
    for kind in dict.fromkeys(one.kind for one in cases):
        here = [hit for one, hit in zip(cases, found, strict=True) if one.kind == kind]
        rows.append(_row("recall", kind, here))
    for dress in DRESSES:
        here = [hit for one, hit in zip(cases, found, strict=True) if one.dress == dress]
        rows.append(_row("recall", dress, here))
    return rows


def _alarms() -> list[dict[str, Any]]:
    cases = list(things(THINGS))
    return [
        _row("false alarms", "numbers of things", [bool(found_in(text)) for text in cases]),
        _row("false alarms", "control", [any(c.isdigit() for c in text) for text in cases]),
    ]


def _row(of: str, label: str, hits: Sequence[bool]) -> dict[str, Any]:
    share = round(sum(hits) / len(hits), 4)
    return {"of": of, "what": label, "n": len(hits), "share": share, "ms": None}


def _speed() -> list[dict[str, Any]]:
    rows = []
    for label, text in hostile().items():
        rows.append({"of": "64 KB", "what": label, "n": 1, "share": None, "ms": _ms(text)})
    plain = "A sturdy lamp of brushed steel, 12 cm wide, for desks and shelves. " * 1000
    rows.append({"of": "64 KB", "what": "plain words", "n": 1, "share": None, "ms": _ms(plain)})
    texts = pl.Series(
        ["A sturdy lamp of brushed steel, 12 cm wide, for desks and shelves."] * 100_000
    )
    start = time.perf_counter()
    scrubbed(texts)
    rows.append(
        {
            "of": "a column",
            "what": "100,000 descriptions without personal data",
            "n": len(texts),
            "share": None,
            "ms": round(1000 * (time.perf_counter() - start), 1),
        }
    )
    return rows


def _ms(text: str) -> float:
    taken = list[float]()
    for _ in range(5):
        start = time.process_time()
        found_in(text)
        taken.append(time.process_time() - start)
    return round(1000 * sorted(taken)[2], 1)
