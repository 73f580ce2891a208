"""What fitting and scoring take, before anything is fitted: operations that a part counts from its
settings and the size of a log, and the seconds that one of them takes on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from palate import store

REFERENCE = "reference_rates.json"
"""Beside this file: rates of the machine that the benchmarks are measured on."""
FILE = "rates.json"
"""In the cache: rates of this machine."""


@dataclass(frozen=True)
class LogSize:
    """What the cost of a model depends on.

    Attributes:
        events: Training events.
        users: Users.
        items: Items.
        pairs: Sum over users of the number of their items squared.
        cases: Validation cases.
        width: Numbers that the rows of the widest block have, zeros of sparse ones not counted.
    """

    events: int
    users: int
    items: int
    pairs: float
    cases: int
    width: int = 0

    @property
    def history(self) -> float:
        """Items of a mean history."""
        return self.events / max(self.users, 1)


@dataclass(frozen=True)
class Work:
    """What a model takes, its members not counted.

    Attributes:
        fit: Elementary operations of fitting it.
        score: The same of scoring all items for one case.
        memory: Most bytes at once while it is fitted.
    """

    fit: float
    score: float
    memory: float


@dataclass(frozen=True)
class Rate:
    """Seconds that one elementary operation of a part takes.

    Attributes:
        fit: While it is fitted.
        score: While it scores.
    """

    fit: float
    score: float


@dataclass(frozen=True)
class Rates:
    """What is known of a machine.

    Attributes:
        parts: Versioned name -> rate.
        measured: Whether they were measured here; else they are those of the reference machine.
    """

    parts: Mapping[str, Rate]
    measured: bool = False

    def fit_seconds(self, part: str, work: Work) -> float | None:
        """Seconds of fitting; None where the part's rate is not known."""
        rate = self.parts.get(part)
        return None if rate is None else rate.fit * work.fit

    def score_seconds(self, part: str, work: Work, cases: int) -> float | None:
        """Seconds of scoring so many cases; None where the part's rate is not known."""
        rate = self.parts.get(part)
        return None if rate is None else rate.score * work.score * cases


def known_rates() -> Rates:
    """The rates of this machine, where they were measured; else those of the reference machine."""
    reference = files("palate").joinpath(REFERENCE).read_text(encoding="utf-8")
    found = _parsed(reference)
    with suppress(OSError, ValueError, KeyError, TypeError):
        return Rates({**found, **_parsed(_file().read_text(encoding="utf-8"))}, measured=True)
    return Rates(found)


def keep_rates(parts: Mapping[str, Rate], path: Path | None = None) -> Path:
    """Write what was measured; in the cache where no path is given."""
    table = {name: {"fit": rate.fit, "score": rate.score} for name, rate in sorted(parts.items())}
    path = path or _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    store.write_text(path, json.dumps(table, indent=1) + "\n")
    return path


def _parsed(text: str) -> dict[str, Rate]:
    return {
        name: Rate(float(rate["fit"]), float(rate["score"]))
        for name, rate in json.loads(text).items()
    }


def _file() -> Path:
    return store.cache_folder() / FILE
