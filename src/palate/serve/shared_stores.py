"""The stores of a service of several processes: PostgreSQL for what must not be lost, Valkey or
Redis for what is known of people, and a file of this process for when the former is away.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from palate.serve.events.postgres import PostgresEvents
from palate.serve.events.spool import SpooledEvents, open_spool
from palate.serve.experiments.shared_ledger import SharedLedger
from palate.serve.records.postgres import PostgresRecords
from palate.serve.refusals import Unavailable
from palate.serve.shared_documents import PostgresDocuments
from palate.serve.shared_rates import SharedRates
from palate.serve.state.live import StateSettings
from palate.serve.state.shared import SharedState
from palate.serve.state.valkey import ValkeyStates
from palate.serve.stores import Servers, Stores, StoreSettings, Together
from palate.serve.values import ValueCodec


def open_shared(
    folder: Path, where: StoreSettings, settings: StateSettings, codec: ValueCodec
) -> Stores:
    """Open them; both servers have to be there at the start.

    Args:
        folder: Processes have folders of their own in it, for spools and other files.
        where: Addresses.
        settings: What is remembered of the log.
        codec: What is done with values.

    Raises:
        BadInput: An address names something else, or other processes use other settings.
        Unavailable: A server does not answer.
    """
    store, state = where.addresses()
    with ExitStack() as opened:
        log = PostgresEvents(store, codec)
        opened.callback(log.close)
        records = PostgresRecords(store, codec)
        opened.callback(records.close)
        states = ValkeyStates(state, settings, codec)
        opened.callback(states.close)
        own, spool = open_spool(folder, codec)
        opened.callback(spool.close)
        events = SpooledEvents(log, spool)
        shared = SharedState(states, events, events.pending)
        documents = PostgresDocuments(store)
        opened.callback(documents.close)
        ledger = SharedLedger(store)
        opened.callback(ledger.close)
        together = Together(documents.of, ledger, partial(SharedRates, states))

        def away() -> tuple[str, ...]:
            names = (("store", log.away), ("state", states.away))
            return tuple(name for name, is_away in names if is_away)

        def bring_home(look_again: Callable[[], None]) -> None:
            with suppress(Unavailable):  # the one may be there while the other is not
                events.move(look_again)
            shared.look_again()

        closing = opened.pop_all().close
        servers = Servers(away, lambda: events.waiting)
        return Stores(own, events, records, shared, (), servers, bring_home, (closing,), together)
