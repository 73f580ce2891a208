"""A live service that is fed a log in the order of time, beside the same model frozen and one that
is fitted again each 1,000 events.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from prepared import last

import palate
from palate.arrays import Doubles, Ragged
from palate.evaluate.comparisons import compare_family
from palate.evaluate.intervals import mean_intervals
from palate.evaluate.ratios import lift
from palate.event_store import NewEvent
from palate.model.blend import Blend
from palate.recommend import ExhaustiveRecommender
from palate.runs.open import OpenedRun
from palate.serve.data_folder import open_engine
from palate.serve.engine.answers import ListRequest
from palate.serve.engine.engine import Engine
from palate.serve.engine.exact_times import ExactTimes
from palate.stages import FitContext, Scorer
from palate.store import Artefact
from palate.tables import Cases, Event, Histories, Interactions, Request, Training, Vocabulary

name = "live_service"
MOST = int(os.environ.get("PALATE_LIVE_EVENTS", "3000"))
REFIT_EACH, LEARN_EACH, LEARN_SECONDS, K = 1_000, 100, 0.5, 10
LEAST = 98.0
"""Per cent of the refit's NDCG that the live service should reach."""
what = (
    "The first events of the last tenth of a log are replayed in the order of time"
    " through a service (its engine, with its log of events on the disk) that was started with a"
    " run over the first nine tenths. Before each event of an item that is new to its user, the"
    f" service is asked for the user's list of {K} among all items of the catalogue; then it is"
    f" sent the event. NDCG@{K} over these events, with 95 % intervals over users. Frozen: the same"
    " service is never sent anything. History only: it is, and its model does not learn. Live: it"
    f" learns, and is waited for each {LEARN_EACH} events. Refit: the service's histories of now,"
    f" answered by the model fitted again on all events so far each {REFIT_EACH:,} events, held-out"
    " ones of the run among them; a blend's weights stay, as they do in the live one. The catalogue"
    " holds all items from the start, those too that no one has touched yet. Who has no history"
    " gets what is popular: up to the run where frozen, else up to now. Times of yoochoose are in"
    " milliseconds. With SETS in the environment only those sets are replayed again"
)


@dataclass(frozen=True)
class Source:
    """Where a log lies.

    Attributes:
        log: File of the events.
        user, item, time: Its columns.
        fields: Fields of the catalogue that are read as text.
        split: What the run holds out to choose weights by.
        events: Events that are replayed, at most.
    """

    log: str
    user: str
    item: str
    time: str
    fields: tuple[str, ...]
    split: Mapping[str, Any]
    events: int = MOST


# what is held out of a run is in no model: of short histories some whole ones, not the end of all
WHOLE = {
    "part": "split.cold_users.v1",
    "share": 0.01,
    "validation_share": 0.05,
    "history_share": 0.8,
    "min_events": 3,
}
SETS = {
    "ml-100k": Source(
        "ratings.parquet",
        "user_id",
        "movie_id",
        "timestamp",
        ("title", "overview"),
        {"part": "split.leave_last_out.v1"},
    ),
    "yoochoose-sessions": Source(
        "interactions.parquet", "session_id", "item_id", "timestamp_ms", (), WHOLE
    ),
    "amazon-health": Source(
        "interactions.parquet", "user_id", "item_id", "timestamp", ("title",), WHOLE
    ),
}
ANSWER = ("co-occurrence", "item KNN", "blend")
"""Models that are replayed; the others are members of the blend."""


def run() -> dict[str, Any]:
    """Every set, every model."""
    again = os.environ.get("SETS", "").split()
    known = last(name, "set", again)
    rows, claims = known["rows"], known["claims"]
    for set_name in again or SETS:
        before, after, items = _parts(SETS[set_name], set_name)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "run"
            recipe = _recipe(SETS[set_name])
            palate.run(palate.read(before, items), recipe, folder=folder)
            for model in ANSWER:
                replay = Replay(folder, Path(place) / model, model, after)
                row, said = _compared(set_name, model, replay)
                print(row, flush=True)
                rows.append(row)
                claims += said
    return {"rows": rows, "claims": claims}


def _parts(source: Source, set_name: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The first nine tenths, what is replayed, and the catalogue."""
    place = Path(os.environ["PALATE_DATA"]) / set_name
    log = pl.read_parquet(place / source.log).select(
        user_id=source.user, item_id=source.item, timestamp=source.time
    )
    log = log.drop_nulls().sort("timestamp", maintain_order=True)
    every = log.select("item_id").unique(maintain_order=True)
    if source.fields:
        catalogue = pl.read_parquet(place / "items.parquet").rename(
            {source.item: "item_id"} if source.item != "item_id" else {}
        )
        items = catalogue.select("item_id", *source.fields)
    else:
        items = every.with_columns(shelf=pl.lit("all"))
    cut = int(log.height * 0.9)
    return log[:cut], log[cut : cut + source.events], items


def _recipe(source: Source) -> dict[str, Any]:
    """Counted models, and the words of texts where there are any; the weights of their blend are
    chosen on what the run holds out.
    """
    models: dict[str, Any] = {
        "co-occurrence": {"part": "model.cooccurrence.v1"},
        "item KNN": {"part": "model.item_knn.v2"},
        "recent popularity": {"part": "model.recent_popularity.v1"},
    }
    blocks = {}
    if source.fields:
        blocks["words"] = {"part": "text.tfidf.v1", "fields": list(source.fields)}
        models["words"] = {"part": "model.text_kernel.v1", "block": "words"}
    members = list(models)
    return {
        "seed": 1,
        "split": dict(source.split),
        "blocks": blocks,
        "models": {
            **models,
            "blend": {"part": "model.blend.v1", "members": members, "evidence": 0.0, "gate": False},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False, "users": 200},
        "report": {"users": 1},
    }


@dataclass(frozen=True, eq=False)
class Asked:
    """An event before which the service was asked.

    Attributes:
        user: Whose list it was.
        item: What they took then.
        history: What the service knew of them.
        row: Number of the event in the replay.
        listed: What the service answered.
    """

    user: str
    item: str
    history: Histories
    row: int
    listed: tuple[str, ...]


class Replay:
    """One model's service, fed with the events.

    Args:
        run: The run.
        data: The folder of the service.
        model: The model that answers.
        events: {user_id, item_id, timestamp}, in order.
    """

    def __init__(self, run: Path, data: Path, model: str, events: pl.DataFrame) -> None:
        opened = open_engine(run, data, model, learn_seconds=LEARN_SECONDS)
        self.run, self.model, self.opened = palate.Run(run), model, opened.engine.opened
        self.log = self.opened.data.interactions
        stamp = 1000 if int(events["timestamp"][0]) > 1e11 else 1
        self.events = [
            Event(str(user), str(item), time=int(at) // stamp)
            for user, item, at in events.iter_rows()
        ]
        started = time.perf_counter()
        self.asked = self._fed(opened.engine)
        self.seconds = time.perf_counter() - started
        self.learns = opened.engine.learns
        opened.close()
        self.users = Vocabulary.of([one.user for one in self.asked])

    def _fed(self, engine: Engine) -> list[Asked]:
        taken = _taken(self.log)
        asked = []
        for row, event in enumerate(self.events):
            own = taken.setdefault(event.user, set())
            if event.item not in own:
                wanted = ListRequest(event.user, k=K, explain=False, seen="mask")
                listed = tuple(one.item for one in engine.recommend(wanted).items)
                history = engine.history(event.user)
                asked.append(Asked(event.user, event.item, history, row, listed))
                own.add(event.item)
            engine.take_in([NewEvent(str(row), event)]).result(60)
            if row % LEARN_EACH == LEARN_EACH - 1 and engine.learns:
                while engine.learnt_offset < engine.state.offset:
                    time.sleep(0.0005)
        return asked

    def live(self) -> Doubles:
        """float64 [n_cases], NDCG of the service."""
        return np.array([_gain(one.listed, one.item) for one in self.asked])

    def frozen(self) -> Doubles:
        """Of a service that was never sent anything: the run's own lists, as a test says; and for
        strangers what was popular then.
        """
        scorer, log = self.opened.scorer(self.model), self.log
        known = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
        nobody = Histories.of_items(Ragged.of([np.empty(0, np.int32)]))
        rows = [log.users.row_of.get(one.user, -1) for one in self.asked]
        then = [known.take(np.array([row])) if row >= 0 else nobody for row in rows]
        popular = np.argsort(-log.item_counts(), kind="stable")[:K]
        best = tuple(log.items.names(popular))
        return self._gains(scorer, then, [best] * len(then))

    def history_only(self) -> Doubles:
        """Of the run's model for the histories of now."""
        scorer = self.opened.scorer(self.model)
        return self._gains(scorer, [o.history for o in self.asked], [o.listed for o in self.asked])

    def refit(self) -> Doubles:
        """Of models that are fitted again on all events so far."""
        found = []
        for first in range(0, len(self.events), REFIT_EACH):
            part = [one for one in self.asked if first <= one.row < first + REFIT_EACH]
            scorer = self._fitted_until(first)
            found.append(
                self._gains(scorer, [o.history for o in part], [o.listed for o in part], part)
            )
        return np.concatenate(found)

    def _fitted_until(self, row: int) -> Scorer:
        log = _longer(self.log, self.events[:row])
        graph, features = self.opened.recipe.graph, self.opened.features
        none = Histories.of_items(Ragged.of([]))
        training = Training(log, features, Cases(none, none.items, Ragged.of([])))
        made: dict[str, Scorer] = {}
        for model in graph.closure(self.model):
            made[model] = _refitted(self.opened, model, training, made)
        return made[self.model]

    def _gains(
        self,
        scorer: Scorer,
        histories: Sequence[Histories],
        otherwise: Sequence[tuple[str, ...]],
        asked: Sequence[Asked] | None = None,
    ) -> Doubles:
        """NDCG of a scorer's lists; `otherwise` is the list of who has no history."""
        names = self.log.items
        requests = [Request.unseen(history) for history in histories]
        found = ExhaustiveRecommender(scorer, len(names)).recommend(requests, K).items
        gains = []
        for number, one in enumerate(self.asked if asked is None else asked):
            listed = otherwise[number]
            if len(histories[number].items.values):
                rows = found[number]
                listed = tuple(names.names(rows[rows >= 0]))
            gains.append(_gain(listed, one.item))
        return np.array(gains)


def _refitted(
    opened: OpenedRun, model: str, training: Training, members: Mapping[str, Scorer]
) -> Scorer:
    """The model fitted on another log; the weights of a blend stay."""
    part = opened.recipe.models[model].build()
    if isinstance(part, Blend):
        counts = {"counts": training.log.item_counts().astype(np.float64)}
        state = Artefact(counts, opened.scorer(model).state().facts)
        own = {name: members[name] for name in opened.recipe.graph.members(model)}
        return part.load(state, own)
    return part.fit(training, FitContext(seed=opened.recipe.seed))


def _longer(log: Interactions, events: Sequence[Event]) -> Interactions:
    """The log with some events behind it."""
    new = dict.fromkeys(e.user for e in events if e.user not in log.users.row_of)
    users = Vocabulary((*log.users.ids, *new))
    more = ExactTimes(log).placed(Interactions.of_events(events, users, log.items))
    assert log.time is not None
    if more.time is None:  # there is none yet
        return log
    return replace(
        log,
        users=users,
        user=np.concatenate([log.user, more.user]),
        item=np.concatenate([log.item, more.item]),
        value=np.concatenate([log.value, more.value]),
        time=np.concatenate([log.time, more.time]),
        order=None if log.order is None else np.concatenate([log.order, more.order]),
    )


def _taken(log: Interactions) -> dict[str, set[str]]:
    items, users = log.items.ids, log.users.ids
    taken: dict[str, set[str]] = {}
    for user, item in zip(log.user.tolist(), log.item.tolist(), strict=True):
        taken.setdefault(users[user], set()).add(items[item])
    return taken


def _gain(listed: Sequence[str], item: str) -> float:
    return 1 / np.log2(2 + listed.index(item)) if item in listed else 0.0


def _compared(
    set_name: str, model: str, replay: Replay
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    users = replay.users.rows([one.user for one in replay.asked])
    live = replay.live()
    figures = {
        "frozen": replay.frozen(),
        "history only": replay.history_only(),
        "live": live,
        "refit": replay.refit(),
    }
    row: dict[str, Any] = {
        "set": set_name,
        "model": model,
        "events": len(replay.events),
        "cases": len(users),
    }
    for way, values in figures.items():
        one = mean_intervals(values, users, within=(0, 1))
        row[f"N@10 {way}"] = f"{one.value[0]:.4f} ({one.low[0]:.4f} to {one.high[0]:.4f})"
    others = ("frozen", "history only")
    gains = compare_family(np.stack([live - figures[o] for o in others], axis=1), users, most=1.0)
    for other, gain in zip(others, gains, strict=True):
        row[f"live - {other}"] = f"{gain.difference:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
    ratio = lift(live, figures["refit"], users)
    reached = None if ratio is None else [100 + x for x in (ratio.value, ratio.low, ratio.high)]
    row["live / refit"] = "" if reached is None else "{:.1f} % ({:.1f} to {:.1f})".format(*reached)
    row["learns"] = replay.learns
    return row, [
        {
            "claim": f"{set_name}: {model}, live is ahead of frozen by {row['live - frozen']}",
            "holds": bool(gains[0].low > 0),
        },
        {
            "claim": (
                f"{set_name}: {model}, live reaches {row['live / refit']} of the refit, goal"
                f" {LEAST:g} %"
            ),
            "holds": reached is not None and reached[0] >= LEAST,
        },
    ]
