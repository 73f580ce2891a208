"""What a service keeps things in, and where that may be: files of one process, or servers that
several processes share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from palate.data.address import Address, parsed
from palate.errors import BadInput
from palate.event_store import EventStore
from palate.serve.documents import Document
from palate.serve.events.log import Follower
from palate.serve.experiments.ledger import ExperimentLedger
from palate.serve.rates import KeyRates
from palate.serve.records.record_store import RecordStore
from palate.serve.state.service_state import ServiceState

STORE_SCHEMES: Final = ("postgresql", "postgres")
STATE_SCHEMES: Final = ("redis", "rediss", "valkey", "valkeys", "unix")


@dataclass(frozen=True)
class StoreSettings:
    """Where a service keeps things."""

    store: str = field(default="", repr=False)
    """Address of the PostgreSQL for events, items and users; empty: files of the data folder.
    `$NAME` in it stands for a variable of the environment."""
    state: str = field(default="", repr=False)
    """Address of the Valkey or Redis for what is known of people; with `store`, and not without."""
    value_key: str = ""
    """File of the keys that encrypt values; empty: as the environment says, see
    `palate.serve.values.codec_of`."""

    @property
    def shared(self) -> bool:
        """Whether several processes share them."""
        return bool(self.store or self.state)

    def addresses(self) -> tuple[Address, Address]:
        """Of the PostgreSQL and of the Valkey or Redis.

        Raises:
            BadInput: One of them is missing, or names something else.
        """
        if not (self.store and self.state):
            raise BadInput(
                "processes that share events share what is known of people, too",
                where="--state" if self.store else "--store",
                allowed="--store postgresql://... together with --state redis://...; or neither",
            )
        return self.store_address(), _address(self.state, STATE_SCHEMES, "--state")

    def store_address(self) -> Address:
        """Of the PostgreSQL.

        Raises:
            BadInput: It names something else.
        """
        return _address(self.store, STORE_SCHEMES, "--store")


@dataclass(frozen=True)
class Servers:
    """What stands behind a service besides its own process; nothing, where its stores are files.

    Attributes:
        away: Gives the names of those that do not answer now.
        spooled: Gives the number of events that wait on this process's disk for them.
    """

    away: Callable[[], Sequence[str]] = tuple
    spooled: Callable[[], int] = int


@dataclass(frozen=True, eq=False)
class Together:
    """What several processes share besides events, items and users.

    Attributes:
        document: Gives the document of a name.
        ledger: Experiments.
        rates: Gives the rates of keys, for so many requests a second.
    """

    document: Callable[[str], Document]
    ledger: ExperimentLedger
    rates: Callable[[float], KeyRates]


@dataclass(frozen=True, eq=False)
class Stores:
    """Stores that are open.

    Attributes:
        folder: Where else this process keeps what is its own.
        events: The log.
        records: Items and users.
        state: What the log comes to.
        followers: What else is made of new events.
        servers: What stands behind.
        bring_home: Gives servers that were away what they lack, and people's states what other
            processes left; called with what makes the service look at the log. None: nothing is
            ever away.
        closing: Called one after the other in the end.
        together: What else several processes share; None: there is only one.
    """

    folder: Path
    events: EventStore
    records: RecordStore
    state: ServiceState
    followers: Sequence[Follower] = ()
    servers: Servers = Servers()
    bring_home: Callable[[Callable[[], None]], None] | None = None
    closing: Sequence[Callable[[], None]] = ()
    together: Together | None = None

    def close(self) -> None:
        """Write what is to be written and let all go."""
        for close in self.closing:
            close()


def _address(text: str, schemes: Sequence[str], where: str) -> Address:
    address = parsed(text)
    if address.scheme not in schemes:
        raise BadInput(
            f'the address begins with "{address.scheme}"',
            where=where,
            allowed=", ".join(f"{scheme}://..." for scheme in schemes),
        )
    return address
