"""The folder in which a service keeps what it was given, and opening a run with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from palate.event_store import EventStore, StoredEvent
from palate.runs.open import open_run
from palate.serve.deploy.deployments import Deployments
from palate.serve.engine.engine import Engine, Parts
from palate.serve.events.log import Follower
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.experiments.experiments import Experiments
from palate.serve.records.store import Records
from palate.serve.refusals import Unavailable
from palate.serve.served.keeper import ServedKeeper
from palate.serve.served.store import ServedLists
from palate.serve.state.live import Folded, LiveState, StateSettings
from palate.serve.state.snapshot import drop_snapshot, opened_state, write_snapshot

_LOG: Final = logging.getLogger("palate.serve")

EVENTS, RECORDS, STATE, KEYS = "events.db", "records.db", "state.bin", "keys.json"
SERVED, MODELS, EXPERIMENTS = "served.db", "models.json", "experiments.db"
"""Names of the files; they are a promise."""

_DEFAULT: Final = StateSettings()

SNAPSHOT_EVERY: Final = 20_000
"""New events after which the state is written again, or as many as there are users: what a start
has to read, at most, and what writing may cost."""


@final
class Snapshots:
    """Writes the state now and then (a `palate.serve.events.log.Follower`, behind the state).

    Args:
        path: The file.
        folded: The state.
        store: The log.
        every: New events between two snapshots, at least.
    """

    def __init__(
        self, path: Path, folded: Folded, store: EventStore, every: int = SNAPSHOT_EVERY
    ) -> None:
        self._path, self._folded, self._store, self._every = path, folded, store, every
        self._since = 0

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Count them, and write when there are enough."""
        self._since += len(events)
        if self._since >= max(self._every, len(self._folded.users)):
            self.write()

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Take the snapshot away, which has the events in it."""
        drop_snapshot(self._path)

    def write(self) -> None:
        """Write the state of now; without a disk to write to, the next start takes longer."""
        self._since = 0
        try:
            write_snapshot(self._path, self._folded, self._store)
        except (OSError, Unavailable) as error:
            _LOG.warning("the state cannot be written to %s: %s", self._path, error)


@dataclass(frozen=True, eq=False)
class Opened:
    """An engine with the files that it works on.

    Attributes:
        engine: The engine.
        deployments: Its models.
        experiments: Who gets which of them.
        seconds: How long opening took.
        served: Keeps the lists that are answered; None: no one does.
    """

    engine: Engine
    deployments: Deployments
    experiments: Experiments
    seconds: float
    served: ServedKeeper | None
    _store: EventStore
    _records: Records
    _snapshots: Snapshots

    def close(self) -> None:
        """Do what is waiting, write the state, let the files go."""
        self.engine.close()
        self.experiments.close()
        self._snapshots.write()
        self._store.close()
        self._records.close()
        if self.served is not None:
            self.served.close()


def open_engine(  # noqa: PLR0913 - each is a setting of its own
    run: Path,
    folder: Path,
    model: str = "",
    settings: StateSettings = _DEFAULT,
    followers: Sequence[Follower] = (),
    *,
    learn_seconds: float = 0.0,
    keep_lists_days: float = 0.0,
    runs: Path | None = None,
) -> Opened:
    """Open a run and a data folder; the state is that of the whole log.

    Args:
        run: A finished run.
        folder: Where events, items and users are kept; made if it is not there.
        model: The model that answers; empty for the one of the headline.
        settings: What is remembered of the log.
        followers: What else is made of new events.
        learn_seconds: See `palate.serve.engine.engine.Parts`.
        keep_lists_days: How long lists are kept that are answered; 0: none is.
        runs: The folder of runs that may be deployed; None: none may.

    Raises:
        BadInput: There is no finished run, or it has no such model.
        Conflict: Another process uses the folder.
    """
    started = time.monotonic()
    opened = open_run(run)
    with ExitStack() as undo:  # closed again where one of them cannot be opened
        store = SqliteEvents(folder / EVENTS)
        undo.callback(store.close)
        records = Records(folder / RECORDS)
        undo.callback(records.close)
        served = _served(folder, keep_lists_days)
        if served is not None:
            undo.callback(served.close)
        folded = opened_state(folder / STATE, store, settings)
        snapshots = Snapshots(folder / STATE, folded, store)
        state = LiveState(folded)
        experiments = Experiments(folder / EXPERIMENTS, store)
        undo.callback(experiments.close)
        behind: tuple[Follower, ...]
        behind = (snapshots, experiments, *followers, *([] if served is None else [served]))
        engine = Engine(Parts(store, records, state, behind, learn_seconds), opened, model)
        deployments = Deployments(engine, folder / MODELS, runs)
        undo.pop_all()
    seconds = time.monotonic() - started
    return Opened(engine, deployments, experiments, seconds, served, store, records, snapshots)


def _served(folder: Path, days: float) -> ServedKeeper | None:
    return ServedKeeper(ServedLists(folder / SERVED), days) if days else None
