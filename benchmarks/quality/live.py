"""A model that learns from each event, beside the same model frozen and one that is fitted again
each 1,000 events.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from prepared import data

from palate import ranks
from palate.arrays import Doubles, Floats, Longs, Ragged
from palate.capabilities import Updatable
from palate.data.assemble import read
from palate.data.clean import CleanSettings, clean
from palate.data.settings import DataSettings
from palate.evaluate.comparisons import compare_family
from palate.evaluate.intervals import mean_intervals
from palate.evaluate.ratios import lift
from palate.model.blend import Blend, BlendSettings
from palate.model.cooccurrence import Cooccurrence
from palate.model.item_knn import ItemKnnV2
from palate.model.popularity import RecentPopularity
from palate.stages import FitContext, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training

name = "live"
what = (
    "The last tenth of a log is replayed in the order of time, without a service around the models:"
    " before each event of an item that is new to its user, the item is looked for among all that"
    " are. NDCG@10 over these events, with 95 % intervals over users. Frozen: model and histories"
    " of the first nine tenths. History only: the history is that of now, the model frozen. Live:"
    " the history is that of now, and the model takes up each 20 events (`Updatable`). Refit:"
    " the history is that of now, and the model is fitted again on all events before each 1,000th"
    " one. The blend's weights are chosen on the second last tenth, of which its members then"
    " learn. That live is ahead of frozen is claimed of models that read histories; popularity"
    " stands beside them. With SETS in the environment only those sets are replayed"
)
SETS = ("ml-100k", "yoochoose-sessions")
REFIT_EACH = 1_000
UPDATE_EACH = 20
WEIGHED = 2_000
"""Events on which the blend's weights are chosen."""
MEMBERS: dict[str, Callable[[], Any]] = {
    "recent popularity": RecentPopularity,
    "co-occurrence": Cooccurrence,
    "item KNN": ItemKnnV2,
}
BLEND = "blend of the three"
READ_HISTORIES = ("co-occurrence", "item KNN", BLEND)
LEAST = 98.0
"""Per cent of the refit's NDCG that the live model should reach."""


@dataclass(frozen=True, eq=False)
class Replay:
    """A log in the order of time.

    Attributes:
        log: All events.
        start: The first one that is replayed.
        before: int64 [n_rows], the user's events before each one.
        by_user: Ragged, the events of each user, in order.
    """

    log: Interactions
    start: int
    before: Longs
    by_user: Ragged

    @classmethod
    def of(cls, log: Interactions, share: float) -> Replay:
        """Replay the last `share` of the events."""
        log = log.take(log.in_time_order())
        rows = np.arange(len(log), dtype=np.int32)
        by_user = Ragged.grouped(log.user, rows, log.n_users)
        before = np.empty(len(log), np.int64)
        before[by_user.values] = np.arange(len(log)) - np.repeat(
            by_user.offsets[:-1], by_user.lengths()
        )
        return cls(log, int(len(log) * (1 - share)), before, by_user)

    def cases(self, rows: Longs, until: int | None = None) -> Cases:
        """A case for each of the events `rows`; with `until` the history ends at that event."""
        items, seen = [], []
        for row in rows.tolist():
            own = self.by_user[int(self.log.user[row])][: self.before[row]]
            seen.append(self.log.item[own])
            items.append(self.log.item[own if until is None else own[own < until]])
        histories = Histories.of_items(Ragged.of(items))
        targets = Ragged.of(self.log.item[rows][:, None])
        return Cases(histories, Ragged.of(seen), targets)

    def is_new(self, row: int) -> bool:
        """Whether the event's item is new to its user."""
        own = self.by_user[int(self.log.user[row])][: self.before[row]]
        return bool(self.log.item[row] not in self.log.item[own])


def run() -> dict[str, Any]:
    """Every set, every model."""
    rows, claims = [], []
    for set_name in os.environ.get("SETS", "").split() or SETS:
        found, said = _set(set_name)
        rows += found
        claims += said
    return {"rows": rows, "claims": claims}


def _set(set_name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    replay = Replay.of(_log(set_name), 0.1)
    at = np.array([r for r in range(replay.start, len(replay.log)) if replay.is_new(r)], np.int64)
    rows, claims = [], []
    for label, fit in _models(replay).items():
        figures, same = _replayed(replay, at, fit)
        found, said = _compared(set_name, label, figures, replay.log.user[at])
        rows.append(found)
        claims += [
            *said,
            _claim(f"{set_name}, {label}: in the end the live model is the refit", same),
        ]
        print(found, flush=True)
    return rows, claims


def _log(set_name: str) -> Interactions:
    if set_name == "ml-100k":
        return data(set_name).interactions
    file = Path(os.environ["PALATE_DATA"]) / set_name / "interactions.parquet"
    return clean(read(DataSettings(interactions=str(file)), Path.cwd()), CleanSettings())[
        0
    ].interactions


Fit = Callable[[Interactions], Any]


def _models(replay: Replay) -> dict[str, Fit]:
    models: dict[str, Fit] = {
        label: lambda log, make=make: make().fit(_training(log)) for label, make in MEMBERS.items()
    }
    return {**models, BLEND: _blend(replay, models)}


def _blend(replay: Replay, models: dict[str, Fit]) -> Fit:
    """How to make the blend of a log, with weights from the second last tenth."""
    first = int(len(replay.log) * 0.8)
    at = np.array([r for r in range(first, replay.start) if replay.is_new(r)], np.int64)[:WEIGHED]
    early = replay.log.take(np.arange(first))
    training = replace(_training(early), validation=replay.cases(at))
    order = ("co-occurrence", "item KNN", "recent popularity")
    members = {label: models[label](early) for label in order}
    settings = BlendSettings(members=order, evidence=0.0, gate=False)
    chosen = Blend(settings).fit(training, FitContext(members=members)).state().facts

    def fit(log: Interactions) -> Scorer:
        again = {label: models[label](log) for label in order}
        counts = {"counts": log.item_counts().astype(np.float64)}
        return Blend(settings).load(Artefact(counts, chosen), again)

    return fit


def _training(log: Interactions) -> Training:
    none = Histories.of_items(Ragged.of([]))
    return Training(log, FeatureTable(log.items), Cases(none, none.items, Ragged.of([])))


def _replayed(replay: Replay, at: Longs, fit: Fit) -> tuple[dict[str, Doubles], bool]:
    """NDCG@10 [n_cases] of each way, and whether the live model ends as the refit."""
    log, n = replay.log, len(replay.log)
    frozen = fit(log.take(np.arange(replay.start)))
    refit, live = frozen, frozen
    found: dict[str, list[Doubles]] = {"frozen": [], "history only": [], "live": [], "refit": []}
    edges = [*range(replay.start, n, UPDATE_EACH), n]
    for first, last in pairwise(edges):
        if first > replay.start and (first - replay.start) % REFIT_EACH == 0:
            refit = fit(log.take(np.arange(first)))
        rows = at[(at >= first) & (at < last)]
        if len(rows):
            now, then = replay.cases(rows), replay.cases(rows, replay.start)
            found["frozen"].append(_ndcg(frozen, then))
            found["history only"].append(_ndcg(frozen, now))
            found["live"].append(_ndcg(live, now))
            found["refit"].append(_ndcg(refit, now))
        assert isinstance(live, Updatable)
        live = live.updated(log.take(np.arange(first, last)))
    ends = replay.cases(at[-200:])
    same = np.array_equal(_scores(live, ends), _scores(fit(log), ends))
    return {way: np.concatenate(parts) for way, parts in found.items()}, same


def _scores(model: Any, cases: Cases) -> Floats:
    scores: Floats = model.score(cases.histories)
    return scores


def _ndcg(model: Any, cases: Cases) -> Doubles:
    return ranks.ndcg(ranks.positions(_scores(model, cases), cases.seen, cases.targets), 10)


def _compared(
    set_name: str, label: str, figures: dict[str, Doubles], users: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    row: dict[str, Any] = {"set": set_name, "model": label, "cases": len(users)}
    for way, values in figures.items():
        one = mean_intervals(values, users, within=(0, 1))
        row[f"N@10 {way}"] = f"{one.value[0]:.4f} ({one.low[0]:.4f} to {one.high[0]:.4f})"
    live = figures["live"]
    others: Sequence[str] = ("frozen", "history only")
    gains = compare_family(np.stack([live - figures[o] for o in others], axis=1), users, most=1.0)
    for other, gain in zip(others, gains, strict=True):
        row[f"live - {other}"] = f"{gain.difference:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
    ratio = lift(live, figures["refit"], users)
    reached = None if ratio is None else [100 + x for x in (ratio.value, ratio.low, ratio.high)]
    row["live / refit"] = "" if reached is None else "{:.1f} % ({:.1f} to {:.1f})".format(*reached)
    claims = [
        _claim(
            f"{set_name}, {label}: live reaches {row['live / refit']} of the refit, goal"
            f" {LEAST:g} %",
            reached is not None and reached[0] >= LEAST,
        )
    ]
    if label in READ_HISTORIES:
        ahead = f"{set_name}, {label}: live is ahead of frozen by {row['live - frozen']}"
        claims.insert(0, _claim(ahead, gains[0].low > 0))
    return row, claims


def _claim(sentence: str, holds: bool) -> dict[str, Any]:
    return {"claim": sentence, "holds": bool(holds)}
