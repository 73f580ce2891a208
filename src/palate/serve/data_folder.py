"""The folder in which a service keeps what it was given, and opening a run with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from palate.event_store import EventStore
from palate.runs.open import open_run
from palate.serve.deploy.deployments import Deployments, DocumentOf
from palate.serve.documents import FileDocument
from palate.serve.engine.engine import Engine, Parts
from palate.serve.engine.list_settings import STANDARD, ListSettings
from palate.serve.events.log import Follower
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.experiments.experiments import Experiments
from palate.serve.experiments.ledger import ExperimentLedger, Ledger
from palate.serve.extras import check_cluster
from palate.serve.policies.policies import Policies
from palate.serve.rates import KeyRates
from palate.serve.records.record_store import RecordStore
from palate.serve.records.store import Records
from palate.serve.repeated import Repeated
from palate.serve.served.keeper import ServedKeeper
from palate.serve.served.store import ListStore, ServedLists
from palate.serve.state.live import LiveState, StateSettings
from palate.serve.state.snapshot import opened_state
from palate.serve.state.snapshots import Snapshots
from palate.serve.stores import Stores, StoreSettings
from palate.serve.values import ValueCodec, codec_of

_LOG: Final = logging.getLogger("palate.serve")

EVENTS, RECORDS, STATE = "events.db", "records.db", "state.bin"
SERVED, MODELS, EXPERIMENTS = "served.db", "models.json", "experiments.db"
POLICIES = "policies.db"
"""Names of the files; they are a promise."""

_DEFAULT: Final = StateSettings()
_FILES: Final = StoreSettings()

LOOK_SECONDS: Final = 0.1
"""How often a process looks at what others did."""


@dataclass(frozen=True, eq=False)
class Opened:
    """An engine with the stores that it works on.

    Attributes:
        engine: The engine.
        deployments: Its models.
        experiments: Who gets which of them.
        seconds: How long opening took.
        served: Keeps the lists that are answered; None: no one does.
        policies: Draw lists for models whose run has a policy.
    """

    engine: Engine
    deployments: Deployments
    experiments: Experiments
    seconds: float
    served: ServedKeeper | None
    policies: Policies
    _stores: Stores
    _beside: Sequence[Repeated] = ()

    def rates(self, per_second: float) -> KeyRates | None:
        """How often keys may ask, where processes count that together; None: each by itself."""
        together = self._stores.together
        return None if together is None else together.rates(per_second)

    def close(self) -> None:
        """Do what is waiting, write the state, let the stores go."""
        for one in self._beside:
            one.close()
        self.engine.close()
        self.experiments.close()
        self.policies.close()
        self._stores.close()
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
    where: StoreSettings = _FILES,
    lists: ListSettings = STANDARD,
) -> Opened:
    """Open a run and its stores; the state is that of the whole log.

    Args:
        run: A finished run.
        folder: Where events, items and users are kept; made if it is not there. Where servers keep
            them, events are here while those are away.
        model: The model that answers; empty for the one of the headline.
        settings: What is remembered of the log.
        followers: What else is made of new events.
        learn_seconds: See `palate.serve.engine.engine.Parts`.
        keep_lists_days: How long lists are kept that are answered; 0: none is.
        runs: The folder of runs that may be deployed; None: none may.
        where: Where else things are kept.
        lists: How lists are made.

    Raises:
        BadInput: There is no finished run, or it has no such model.
        Conflict: Another process uses the folder.
        Unavailable: A server does not answer.
    """
    started = time.monotonic()
    opened = open_run(run)
    with ExitStack() as undo:  # closed again where one of them cannot be opened
        stores = _opened_stores(folder, where, settings)
        undo.callback(stores.close)
        served = None
        if keep_lists_days:
            served = ServedKeeper(
                opened_lists(None if where.shared else folder, where), keep_lists_days
            )
            undo.callback(served.close)
        experiments = Experiments(_ledger(stores), stores.events)
        undo.callback(experiments.close)
        behind: tuple[Follower, ...]
        # processes that share stores have no common file: each learns from the lists that it drew
        kept = Path(":memory:") if where.shared else stores.folder / POLICIES
        policies = Policies(kept, stores.events)
        undo.callback(policies.close)
        behind = (*stores.followers, experiments, policies, *followers)
        behind = (*behind, *([] if served is None else [served]))
        parts = Parts(
            stores.events,
            stores.records,
            stores.state,
            behind,
            learn_seconds,
            stores.servers,
            lists,
        )
        engine = Engine(parts, opened, model)
        deployments = Deployments(engine, _models(stores), runs)
        for one in engine.models.every:
            policies.of(one)  # before anything is followed
        undo.pop_all()
    looks = (
        engine.look_at_items,
        engine.look_at_log,
        deployments.look_again,
        experiments.look_again,
    )
    seconds, beside = time.monotonic() - started, _beside(looks, engine, stores)
    return Opened(engine, deployments, experiments, seconds, served, policies, stores, beside)


def _ledger(stores: Stores) -> ExperimentLedger:
    together = stores.together
    return Ledger(stores.folder / EXPERIMENTS) if together is None else together.ledger


def _models(stores: Stores) -> DocumentOf:
    """Where it is kept what is deployed. Processes that were started with another run do not share
    it: what was deployed over the one says nothing over the other.
    """
    together = stores.together
    if together is None:
        return lambda _: FileDocument(stores.folder / MODELS)
    document = together.document
    return lambda base: document(f"models over {base.name} {base.model} {base.digest[:16]}")


def _opened_stores(folder: Path, where: StoreSettings, settings: StateSettings) -> Stores:
    codec = codec_of(Path(where.value_key) if where.value_key else None)
    if not where.shared:
        return open_files(folder, settings, codec)
    check_cluster()
    from palate.serve.shared_stores import open_shared

    return open_shared(folder, where, settings, codec)


def open_files(folder: Path, settings: StateSettings, codec: ValueCodec) -> Stores:
    """The stores of one process, in files of a folder.

    Args:
        folder: Made if it is not there.
        settings: What is remembered of the log.
        codec: What is done with values.

    Raises:
        Conflict: Another process uses the folder.
    """
    with ExitStack() as opened:
        store = SqliteEvents(folder / EVENTS, codec)
        opened.callback(store.close)
        records = Records(folder / RECORDS, codec)
        opened.callback(records.close)
        folded = opened_state(folder / STATE, store, settings)
        state = LiveState(folded)
        snapshots = Snapshots(folder / STATE, state, store)
        closing = (snapshots.close, opened.pop_all().close)
        return Stores(folder, store, records, state, (snapshots,), closing=closing)


def opened_log(folder: Path | None, where: StoreSettings) -> EventStore:
    """The log alone, to append to it.

    Args:
        folder: Of a service at rest, where its files are.
        where: Else the address of its PostgreSQL.

    Raises:
        Conflict: Another process uses the folder.
        Unavailable: The server does not answer.
    """
    codec = codec_of(Path(where.value_key) if where.value_key else None)
    if folder is not None:
        return SqliteEvents(folder / EVENTS, codec)
    check_cluster()
    from palate.serve.events.postgres import PostgresEvents

    return PostgresEvents(where.store_address(), codec)


def opened_records(folder: Path | None, where: StoreSettings) -> RecordStore:
    """Items and users alone; see `opened_log`."""
    codec = codec_of(Path(where.value_key) if where.value_key else None)
    if folder is not None:
        return Records(folder / RECORDS, codec)
    check_cluster()
    from palate.serve.records.postgres import PostgresRecords

    return PostgresRecords(where.store_address(), codec)


def opened_lists(folder: Path | None, where: StoreSettings) -> ListStore:
    """Lists that were served, alone; see `opened_log`."""
    if folder is not None:
        return ServedLists(folder / SERVED)
    check_cluster()
    from palate.serve.served.shared_store import SharedServedLists

    return SharedServedLists(where.store_address())


def _beside(
    looks: Sequence[Callable[[], None]], engine: Engine, stores: Stores
) -> tuple[Repeated, ...]:
    """What keeps an engine up with other processes, each by itself so that none waits for one."""
    bring_home = stores.bring_home
    if bring_home is None:
        return ()
    every = (*looks, lambda: bring_home(engine.look_at_log))
    names = ("items", "log", "models", "experiments", "home")
    return tuple(
        Repeated(look, f"palate-{name}", LOOK_SECONDS)
        for look, name in zip(every, names, strict=True)
    )
